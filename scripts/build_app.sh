#!/bin/sh
# Builds clients/typescript and then examples/web into examples/web/dist. Needs Node.js 20 or newer and npm's
# configured registry.
set -eu
cd "$(dirname "$0")/.."

if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  echo "Node.js 20 or newer is required: https://nodejs.org" >&2
  exit 1
fi
sh scripts/install_packages.sh clients/typescript examples/web
echo "Building the client and the web app …"
(cd clients/typescript && npm run --silent prepack)
(cd examples/web && npm run --silent build -- --logLevel warn)
