import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx2

from tests.process.in_process import run_here
from tests.process.serving import ROOT, clean_environment, serving

_FORKING_SLOWLY = """
import os, signal, time
from app import server

fork = os.fork

def fork_slowly():
    child = fork()
    time.sleep(0.3 if child else 0)
    return child

async def application(scope, receive, send):
    for kind in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{kind}.complete"})

def make_application():
    os.kill(os.getppid(), signal.SIGTERM)
    return application

os.fork = fork_slowly
raise SystemExit(server.run(make_application, server.listen("127.0.0.1", 0), 2))
"""


def test_serve_works_without_any_settings(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, process):
        response = httpx2.post(f"{url}/graphql", json={"query": "{ passwordPolicy { minimumLength } }"})

        assert response.json() == {"data": {"passwordPolicy": {"minimumLength": 8}}}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_host_and_port_of_the_command_line_override_the_settings(migrated: Path) -> None:
    arguments = ("--host", "localhost", "--port", "0")
    with serving(migrated, *arguments, HOST="not://a.host", PORT="70000", WORKERS="2") as (url, _):
        response = httpx2.get(f"{url}/graphql", params={"query": "{ __typename }"})

    assert url.startswith("http://127.0.0.1:")
    assert response.json() == {"data": {"__typename": "Query"}}


def test_an_invalid_port_or_host_of_the_command_line_stops_the_start(tmp_path: Path) -> None:
    sentences = {
        ("--port", "70000"): "PORT: must be at most 65535",
        ("--port", "http"): "PORT: must be a whole number",
        ("--host", "192.0.2.1"): "HOST: development reveals secrets",
    }
    results = {arguments: run_here(tmp_path, "serve", *arguments, PORT="0") for arguments in sentences}

    assert {result.returncode for result in results.values()} == {2}
    for arguments, sentence in sentences.items():
        assert results[arguments].stderr.startswith(f"Invalid settings: {sentence}")


def test_a_manifest_that_does_not_fit_the_schema_stops_the_start(tmp_path: Path) -> None:
    manifests = {
        "{}": "it contains no document",
        '{"mine": "{ nothing }"}': "the document mine is refused: Cannot query",
    }

    for content, reason in manifests.items():
        (tmp_path / "documents.json").write_text(content, "utf-8")
        result = run_here(tmp_path, "serve", TRUSTED_DOCUMENTS=str(tmp_path / "documents.json"), PORT="0")

        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith(f"Invalid settings: TRUSTED_DOCUMENTS: {reason}")


def test_help_says_that_host_and_port_override_the_settings(tmp_path: Path) -> None:
    text = " ".join(run_here(tmp_path, "serve", "--help").stdout.split())

    assert "replaces the setting HOST" in text
    assert "replaces the setting PORT" in text


def test_websockets_are_not_supported(url: str) -> None:
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol": "graphql-transport-ws",
    }

    response = httpx2.get(f"{url}/graphql", params={"query": "{ __typename }"}, headers=upgrade)

    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}
    assert "upgrade" not in response.headers


def test_a_signal_during_the_start_ends_the_server(migrated: Path) -> None:
    with serving(migrated) as (_, process):
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) in {0, -signal.SIGTERM}


def test_a_signal_during_the_fork_ends_the_server_and_its_processes() -> None:
    command = [sys.executable, "-c", _FORKING_SLOWLY]
    process = subprocess.Popen(command, cwd=ROOT, env=clean_environment(), start_new_session=True)
    try:
        assert process.wait(20) == 0
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 0)
            raise AssertionError("processes are left")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
