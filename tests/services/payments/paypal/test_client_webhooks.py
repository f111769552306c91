"""Webhooks: PayPal is asked about them in its own bytes, and nothing else convinces."""

import json

import pytest

from services.payments.paypal.client import PayPalClient
from services.payments.paypal.values import PayPalUnavailableError
from tests.paypal.clients import make_order, make_paid_order
from tests.paypal.events import Webhook
from tests.paypal.http import Call, Trouble
from tests.paypal.server import PayPalServer

HEADERS = [
    "paypal-auth-algo",
    "paypal-cert-url",
    "paypal-transmission-id",
    "paypal-transmission-sig",
    "paypal-transmission-time",
]


@pytest.fixture
async def webhook(paypal: PayPalServer, paypal_client: PayPalClient) -> Webhook:
    order = await make_order(paypal_client)
    paypal.approve(order.id)
    return paypal.event_about("CHECKOUT.ORDER.APPROVED", order.id)


async def test_a_webhook_of_paypal_is_true(paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    assert await paypal_client.verify_webhook(headers, body)


async def test_the_names_of_headers_are_read_in_any_case(paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    assert await paypal_client.verify_webhook({name.upper(): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"b":1.10,"a":1.1e2,"z":10000000000000000000000001}',
        b'{ "b" : 1,\n\t"a" : [ ] }',
        b'{"a":"\\u00e9\\/","b":"\xc3\xa9/"}',
        b'{"a":1,"a":2}',
        b'{"webhook_event":{"id":"inner"},"webhook_id":"inner"}',
        b"{}",
    ],
)
async def test_its_bytes_are_asked_about_as_they_came(
    paypal: PayPalServer, paypal_client: PayPalClient, body: bytes
) -> None:
    headers = paypal.events.sign(body)

    assert await paypal_client.verify_webhook(headers, body)
    assert body in paypal.asked(Call.VERIFY)[0].body


async def test_one_changed_byte_makes_it_false(paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    assert not await paypal_client.verify_webhook(headers, body.replace(b"1160.00", b"1160.01"))
    assert not await paypal_client.verify_webhook(headers, json.dumps(json.loads(body)).encode())


@pytest.mark.parametrize("name", HEADERS[2:])
async def test_a_forged_header_makes_it_false(paypal_client: PayPalClient, webhook: Webhook, name: str) -> None:
    headers, body = webhook

    assert not await paypal_client.verify_webhook(headers | {name: "2026-01-01T00:00:00Z"}, body)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", [None, "", "a b", "a\r\nb", "ñ", "a" * 501])
async def test_without_a_whole_signature_paypal_is_not_asked(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook, name: str, value: str | None
) -> None:
    headers, body = webhook
    broken = {each: text for each, text in headers.items() if each != name}
    if value is not None:
        broken[name] = value

    assert not await paypal_client.verify_webhook(broken, body)
    assert paypal.asked(Call.VERIFY) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{",
        b"{}x",
        b'{},"webhook_id":"mine"',
        b"\xff",
        b'{"a":NaN}',
        b"[" * 99_999,
    ],
)
async def test_what_is_no_json_object_is_not_asked_about(
    paypal: PayPalServer, paypal_client: PayPalClient, body: bytes
) -> None:
    headers = paypal.events.sign(body)

    assert not await paypal_client.verify_webhook(headers, body)
    assert paypal.received == []


async def test_a_webhook_for_another_is_false(paypal: PayPalServer, webhook: Webhook) -> None:
    api = PayPalClient(paypal.url, paypal.client_id, paypal.client_secret, "ANOTHER")
    headers, body = webhook

    assert not await api.verify_webhook(headers, body)

    await api.aclose()


@pytest.mark.parametrize("answer", [b"{}", b"[]", b'"SUCCESS"', b'{"verification_status":"FAILURE"}', b"true"])
async def test_only_success_is_success(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook, answer: bytes
) -> None:
    headers, body = webhook
    paypal.answer(Call.VERIFY, 200, answer)

    assert not await paypal_client.verify_webhook(headers, body)


async def test_a_question_that_paypal_refuses_makes_it_false(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook
) -> None:
    headers, body = webhook
    paypal.answer(Call.VERIFY, 400, b'{"name":"VALIDATION_ERROR","details":[{"issue":"Invalid data provided"}]}')

    assert not await paypal_client.verify_webhook(headers, body)


async def test_a_lost_verdict_is_asked_for_again(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook
) -> None:
    headers, body = webhook
    paypal.fail(Call.VERIFY, Trouble.LOST)

    assert await paypal_client.verify_webhook(headers, body)


@pytest.mark.parametrize("trouble", [Trouble.DROP, Trouble.UNAVAILABLE, Trouble.TOO_MANY, Trouble.GARBAGE])
async def test_without_paypal_there_is_no_verdict(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook, trouble: Trouble
) -> None:
    headers, body = webhook
    paypal.fail(Call.VERIFY, trouble, trouble)

    with pytest.raises(PayPalUnavailableError):
        await paypal_client.verify_webhook(headers, body)


async def test_nobody_else_is_asked(paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    await paypal_client.verify_webhook(headers | {"paypal-cert-url": f"{paypal.url}/cert.pem"}, body)

    assert {asked.path for asked in paypal.received} == {
        "/v1/oauth2/token",
        "/v2/checkout/orders",
        "/v1/notifications/verify-webhook-signature",
    }


async def test_the_event_of_a_refund_names_its_capture(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paid = await make_paid_order(paypal, paypal_client)
    refund_id = paypal.refund(paid.captures[0].id)

    headers, body = paypal.event_about("PAYMENT.CAPTURE.REFUNDED", refund_id)

    event = json.loads(body)
    (up,) = (link["href"] for link in event["resource"]["links"] if link["rel"] == "up")
    assert up == f"{paypal.url}/v2/payments/captures/{paid.captures[0].id}"
    assert (event["resource_type"], event["resource"]["custom_id"]) == ("refund", "INV-1")
    assert await paypal_client.verify_webhook(headers, body)
