"""PayPal's tokens: fetched once, kept while they are valid, renewed afterwards, and never disclosed."""

import asyncio
import logging

import pytest
from structlog.testing import capture_logs

from app.development.paypal.api import Call
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError
from tests.paypal.clients import api_to, make_order
from tests.paypal.http import Trouble
from tests.paypal.server import PayPalServer
from tests.refusals import fails


async def test_fifty_calls_at_once_fetch_one_token(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    orders = await asyncio.gather(*(make_order(paypal_client, f"INV-{number}") for number in range(50)))

    assert len({order.id for order in orders}) == 50
    assert len(paypal.asked(Call.TOKEN)) == 1


async def test_fifty_calls_with_a_revoked_token_fetch_one_more(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    await paypal_client.get_order("UNKNOWN")
    paypal.revoke_tokens()

    orders = await asyncio.gather(*(make_order(paypal_client, f"INV-{number}") for number in range(50)))

    assert len({order.id for order in orders}) == 50
    assert len(paypal.asked(Call.TOKEN)) == 2


@pytest.mark.parametrize(("life", "age", "tokens"), [(600, 539, 1), (600, 541, 2), (60, 29, 1), (60, 31, 2), (0, 0, 2)])
async def test_a_token_is_kept_until_shortly_before_its_end(
    paypal: PayPalServer, life: int, age: int, tokens: int
) -> None:
    paypal.expires_in = life
    now = 1000.0

    async with api_to(paypal, monotonic=lambda: now) as api:
        await api.get_order("UNKNOWN")
        now += age
        await api.get_order("UNKNOWN")

    assert len(paypal.asked(Call.TOKEN)) == tokens


async def test_a_token_that_keeps_being_refused_is_renewed_once(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    refusal = b'{"name":"AUTHENTICATION_FAILURE","debug_id":"abc123"}'
    paypal.answer(Call.CREATE, 401, refusal)
    paypal.answer(Call.CREATE, 401, refusal)

    with pytest.raises(PayPalRefusedError) as caught:
        await make_order(paypal_client)

    assert (caught.value.issue, caught.value.debug_id) == ("AUTHENTICATION_FAILURE", "abc123")
    assert len(paypal.asked(Call.TOKEN)) == 2


async def test_wrong_credentials_are_refused(paypal: PayPalServer) -> None:
    async with api_to(paypal, secret="wrong") as api:
        with pytest.raises(PayPalRefusedError, match="invalid_client"):
            await make_order(api)

    assert len(paypal.asked(Call.TOKEN)) == 1
    assert paypal.asked(Call.CREATE) == []


async def test_a_token_that_does_not_come_is_requested_again(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.fail(Call.TOKEN, Trouble.UNAVAILABLE)

    await make_order(paypal_client)

    assert len(paypal.asked(Call.TOKEN)) == 2


async def test_an_answer_without_a_token_counts_as_an_outage(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    answers = [
        b"[]",
        b"{}",
        b'{"access_token":"t"}',
        b'{"access_token":"","expires_in":600}',
        b'{"access_token":"a\\r\\nX-Injected: 1","expires_in":600}',
        b'{"access_token":["t"],"expires_in":600}',
        b'{"access_token":"t","expires_in":"600"}',
        b'{"access_token":"t","expires_in":true}',
        b'{"access_token":"t","expires_in":-1}',
    ]

    accepted = []
    for answer in answers:
        paypal.answer(Call.TOKEN, 200, answer)
        if not await fails(make_order(paypal_client), PayPalUnavailableError):
            accepted.append(answer)

    assert accepted == []
    assert paypal.asked(Call.CREATE) == []


async def test_a_cancelled_call_leaves_the_token_to_the_others(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    first = asyncio.create_task(make_order(paypal_client, "INV-1"))
    second = asyncio.create_task(make_order(paypal_client, "INV-2"))
    while not paypal.asked(Call.TOKEN):
        await asyncio.sleep(0)
    first.cancel()

    order = await second

    assert order.custom_id == "INV-2"
    assert len(paypal.asked(Call.TOKEN)) == 1
    assert first.cancelled()


async def test_closing_cancels_calls_that_wait_for_a_token(paypal: PayPalServer) -> None:
    paypal.fail(Call.TOKEN, Trouble.HANG)
    async with api_to(paypal) as api:
        asking = asyncio.create_task(make_order(api))
        while not paypal.asked(Call.TOKEN):
            await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_no_secret_is_logged_or_raised(
    paypal: PayPalServer, paypal_client: PayPalClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    errors: list[Exception] = []

    with capture_logs() as logs:
        order = await make_order(paypal_client)
        for trouble in (Trouble.TOO_MANY, Trouble.GARBAGE, Trouble.INTERNAL_ERROR, Trouble.INTERNAL_ERROR):
            paypal.fail(Call.SHOW, trouble, trouble)
        paypal.answer(Call.SHOW, 200, b'{"body": "confidential"}')
        paypal.answer(Call.SHOW, 400, b'{"name":"confidential text","debug_id":"confidential text"}')
        for _ in range(6):
            with pytest.raises(PayPalUnavailableError) as away:
                await paypal_client.get_order(order.id)
            errors.append(away.value)
        with pytest.raises(PayPalRefusedError) as refused:
            await paypal_client.capture_order(order.id, "capture-1")
        errors.append(refused.value)

    told = f"{logs} {caplog.text} {errors!r} {paypal_client!r} {vars(paypal_client)!r}"
    assert [token for token in paypal.tokens if token in told] == []
    assert paypal.client_secret not in told
    assert "confidential" not in told
    assert refused.value.debug_id in str([entry for entry in logs if entry["event"] == "paypal refused"])
