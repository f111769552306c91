"""Sends the operations with common GraphQL clients, which are set up in audits/node/clients.js."""

from pathlib import Path

import httpx2

from audits.conftest import RunScript
from tests.process.serving import CHEAP_ARGON2, serving

SETTINGS = {**CHEAP_ARGON2, "TEST_MODE": "true", "PAYPAL_STAND_IN": "false"}


def test_every_operation_works_with_every_client(run_script: RunScript, tmp_path: Path) -> None:
    with serving(tmp_path, **SETTINGS) as (url, _):
        audit = run_script("walk.js", url, str(tmp_path))

    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_every_operation_works_with_clients_that_send_only_ids(run_script: RunScript, tmp_path: Path) -> None:
    written = run_script("manifests.js", str(tmp_path))
    assert written.returncode == 0, written.stderr
    manifests = {"TRUSTED_DOCUMENTS": f"{tmp_path}/apollo.json,{tmp_path}/urql.json", "TRUSTED_DOCUMENTS_ONLY": "true"}

    with serving(tmp_path, **SETTINGS, **manifests) as (url, _):
        audit = run_script("walk.js", url, str(tmp_path), str(tmp_path / "apollo.json"))
        text = httpx2.post(f"{url}/graphql", json={"query": "{ __typename }"})

    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert text.json()["errors"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_REQUIRED"
