"""Generates the client of examples/python, checks its types, and signs up with it at the running service."""

import shutil
import subprocess
import sys
from pathlib import Path

from app.operations import OPERATIONS
from audits.conftest import environment
from tests.process.serving import CHEAP_ARGON2, ROOT, serving


def test_the_example_in_python_signs_up_with_a_generated_client(tmp_path: Path) -> None:
    """In a copy of the folder beside the same graphql/, and with the packages of its lock alone."""
    example = tmp_path / "examples/python"
    ignored = shutil.ignore_patterns("accounts_client", "__pycache__")
    shutil.copytree(ROOT / "examples/python", example, ignore=ignored)
    (tmp_path / "graphql").symlink_to(ROOT / "graphql")
    python = environment(tmp_path / "venv", example / "requirements.lock")

    generated = _run(python, "-m", "ariadne_codegen", cwd=example)

    assert _methods(example / "accounts_client/client.py") == len(OPERATIONS), generated
    _run(sys.executable, "-m", "mypy", "--python-executable", python, "--cache-dir=/dev/null", ".", cwd=example)
    data = tmp_path / "data"
    data.mkdir()
    with serving(data, **CHEAP_ARGON2) as (url, _):
        printed = _run(python, "sign_up.py", f"{url}/graphql", str(data / "mail"), cwd=example)
    created, confirmed, account = printed.splitlines()
    assert created.startswith("Your account has been created.")
    assert "confirmed" in confirmed
    assert account.endswith("next step: CONFIGURE_COMPANY")


def _methods(client: Path) -> int:
    return client.read_text("utf-8").count("\n    async def ")


def _run(*command: str, cwd: Path) -> str:
    """Returns what the command prints to its output; fails with all that it wrote."""
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
