"""Checks examples/relay and examples/gql-tada with their own tools, and signs in with each at the running service."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from app.settings import Settings
from audits.conftest import RunScript
from models.migrator import upgrade
from tests.api import api_of
from tests.forms import EMAIL, PASSWORD
from tests.process.serving import ROOT, serving

NODE = ROOT / "audits/node"


@pytest.mark.parametrize("example", ["relay", "gql-tada"])
async def test_the_example_is_accepted_by_its_tools_and_signs_in(
    run_script: RunScript, npm: str, tmp_path: Path, example: str
) -> None:
    """In a copy of the folder beside the same graphql/, and with the packages of audits/node/."""
    folder = tmp_path / "examples" / example
    shutil.copytree(ROOT / "examples" / example, folder, ignore=shutil.ignore_patterns("node_modules", "__generated__"))
    (tmp_path / "graphql").symlink_to(ROOT / "graphql")
    (folder / "node_modules").symlink_to(NODE / "node_modules")
    await _register(tmp_path)

    check = subprocess.run([npm, "run", "check"], cwd=folder, capture_output=True, text=True)
    with serving(tmp_path) as (url, _):
        audit = run_script(f"{example}.js", str(folder), f"{url}/graphql", EMAIL, PASSWORD)

    assert check.returncode == 0, check.stdout + check.stderr
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize("example", ["relay", "gql-tada"])
def test_the_example_names_the_versions_that_are_checked(example: str) -> None:
    named = json.loads((ROOT / "examples" / example / "package.json").read_text("utf-8"))
    checked = json.loads((NODE / "package.json").read_text("utf-8"))["dependencies"]

    versions = {**named["dependencies"], **named["devDependencies"]}
    assert {name: checked.get(name) for name in versions} == versions


async def _register(folder: Path) -> None:
    settings = Settings(_env_file=None, data_dir=folder, worker_in_serve=False)
    await upgrade(settings.database)
    async with api_of(settings) as api:
        await api.account()
