"""What an account paid and was asked to pay, how a deposit is canceled, and when a renewal opens."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.account import Account
from models.payment import Payment
from services.common.clock import utc_now
from services.common.money import Money
from services.payments.bank.deposits import DepositService
from services.payments.bank.outcomes import DepositClosed, DepositConfirmed
from services.payments.queries import PaymentStatus
from tests.actors import OPERATOR
from tests.api import Api
from tests.forms import PASSWORD_CHANGE
from tests.paypal.payers import PLAN, TOTAL, activation, payer, start
from tests.paypal.server import PayPalServer
from tests.stores import ON_SQLITE

AMOUNT = Money.parse(TOTAL)


@pytest.fixture
def deposits(shop: Api) -> DepositService:
    return shop.composition.services.deposits


async def _deposit(me: Api, plan: str = PLAN) -> Any:
    return (await me.act("RequestBankDeposit", planId=plan))["deposit"]


async def _payments(me: Api) -> Any:
    return (await me.run("Payment"))["payments"]


class TestPayments:
    async def test_both_methods_are_listed_from_the_first_request_to_the_refund(
        self, ana: Api, paypal: PayPalServer, deposits: DepositService
    ) -> None:
        before = await _payments(ana)
        order = await start(ana)
        deposit = await _deposit(ana)
        await deposits.confirm(OPERATOR, deposit["reference"], AMOUNT)
        paid, replaced = await _payments(ana)
        await deposits.undo(OPERATOR, deposit["reference"])

        refunded, _ = await _payments(ana)
        assert before == []
        assert (replaced["method"], replaced["status"], replaced["reference"]) == ("PAYPAL", "REPLACED", order)
        assert (replaced["paidAt"], paid["method"], paid["status"]) == (None, "BANK_DEPOSIT", "PAID")
        assert paid["createdAt"] <= paid["paidAt"] <= utc_now().isoformat()
        assert paid["amount"] == {"amount": TOTAL, "currency": "MXN"}
        shared = {key: deposit[key] for key in ("id", "reference", "amount", "planId", "expiresAt")}
        assert {**paid, **shared, "createdAt": deposit["requestedAt"]} == paid
        assert refunded == {**paid, "status": "REFUNDED"}

    async def test_an_overdue_deposit_is_shown_as_expired(self, ana: Api) -> None:
        await _deposit(ana)
        await Payment.all().update(expires_at=utc_now())

        (payment,) = await _payments(ana)

        assert payment["status"] == "EXPIRED"

    async def test_nobody_sees_those_of_another_account(self, shop: Api, ana: Api) -> None:
        await _deposit(await payer(shop, "eva@example.com"))

        assert await _payments(ana) == []

    @ON_SQLITE
    async def test_they_are_hidden_until_a_mailed_password_is_changed(self, shop: Api, ana: Api) -> None:
        await _deposit(ana)
        await shop.mails()
        mailed = await shop.recover()
        me = shop.signed_in(await shop.token(password=mailed))

        restricted = await _payments(me)
        await me.act("ChangePassword", **{**PASSWORD_CHANGE, "currentPassword": mailed})

        assert restricted == []
        assert len(await _payments(me)) == 1


class TestCanceling:
    async def test_a_canceled_deposit_is_gone_and_another_one_can_be_requested(self, ana: Api) -> None:
        deposit = await _deposit(ana)

        canceled = await ana.act("CancelBankDeposit", id=deposit["id"])

        again = await _deposit(ana)
        assert canceled["__typename"] == "CancelBankDepositSuccess"
        assert canceled["message"].startswith("Cancelaste el depósito.")
        assert canceled["account"]["openDeposit"] is None
        assert [payment["status"] for payment in canceled["account"]["payments"]] == ["CANCELED"]
        assert again["reference"] != deposit["reference"]

    async def test_canceling_twice_or_at_once_is_the_same(self, ana: Api) -> None:
        deposit = await _deposit(ana)

        at_once = await asyncio.gather(*(ana.act("CancelBankDeposit", id=deposit["id"]) for _ in range(5)))
        afterwards = await ana.act("CancelBankDeposit", id=deposit["id"])

        assert {answer["__typename"] for answer in (*at_once, afterwards)} == {"CancelBankDepositSuccess"}

    async def test_money_for_a_canceled_deposit_counts_only_if_the_operator_insists(
        self, ana: Api, deposits: DepositService
    ) -> None:
        deposit = await _deposit(ana)
        await ana.act("CancelBankDeposit", id=deposit["id"])

        assert await deposits.confirm(OPERATOR, deposit["reference"], AMOUNT) == DepositClosed(PaymentStatus.CANCELED)
        assert await activation(ana) is None
        assert await deposits.confirm(OPERATOR, deposit["reference"], AMOUNT, late=True) == DepositConfirmed(AMOUNT)
        assert [payment["status"] for payment in await _payments(ana)] == ["PAID"]

    async def test_money_that_is_confirmed_while_its_deposit_is_canceled_counts(
        self, ana: Api, deposits: DepositService
    ) -> None:
        for _ in range(3):
            deposit = await _deposit(ana)

            canceled, confirmed = await asyncio.gather(
                ana.act("CancelBankDeposit", id=deposit["id"]), deposits.confirm(OPERATOR, deposit["reference"], AMOUNT)
            )

            ended = (canceled["__typename"], confirmed)
            paid = (await _payments(ana))[0]["status"] == "PAID"
            assert ended != ("PaymentNotFoundError", DepositClosed(PaymentStatus.CANCELED))
            active = ((await activation(ana)) or {}).get("active", False)
            assert paid == active == (confirmed == DepositConfirmed(AMOUNT))
            await deposits.undo(OPERATOR, deposit["reference"])

    async def test_only_an_open_deposit_of_the_account_is_found(
        self, shop: Api, ana: Api, paypal: PayPalServer, deposits: DepositService
    ) -> None:
        foreign = (await _deposit(await payer(shop, "eva@example.com")))["id"]
        await start(ana)
        order = (await _payments(ana))[0]["id"]
        paid = await _deposit(ana)
        await deposits.confirm(OPERATOR, paid["reference"], AMOUNT)

        ids = [foreign, order, paid["id"], "", "\0", "x" * 999]
        answers = [await ana.act("CancelBankDeposit", id=each) for each in ids]

        assert {answer["__typename"] for answer in answers} == {"PaymentNotFoundError"}
        assert answers[0]["message"].startswith("Ese pago no existe, o ya no se puede")
        assert await Payment.filter(status="canceled").count() == 0

    @ON_SQLITE
    async def test_it_needs_a_session_with_a_password_of_its_own(self, shop: Api, ana: Api) -> None:
        deposit = await _deposit(ana)
        await shop.mails()
        restricted = shop.signed_in(await shop.token(password=await shop.recover()))

        nobody = await shop.act("CancelBankDeposit", id=deposit["id"])
        refused = await restricted.act("CancelBankDeposit", id=deposit["id"])

        shown = (await restricted.run("Payment"))["openDeposit"]

        assert nobody["__typename"] == "NotAuthenticatedError"
        assert refused["__typename"] == "PasswordChangeRequiredError"
        assert shown is None
        assert (await Payment.get()).status == "open"


class TestRenewal:
    async def test_me_says_when_the_first_plan_can_be_bought_again(self, ana: Api, deposits: DepositService) -> None:
        await deposits.confirm(OPERATOR, (await _deposit(ana))["reference"], AMOUNT)

        shown = (await ana.run("Me"))["activation"]

        wait = datetime.fromisoformat(shown["until"]) - datetime.fromisoformat(shown["renewableFrom"])
        assert wait == timedelta(days=30)

    async def test_a_renewal_opens_then_and_not_before(self, ana: Api, deposits: DepositService) -> None:
        await deposits.confirm(OPERATOR, (await _deposit(ana))["reference"], AMOUNT)
        answers = {}

        for early in (timedelta(minutes=1), -timedelta(minutes=1)):
            await Account.all().update(active_until=utc_now() + timedelta(days=30) + early)
            opens = datetime.fromisoformat((await ana.run("Me"))["activation"]["renewableFrom"])
            answers[opens > utc_now()] = (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"]

        assert answers == {True: "AlreadyActiveError", False: "RequestBankDepositSuccess"}
