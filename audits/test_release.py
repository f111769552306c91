"""scripts/release.sh builds the same files twice, and refuses what is not a release."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

from app.version import version
from tests.process.serving import ROOT


def test_a_release_is_made_of_one_commit_and_can_be_made_again(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    _run("git", "clone", "-q", "--depth=1", f"file://{ROOT}", str(clone), cwd=tmp_path)
    changelog = clone / "CHANGELOG.md"
    text = changelog.read_text("utf-8")

    changelog.write_text(re.sub(r"^## .+", "## Coming", text, count=1, flags=re.MULTILINE), "utf-8")
    uncommitted = _release(clone)
    _commit(clone)
    unreleased = _release(clone)
    changelog.write_text(re.sub(r"^## .+", f"## {version()}", text, count=1, flags=re.MULTILINE), "utf-8")
    _commit(clone)
    first, once = _release(clone), (clone / "dist/SHA256SUMS").read_bytes()
    _release(clone)
    again = (clone / "dist/SHA256SUMS").read_bytes()

    assert (uncommitted.returncode, unreleased.returncode, first.returncode) == (1, 1, 0), first.stderr
    assert "git status" in uncommitted.stderr
    assert unreleased.stderr == f'CHANGELOG.md begins with "Coming", and pyproject.toml says {version()}.\n'
    assert again == once
    _check(clone / "dist")


def _check(dist: Path) -> None:
    archive = f"timbrado-accounts-{version()}.tar.gz"
    sums = dict(line.split()[::-1] for line in (dist / "SHA256SUMS").read_text("utf-8").splitlines())
    sbom = json.loads((dist / "sbom.cdx.json").read_bytes())
    locked = re.findall(r"^([a-z][^=]*)==", (dist / "requirements-run.lock").read_text("utf-8"), re.MULTILINE)

    contract = ["operations.json", "possible-types.json", "schema.graphql"]
    assert sorted(sums) == sorted([archive, *contract, "CHANGES.md", "requirements-run.lock", "sbom.cdx.json"])
    assert {name: hashlib.sha256((dist / name).read_bytes()).hexdigest() for name in sums} == sums
    assert sorted(each["name"] for each in sbom["components"]) == sorted(locked)
    assert sbom["metadata"]["component"]["version"] == version()
    headings = [line for line in (dist / "CHANGES.md").read_text("utf-8").splitlines() if line.startswith("## ")]
    assert set(headings) == {f"## {version()}"}
    with tarfile.open(dist / archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert {"Dockerfile", "app/__main__.py", "pyproject.toml", "requirements-run.lock"} <= names


def _release(clone: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["/bin/sh", "scripts/release.sh"]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)


def _commit(clone: Path) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    _run("git", *identity, "commit", "-q", "-a", "-m", "Change the changelog", cwd=clone)


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True)
