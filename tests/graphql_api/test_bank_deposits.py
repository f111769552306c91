"""Paying with a bank deposit: a reference, the operator's word that the money came, and what nobody else can do."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from models.account import Account
from models.payment import Payment
from services.clock import utc_now
from services.money import Money
from services.payments import records, turns
from services.payments.deposits import (
    GRACE,
    DepositClosed,
    DepositConfirmed,
    DepositDiffers,
    DepositKnown,
    Deposits,
    DepositUnknown,
)
from services.payments.records import PaymentStatus
from services.payments.reference import parse_reference
from services.validation.clabe import is_clabe
from tests.api import EMAIL, PASSWORD, PRODUCTION, RFC, Api
from tests.conftest import MakeApi
from tests.payers import BANK, PLAN, TOTAL, YEAR, activation, make_due, payer

AMOUNT = Money(Decimal(TOTAL))


@pytest.fixture
async def shop(make_api: MakeApi) -> Api:
    return await make_api(**BANK, limit_payment="1000/hour")


@pytest.fixture
async def ana(shop: Api) -> Api:
    return await payer(shop)


@pytest.fixture
def deposits(shop: Api) -> Deposits:
    return shop.composition.services.deposits


async def _reference(api: Api, plan: str = PLAN) -> str:
    requested = await api.act("RequestBankDeposit", planId=plan)
    assert requested["__typename"] == "RequestBankDepositSuccess", requested
    return str(requested["deposit"]["reference"])


class TestRequesting:
    async def test_it_says_what_to_pay_where_and_until_when(self, ana: Api) -> None:
        requested = await ana.act("RequestBankDeposit", planId=PLAN)

        deposit = requested["deposit"]
        assert requested["__typename"] == "RequestBankDepositSuccess"
        assert parse_reference(deposit["reference"]) == deposit["reference"]
        assert is_clabe(deposit["clabe"])
        assert (deposit["bank"], deposit["beneficiary"]) == ("Banco de prueba", "Timbrado")
        assert deposit["amount"] == {"amount": TOTAL, "currency": "MXN"}
        assert deposit["planId"] == PLAN
        wait = datetime.fromisoformat(deposit["expiresAt"]) - utc_now()
        assert timedelta(days=4, hours=23) < wait <= timedelta(days=5)
        assert await activation(ana) is None

    async def test_asking_again_gives_the_same_reference(self, ana: Api) -> None:
        references = {await _reference(ana)} | set(await asyncio.gather(*(_reference(ana) for _ in range(5))))

        assert len(references) == 1

    async def test_asking_again_begins_its_days_anew(self, ana: Api) -> None:
        first = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]
        await Payment.all().update(expires_at=utc_now() + timedelta(minutes=1))

        second = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]

        assert second["reference"] == first["reference"]
        assert second["requestedAt"] == first["requestedAt"]
        assert second["expiresAt"] > first["expiresAt"]

    async def test_asking_again_a_day_late_gives_the_same_too(self, ana: Api) -> None:
        reference = await _reference(ana)
        await Payment.all().update(expires_at=utc_now() - timedelta(days=1))

        assert await _reference(ana) == reference

    async def test_one_that_expires_while_it_is_asked_for_again_is_not_prolonged(self, ana: Api) -> None:
        await _reference(ana)
        read = records.view(await Payment.get())
        await Payment.all().update(due_at=utc_now())
        await ana.composition.cashier.follow_up()

        assert await turns.prolong(read, utc_now() + YEAR, utc_now() + YEAR) is None
        assert (await Payment.get()).status == "expired"

    async def test_after_a_reload_it_can_be_read_without_asking_again(self, ana: Api, deposits: Deposits) -> None:
        nothing = (await ana.run("Payment"))["openDeposit"]
        asked = (await ana.act("RequestBankDeposit", planId="empresa"))["deposit"]
        read = (await ana.run("Payment"))["openDeposit"]
        await deposits.confirm(asked["reference"], Money.parse(asked["amount"]["amount"]))

        assert nothing is None
        assert read == asked
        assert (await ana.run("Payment"))["openDeposit"] is None

    async def test_everybody_gets_another(self, shop: Api, ana: Api) -> None:
        eva = await payer(shop, "eva@example.com")

        assert await _reference(ana) != await _reference(eva)

    async def test_another_plan_gives_another(self, ana: Api) -> None:
        assert await _reference(ana) != await _reference(ana, "empresa")

    async def test_an_unknown_plan_is_told(self, ana: Api) -> None:
        assert (await ana.act("RequestBankDeposit", planId="nothing"))["__typename"] == "PlanNotFoundError"

    async def test_without_company_data_the_third_step_comes_first(self, shop: Api) -> None:
        await shop.account()

        requested = await shop.signed_in(await shop.token()).act("RequestBankDeposit", planId=PLAN)

        assert (requested["__typename"], requested["step"]) == ("OnboardingIncompleteError", "CONFIGURE_COMPANY")

    async def test_where_no_account_is_configured_it_is_not_offered(self, make_api: MakeApi) -> None:
        api = await make_api(**PRODUCTION)
        now = utc_now()
        await Account.create(
            id=uuid4(),
            email_key=EMAIL,
            email=EMAIL,
            rfc=RFC,
            password_hash=PasswordHasher().hash(PASSWORD),
            language="es",
            created_at=now,
            confirmed_at=now,
        )
        ana = api.signed_in(await api.token())

        assert (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"] == "PaymentMethodUnavailableError"

    async def test_it_is_limited(self, make_api: MakeApi) -> None:
        ana = await payer(await make_api(limit_payment="1/hour"))
        await _reference(ana)

        assert (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"] == "TooManyAttemptsError"


class TestConfirming:
    async def test_it_activates_the_account_and_a_mail_says_so(self, ana: Api, deposits: Deposits) -> None:
        reference = await _reference(ana)

        outcome = await deposits.confirm(reference, AMOUNT)

        active = await activation(ana)
        (mail,) = await ana.mails()
        assert outcome == DepositConfirmed(AMOUNT)
        assert active["active"]
        assert active["method"] == "BANK_DEPOSIT"
        assert datetime.fromisoformat(active["until"]) - datetime.fromisoformat(active["since"]) >= YEAR
        assert (mail["to"], mail["subject"]) == (EMAIL, "Recibimos tu pago en Timbrado")
        assert (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"] == "AlreadyActiveError"

    async def test_it_is_typed_with_blanks_and_hyphens(self, ana: Api, deposits: Deposits) -> None:
        reference = await _reference(ana)

        assert await deposits.confirm(f" {reference[:4]} {reference[4:8]}-{reference[8:]}", AMOUNT) == DepositConfirmed(
            AMOUNT
        )

    async def test_once_or_twenty_times_at_once_it_counts_once(self, ana: Api, deposits: Deposits) -> None:
        reference = await _reference(ana)

        outcomes = await asyncio.gather(*(deposits.confirm(reference, AMOUNT) for _ in range(20)))

        assert outcomes.count(DepositConfirmed(AMOUNT)) == 1
        assert outcomes.count(DepositKnown()) == 19
        assert datetime.fromisoformat((await activation(ana))["until"]) - utc_now() <= timedelta(days=366)
        assert len(await ana.mails()) == 1

    @pytest.mark.parametrize("amount", ["1159.99", "0.01", "11600.00"])
    async def test_another_amount_changes_nothing(self, ana: Api, deposits: Deposits, amount: str) -> None:
        reference = await _reference(ana)

        assert await deposits.confirm(reference, Money.parse(amount)) == DepositDiffers(AMOUNT)
        assert await activation(ana) is None

    async def test_another_currency_changes_nothing(self, ana: Api, deposits: Deposits) -> None:
        reference = await _reference(ana)

        assert await deposits.confirm(reference, Money(Decimal(TOTAL), "USD")) == DepositDiffers(AMOUNT)

    @pytest.mark.parametrize("reference", ["", "1234567890", "x" * 10_000, "\0", "９" * 10])
    async def test_an_unknown_reference_changes_nothing(self, deposits: Deposits, reference: str) -> None:
        assert await deposits.confirm(reference, AMOUNT) == DepositUnknown()

    async def test_a_reference_expires_and_counts_only_when_the_operator_insists(
        self, ana: Api, deposits: Deposits
    ) -> None:
        reference = await _reference(ana)
        await Payment.all().update(expires_at=utc_now() - GRACE)
        await make_due()

        before_the_worker_came = await deposits.confirm(reference, AMOUNT)
        await ana.composition.cashier.follow_up()
        afterwards = await deposits.confirm(reference, AMOUNT)
        insisted = await deposits.confirm(reference, AMOUNT, late=True)

        assert before_the_worker_came == afterwards == DepositClosed(PaymentStatus.EXPIRED)
        assert insisted == DepositConfirmed(AMOUNT)
        assert (await activation(ana))["active"]

    async def test_an_expired_reference_is_followed_by_another(self, ana: Api) -> None:
        reference = await _reference(ana)
        await Payment.all().update(expires_at=utc_now() - GRACE)
        await make_due()
        await ana.composition.cashier.follow_up()

        assert await _reference(ana) != reference

    async def test_what_was_paid_in_time_and_is_read_a_weekend_later_counts(self, ana: Api, deposits: Deposits) -> None:
        reference = await _reference(ana)
        await Payment.all().update(expires_at=utc_now() - timedelta(days=2))
        await ana.composition.cashier.follow_up()

        assert await deposits.confirm(reference, AMOUNT) == DepositConfirmed(AMOUNT)

    async def test_another_amount_for_a_paid_reference_is_not_passed_over(self, ana: Api, deposits: Deposits) -> None:
        reference = await _reference(ana)
        await deposits.confirm(reference, AMOUNT)

        assert await deposits.confirm(reference, Money.parse("500.00")) == DepositDiffers(AMOUNT)

    async def test_one_that_was_confirmed_by_mistake_is_taken_back_with_a_mail(
        self, ana: Api, deposits: Deposits
    ) -> None:
        reference = await _reference(ana)
        unconfirmed = await deposits.undo(reference)
        await deposits.confirm(reference, AMOUNT)

        undone = await deposits.undo(reference)

        (mail,) = await ana.mails()
        assert (unconfirmed, undone, await deposits.undo(reference)) == (False, True, False)
        assert not (await activation(ana))["active"]
        assert mail["subject"] == "Devolución de un pago de Timbrado"

    async def test_one_that_was_replaced_counts_only_when_the_operator_insists(
        self, ana: Api, deposits: Deposits
    ) -> None:
        first = await _reference(ana)
        await _reference(ana, "empresa")

        assert await deposits.confirm(first, AMOUNT) == DepositClosed(PaymentStatus.REPLACED)
        assert await deposits.confirm(first, AMOUNT, late=True) == DepositConfirmed(AMOUNT)

    async def test_two_deposits_make_two_years(self, ana: Api, deposits: Deposits) -> None:
        first = await _reference(ana)
        second = await _reference(ana, "empresa")

        await deposits.confirm(second, Money.parse("4060.00"))
        await deposits.confirm(first, AMOUNT, late=True)

        assert datetime.fromisoformat((await activation(ana))["until"]) - utc_now() > timedelta(days=729)

    async def test_what_was_renewed_in_time_has_no_break(self, ana: Api, deposits: Deposits) -> None:
        await deposits.confirm(await _reference(ana), AMOUNT)
        before = await Account.get(email_key=EMAIL)
        await Account.all().update(active_since=utc_now() - YEAR, active_until=utc_now() + timedelta(days=10))
        second = await _reference(ana)

        await deposits.confirm(second, AMOUNT)

        after = await Account.get(email_key=EMAIL)
        assert after.active_since == before.active_since
        assert after.active_until is not None
        assert before.active_until is not None
        assert timedelta(days=365) <= after.active_until - before.active_until <= timedelta(days=366)
