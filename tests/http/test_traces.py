"""Traces at the edge of the service: which callers' are continued, where they are propagated, and where they go."""

import asyncio
from uuid import uuid4

import pytest
import structlog
from opentelemetry.trace import StatusCode
from structlog.testing import capture_logs
from tortoise.exceptions import OperationalError

from models.sql import fetch
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL
from tests.paypal.payers import payer, start, takes_paypal
from tests.paypal.server import PayPalServer
from tests.spans import Spans, attributes, said, trace_id, traceparent

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{PARENT}-01"


async def test_by_default_nothing_is_traced(api: Api) -> None:
    with capture_logs() as lines:
        await api.run("PasswordPolicy")

    (line,) = [line for line in lines if line["event"] == "request"]
    assert "trace_id" not in line
    assert "traced" not in str(api.settings.database["connections"]["default"]["engine"])


async def test_the_lines_of_a_request_have_its_trace(make_api: MakeApi, spans: Spans) -> None:
    api = await make_api(**spans.settings)

    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        await api.register()
        await api.mails()

    logged = {line["event"]: line["trace_id"] for line in lines}
    request, mail = (trace_id(spans.named(name)) for name in ("mutation CreateAccount", "mail confirmation"))
    assert logged == {"request": request, "mail written": mail, "mail delivered": mail}


async def test_our_proxys_trace_goes_on(make_api: MakeApi, spans: Spans) -> None:
    api = await make_api(**spans.settings, trusted_proxies=1)

    await api.send("PasswordPolicy", headers={"traceparent": GIVEN, "tracestate": "vendor=1"})

    request = spans.named("query PasswordPolicy")
    assert request.parent
    assert (trace_id(request), f"{request.parent.span_id:016x}") == (TRACE, PARENT)
    assert request.context.trace_state.to_header() == "vendor=1"


async def test_a_trace_that_our_proxy_does_not_sample_leaves_no_span(make_api: MakeApi, spans: Spans) -> None:
    api = await make_api(**spans.settings, trusted_proxies=1)

    with capture_logs() as lines:
        await api.send("Login", {"input": {"email": EMAIL, "password": "x"}}, {"traceparent": f"{GIVEN[:-1]}0"})

    assert spans.all() == []
    assert [line["trace_id"] for line in lines if line["event"] == "request"] == [TRACE]


async def test_a_strangers_trace_does_not_count(make_api: MakeApi, spans: Spans) -> None:
    """It could have every request of theirs sampled, or none."""
    api = await make_api(**spans.settings)

    for flags in ("00", "01"):
        await api.send("PasswordPolicy", headers={"traceparent": f"{GIVEN[:-2]}{flags}"})

    assert [span.parent for span in spans.all()] == [None, None]
    assert TRACE not in {trace_id(span) for span in spans.all()}


async def test_a_malformed_trace_begins_another(make_api: MakeApi, spans: Spans) -> None:
    api = await make_api(**spans.settings, trusted_proxies=1)
    zeros = f"00-{'0' * 32}-{PARENT}-01"
    malformed = ["", "hunter2", GIVEN.upper(), f"ff{GIVEN[2:]}", f"{GIVEN}-more", zeros, GIVEN * 30, "é"]

    for given in malformed:
        await api.http.get("/nowhere", headers=[(b"traceparent", given.encode())])
    await api.http.get("/nowhere", headers=[("traceparent", GIVEN), ("traceparent", GIVEN)])
    await api.http.get("/nowhere", headers=[("traceparent", GIVEN), ("tracestate", "=,;" * 200)])

    *others, last = spans.all()
    assert [span.parent for span in others] == [None] * (len(malformed) + 1)
    assert (trace_id(last), len(last.context.trace_state)) == (TRACE, 0)
    assert "hunter2" not in "".join(map(said, others))


async def test_a_trace_is_handed_on_within_this_machine_only(
    make_api: MakeApi, spans: Spans, paypal: PayPalServer
) -> None:
    api = await make_api(**spans.settings, **takes_paypal(paypal))
    await start(await payer(api))

    calls = [span for span in spans.all() if span.name.startswith("POST /v")]

    assert [each.headers["traceparent"] for each in paypal.received] == [traceparent(call) for call in calls]
    assert {span.name for span in calls} == {"POST /v1/oauth2/token", "POST /v2/checkout/orders"}
    for host in ("api-m.paypal.com", "127.0.0.1.example.mx", "10.0.0.1"):
        with spans.traces.mail("confirmation", uuid4(), 1), spans.traces.call("POST", f"https://{host}", "/") as call:
            assert call.headers == {}


async def test_a_probe_leaves_no_span_and_any_other_path_is_not_named(make_api: MakeApi, spans: Spans) -> None:
    api = await make_api(**spans.settings)

    await api.http.get("/health/live")
    await api.http.request("PURGE", "/hunter2?hunter2")

    (span,) = spans.all()
    assert (span.name, attributes(span)["http.request.method"]) == ("HTTP", "_OTHER")
    assert "hunter2" not in said(span)


async def test_what_goes_on_after_a_request_does_not_belong_to_its_trace(make_api: MakeApi, spans: Spans) -> None:
    """Such as polling the database during an outage, which may last for hours."""
    await make_api(**spans.settings)
    over = asyncio.Event()

    async def later() -> None:
        await over.wait()
        await fetch("SELECT 1")

    with spans.traces.mail("confirmation", uuid4(), 1):
        task = asyncio.create_task(later())
        await fetch("SELECT 2")
    over.set()
    await task

    assert [span.name for span in spans.all()] == ["mail confirmation", "SELECT"]


async def test_a_failed_statement_leaves_only_the_type_of_its_error(make_api: MakeApi, spans: Spans) -> None:
    await make_api(**spans.settings)

    with spans.traces.mail("confirmation", uuid4(), 1), pytest.raises(OperationalError, match="no such table: hunter2"):
        await fetch("SELECT 'hunter2', 4111 FROM hunter2")

    span = spans.named("SELECT hunter2")
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    assert attributes(span)["error.type"] == "OperationalError"
    assert attributes(span)["db.query.text"] == "SELECT ?, ? FROM hunter2"
