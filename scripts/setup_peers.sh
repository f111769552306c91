#!/bin/sh
# Installs, from their locks, what benchmarks/peers/ compares the service with, and the packages that the service has in
# production. Needs Python 3.11 and Node.js 20 or newer.
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

environment() { # DIRECTORY LOCK
  if ! cmp -s "$2" "$1/requirements.lock"; then
    echo "Installing the packages of $2 …"
    rm -rf "$1"
    # Without pip, which Debian's Python may lack: that of the service's environment installs.
    ../../.venv/bin/python -m venv --without-pip "$1"
    ../../.venv/bin/python -m pip --python "$1/bin/python" install -q --disable-pip-version-check --require-hashes \
      -r "$2"
    cp "$2" "$1/requirements.lock"
  fi
}
environment python/.venv python/requirements.lock
environment ../.venv ../../requirements-run.lock
