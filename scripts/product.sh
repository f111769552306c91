#!/bin/sh
# Sets up examples/upload and, with Node.js 20 or newer, the web app; then starts both services.
# Needs .venv, and the configured package index of pip and registry of npm.
set -eu
cd "$(dirname "$0")/.."

venv=examples/upload/.venv
if ! cmp -s examples/upload/requirements.lock "$venv/requirements.lock"; then
  echo "Installing the packages of examples/upload …"
  rm -rf "$venv"
  # Without pip, which Debian's Python may lack: that of the service's environment installs.
  .venv/bin/python -m venv --without-pip "$venv"
  .venv/bin/python -m pip --python "$venv/bin/python" install -q --disable-pip-version-check --require-hashes \
    -r examples/upload/requirements.lock
  cp examples/upload/requirements.lock "$venv/requirements.lock"
fi
if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  VITE_UPLOAD_URL="http://127.0.0.1:${UPLOAD_PORT:-8100}" sh scripts/build_app.sh
else
  echo "Without Node.js 20 or newer, there is no web app: sign in with GraphiQL."
fi
exec .venv/bin/python -m scripts.product
