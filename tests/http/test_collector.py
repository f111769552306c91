"""The export of traces: what the collector gets, and that requests do not notice that it is away."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.operations import OPERATIONS
from app.traces.spans import Traces
from services.common.outages import Outages, Part
from tests.api import Api
from tests.collector import Collector, collecting
from tests.conftest import MakeApi
from tests.spans import Spans

Open = Callable[..., Traces]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting(Collector()) as listening:
        yield listening


@pytest.fixture
def open_traces(spans: Spans, monkeypatch: pytest.MonkeyPatch, collector: Collector) -> Open:
    """Returns a function that makes what traces to the collector, as `serve` does, with more of the SDK's variables."""

    def make(**variables: str) -> Traces:
        for name, value in {"EXPORTER_OTLP_ENDPOINT": collector.url, "BSP_SCHEDULE_DELAY": "20", **variables}.items():
            monkeypatch.setenv(f"OTEL_{name}", value)  # the delay is in milliseconds
        return Traces(OPERATIONS)

    return make


async def test_the_collector_gets_the_spans_of_the_service(
    make_api: MakeApi, open_traces: Open, collector: Collector
) -> None:
    own = {"SERVICE_NAME": "cuentas", "EXPORTER_OTLP_HEADERS": "x-key=hunter2", "EXPORTER_OTLP_COMPRESSION": "gzip"}
    api = await make_api(open_traces(**own), tracing=True)

    await api.run("PasswordPolicy")
    await _until(collector.spans)

    (span,) = collector.spans()
    assert (span.name, span.service, span.parent_id) == ("query PasswordPolicy", "cuentas", "")
    assert span.attributes["http.response.status_code"] == 200
    assert (collector.headers[0]["x-key"], collector.headers[0]["content-encoding"]) == ("hunter2", "gzip")


async def test_the_sampler_is_the_operators(make_api: MakeApi, open_traces: Open, collector: Collector) -> None:
    api = await make_api(open_traces(TRACES_SAMPLER="parentbased_traceidratio", TRACES_SAMPLER_ARG="0"), tracing=True)

    await api.run("PasswordPolicy")
    await asyncio.sleep(0.1)

    assert collector.spans() == []


async def test_an_outage_of_the_collector_has_two_lines(
    make_api: MakeApi, open_traces: Open, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    small = {"EXPORTER_OTLP_TIMEOUT": "0.05", "BSP_MAX_QUEUE_SIZE": "8", "BSP_MAX_EXPORT_BATCH_SIZE": "4"}
    api = await make_api(open_traces(**small), tracing=True)
    collector.status = 503
    with capture_logs() as lines:
        for _ in range(30):
            await api.run("PasswordPolicy")
        await _while_used(api, lambda: collector.refused > 2)
        collector.status = 200
        await _while_used(api, lambda: len(_outages(lines)) == 2)

    began, ended = _outages(lines)
    assert (began["event"], began["part"], began["reason"]) == ("outage began", "collector", "status 503")
    assert (ended["event"], ended["part"]) == ("outage ended", "collector")
    assert [record for record in caplog.records if record.name.startswith(("opentelemetry", "urllib3"))] == []


async def test_a_collector_that_does_not_answer_delays_no_request(
    make_api: MakeApi, open_traces: Open, collector: Collector
) -> None:
    collector.held.clear()
    api = await make_api(open_traces(EXPORTER_OTLP_TIMEOUT="60"), tracing=True)

    async with asyncio.timeout(2):  # twenty times a tenth of a second; the exporter waits a minute for one answer
        for _ in range(20):
            await api.run("PasswordPolicy")
            await asyncio.sleep(0.02)

    assert collector.spans() == []

    collector.held.set()
    await _until(lambda: len(collector.spans()) == 20)


async def test_the_end_waits_only_so_long_for_the_collector(
    open_traces: Open, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.traces.exporting._FLUSH_SECONDS", 0.2)
    collector.held.clear()
    traces = open_traces()

    with capture_logs() as lines:
        async with asyncio.timeout(2), traces.exporting(Outages()):  # less than the exporter's own time-out of 10
            _trace_a_mail(traces)

    assert [line["reason"] for line in lines if line["event"] == "spans lost"] == ["the collector does not answer"]


async def test_what_is_left_is_exported_at_the_end(open_traces: Open, collector: Collector) -> None:
    traces = open_traces(BSP_SCHEDULE_DELAY="60000")

    async with traces.exporting(Outages()):
        _trace_a_mail(traces)

    assert [span.name for span in collector.spans()] == ["mail confirmation"]


async def test_a_key_of_the_collector_is_in_no_line(
    open_traces: Open, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = 401
    traces = open_traces(EXPORTER_OTLP_HEADERS="x-key hunter2")
    outages = Outages([Part("collector", "collector:4318")])

    with capture_logs() as lines:
        async with traces.exporting(outages):
            _trace_a_mail(traces)

    assert [line["reason"] for line in lines] == ["status 401"]
    assert "Header format invalid" in caplog.text
    assert "hunter2" not in caplog.text


def _trace_a_mail(traces: Traces) -> None:
    with traces.mail("confirmation", uuid4(), 1):
        pass


def _outages(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["event"].startswith("outage")]


async def _until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def _while_used(api: Api, holds: Callable[[], object]) -> None:
    """Keeps making spans, since an export may take longer than its time-out on a busy machine."""
    async with asyncio.timeout(30):
        while not holds():
            await api.run("PasswordPolicy")
            await asyncio.sleep(0.05)
