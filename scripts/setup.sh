#!/bin/sh
# Creates .venv and installs hashed locks in it: requirements.lock, or those given. Needs Python 3.11 or newer and pip's
# configured package index.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- requirements.lock

for python in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
  [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
  python=
done
if [ -z "$python" ]; then
  echo "Python 3.11 or newer is required: apt install python3 python3-venv, or brew install python" >&2
  exit 1
fi

# Without Debian's python3-venv there is no ensurepip; the system's pip then installs pip into the environment.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  rm -rf .venv
  "$python" -m venv .venv >/dev/null 2>&1 \
    || { "$python" -m venv --without-pip --clear .venv && "$python" -m pip --python .venv/bin/python install -q pip; } \
    || { rm -rf .venv; echo "Python's venv module is incomplete: apt install python3-venv" >&2; exit 1; }
fi

locks="$*"
set --
for lock in $locks; do
  cmp -s "$lock" ".venv/$lock" && continue
  echo "Installing the packages of $lock into .venv …"
  set -- "$@" -r "$lock"
done
if [ $# -gt 0 ]; then
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes "$@"
  for lock in $locks; do
    cp "$lock" ".venv/$lock"
  done
fi
