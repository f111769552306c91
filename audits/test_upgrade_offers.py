"""Clients that offer an upgrade to HTTP/2 by default get answers in HTTP/1.1."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.process.serving import serving

ANSWER = '{"data":{"__typename":"Query"}}'
CLIENT = Path(__file__).parent / "jdk/Client.java"


@pytest.mark.skipif(not shutil.which("java"), reason="this audit needs a JDK of 11 or later")
def test_the_jdks_client(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        command = [str(shutil.which("java")), str(CLIENT), url]
        answered = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert answered.stdout.splitlines() == [f"200 HTTP_1_1 {ANSWER}"] * 5, answered.stderr


@pytest.mark.skipif(not shutil.which("curl"), reason="this audit needs curl")
@pytest.mark.parametrize("options", [["--http2"], ["--http2", "-H", "Transfer-Encoding: chunked"], ["--http1.0"]])
def test_curl(tmp_path: Path, options: list[str]) -> None:
    body = ["-H", "Content-Type: application/json", "-d", '{"query": "{ __typename }"}']
    with serving(tmp_path) as (url, _):
        command = [
            str(shutil.which("curl")),
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            *options,
            *body,
            f"{url}/graphql",
        ]
        answered = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert answered.stdout == ANSWER, answered.stderr
