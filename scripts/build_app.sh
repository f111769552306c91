#!/bin/sh
# Builds clients/typescript and then examples/web into examples/web/dist. Needs Node.js 20 or newer and npm's
# configured registry.
set -eu
cd "$(dirname "$0")/.."

# Installs the packages of the folder's lock, unless they are there.
install() {
  cmp -s "$1/package-lock.json" "$1/node_modules/installed.lock" && return
  echo "Installing the packages of $1 …"
  (cd "$1" && npm ci --silent --no-audit --no-fund --ignore-scripts && cp package-lock.json node_modules/installed.lock)
}

if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  echo "Node.js 20 or newer is required: https://nodejs.org" >&2
  exit 1
fi
install clients/typescript
echo "Building the client and the web app …"
(cd clients/typescript && npm run --silent prepack)
install examples/web
(cd examples/web && npm run --silent build -- --logLevel warn)
