#!/bin/sh
# Sets up examples/upload and, with Node.js 20 or newer, the web app; then starts both services.
# Needs .venv, and the configured package index of pip and registry of npm.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup_environment.sh examples/upload/.venv examples/upload/requirements.lock
if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
  VITE_UPLOAD_URL="http://127.0.0.1:${UPLOAD_PORT:-8100}" sh scripts/build_app.sh
else
  echo "Without Node.js 20 or newer, there is no web app: sign in with GraphiQL."
fi
exec .venv/bin/python -m scripts.product
