#!/bin/sh
# Installs what benchmarks/peers/ compares the service with, from its locks. Needs Python 3.11 and Node.js 20 or newer.
set -eu
cd "$(dirname "$0")/../benchmarks/peers"

if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  echo "Node.js 20 or newer is required: https://nodejs.org" >&2
  exit 1
fi
if ! cmp -s node/package-lock.json node/node_modules/installed.lock; then
  echo "Installing the packages of benchmarks/peers/node …"
  (cd node && npm ci --silent --no-audit --no-fund --ignore-scripts && cp package-lock.json node_modules/installed.lock)
fi
sh ../../scripts/setup_environment.sh python/.venv python/requirements.lock
