#!/bin/sh
# Creates the virtual environment DIRECTORY with the packages of the hashed LOCK, unless it has them. Needs .venv.
#
#   sh scripts/setup_environment.sh DIRECTORY LOCK
set -eu
project=$(dirname "$0")/..

if ! cmp -s "$2" "$1/requirements.lock"; then
  echo "Installing the packages of $2 …"
  rm -rf "$1"
  # Without pip, which Debian's Python may lack: that of the service's environment installs.
  "$project/.venv/bin/python" -m venv --without-pip "$1"
  "$project/.venv/bin/python" -m pip --python "$1/bin/python" install -q --disable-pip-version-check --require-hashes \
    -r "$2"
  cp "$2" "$1/requirements.lock"
fi
