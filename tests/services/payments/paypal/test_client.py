"""Orders at PayPal: created, approved, paid, looked up and refused."""

import json

import httpx2
import pytest

from app.development.paypal.api import Call
from app.development.paypal.books import MERCHANT
from services.common.money import Money
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.values import (
    Capture,
    CaptureStatus,
    Order,
    OrderStatus,
    PayPalRefusedError,
    PayPalUnavailableError,
)
from tests.paypal.clients import TOTAL, make_order, make_paid_order
from tests.paypal.server import PayPalServer

STRANGE_IDS = ["", "../../../v1/oauth2/token", "A/capture", "A?fields=x", "A#", "a", "A%2F", "A\n", "A" * 37, "Á", "."]


async def test_a_new_order_waits_for_its_payer(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)

    assert order == Order(
        id=order.id,
        status=OrderStatus.PAYER_ACTION_REQUIRED,
        custom_id="INV-1",
        amount=TOTAL,
        payee=MERCHANT,
        approval_url=f"{paypal.url}/checkoutnow?token={order.id}",
        captures=(),
    )


async def test_an_order_states_everything_that_its_payer_sees(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    await make_order(paypal_client, request_id="made-once")

    (asked,) = paypal.asked(Call.CREATE)
    assert asked.request_id == "made-once"
    assert json.loads(asked.body) == {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "reference_id": "INV-1",
                "custom_id": "INV-1",
                "invoice_id": "INV-1",
                "description": "Timbrado, plan anual",
                "amount": {
                    "currency_code": "MXN",
                    "value": "1160.00",
                    "breakdown": {
                        "item_total": {"currency_code": "MXN", "value": "1000.00"},
                        "tax_total": {"currency_code": "MXN", "value": "160.00"},
                    },
                },
                "items": [
                    {
                        "name": "Timbrado, plan anual",
                        "quantity": "1",
                        "unit_amount": {"currency_code": "MXN", "value": "1000.00"},
                        "tax": {"currency_code": "MXN", "value": "160.00"},
                        "category": "DIGITAL_GOODS",
                    }
                ],
            }
        ],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "user_action": "PAY_NOW",
                    "shipping_preference": "NO_SHIPPING",
                    "locale": "es-MX",
                    "brand_name": "Timbrado",
                    "return_url": "https://app.example.com/paid?plan=1",
                    "cancel_url": "https://app.example.com/plans",
                }
            }
        },
    }


async def test_the_same_request_makes_one_order(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    first = await make_order(paypal_client, request_id="same")

    second = await make_order(paypal_client, request_id="same")

    assert second == first
    assert list(paypal.books.orders) == [first.id]


async def test_an_order_that_paypal_does_not_take_is_refused(paypal_client: PayPalClient) -> None:
    with pytest.raises(PayPalRefusedError) as caught:
        await make_order(paypal_client, "I" * 128)

    assert caught.value.issue == "INVALID_STRING_LENGTH"
    assert caught.value.debug_id


async def test_an_approved_order_is_paid_with_a_capture(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)
    paypal.approve(order.id)

    paid = await paypal_client.capture_order(order.id, "capture-1")

    (capture,) = paypal.captures_of("INV-1")
    assert paid == Order(
        id=order.id,
        status=OrderStatus.COMPLETED,
        custom_id="INV-1",
        amount=TOTAL,
        payee=MERCHANT,
        approval_url=order.approval_url,
        captures=(Capture(capture["id"], CaptureStatus.COMPLETED, TOTAL),),
    )
    assert await paypal_client.get_order(order.id) == paid


async def test_the_same_capture_pays_once(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paid = await make_paid_order(paypal, paypal_client)

    again = await paypal_client.capture_order(paid.id, "capture-INV-1")

    assert again == paid
    assert paypal.paid("INV-1") == TOTAL.amount


async def test_a_capture_may_be_pending_first(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.pend_next()
    pending = await make_paid_order(paypal, paypal_client)
    paypal.settle(pending.captures[0].id)

    settled = await paypal_client.get_order(pending.id)

    assert (pending.status, pending.captures[0].status) == (OrderStatus.COMPLETED, CaptureStatus.PENDING)
    assert settled
    assert settled.captures == (Capture(pending.captures[0].id, CaptureStatus.COMPLETED, TOTAL),)


async def test_a_payer_who_approves_comes_back(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)
    assert order.approval_url

    async with httpx2.AsyncClient() as browser:
        page = await browser.get(order.approval_url)

    approved = await paypal_client.get_order(order.id)
    assert page.headers["location"].startswith(f"https://app.example.com/paid?plan=1&token={order.id}&PayerID=")
    assert approved
    assert approved.status is OrderStatus.APPROVED


async def test_a_pending_capture_may_be_denied(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paypal.pend_next()
    pending = await make_paid_order(paypal, paypal_client)
    paypal.deny(pending.captures[0].id)

    denied = await paypal_client.get_order(pending.id)

    assert denied
    assert denied.captures[0].status is CaptureStatus.DECLINED
    assert paypal.paid("INV-1") == 0


@pytest.mark.parametrize(("partial", "status"), [(True, "PARTIALLY_REFUNDED"), (False, "REFUNDED")])
async def test_a_refund_shows_in_the_capture(
    paypal: PayPalServer, paypal_client: PayPalClient, partial: bool, status: str
) -> None:
    paid = await make_paid_order(paypal, paypal_client)
    paypal.refund(paid.captures[0].id, partial=partial)

    refunded = await paypal_client.get_order(paid.id)

    assert refunded
    assert refunded.captures == (Capture(paid.captures[0].id, CaptureStatus(status), TOTAL),)


async def test_a_reversal_shows_in_the_capture(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paid = await make_paid_order(paypal, paypal_client)
    paypal.reverse(paid.captures[0].id)

    reversed_order = await paypal_client.get_order(paid.id)

    assert reversed_order
    assert reversed_order.captures[0].status is CaptureStatus.REFUNDED


async def test_a_changed_order_is_seen_as_it_is_now(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)
    paypal.change(order.id, amount="1.00", custom_id="INV-2", payee="SOMEBODYELSE1")

    changed = await paypal_client.get_order(order.id)

    assert changed
    assert (changed.amount, changed.custom_id, changed.payee) == (Money.parse("1.00"), "INV-2", "SOMEBODYELSE1")


async def test_an_order_without_approval_is_not_captured(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)

    with pytest.raises(PayPalRefusedError) as caught:
        await paypal_client.capture_order(order.id, "capture-1")

    assert caught.value.issue == "ORDER_NOT_APPROVED"
    assert paypal.paid("INV-1") == 0


async def test_a_declined_payer_may_pay_in_another_way(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)
    paypal.approve(order.id)
    paypal.decline_next()

    with pytest.raises(PayPalRefusedError) as caught:
        await paypal_client.capture_order(order.id, "capture-1")
    paypal.approve(order.id)
    paid = await paypal_client.capture_order(order.id, "capture-2")

    assert (caught.value.issue, caught.value.approval_url) == ("INSTRUMENT_DECLINED", order.approval_url)
    assert paid.captures[0].status is CaptureStatus.COMPLETED


async def test_the_same_request_may_get_the_same_refusal(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)
    with pytest.raises(PayPalRefusedError):
        await paypal_client.capture_order(order.id, "capture-1")
    paypal.approve(order.id)

    with pytest.raises(PayPalRefusedError, match="ORDER_NOT_APPROVED"):
        await paypal_client.capture_order(order.id, "capture-1")


async def test_an_order_is_captured_once(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    paid = await make_paid_order(paypal, paypal_client)

    with pytest.raises(PayPalRefusedError) as caught:
        await paypal_client.capture_order(paid.id, "another capture")

    assert (caught.value.issue, caught.value.approval_url) == ("ORDER_ALREADY_CAPTURED", None)
    assert paypal.paid("INV-1") == TOTAL.amount


async def test_an_invoice_is_paid_with_one_order(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    await make_paid_order(paypal, paypal_client)
    second = await make_order(paypal_client, request_id="another order")
    paypal.approve(second.id)

    with pytest.raises(PayPalRefusedError, match="DUPLICATE_INVOICE_ID"):
        await paypal_client.capture_order(second.id, "another capture")

    assert paypal.paid("INV-1") == TOTAL.amount


async def test_an_expired_order_is_gone(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)
    paypal.expire(order.id)

    with pytest.raises(PayPalRefusedError) as caught:
        await paypal_client.capture_order(order.id, "capture-1")

    assert caught.value.issue == "RESOURCE_NOT_FOUND"
    assert await paypal_client.get_order(order.id) is None


async def test_paypal_is_not_asked_for_a_malformed_id(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    for order_id in STRANGE_IDS:
        with pytest.raises(PayPalRefusedError) as caught:
            await paypal_client.capture_order(order_id, "capture-1")

        assert caught.value.issue == "RESOURCE_NOT_FOUND"
        assert await paypal_client.get_order(order_id) is None
    assert paypal.received == []


@pytest.mark.parametrize("status", ["INVENTED_TOMORROW", "UNKNOWN"])
async def test_a_status_that_paypal_adds_is_unknown(
    paypal: PayPalServer, paypal_client: PayPalClient, status: str
) -> None:
    paid = await make_paid_order(paypal, paypal_client)
    paypal.books.orders[paid.id]["status"] = paypal.captures_of("INV-1")[0]["status"] = status

    order = await paypal_client.get_order(paid.id)

    assert order
    assert (order.status, order.captures[0].status) == (OrderStatus.UNKNOWN, CaptureStatus.UNKNOWN)


async def test_an_order_of_several_units_belongs_to_no_payment(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    order = await make_order(paypal_client)
    units = paypal.books.orders[order.id]["purchase_units"]
    units.append(units[0])

    several = await paypal_client.get_order(order.id)

    assert several
    assert (several.custom_id, several.amount, several.payee) == (None, None, None)


async def test_an_answer_about_another_order_is_refused(paypal: PayPalServer, paypal_client: PayPalClient) -> None:
    order = await make_order(paypal_client)
    paypal.books.orders[order.id]["id"] = "ANOTHER"

    with pytest.raises(PayPalUnavailableError):
        await paypal_client.get_order(order.id)


async def test_the_older_name_of_the_approval_link_is_understood(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    order = await make_order(paypal_client)
    paypal.books.orders[order.id]["links"][1]["rel"] = "approve"

    seen = await paypal_client.get_order(order.id)

    assert seen == order


async def test_an_approval_link_that_is_no_web_page_is_ignored(
    paypal: PayPalServer, paypal_client: PayPalClient
) -> None:
    order = await make_order(paypal_client)
    paypal.books.orders[order.id]["links"][1]["href"] = "javascript:alert(1)"

    seen = await paypal_client.get_order(order.id)

    assert seen
    assert seen.approval_url is None
