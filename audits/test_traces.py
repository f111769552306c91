"""Two processes of `serve` and a worker export to a real collector until they end, and cope with one that is away."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from audits.ports import free_port
from tests.collector import Collector, Exported, collecting
from tests.process.client import Client, found
from tests.process.conftest import SMTP_PASSWORD, Mailbox
from tests.process.serving import CHEAP_ARGON2, ROOT, clean_environment, serving

EMAIL, RFC, PASSWORD = "ana@example.com", "EKU9003173C9", "una frase larga"
KEY = "the-key-of-the-collector"
SETTINGS = {**CHEAP_ARGON2, "WORKERS": "2", "WORKER_IN_SERVE": "false", "TRACING": "true"}
ASKED = 40  # each on a connection, so that both processes get some


def test_every_process_exports_its_spans_and_nothing_secret(
    migrated: Path, smtp: dict[str, str], mailbox: Mailbox, no_authorities: None
) -> None:
    with collecting(Collector()) as collector:
        exporting = _exporting(collector.port, OTEL_EXPORTER_OTLP_HEADERS=f"authorization={KEY}")
        settings = {**SETTINGS, **smtp, **exporting}
        with serving(migrated, **settings) as (url, _), _working(migrated, **settings):
            code, token = _sign_up(url, mailbox)
            for _ in range(ASKED):
                httpx2.get(f"{url}/graphql", params={"query": "query PasswordPolicy { __typename }"})

    spans = collector.spans()  # the last ones were exported at the end: otherwise, the SDK waits for 5 seconds
    by_id = {span.span_id: span for span in spans}
    requests = [span for span in spans if span.name == "query PasswordPolicy"]
    mails = [span for span in spans if span.name == "mail confirmation"]
    assert len(requests) == ASKED
    assert (len({span.process for span in requests}), len({span.process for span in spans})) == (2, 3)
    assert [mail.attributes["accounts.mail.result"] for mail in mails] == ["delivered"]
    assert mails[0].process not in {span.process for span in requests}
    assert [span for span in spans if span.parent_id and span.parent_id not in by_id] == []
    stored = next(span for span in spans if span.name.startswith("INSERT session"))
    assert _root(stored, by_id) == "mutation Login"
    assert {header["authorization"] for header in collector.headers} == {KEY}
    log = (migrated / "serve.log").read_text("utf-8") + (migrated / "worker.log").read_text("utf-8")
    exported = b"".join(collector.bodies)
    secrets = [code, token, PASSWORD, EMAIL, RFC, SMTP_PASSWORD.decode()]
    assert [secret for secret in secrets if secret.encode() in exported] == []
    assert KEY not in log
    assert f"trace_id={mails[0].trace_id}" in log


@pytest.mark.parametrize("hangs", [False, True])
def test_a_collector_that_is_away_has_one_line_in_each_process_and_delays_nothing(
    migrated: Path, no_authorities: None, *, hangs: bool
) -> None:
    often = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with (
        _unreachable(hangs=hangs) as port,
        serving(migrated, **SETTINGS, **_exporting(port, **often)) as (url, process),
    ):
        seconds: list[float] = []
        deadline = time.monotonic() + 60
        while len(seconds) < ASKED or (_outages(migrated) < 2 and time.monotonic() < deadline):
            begun = time.monotonic()
            httpx2.get(f"{url}/graphql", params={"query": "{ __typename }"})  # by whichever process takes it first
            seconds.append(time.monotonic() - begun)
        time.sleep(3)
        begun = time.monotonic()
        process.terminate()
        process.wait(30)
        ended = time.monotonic() - begun

    log = (migrated / "serve.log").read_text("utf-8")
    assert log.count("part=collector") == _outages(migrated) == 2, log
    assert sorted(seconds)[len(seconds) // 2] < 0.2
    assert ended < 8
    assert "Traceback" not in log


def _outages(data_dir: Path) -> int:
    return (data_dir / "serve.log").read_text("utf-8").count("outage began")


@contextmanager
def _unreachable(*, hangs: bool) -> Iterator[int]:
    """The port of a collector that does not answer, or of none."""
    if not hangs:
        yield free_port()
        return
    with collecting(Collector()) as collector:
        collector.held.clear()
        yield collector.port


def _sign_up(url: str, mailbox: Mailbox) -> tuple[str, str]:
    """Returns the code and the token of an account."""
    with httpx2.Client(base_url=url) as http:
        client = Client(http)
        form = {"rfc": RFC, "email": EMAIL, "password": PASSWORD, "passwordConfirmation": PASSWORD}
        assert client.run("CreateAccount", **form)["__typename"] == "CreateAccountSuccess"
        code = found(r"\b[2-9A-Z]{40}\b", mailbox.next())
        assert client.run("ConfirmAccount", code=code)["__typename"] == "ConfirmAccountSuccess"
        return code, client.run("Login", email=EMAIL, password=PASSWORD)["token"]


@contextmanager
def _working(data_dir: Path, **settings: str) -> Iterator[None]:
    with (data_dir / "worker.log").open("w") as log:
        environment = clean_environment(DATA_DIR=str(data_dir), **settings)
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "worker"], cwd=ROOT, env=environment, stderr=log, stdout=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def _exporting(port: int, **variables: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", **variables}


def _root(span: Exported, by_id: dict[str, Exported]) -> str:
    while span.parent_id:
        span = by_id[span.parent_id]
    return span.name
