"""Sends the operations with common GraphQL clients, which are set up in audits/node/clients.js."""

import sys
from pathlib import Path

import httpx2

from audits.conftest import RunScript
from tests.process.serving import CHEAP_ARGON2, WITHOUT_LIMITS, serving


def test_every_operation_works_with_every_client(run_script: RunScript, tmp_path: Path) -> None:
    with serving(tmp_path, **CHEAP_ARGON2, **WITHOUT_LIMITS, PAYPAL_STAND_IN="false") as (url, _):
        audit = run_script("walk.js", f"{url}/graphql", str(tmp_path), sys.executable)

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_every_operation_works_with_clients_that_send_only_ids(run_script: RunScript, tmp_path: Path) -> None:
    written = run_script("manifests.js", str(tmp_path))
    assert written.returncode == 0, written.stderr
    manifests = {"TRUSTED_DOCUMENTS": f"{tmp_path}/apollo.json,{tmp_path}/urql.json", "TRUSTED_DOCUMENTS_ONLY": "true"}

    with serving(tmp_path, **CHEAP_ARGON2, **WITHOUT_LIMITS, **manifests, PAYPAL_STAND_IN="false") as (url, _):
        arguments = (f"{url}/graphql", str(tmp_path), sys.executable, str(tmp_path / "apollo.json"))
        audit = run_script("walk.js", *arguments)
        text = httpx2.post(f"{url}/graphql", json={"query": "{ __typename }"})

    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert text.json()["errors"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_REQUIRED"
