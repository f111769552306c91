"""Whatever PayPal, networks and people do at the wrong moment, money is never taken twice and never lost track of."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.development.paypal.api import Call
from app.development.paypal.books import new_id
from app.development.paypal.replies import Json
from models.account import Account
from models.payment import Payment
from services.common.clock import utc_now
from services.common.money import Money
from services.payments import transitions
from services.payments.paypal.reconciliation import Reconciler
from services.payments.queries import PaymentView
from services.payments.worker import PaymentWorker
from tests.actors import OPERATOR
from tests.api import Api
from tests.paypal.http import Trouble
from tests.paypal.payers import (
    PLAN,
    TOTAL,
    activation,
    complete,
    follow_up,
    make_due,
    pay,
    payer,
    payment_of,
    start,
    start_approved,
    start_over,
    start_pending,
    taken,
)
from tests.paypal.server import PayPalServer


async def _complete(api: Api, order_id: str) -> str:
    """The name of the answer."""
    return str((await complete(api, order_id))["__typename"])


async def _send(api: Api, webhook: tuple[dict[str, str], bytes]) -> int:
    headers, body = webhook
    return (await api.http.post("/webhooks/paypal", content=body, headers=headers)).status_code


def _captures(paypal: PayPalServer, order_id: str) -> list[Json]:
    (unit,) = paypal.books.orders[order_id]["purchase_units"]
    captures: list[Json] = unit["payments"]["captures"]
    return captures


def _refuse_after_a_lost_answer(paypal: PayPalServer, issue: str) -> None:
    """The first capture takes the money, its answer is lost, and the second try is refused."""
    paypal.fail(Call.CAPTURE, Trouble.LOST)
    refusal = {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": issue}]}
    paypal.answer(Call.CAPTURE, 422, json.dumps(refusal).encode())


class TestUnusualOrders:
    async def test_one_can_start_again_after_a_denied_order_without_a_status(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id, capture = await start_pending(ana, paypal)
        paypal.deny(capture["id"])
        del paypal.books.orders[order_id]["status"]

        await follow_up(ana)

        assert (await payment_of(order_id)).status == "declined"
        assert await start(ana) != order_id

    async def test_an_unreadable_order_does_not_hold_up_other_payers(
        self, shop: Api, ana: Api, paypal: PayPalServer
    ) -> None:
        broken, capture = await start_pending(ana, paypal)
        eva = await payer(shop, "eva@example.com")
        await start_approved(eva, paypal)
        capture["id"] = "x" * 60

        await follow_up(ana)

        assert (await payment_of(broken)).status == "pending"
        assert (await activation(eva))["active"]

    async def test_an_unreadable_order_blocks_its_payer_for_a_month_at_most(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id, capture = await start_pending(ana, paypal)
        capture["id"] = "x" * 60
        await Payment.all().update(created_at=utc_now() - timedelta(days=31))

        await follow_up(ana)

        assert (await payment_of(order_id)).status == "expired"
        assert await start(ana)

    @pytest.mark.parametrize("seen", ["by the worker", "in an event"])
    async def test_a_completed_capture_counts_more_than_a_declined_one(
        self, ana: Api, paypal: PayPalServer, seen: str
    ) -> None:
        order_id, capture = await start_pending(ana, paypal)
        captures = _captures(paypal, order_id)
        captures.insert(0, {**capture, "id": new_id(), "status": "DECLINED"})
        capture["status"] = "COMPLETED"

        if seen == "by the worker":
            await follow_up(ana)
        else:
            await _send(ana, paypal.event_about("PAYMENT.CAPTURE.COMPLETED", capture["id"]))

        assert (await activation(ana))["active"]

    async def test_money_that_comes_after_a_decline_counts(self, ana: Api, paypal: PayPalServer) -> None:
        order_id, capture = await start_pending(ana, paypal)
        paypal.deny(capture["id"])
        await follow_up(ana)
        _captures(paypal, order_id).append({**capture, "id": new_id(), "status": "COMPLETED"})

        await Payment.all().update(due_at=utc_now())
        await ana.composition.payment_worker.run_once()

        assert (await activation(ana))["active"]

    async def test_one_can_start_again_after_a_voided_order(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)
        await _complete(ana, order_id)
        paypal.books.orders[order_id]["status"] = "VOIDED"

        await follow_up(ana)

        assert await start(ana) != order_id

    async def test_an_order_that_differs_and_took_money_cannot_be_paid_again(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.LOST, Trouble.LOST)
        await _complete(ana, order_id)
        paypal.change(order_id, custom_id="another")

        await follow_up(ana)

        assert await activation(ana) is None
        assert (await ana.act("StartPayPalPayment", planId="empresa"))["__typename"] == "PaymentPendingError"

    async def test_a_slow_tab_keeps_the_order_of_a_quicker_one(self, ana: Api, paypal: PayPalServer) -> None:
        held = paypal.hold(Call.CREATE)
        first = asyncio.create_task(ana.act("StartPayPalPayment", planId=PLAN))
        await held.made.wait()
        second = await start(ana)
        paypal.approve(second)

        held.let_go.set()

        assert (await first)["orderId"] == second
        assert await _complete(ana, second) == "CompletePayPalPaymentSuccess"

    async def test_an_order_with_an_endless_approval_link_is_refused(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start(ana)
        order = {**paypal.books.orders[order_id], "id": new_id()}
        order["links"] = [{"href": f"https://example.com/{'x' * 2000}", "rel": "payer-action"}]
        paypal.answer(Call.CREATE, 201, str(order).replace("'", '"').encode())

        answer = await ana.act("StartPayPalPayment", planId="empresa")

        assert answer["__typename"] == "PaymentProviderUnavailableError"


class TestLostAnswers:
    async def test_a_refusal_after_a_try_whose_answer_was_lost_does_not_hide_the_money(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        issues = ("PERMISSION_DENIED", "SOMETHING_NEW", "ORDER_ALREADY_COMPLETED")
        outcomes = {}

        for issue in issues:
            order_id = await start_approved(ana, paypal)
            _refuse_after_a_lost_answer(paypal, issue)
            outcomes[issue] = (await _complete(ana, order_id), (await activation(ana))["active"])
            await start_over()

        assert outcomes == dict.fromkeys(issues, ("CompletePayPalPaymentSuccess", True))

    async def test_an_order_that_paypal_says_is_paid_is_not_paid_again(self, ana: Api, paypal: PayPalServer) -> None:
        """Although PayPal does not show its payment yet."""
        issues = ("ORDER_ALREADY_CAPTURED", "DUPLICATE_INVOICE_ID")
        outcomes = {}

        for issue in issues:
            order_id = await start_approved(ana, paypal)
            _refuse_after_a_lost_answer(paypal, issue)
            paypal.answer(Call.SHOW, 200, json.dumps(paypal.books.orders[order_id]).encode())
            completed = await _complete(ana, order_id)
            other = await ana.act("StartPayPalPayment", planId="empresa")
            await follow_up(ana)
            outcomes[issue] = (
                {completed, other["__typename"]},
                (await activation(ana))["active"],
                await taken(paypal),
            )
            await start_over()

        assert outcomes == dict.fromkeys(issues, ({"PaymentPendingError"}, True, Decimal(TOTAL)))

    async def test_a_payment_stays_pending_if_the_order_cannot_be_read(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.LOST)
        paypal.answer(Call.CAPTURE, 403, b'{"name":"NOT_AUTHORIZED","details":[{"issue":"PERMISSION_DENIED"}]}')
        paypal.fail(Call.SHOW, Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)

        answered = await _complete(ana, order_id)
        other = await ana.act("StartPayPalPayment", planId="empresa")
        await follow_up(ana)

        assert answered == other["__typename"] == "PaymentPendingError"
        assert (await activation(ana))["active"]

    async def test_an_outdated_answer_about_an_order_does_not_reopen_it(self, ana: Api, paypal: PayPalServer) -> None:
        """The worker asked before the payer approved, and has its answer after the money was taken."""
        order_id = await start(ana)
        paypal.fail(Call.CAPTURE, Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)
        await _complete(ana, order_id)
        held = paypal.hold(Call.SHOW)
        await make_due()
        looking = asyncio.create_task(ana.composition.payment_worker.run_once())
        await held.made.wait()

        paypal.approve(order_id)
        paypal.fail(Call.CAPTURE, Trouble.LOST, Trouble.LOST)
        completed = await _complete(ana, order_id)
        held.let_go.set()
        await looking
        other = await ana.act("StartPayPalPayment", planId="empresa")
        await follow_up(ana)

        assert completed == other["__typename"] == "PaymentPendingError"
        assert (await activation(ana))["active"]

    async def test_a_replaced_payment_is_still_followed_up(self, ana: Api, paypal: PayPalServer) -> None:
        """A call that the service knows nothing of may have taken the money."""
        order_id = await start_approved(ana, paypal)
        paypal.books.capture(order_id)
        await start(ana, "empresa")

        await Payment.all().update(due_at=utc_now())
        await ana.composition.payment_worker.run_once()

        assert (await payment_of(order_id)).status == "paid"
        assert (await activation(ana))["active"]


class TestPayingInTwoWays:
    async def test_no_money_is_taken_once_a_deposit_was_confirmed(self, ana: Api, paypal: PayPalServer) -> None:
        deposit = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)
        await _complete(ana, order_id)
        await ana.composition.services.deposits.confirm(OPERATOR, deposit["reference"], Money.parse(TOTAL))

        await follow_up(ana)
        again = await _complete(ana, order_id)

        assert await taken(paypal) == 0
        assert again == "PaymentNotFoundError"
        assert not (await ana.run("Payment"))["paymentPending"]

    async def test_money_taken_before_the_deposit_came_counts_too(self, ana: Api, paypal: PayPalServer) -> None:
        deposit = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.LOST, Trouble.LOST)
        await _complete(ana, order_id)
        await ana.composition.services.deposits.confirm(OPERATOR, deposit["reference"], Money.parse(TOTAL))

        await follow_up(ana)

        until = (await Account.get()).active_until
        assert until
        assert until - utc_now() > timedelta(days=729)

    @pytest.mark.parametrize("by", ["the worker", "an event"])
    async def test_after_a_decline_only_the_payer_can_try_again(self, ana: Api, paypal: PayPalServer, by: str) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.decline_next()
        declined = await _complete(ana, order_id)
        paypal.approve(order_id)

        if by == "the worker":
            await follow_up(ana)
        else:
            await _send(ana, paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id))
        taken_by_then = await taken(paypal)

        assert declined == "PaymentDeclinedError"
        assert taken_by_then == 0
        assert await _complete(ana, order_id) == "CompletePayPalPaymentSuccess"

    async def test_a_second_try_whose_answer_is_lost_is_made_up_for(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.decline_next()
        await _complete(ana, order_id)
        paypal.approve(order_id)
        paypal.fail(Call.CAPTURE, Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)
        lost = await _complete(ana, order_id)

        await follow_up(ana)

        assert lost == "PaymentPendingError"
        assert (await activation(ana))["active"]

    async def test_an_event_does_not_reopen_a_payment_during_its_capture(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.decline_next()
        await _complete(ana, order_id)
        paypal.approve(order_id)
        assert await transitions.mark_pending(
            PaymentView.of(await payment_of(order_id)), utc_now() + timedelta(minutes=2)
        )

        await _send(ana, paypal.event_about("CHECKOUT.ORDER.APPROVED", order_id))

        assert (await payment_of(order_id)).status in {"pending", "paid"}

    async def test_a_payer_who_waits_is_notified_of_a_decline(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.UNAVAILABLE, Trouble.UNAVAILABLE)
        await _complete(ana, order_id)
        paypal.decline_next()

        await follow_up(ana)

        assert [mail["subject"] for mail in await ana.mails()] == ["Tu pago en Timbrado no se concretó"]
        assert not (await ana.run("Payment"))["paymentPending"]

    async def test_a_pending_payment_expires_after_a_month_even_without_paypal(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        await start_pending(ana, paypal)
        await Payment.all().update(created_at=utc_now() - timedelta(days=31))
        await make_due()

        await PaymentWorker(Reconciler(None), ana.composition.services.deposits).run_once()

        assert (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"] == "RequestBankDepositSuccess"

    async def test_me_shows_whether_a_payment_is_pending(self, ana: Api, paypal: PayPalServer) -> None:
        before = (await ana.run("Payment"))["paymentPending"]
        _, capture = await start_pending(ana, paypal)
        pending = (await ana.run("Payment"))["paymentPending"]
        paypal.settle(capture["id"])
        await follow_up(ana)

        assert (before, pending, (await ana.run("Payment"))["paymentPending"]) == (False, True, False)

    async def test_a_mail_reports_that_a_pending_payment_was_denied(self, ana: Api, paypal: PayPalServer) -> None:
        _, capture = await start_pending(ana, paypal)
        paypal.deny(capture["id"])

        await follow_up(ana)

        assert [mail["subject"] for mail in await ana.mails()] == ["Tu pago en Timbrado no se concretó"]


class TestRefunds:
    async def test_a_refund_is_noticed_without_an_event(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await pay(ana, paypal)
        paypal.refund(str((await payment_of(order_id)).paypal_capture_id))

        await Payment.all().update(due_at=utc_now())
        await ana.composition.payment_worker.run_once()

        assert not (await activation(ana))["active"]

    async def test_a_refund_is_noticed_after_paypal_forgot_the_order(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await pay(ana, paypal)
        refund_id = paypal.refund(str((await payment_of(order_id)).paypal_capture_id))
        event = paypal.event_about("PAYMENT.CAPTURE.REFUNDED", refund_id)
        paypal.expire(order_id)

        assert await _send(ana, event) == 204
        assert not (await activation(ana))["active"]

    async def test_an_event_must_be_sent_again_if_nothing_about_it_can_be_read(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await pay(ana, paypal)
        capture_id = str((await payment_of(order_id)).paypal_capture_id)
        event = paypal.event_about("PAYMENT.CAPTURE.REFUNDED", paypal.refund(capture_id))
        paypal.expire(order_id)
        del paypal.books.captures[capture_id]

        assert await _send(ana, event) == 503
        assert (await activation(ana))["active"]

    async def test_a_paid_order_is_followed_up_ever_less_and_in_the_end_no_more(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await pay(ana, paypal)
        first = (await payment_of(order_id)).due_at
        await Payment.all().update(created_at=utc_now() - timedelta(days=181), due_at=utc_now())
        await ana.composition.payment_worker.run_once()

        assert first
        assert timedelta(hours=23) < first - utc_now() < timedelta(hours=25)
        assert (await payment_of(order_id)).due_at is None

    async def test_a_partial_reversal_leaves_the_account_active(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await pay(ana, paypal)
        refund_id = paypal.refund(str((await payment_of(order_id)).paypal_capture_id), partial=True)

        assert await _send(ana, paypal.event_about("PAYMENT.CAPTURE.REVERSED", refund_id)) == 204
        assert (await activation(ana))["active"]

    async def test_a_reversal_of_an_unknown_payment_must_be_sent_again(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.LOST, Trouble.LOST)
        await _complete(ana, order_id)
        (capture,) = _captures(paypal, order_id)
        resource: dict[str, Any] = dict(paypal.books.refunds[paypal.reverse(capture["id"])])
        del resource["custom_id"], resource["invoice_id"]

        assert await _send(ana, paypal.event("PAYMENT.CAPTURE.REVERSED", resource)) == 503

    async def test_an_event_is_not_called_forged_if_our_own_credentials_are_refused(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        event = paypal.event_about("CHECKOUT.ORDER.APPROVED", await start(ana))
        paypal.answer(Call.VERIFY, 403, b'{"name":"NOT_AUTHORIZED","details":[{"issue":"PERMISSION_DENIED"}]}')

        assert await _send(ana, event) == 503
