"""Sends the operations with common GraphQL clients, which are set up in audits/node/clients.js."""

import sys
from pathlib import Path

from audits.conftest import RunScript
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving


def test_every_operation_works_with_every_client(run_script: RunScript, tmp_path: Path) -> None:
    with serving(tmp_path, **CHEAP_ARGON2, **WITHOUT_LIMITS) as (url, _):
        audit = run_script("walk.js", f"{url}/graphql", str(tmp_path), sys.executable)

    assert audit.returncode == 0, audit.stdout + audit.stderr
