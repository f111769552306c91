#!/bin/sh
# Installs the packages of each folder's package-lock.json, unless they are there: install_packages.sh FOLDER…
# Needs Node.js 20 or newer and npm's configured registry.
set -eu

for folder; do
  cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.lock" && continue
  echo "Installing the packages of $folder …"
  (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts && cp package-lock.json node_modules/installed.lock)
done
