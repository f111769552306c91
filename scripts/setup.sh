#!/bin/sh
# Makes .venv from a hashed lock (requirements.lock), or adds another to it. Needs Python 3.11 or newer and the package
# index that pip is set up for.
set -eu
cd "$(dirname "$0")/.."
lock="${1:-requirements.lock}"

for python in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
  [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
  python=
done
if [ -z "$python" ]; then
  echo "Python 3.11 or newer is needed: apt install python3 python3-venv, or brew install python" >&2
  exit 1
fi

# Where Debian's python3-venv is missing, ensurepip is too: then the system's pip fills the environment.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  rm -rf .venv
  "$python" -m venv .venv >/dev/null 2>&1 \
    || { "$python" -m venv --without-pip --clear .venv && "$python" -m pip --python .venv/bin/python install -q pip; } \
    || { rm -rf .venv; echo "Python's venv module is incomplete: apt install python3-venv" >&2; exit 1; }
fi

if ! cmp -s "$lock" ".venv/$lock"; then
  echo "Installing what $lock names into .venv …"
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
  cp "$lock" ".venv/$lock"
fi
