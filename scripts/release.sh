#!/bin/sh
# Builds the files of a release from the commit HEAD into dist/. The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-.venv/bin/python}"
version=$("$python" -c 'from app.version import version; print(version())')
name="timbrado-accounts-$version"

if [ -n "$(git status --porcelain)" ]; then
  echo "Commit or remove what git status lists; a release is a commit." >&2
  exit 1
fi
heading=$(sed -n 's/^## //p' CHANGELOG.md | head -n 1)
if [ "$heading" != "$version" ]; then
  echo "CHANGELOG.md begins with \"$heading\", and pyproject.toml says $version." >&2
  exit 1
fi

rm -rf dist
mkdir dist
git archive --format=tar --prefix="$name/" HEAD | gzip -n -9 > "dist/$name.tar.gz"
cp requirements-run.lock graphql/schema.graphql graphql/possible-types.json dist/
"$python" -m app export-documents > dist/operations.json
"$python" -m scripts.sbom > dist/sbom.cdx.json
awk -v heading="## $version" '/^## /{ printing = $0 == heading } printing' CHANGELOG.md > dist/CHANGES.md
cd dist
"$python" - * > ../.sums.new <<'SUMS'
import hashlib, pathlib, sys

for name in sys.argv[1:]:
    print(hashlib.sha256(pathlib.Path(name).read_bytes()).hexdigest(), "", name)
SUMS
mv ../.sums.new SHA256SUMS
echo "dist/ has release $version of commit $(git rev-parse --short HEAD)."
