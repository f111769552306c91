"""What METRICS_PORT serves, read as Prometheus reads it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from models.event_feed import EventFeed
from models.webhook_endpoint import WebhookEndpoint
from services.common.clock import utc_now
from services.common.heartbeat import MAX_TURNS, Heartbeat
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, REGISTRATION
from tests.paypal.payers import payer
from tests.stored_accounts import store_account

PORT = {"metrics_port": 0}


async def _scraped(api: Api) -> dict[str, float]:
    """The samples, such as `accounts_limits_total{limit="login"}`; labels in their order."""
    async with httpx2.AsyncClient() as http:
        text = (await http.get(api.metrics_url)).text
    return {
        f"{sample.name}{{{','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))}}}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_people_do_is_counted(make_api: MakeApi) -> None:
    api = await make_api(**PORT, limit_create_captcha="3/hour")
    await api.act("CreateAccount", **REGISTRATION)
    waiting = await _scraped(api)
    await api.mails()
    await api.act("Login", email=EMAIL, password="not the password")
    for answer in ("wrong", None):
        captcha_id, solution = await api.captcha()
        await api.act("RecoverPassword", email=EMAIL, captcha={"id": captcha_id, "answer": answer or solution.digits})
    await api.run("CreateCaptcha")
    await api.run("Me")
    await api.http.get("/nowhere")

    counted = await _scraped(api)

    expected = {
        "accounts_requests_total{kind=graphql,operation=CreateAccount,status=200}": 1,
        "accounts_requests_total{kind=other,operation=,status=404}": 1,
        "accounts_outcomes_total{operation=Login,outcome=InvalidCredentialsError}": 1,
        "accounts_outcomes_total{operation=Me,outcome=null}": 1,
        "accounts_outcomes_total{operation=RecoverPassword,outcome=RecoverPasswordSuccess}": 1,
        "accounts_refused_requests_total{reason=path}": 1,
        "accounts_captcha_answers_total{result=wrong}": 1,
        "accounts_captcha_answers_total{result=solved}": 1,
        "accounts_exceeded_limits_total{limit=create_captcha}": 1,
        "accounts_mails_total{code=2xx,kind=confirmation,result=delivered}": 1,
        "accounts_request_seconds_count{kind=graphql,operation=Login}": 1,
        "accounts_hashes{}": 0,
    }
    assert {name: counted.get(name) for name in expected} == expected
    assert counted["accounts_hash_seconds_count{}"] == 2
    assert waiting["accounts_waiting_mails{kind=confirmation}"] == 1
    assert 0 <= waiting["accounts_waiting_mails_oldest_seconds{kind=confirmation}"] < 60


async def test_payments_under_way_are_counted(make_api: MakeApi) -> None:
    api = await make_api(**PORT)
    ana = await payer(api)
    await ana.act("RequestBankDeposit", planId="negocio")

    counted = await _scraped(api)

    assert counted["accounts_open_payments{method=bank_deposit,status=open}"] == 1
    assert 0 <= counted["accounts_open_payments_oldest_seconds{method=bank_deposit,status=open}"] < 60


async def test_deletions_that_are_overdue_are_counted(make_api: MakeApi) -> None:
    api = await make_api(**PORT)
    now = utc_now()
    before = await _scraped(api)
    for hours in (3, 1, -1):
        due_at = now - timedelta(hours=hours)
        await store_account(f"{hours}@example.com", deletion_due_at=due_at, deletion_turn_at=now)

    counted = await _scraped(api)

    assert before["accounts_overdue_deletions{}"] == 0
    assert before["accounts_overdue_deletions_oldest_seconds{}"] < 1
    assert counted["accounts_overdue_deletions{}"] == 2
    assert 0 <= counted["accounts_overdue_deletions_oldest_seconds{}"] - 3 * 3600 < 60


async def test_endpoints_of_webhooks_are_counted_by_state(make_api: MakeApi) -> None:
    api = await make_api(**PORT)
    before = await _scraped(api)
    now = utc_now()
    rows: tuple[dict[str, Any], ...] = (
        {},
        {"failing_since": now},
        {"failing_since": now, "paused_because": "failing"},
        {"paused_because": "operator"},
    )
    for row in rows:
        await WebhookEndpoint.create(id=uuid4(), url="https://example.com/", created_at=now, position=3, **row)
    await EventFeed.create(id=EventFeed.ID, last_position=10)

    after = await _scraped(api)

    states = [f"accounts_webhooks{{state={state}}}" for state in ("active", "failing", "paused")]
    assert [before[state] for state in states] == [0, 0, 0]
    assert [after[state] for state in states] == [1, 1, 1]
    assert after["accounts_webhook_waiting_events{}"] == 7


async def test_a_worker_that_works_is_heard_of(make_api: MakeApi) -> None:
    api = await make_api(**PORT)
    before = await _scraped(api)
    await Heartbeat().beat()

    after = await _scraped(api)

    assert "accounts_worker_silent_seconds{}" not in before
    assert 0 <= after["accounts_worker_silent_seconds{}"] < 60
    assert {loop: after[f"accounts_worker_turn_seconds{{loop={loop}}}"] < 60 for loop in MAX_TURNS} == {
        "mail": True,
        "cleanup": True,
        "payments": True,
        "events": True,
        "webhooks": True,
    }


async def test_labels_hold_nothing_that_a_client_chose(make_api: MakeApi) -> None:
    api = await make_api(**PORT)
    for name in ("Mine", "ana_example_com"):
        await api.http.post("/graphql", json={"query": f"query {name} {{ alias: __typename }}"})
        await api.http.request(name.upper(), f"/{name}", headers={"X-Request-Id": name})

    labels = "".join(await _scraped(api))

    assert "operation=other" in labels
    assert [word for word in ("mine", "ana", "alias") if word in labels.casefold()] == []


async def test_the_port_serves_nothing_else(make_api: MakeApi) -> None:
    api = await make_api(**PORT)
    host, port = "127.0.0.1", httpx2.URL(api.metrics_url).port

    async def status(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(request)
        if request.startswith(b"x"):
            writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer.partition(b"\r\n")[0]

    requests = {
        b"GET /metrics HTTP/1.1\r\n\r\n": b"HTTP/1.1 200 OK",
        b"HEAD /metrics?x HTTP/1.1\r\nHost: x\r\n\r\n": b"HTTP/1.1 200 OK",
        b"GET /graphql HTTP/1.1\r\n\r\n": b"HTTP/1.1 404 Not Found",
        b"GET http://x/metrics HTTP/1.1\r\n\r\n": b"HTTP/1.1 404 Not Found",
        b"POST /metrics HTTP/1.1\r\n\r\n": b"HTTP/1.1 405 Method Not Allowed",
        b"\r\n\r\n": b"HTTP/1.1 404 Not Found",
        b"x": b"",
    }
    assert {request: await status(request) for request in requests} == requests
