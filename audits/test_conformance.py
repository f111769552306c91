"""GraphQL over HTTP, as its reference suite audits it (npm graphql-http)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.process.serving import serving

FOLDER = Path(__file__).parent / "conformance"


@pytest.fixture(scope="module")
def suite() -> Path:
    """The suite, installed into its own folder from its lock."""
    if not (shutil.which("node") and shutil.which("npm")):
        if os.environ.get("CI"):
            pytest.fail("Node.js must be there in CI")
        pytest.skip("the reference audits need Node.js and npm")
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=FOLDER, check=True)  # noqa: S607
    return FOLDER


def test_all_61_audits_are_met(suite: Path, tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        audit = subprocess.run(
            ["node", "audit.js", f"{url}/graphql"],  # noqa: S607
            cwd=suite,
            capture_output=True,
            text=True,
        )

    assert audit.stdout == "61 audits, 0 missed\n", audit.stdout + audit.stderr
