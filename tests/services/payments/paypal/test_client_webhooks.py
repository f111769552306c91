"""Webhooks: PayPal verifies them byte for byte, and nothing else is believed."""

import json

import pytest

from app.development.paypal.api import Call
from app.development.paypal.events import Webhook
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.values import PayPalUnavailableError
from tests.paypal.clients import make_order, make_paid_order
from tests.paypal.http import Trouble
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


async def test_a_webhook_of_paypal_is_verified(paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    assert await paypal_client.verify_webhook(headers, body)


async def test_the_names_of_headers_are_read_in_any_case(paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    assert await paypal_client.verify_webhook({name.upper(): value for name, value in headers.items()}, body)


async def test_paypal_verifies_the_bytes_as_they_came(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    bodies = [
        b'{"b":1.10,"a":1.1e2,"z":10000000000000000000000001}',
        b'{ "b" : 1,\n\t"a" : [ ] }',
        b'{"a":"\\u00e9\\/","b":"\xc3\xa9/"}',
        b'{"a":1,"a":2}',
        b'{"webhook_event":{"id":"inner"},"webhook_id":"inner"}',
        b"{}",
    ]

    for body in bodies:
        assert await paypal_client.verify_webhook(paypal.events.sign(body), body)

        assert body in paypal.asked(Call.VERIFY)[-1].body


async def test_a_webhook_with_one_changed_byte_is_refused(paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    assert not await paypal_client.verify_webhook(headers, body.replace(b"1160.00", b"1160.01"))
    assert not await paypal_client.verify_webhook(headers, json.dumps(json.loads(body)).encode())


async def test_a_webhook_with_a_forged_header_is_refused(paypal_client: PayPalClient, webhook: Webhook) -> None:
    headers, body = webhook

    forged = [headers | {name: "2026-01-01T00:00:00Z"} for name in HEADERS[2:]]

    assert [await paypal_client.verify_webhook(each, body) for each in forged] == [False] * 3


async def test_without_a_complete_signature_paypal_is_not_asked(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook
) -> None:
    headers, body = webhook
    values = ("", "a b", "a\r\nb", "ñ", "a" * 501)

    broken = [{name: value for name, value in headers.items() if name != missing} for missing in HEADERS]
    broken += [headers | {name: value} for name in HEADERS for value in values]

    assert [each for each in broken if await paypal_client.verify_webhook(each, body)] == []
    assert paypal.asked(Call.VERIFY) == []


async def test_paypal_is_not_asked_about_a_body_that_is_no_json_object(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    bodies = [
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
    ]

    assert [body[:20] for body in bodies if await paypal_client.verify_webhook(paypal.events.sign(body), body)] == []
    assert paypal.received == []


async def test_a_webhook_of_another_subscription_is_refused(paypal: PayPalServer, webhook: Webhook) -> None:
    api = PayPalClient(paypal.url, paypal.client_id, paypal.client_secret, "ANOTHER")
    headers, body = webhook

    assert not await api.verify_webhook(headers, body)

    await api.aclose()


async def test_no_verdict_but_success_verifies_a_webhook(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook
) -> None:
    headers, body = webhook

    for answer in [b"{}", b"[]", b'"SUCCESS"', b'{"verification_status":"FAILURE"}', b"true"]:
        paypal.answer(Call.VERIFY, 200, answer)

        assert not await paypal_client.verify_webhook(headers, body), answer


async def test_a_webhook_is_refused_if_paypal_refuses_to_verify_it(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook
) -> None:
    headers, body = webhook
    paypal.answer(Call.VERIFY, 400, b'{"name":"VALIDATION_ERROR","details":[{"issue":"Invalid data provided"}]}')

    assert not await paypal_client.verify_webhook(headers, body)


async def test_a_lost_verdict_is_requested_again(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook
) -> None:
    headers, body = webhook
    paypal.fail(Call.VERIFY, Trouble.LOST)

    assert await paypal_client.verify_webhook(headers, body)


async def test_without_paypal_there_is_no_verdict(
    paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook
) -> None:
    headers, body = webhook

    for trouble in [Trouble.DROP, Trouble.UNAVAILABLE, Trouble.TOO_MANY, Trouble.GARBAGE]:
        tries = 1 if trouble is Trouble.TOO_MANY else 2
        paypal.fail(Call.VERIFY, *[trouble] * tries)

        with pytest.raises(PayPalUnavailableError):
            await paypal_client.verify_webhook(headers, body)


async def test_only_paypal_is_asked(paypal: PayPalServer, paypal_client: PayPalClient, webhook: Webhook) -> None:
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
