"""A PayPal that is away, loses its answers, or gives impossible ones."""

import asyncio
import gzip
import itertools

import pytest

from app.development.paypal.api import Call
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError
from tests.paypal.clients import TOTAL, api_to, make_order, make_paid_order
from tests.paypal.http import Trouble
from tests.paypal.server import PayPalServer
from tests.refusals import fails

PASSING = [Trouble.DROP, Trouble.LOST, Trouble.GARBAGE, Trouble.INTERNAL_ERROR, Trouble.UNAVAILABLE]
SHORT = 0.6  # seconds of a try, for tests that wait for its end; a token must come in half of it
MAX_LENGTH = 262_144  # bytes of an answer


async def test_a_lost_capture_is_retried_and_pays_once(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    for number, trouble in enumerate(PASSING):
        invoice = f"INV-{number}"
        paypal.fail(Call.CAPTURE, trouble)

        paid = await make_paid_order(paypal, paypal_client, invoice)

        assert [asked.request_id for asked in paypal.asked(Call.CAPTURE)[-2:]] == [f"capture-{invoice}"] * 2
        assert paid.captures[0].id == paypal.captures_of(invoice)[0]["id"]
        assert paypal.paid(invoice) == TOTAL.amount
    assert len(paypal.asked(Call.CAPTURE)) == 2 * len(PASSING)


async def test_a_lost_new_order_is_made_once(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    orders = []
    for number, trouble in enumerate(PASSING):
        paypal.fail(Call.CREATE, trouble)
        orders.append((await make_order(paypal_client, f"INV-{number}")).id)

    asked = [asked.request_id for asked in paypal.asked(Call.CREATE)]
    assert asked == [f"create-INV-{number}" for number in range(len(PASSING)) for _ in range(2)]
    assert list(paypal.books.orders) == orders


async def test_a_lost_query_is_retried(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)

    for trouble in PASSING:
        paypal.fail(Call.SHOW, trouble)

        assert await paypal_client.get_order(order.id) == order


async def test_there_is_no_third_try(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    for number, trouble in enumerate(PASSING, 1):
        paypal.fail(Call.SHOW, trouble, trouble)

        with pytest.raises(PayPalUnavailableError):
            await paypal_client.get_order("SOME")

        assert len(paypal.asked(Call.SHOW)) == 2 * number


async def test_a_request_that_came_too_often_is_not_retried(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.fail(Call.SHOW, Trouble.TOO_MANY)

    with pytest.raises(PayPalUnavailableError, match="429"):
        await paypal_client.get_order("SOME")

    assert len(paypal.asked(Call.SHOW)) == 1


async def test_a_capture_that_still_runs_is_no_refusal(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.answer(
        Call.CAPTURE, 409, b'{"name":"RESOURCE_CONFLICT","details":[{"issue":"PREVIOUS_REQUEST_IN_PROGRESS"}]}'
    )

    with pytest.raises(PayPalUnavailableError, match="409"):
        await paypal_client.capture_order("SOME", "capture-1")


async def test_a_call_that_hangs_is_retried(paypal: PayPalServer) -> None:
    paypal.fail(Call.CREATE, Trouble.HANG)

    async with api_to(paypal, timeout=SHORT) as api:
        order = await make_order(api)

    assert list(paypal.books.orders) == [order.id]


async def test_a_paypal_that_hangs_is_away(paypal: PayPalServer) -> None:
    paypal.fail(Call.TOKEN, Trouble.HANG, Trouble.HANG)

    async with api_to(paypal, timeout=0.2) as api:
        with pytest.raises(PayPalUnavailableError, match="in time"):
            await api.get_order("SOME")

    assert len(paypal.asked(Call.TOKEN)) == 2


async def test_a_token_and_its_call_share_the_time_of_one_try(paypal: PayPalServer) -> None:
    paypal.expires_in = 0  # so that each try needs another one
    paypal.fail(Call.SHOW, Trouble.HANG, Trouble.HANG)

    async with api_to(paypal, timeout=SHORT) as api:
        with pytest.raises(PayPalUnavailableError, match="in time"):
            await api.get_order("SOME")

    assert [asked.call for asked in paypal.received] == [Call.TOKEN, Call.SHOW] * 2


async def test_a_closed_port_counts_as_an_outage() -> None:
    listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    api = PayPalClient(f"http://127.0.0.1:{port}", "id", "secret", "webhook")

    with pytest.raises(PayPalUnavailableError):
        await api.get_order("SOME")

    await api.aclose()


async def test_an_answer_that_is_no_order_is_refused(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    bodies = [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"COMPLETED"',
        b"{}",
        b'{"id":"SOME"}',
        b'{"id":7,"status":"APPROVED"}',
        b'{"id":"SOME","status":"APPROVED","purchase_units":{}}',
        b'{"id":"SOME","status":"APPROVED","purchase_units":[7]}',
        b'{"id":"SOME","status":"APPROVED","purchase_units":[{"custom_id":7}]}',
        b'{"id":"SOME","status":"APPROVED","purchase_units":[{"amount":{}}]}',
        b'{"id":"SOME","status":"APPROVED","purchase_units":[{"amount":{"value":1160.0,"currency_code":"MXN"}}]}',
        b'{"id":"SOME","status":"APPROVED","purchase_units":[{"amount":{"value":"-1","currency_code":"MXN"}}]}',
        b'{"id":"SOME","status":"APPROVED","purchase_units":[{"amount":{"value":"1","currency_code":"pesos"}}]}',
        b'{"id":"SOME","status":"COMPLETED","purchase_units":[{"payments":{"captures":[{"id":"A","status":"COMPLETED"}]}}]}',
        b'{"id":"SOME","status":"APPROVED","links":[{"rel":"approve","href":7}]}',
        b"[" * 100_000,
    ]

    accepted = []
    for body in bodies:
        paypal.answer(Call.SHOW, 200, body)
        paypal.answer(Call.CAPTURE, 200, body)
        shown = await fails(paypal_client.get_order("SOME"), PayPalUnavailableError)
        captured = await fails(paypal_client.capture_order("SOME", "capture-1"), PayPalUnavailableError)
        if not (shown and captured):
            accepted.append(body[:200])

    assert accepted == []


async def test_a_new_order_with_a_malformed_id_is_refused(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.answer(Call.CREATE, 201, b'{"id":"../x","status":"CREATED"}')

    with pytest.raises(PayPalUnavailableError):
        await make_order(paypal_client)


async def test_a_refusal_that_paypal_did_not_write_counts_as_an_outage(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    statuses, bodies = (
        [400, 403, 404, 418, 422],
        [b"", b"<h1>Not Found</h1>", b"{}", b"[]", b'{"name":"in words"}', b'{"name":["A"]}'],
    )

    believed = []
    for status, body in itertools.product(statuses, bodies):
        paypal.answer(Call.SHOW, status, body)
        if not await fails(paypal_client.get_order("SOME"), PayPalUnavailableError):
            believed.append((status, body))

    assert believed == []


async def test_an_issue_in_prose_is_replaced_by_the_name(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.answer(Call.SHOW, 400, b'{"name":"VALIDATION_ERROR","details":[{"issue":"Invalid data provided"}]}')

    with pytest.raises(PayPalRefusedError) as caught:
        await paypal_client.get_order("SOME")

    assert caught.value.issue == "VALIDATION_ERROR"


async def test_a_refusal_without_details_has_its_name(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.answer(Call.SHOW, 403, b'{"name":"NOT_AUTHORIZED"}', "paypal-debug-id: f7707100bc347")

    with pytest.raises(PayPalRefusedError) as caught:
        await paypal_client.get_order("SOME")

    assert (caught.value.issue, caught.value.debug_id) == ("NOT_AUTHORIZED", "f7707100bc347")


async def test_an_answer_has_at_most_256_kib(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = b'{"id":"SOME","status":"CREATED"}'
    paypal.answer(Call.SHOW, 200, order + b" " * (MAX_LENGTH - len(order)))
    paypal.answer(Call.SHOW, 200, order + b" " * (MAX_LENGTH - len(order) + 1))

    read = await paypal_client.get_order("SOME")
    with pytest.raises(PayPalUnavailableError, match="262144 bytes"):
        await paypal_client.get_order("SOME")

    assert read


async def test_a_compressed_answer_is_refused_since_it_might_grow_without_bound(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    packed = gzip.compress(b'{"id":"SOME","status":"CREATED"}')
    paypal.answer(Call.SHOW, 200, packed, "content-encoding: gzip")

    with pytest.raises(PayPalUnavailableError):
        await paypal_client.get_order("SOME")


async def test_no_redirect_is_followed(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.answer(Call.SHOW, 307, b"", f"location: {paypal.url}/elsewhere")

    with pytest.raises(PayPalUnavailableError, match="307"):
        await paypal_client.get_order("SOME")

    assert paypal.received[-1].path == "/v2/checkout/orders/SOME"


async def test_connections_recover_from_every_trouble(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    for trouble in PASSING:
        paypal.fail(Call.SHOW, trouble, trouble)
        with pytest.raises(PayPalUnavailableError):
            await paypal_client.get_order("SOME")

    orders = await asyncio.gather(*(make_paid_order(paypal, paypal_client, f"INV-{number}") for number in range(20)))

    assert len(orders) == 20
    assert sum(paypal.paid(f"INV-{number}") for number in range(20)) == 20 * TOTAL.amount
