"""Checks GraphQL over HTTP with its reference suite (npm graphql-http)."""

from pathlib import Path

from audits.conftest import RunScript
from tests.process.serving import serving


def test_all_61_audits_are_met(run_script: RunScript, tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        audit = run_script("conformance.js", f"{url}/graphql")

    assert audit.stdout == "61 audits, 0 missed\n", audit.stdout + audit.stderr
