"""Paying with PayPal: every answer that there is; money is taken once or not at all."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

from app.development.paypal.api import Call
from models.account import Account
from models.payment import Payment
from services.common.clock import utc_now
from tests.api import Api
from tests.cancellation import cancelled_after
from tests.companies import configured, created
from tests.conftest import MakeApi
from tests.forms import EMAIL
from tests.paypal.http import Trouble
from tests.paypal.payers import (
    PLAN,
    TOTAL,
    YEAR,
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
    takes_paypal,
)
from tests.paypal.server import PayPalServer
from tests.stores import ON_SQLITE


class TestStarting:
    async def test_it_makes_an_order_at_paypal_and_sends_the_payer_there(self, ana: Api, paypal: PayPalServer) -> None:
        started = await ana.act("StartPayPalPayment", planId=PLAN)

        order = paypal.books.orders[started["orderId"]]
        unit = order["purchase_units"][0]
        assert started["__typename"] == "StartPayPalPaymentSuccess"
        assert started["amount"] == {"amount": TOTAL, "currency": "MXN"}
        assert started["approvalUrl"].startswith(paypal.url)
        assert unit["amount"]["value"] == TOTAL
        assert unit["custom_id"] == str((await payment_of(started["orderId"])).id)
        assert (await ana.run("Me"))["onboarding"]["currentStep"] == "SELECT_PAYMENT_METHOD"

    async def test_starting_again_or_in_two_tabs_gives_the_same_order(self, ana: Api, paypal: PayPalServer) -> None:
        at_once = await asyncio.gather(*(start(ana) for _ in range(5)))
        orders = {*at_once, await start(ana), await start(ana)}

        assert len(orders) == len(paypal.books.orders) == 1

    async def test_another_plan_replaces_the_order_and_the_old_one_takes_no_money(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        first = await start(ana)
        second = await start(ana, "empresa")
        paypal.approve(first)

        completed = await complete(ana, first)

        assert first != second
        assert completed["__typename"] == "PaymentNotFoundError"
        assert await taken(paypal) == 0

    @ON_SQLITE
    async def test_an_unknown_plan_is_not_found(self, ana: Api) -> None:
        plans = ("nothing", "", "x" * 5000, "\0")

        answers = {plan: (await ana.act("StartPayPalPayment", planId=plan))["__typename"] for plan in plans}

        assert answers == dict.fromkeys(plans, "PlanNotFoundError")

    @ON_SQLITE
    async def test_company_data_comes_first(self, shop: Api) -> None:
        await shop.account()

        started = await shop.signed_in(await shop.token()).act("StartPayPalPayment", planId=PLAN)

        assert started["__typename"] == "OnboardingIncompleteError"
        assert started["step"] == "CONFIGURE_COMPANY"

    @ON_SQLITE
    async def test_an_active_account_does_not_pay_again(self, ana: Api, paypal: PayPalServer) -> None:
        await pay(ana, paypal)

        started = await ana.act("StartPayPalPayment", planId=PLAN)

        assert started["__typename"] == "AlreadyActiveError"
        assert started["activation"] == await activation(ana)

    async def test_while_paypal_is_down_nothing_is_started_and_the_same_order_is_made_later(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        paypal.fail(Call.CREATE, Trouble.LOST, Trouble.LOST)

        refused = await ana.act("StartPayPalPayment", planId=PLAN)
        await start(ana)

        assert refused["__typename"] == "PaymentProviderUnavailableError"
        assert len(paypal.books.orders) == 1

    async def test_one_can_start_again_after_paypal_refused_an_order(self, ana: Api, paypal: PayPalServer) -> None:
        paypal.answer(
            Call.CREATE, 422, b'{"name":"UNPROCESSABLE_ENTITY","details":[{"issue":"PAYEE_ACCOUNT_RESTRICTED"}]}'
        )

        refused = await ana.act("StartPayPalPayment", planId=PLAN)

        assert refused["__typename"] == "PaymentProviderUnavailableError"
        assert await start(ana)

    @ON_SQLITE
    async def test_paypal_is_not_offered_unless_it_is_configured(self, api: Api) -> None:
        ana = await payer(api)

        started = await ana.act("StartPayPalPayment", planId=PLAN)
        completed = await complete(ana, "5O190127TN364715T")

        assert started["__typename"] == completed["__typename"] == "PaymentMethodUnavailableError"
        assert await api.run("PaymentMethods") == ["BANK_DEPOSIT"]

    @ON_SQLITE
    async def test_paying_is_limited(self, make_api: MakeApi, paypal: PayPalServer) -> None:
        ana = await payer(await make_api(**takes_paypal(paypal), limit_payment="1/hour"))
        await start(ana)

        started = await ana.act("StartPayPalPayment", planId=PLAN)
        completed = await complete(ana, "5O190127TN364715T")

        assert started["__typename"] == completed["__typename"] == "TooManyAttemptsError"
        assert 0 < started["retryAfterSeconds"] <= 3600


class TestCompleting:
    async def test_an_account_that_went_through_every_step_of_the_api_can_pay(
        self, shop: Api, paypal: PayPalServer
    ) -> None:
        """The payers of the other tests are written to the database as these steps leave them."""
        eva = await configured(shop, email="eva@example.com")
        await created(eva, name="A")
        ana = await payer(shop)
        stepwise, stored = [await api.run("Me") for api in (eva, ana)]

        await pay(eva, paypal)

        assert stepwise["onboarding"] == stored["onboarding"]
        assert (await activation(eva))["active"]

    async def test_an_approved_order_is_paid_and_activates_the_account_at_once(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start_approved(ana, paypal)

        completed = await complete(ana, order_id)

        me = await ana.run("Me")
        assert completed["__typename"] == "CompletePayPalPaymentSuccess"
        assert completed["activation"] == me["activation"]
        assert completed["activation"]["active"]
        assert completed["activation"]["method"] == "PAYPAL"
        since, until = (datetime.fromisoformat(completed["activation"][end]) for end in ("since", "until"))
        assert YEAR <= until - since <= YEAR + timedelta(days=1)
        assert me["onboarding"] == {
            "currentStep": None,
            "completedSteps": ["CREATE_ACCOUNT", "CONFIRM_ACCOUNT", "CONFIGURE_COMPANY", "SELECT_PAYMENT_METHOD"],
        }
        assert await taken(paypal) == Decimal(TOTAL)

    async def test_a_mail_confirms_the_payment(self, ana: Api, paypal: PayPalServer) -> None:
        await pay(ana, paypal)

        (mail,) = await ana.mails()

        body = mail.get_body(("plain",))
        assert mail["to"] == EMAIL
        assert mail["subject"] == "Recibimos tu pago en Timbrado"
        assert body
        assert f"de {utc_now().year + 1}" in body.get_content()

    async def test_completing_again_gets_the_same_answer_and_takes_no_money(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await pay(ana, paypal)

        again = await complete(ana, order_id)

        assert again["__typename"] == "CompletePayPalPaymentSuccess"
        assert again["activation"] == await activation(ana)
        assert await taken(paypal) == Decimal(TOTAL)

    async def test_concurrent_completions_pay_once(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)

        answers = await asyncio.gather(*(complete(ana, order_id) for _ in range(20)))

        assert {answer["__typename"] for answer in answers} <= {"CompletePayPalPaymentSuccess", "PaymentPendingError"}
        assert (await activation(ana))["active"]
        assert await taken(paypal) == Decimal(TOTAL)
        assert len(await ana.mails()) == 1

    async def test_an_unapproved_order_leads_back_to_paypal_and_can_be_approved_later(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        started = await ana.act("StartPayPalPayment", planId=PLAN)

        completed = await complete(ana, started["orderId"])
        again = await start(ana)
        paypal.approve(again)

        assert completed["__typename"] == "PaymentNotApprovedError"
        assert completed["approvalUrl"] == started["approvalUrl"]
        assert again == started["orderId"]
        assert (await complete(ana, again))["__typename"] == "CompletePayPalPaymentSuccess"

    async def test_after_a_declined_card_one_can_pay_another_way(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.decline_next()

        declined = await complete(ana, order_id)
        paypal.approve(order_id)
        completed = await complete(ana, order_id)

        assert declined["__typename"] == "PaymentDeclinedError"
        assert declined["retryUrl"].startswith(paypal.url)
        assert completed["__typename"] == "CompletePayPalPaymentSuccess"
        assert await taken(paypal) == Decimal(TOTAL)

    async def test_a_pending_payment_activates_once_paypal_has_the_money(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.pend_next()

        pending = await complete(ana, order_id)
        again = await ana.act("StartPayPalPayment", planId="empresa")
        deposit = await ana.act("RequestBankDeposit", planId=PLAN)
        unsettled = await activation(ana)
        (capture,) = paypal.captures_of(str((await payment_of(order_id)).id))
        paypal.settle(capture["id"])
        await follow_up(ana)

        assert {pending["__typename"], again["__typename"], deposit["__typename"]} == {"PaymentPendingError"}
        assert unsettled is None
        assert (await activation(ana))["active"]

    async def test_one_can_start_again_after_a_pending_payment_was_denied(self, ana: Api, paypal: PayPalServer) -> None:
        order_id, capture = await start_pending(ana, paypal)

        paypal.deny(capture["id"])
        await follow_up(ana)

        assert await activation(ana) is None
        assert await start(ana) != order_id

    async def test_a_capture_whose_answer_is_lost_twice_is_found_and_paid_once(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id = await start_approved(ana, paypal)
        paypal.fail(Call.CAPTURE, Trouble.LOST, Trouble.LOST)

        lost = await complete(ana, order_id)
        again = await ana.act("StartPayPalPayment", planId="empresa")
        await follow_up(ana)

        assert lost["__typename"] == again["__typename"] == "PaymentPendingError"
        assert (await activation(ana))["active"]
        assert await taken(paypal) == Decimal(TOTAL)

    async def test_a_capture_that_fails_at_paypal_is_made_up_for(self, ana: Api, paypal: PayPalServer) -> None:
        troubles = (Trouble.INTERNAL_ERROR, Trouble.UNAVAILABLE, Trouble.GARBAGE, Trouble.DROP)
        outcomes = {}

        for trouble in troubles:
            order_id = await start(ana)
            paypal.approve(order_id)
            paypal.fail(Call.CAPTURE, trouble, trouble)
            failed = (await complete(ana, order_id))["__typename"]
            await follow_up(ana)
            outcomes[trouble] = (failed, (await activation(ana))["active"], await taken(paypal))
            await start_over()

        assert outcomes == dict.fromkeys(troubles, ("PaymentPendingError", True, Decimal(TOTAL)))

    async def test_a_payer_who_approved_and_never_came_back_becomes_active(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        paypal.approve(await start(ana))

        await follow_up(ana)

        assert (await activation(ana))["active"]
        assert await taken(paypal) == Decimal(TOTAL)

    async def test_an_order_that_differs_from_ours_activates_nothing(self, ana: Api, paypal: PayPalServer) -> None:
        changes = {"amount": "1.00", "custom_id": "another"}
        outcomes = {}

        for name, value in changes.items():
            order_id = await start(ana)
            paypal.change(order_id, **{name: value})
            paypal.approve(order_id)
            outcomes[name] = ((await complete(ana, order_id))["__typename"], await activation(ana))
            await start_over()

        assert outcomes == dict.fromkeys(changes, ("PaymentPendingError", None))

    async def test_the_order_of_another_account_is_not_found(self, shop: Api, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start_approved(ana, paypal)
        eva = await payer(shop, "eva@example.com")

        assert (await complete(eva, order_id))["__typename"] == "PaymentNotFoundError"
        assert await activation(eva) is None
        assert await taken(paypal) == 0

    @ON_SQLITE
    async def test_an_unknown_order_is_not_found(self, ana: Api) -> None:
        orders = ("5O190127TN364715T", "", "../../v1/x", "x" * 10_000, "\0", "É")

        answers = {order_id: (await complete(ana, order_id))["__typename"] for order_id in orders}

        assert answers == dict.fromkeys(orders, "PaymentNotFoundError")

    async def test_one_can_start_again_after_paypal_forgot_an_order(self, ana: Api, paypal: PayPalServer) -> None:
        order_id = await start(ana)
        paypal.expire(order_id)

        completed = await complete(ana, order_id)

        assert completed["__typename"] == "PaymentNotFoundError"
        assert await start(ana) != order_id

    async def test_an_order_that_nobody_approves_expires(self, ana: Api) -> None:
        order_id = await start(ana)
        await Payment.all().update(expires_at=utc_now())
        await make_due()

        await ana.composition.payment_worker.run_once()

        assert (await payment_of(order_id)).status == "expired"
        assert await start(ana) != order_id

    async def test_wherever_it_is_interrupted_the_money_is_taken_once_and_the_account_is_active(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        """audits/test_interrupted_payments.py does so at nearly every step."""
        assert await interruptions_survived(ana, paypal, every=13) > 3

    async def test_a_payment_that_is_pending_for_a_month_expires_but_counts_if_it_comes(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        order_id, _ = await start_pending(ana, paypal)
        await Payment.all().update(created_at=utc_now() - timedelta(days=31), expires_at=utc_now() - timedelta(days=31))
        await follow_up(ana)
        given_up = (await payment_of(order_id)).status
        payment = await payment_of(order_id)
        (capture,) = paypal.captures_of(str(payment.id))

        paypal.settle(capture["id"])
        headers, body = paypal.event_about("PAYMENT.CAPTURE.COMPLETED", capture["id"])
        await ana.http.post("/webhooks/paypal", content=body, headers=headers)

        assert given_up == "expired"
        assert (await activation(ana))["active"]

    async def test_paying_by_paypal_ends_the_requested_deposit(self, ana: Api, paypal: PayPalServer) -> None:
        await ana.act("RequestBankDeposit", planId=PLAN)

        await pay(ana, paypal)

        assert sorted(payment.status for payment in await Payment.all()) == ["paid", "replaced"]


async def interruptions_survived(ana: Api, paypal: PayPalServer, *, every: int) -> int:
    """Cancels CompletePayPalPayment ever later, until it is too late, and has the worker follow up each time."""
    interrupted = 0
    for steps in range(0, 3000, every):
        order_id = await start(ana)
        payment_id = (await payment_of(order_id)).id
        paypal.approve(order_id)
        is_interrupted = await cancelled_after(steps, complete(ana, order_id))

        async with asyncio.timeout(10):  # the database may still be at a statement that was interrupted
            while not await activation(ana):
                await follow_up(ana)

        assert (await activation(ana))["active"], steps
        assert paypal.paid(str(payment_id)) == Decimal(TOTAL), steps
        if not is_interrupted:
            break
        interrupted += 1
        await start_over()
    return interrupted


class TestRenewing:
    async def test_in_the_last_thirty_days_another_year_follows_the_first(self, ana: Api, paypal: PayPalServer) -> None:
        await pay(ana, paypal)
        long_ago = utc_now() - timedelta(days=340)
        await Payment.all().update(paid_at=long_ago)
        await Account.all().update(active_since=long_ago, active_until=long_ago + YEAR)

        await pay(ana, paypal)

        until = datetime.fromisoformat((await activation(ana))["until"])
        assert abs(until - (long_ago + 2 * YEAR)) <= timedelta(days=2)
        assert datetime.fromisoformat((await activation(ana))["since"]) - long_ago <= timedelta(seconds=1)

    async def test_the_fourth_step_is_open_again_once_the_paid_time_is_over(
        self, ana: Api, paypal: PayPalServer
    ) -> None:
        await pay(ana, paypal)
        await Account.all().update(active_until=utc_now() - timedelta(seconds=1))

        lapsed = await ana.run("Me")
        await Payment.all().update(paid_at=utc_now() - timedelta(days=400))
        await pay(ana, paypal)

        assert not lapsed["activation"]["active"]
        assert lapsed["onboarding"]["currentStep"] == "SELECT_PAYMENT_METHOD"
        assert (await activation(ana))["active"]


FORMS = {
    "StartPayPalPayment": {"planId": PLAN},
    "CompletePayPalPayment": {"orderId": "5O190127TN364715T"},
    "RequestBankDeposit": {"planId": PLAN},
}


@ON_SQLITE
async def test_paying_needs_a_session_whose_password_need_not_be_changed(shop: Api) -> None:
    await shop.account()
    await shop.forget_limits()
    restricted = shop.signed_in(await shop.token(password=await shop.recover()))

    signed_out = {name: (await shop.act(name, **form))["__typename"] for name, form in FORMS.items()}
    must_change = {name: (await restricted.act(name, **form))["__typename"] for name, form in FORMS.items()}

    assert signed_out == dict.fromkeys(FORMS, "NotAuthenticatedError")
    assert must_change == dict.fromkeys(FORMS, "PasswordChangeRequiredError")
