"""Processes that serve together count together."""

from collections import Counter
from pathlib import Path

import httpx2

from tests.process.serving import ROOT, serving

LOGIN = (ROOT / "graphql/operations/Login.graphql").read_text("utf-8")


def test_more_processes_do_not_multiply_the_limits(tmp_path: Path) -> None:
    body = {"query": LOGIN, "variables": {"input": {"email": "ana@example.com", "password": "no es mi clave"}}}
    with serving(tmp_path, WORKERS="3") as (url, _):
        # A connection for each, so that any of the processes may accept it.
        answers = [httpx2.post(f"{url}/graphql", json=body).json()["data"]["login"] for _ in range(20)]

    assert Counter(answer["__typename"] for answer in answers) == {
        "InvalidCredentialsError": 5,
        "CaptchaRequiredError": 15,
    }
