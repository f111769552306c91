"""Paying with a bank deposit: the reference, the operator's confirmation, and the bank's movements."""

import asyncio
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.account import Account
from models.bank_movement import BankMovement
from models.payment import Payment
from services.common.clock import utc_now
from services.common.money import Money
from services.payments import queries, transitions
from services.payments.bank.clabe import is_clabe
from services.payments.bank.deposits import GRACE, DepositService
from services.payments.bank.movements import SeenMovement
from services.payments.bank.outcomes import (
    DepositClosed,
    DepositConfirmed,
    DepositDiffers,
    DepositKnown,
    DepositsUndecided,
    DepositUnknown,
)
from services.payments.bank.reference import parse_reference
from services.payments.queries import PaymentStatus, PaymentView
from tests.actors import OPERATOR
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi
from tests.forms import EMAIL
from tests.paypal.payers import PLAN, TOTAL, YEAR, activation, follow_up, make_due, payer
from tests.stores import ON_SQLITE

AMOUNT = Money(Decimal(TOTAL))


@pytest.fixture
def shop_settings() -> dict[str, Any]:
    """Deposits alone: a client of PayPal would cost each test more than all else."""
    return {}


@pytest.fixture
def deposits(shop: Api) -> DepositService:
    return shop.composition.services.deposits


async def _reference(api: Api, plan: str = PLAN) -> str:
    requested = await api.act("RequestBankDeposit", planId=plan)
    assert requested["__typename"] == "RequestBankDepositSuccess", requested
    return str(requested["deposit"]["reference"])


class TestRequesting:
    async def test_it_shows_the_amount_the_bank_account_and_the_deadline(self, ana: Api) -> None:
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

    async def test_concurrent_requests_give_the_same_reference(self, ana: Api) -> None:
        references = set(await asyncio.gather(*(_reference(ana) for _ in range(5))))

        assert len(references) == 1

    async def test_asking_again_gives_the_same_reference_with_all_of_its_days(self, ana: Api) -> None:
        first = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]

        for left in (timedelta(minutes=1), -timedelta(days=1)):
            await Payment.all().update(expires_at=utc_now() + left)
            again = (await ana.act("RequestBankDeposit", planId=PLAN))["deposit"]
            assert {**again, "expiresAt": None} == {**first, "expiresAt": None}, left
            assert again["expiresAt"] > first["expiresAt"], left

    async def test_a_deposit_that_expires_while_it_is_requested_again_is_not_extended(self, ana: Api) -> None:
        await _reference(ana)
        read = PaymentView.of(await Payment.get())
        await Payment.all().update(due_at=utc_now())
        await ana.composition.payment_worker.run_once()

        assert await transitions.extend(read, utc_now() + YEAR, utc_now() + YEAR) is None
        assert (await Payment.get()).status == "expired"

    async def test_an_open_deposit_can_be_read_after_a_reload(self, ana: Api, deposits: DepositService) -> None:
        nothing = (await ana.run("Payment"))["openDeposit"]
        asked = (await ana.act("RequestBankDeposit", planId="empresa"))["deposit"]
        read = (await ana.run("Payment"))["openDeposit"]
        await deposits.confirm(OPERATOR, asked["reference"], Money.parse(asked["amount"]["amount"]))

        assert nothing is None
        assert read == asked
        assert (await ana.run("Payment"))["openDeposit"] is None

    async def test_every_account_and_plan_has_another_reference(self, shop: Api, ana: Api) -> None:
        eva = await payer(shop, "eva@example.com")

        references = {await _reference(eva), await _reference(ana), await _reference(ana, "empresa")}

        assert len(references) == 3

    @ON_SQLITE
    async def test_an_unknown_plan_is_not_found(self, ana: Api) -> None:
        assert (await ana.act("RequestBankDeposit", planId="nothing"))["__typename"] == "PlanNotFoundError"

    @ON_SQLITE
    async def test_company_data_comes_first(self, shop: Api) -> None:
        await shop.account()

        requested = await shop.signed_in(await shop.token()).act("RequestBankDeposit", planId=PLAN)

        assert (requested["__typename"], requested["step"]) == ("OnboardingIncompleteError", "CONFIGURE_COMPANY")

    @ON_SQLITE
    async def test_deposits_are_not_offered_without_a_configured_bank_account(self, make_api: MakeApi) -> None:
        api = await make_api(**PRODUCTION)
        ana = await payer(api)

        assert (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"] == "PaymentMethodUnavailableError"

    @ON_SQLITE
    async def test_requests_are_limited(self, make_api: MakeApi) -> None:
        ana = await payer(await make_api(limit_payment="1/hour"))
        await _reference(ana)

        assert (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"] == "TooManyAttemptsError"


class TestConfirming:
    async def test_a_confirmed_deposit_activates_the_account_and_a_mail_says_so(
        self, ana: Api, deposits: DepositService
    ) -> None:
        reference = await _reference(ana)

        outcome = await deposits.confirm(OPERATOR, reference, AMOUNT)

        active = await activation(ana)
        (mail,) = await ana.mails()
        assert outcome == DepositConfirmed(AMOUNT)
        assert active["active"]
        assert active["method"] == "BANK_DEPOSIT"
        assert datetime.fromisoformat(active["until"]) - datetime.fromisoformat(active["since"]) >= YEAR
        assert (mail["to"], mail["subject"]) == (EMAIL, "Recibimos tu pago en Timbrado")
        assert (await ana.act("RequestBankDeposit", planId=PLAN))["__typename"] == "AlreadyActiveError"

    @ON_SQLITE
    async def test_a_reference_may_be_typed_with_spaces_and_hyphens(self, ana: Api, deposits: DepositService) -> None:
        reference = await _reference(ana)

        assert await deposits.confirm(
            OPERATOR, f" {reference[:4]} {reference[4:8]}-{reference[8:]}", AMOUNT
        ) == DepositConfirmed(AMOUNT)

    async def test_concurrent_confirmations_count_once(self, ana: Api, deposits: DepositService) -> None:
        reference = await _reference(ana)

        outcomes = await asyncio.gather(*(deposits.confirm(OPERATOR, reference, AMOUNT) for _ in range(10)))

        assert outcomes.count(DepositConfirmed(AMOUNT)) == 1
        assert outcomes.count(DepositKnown()) == 9
        assert datetime.fromisoformat((await activation(ana))["until"]) - utc_now() <= timedelta(days=366)
        assert len(await ana.mails()) == 1

    async def test_another_amount_or_currency_changes_nothing(self, ana: Api, deposits: DepositService) -> None:
        reference = await _reference(ana)
        others = [*(Money(Decimal(amount)) for amount in ("1159.99", "0.01", "11600.00")), Money(Decimal(TOTAL), "USD")]

        outcomes = [(other, await deposits.confirm(OPERATOR, reference, other)) for other in others]

        assert outcomes == [(other, DepositDiffers(AMOUNT)) for other in others]
        assert await activation(ana) is None

    @ON_SQLITE
    async def test_an_unknown_reference_is_not_found(self, deposits: DepositService) -> None:
        references = ("", "1234567890", "x" * 10_000, "\0", "９" * 10)

        outcomes = {reference: await deposits.confirm(OPERATOR, reference, AMOUNT) for reference in references}

        assert outcomes == dict.fromkeys(references, DepositUnknown())

    async def test_an_expired_reference_counts_only_if_the_operator_insists(
        self, ana: Api, deposits: DepositService
    ) -> None:
        reference = await _reference(ana)
        await Payment.all().update(expires_at=utc_now() - GRACE)
        await make_due()

        before_the_worker_came = await deposits.confirm(OPERATOR, reference, AMOUNT)
        await ana.composition.payment_worker.run_once()
        afterwards = await deposits.confirm(OPERATOR, reference, AMOUNT)
        insisted = await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)

        assert before_the_worker_came == afterwards == DepositClosed(PaymentStatus.EXPIRED)
        assert insisted == DepositConfirmed(AMOUNT)
        assert (await activation(ana))["active"]

    async def test_an_expired_reference_is_followed_by_another(self, ana: Api) -> None:
        reference = await _reference(ana)
        await Payment.all().update(expires_at=utc_now() - GRACE)
        await follow_up(ana)

        assert await _reference(ana) != reference

    async def test_a_deposit_made_in_time_counts_when_it_is_read_a_weekend_later(
        self, ana: Api, deposits: DepositService
    ) -> None:
        reference = await _reference(ana)
        await Payment.all().update(expires_at=utc_now() - timedelta(days=2))
        await ana.composition.payment_worker.run_once()

        assert await deposits.confirm(OPERATOR, reference, AMOUNT) == DepositConfirmed(AMOUNT)

    async def test_another_amount_for_a_paid_reference_is_reported(self, ana: Api, deposits: DepositService) -> None:
        reference = await _reference(ana)
        await deposits.confirm(OPERATOR, reference, AMOUNT)

        assert await deposits.confirm(OPERATOR, reference, Money.parse("500.00")) == DepositDiffers(AMOUNT)

    async def test_a_confirmation_by_mistake_can_be_undone_and_a_mail_says_so(
        self, ana: Api, deposits: DepositService
    ) -> None:
        reference = await _reference(ana)
        unconfirmed = await deposits.undo(OPERATOR, reference)
        await deposits.confirm(OPERATOR, reference, AMOUNT)

        undone = await deposits.undo(OPERATOR, reference)

        (mail,) = await ana.mails()
        assert (unconfirmed, undone, await deposits.undo(OPERATOR, reference)) == (False, True, False)
        assert not (await activation(ana))["active"]
        assert mail["subject"] == "Devolución de un pago de Timbrado"

    async def test_a_replaced_deposit_counts_only_if_the_operator_insists(
        self, ana: Api, deposits: DepositService
    ) -> None:
        first = await _reference(ana)
        await _reference(ana, "empresa")

        assert await deposits.confirm(OPERATOR, first, AMOUNT) == DepositClosed(PaymentStatus.REPLACED)
        assert await deposits.confirm(OPERATOR, first, AMOUNT, late=True) == DepositConfirmed(AMOUNT)

    async def test_two_deposits_make_two_years(self, ana: Api, deposits: DepositService) -> None:
        first = await _reference(ana)
        second = await _reference(ana, "empresa")

        await deposits.confirm(OPERATOR, second, Money.parse("4060.00"))
        await deposits.confirm(OPERATOR, first, AMOUNT, late=True)

        assert datetime.fromisoformat((await activation(ana))["until"]) - utc_now() > timedelta(days=729)

    async def test_renewing_in_time_leaves_no_gap(self, ana: Api, deposits: DepositService) -> None:
        await deposits.confirm(OPERATOR, await _reference(ana), AMOUNT)
        before = await Account.get(email_key=EMAIL)
        await Account.all().update(active_since=utc_now() - YEAR, active_until=utc_now() + timedelta(days=10))
        second = await _reference(ana)

        await deposits.confirm(OPERATOR, second, AMOUNT)

        after = await Account.get(email_key=EMAIL)
        assert after.active_since == before.active_since
        assert after.active_until is not None
        assert before.active_until is not None
        assert timedelta(days=365) <= after.active_until - before.active_until <= timedelta(days=366)


FIRST, SECOND, THIRD = (SeenMovement(sign * 64, date(2026, 3, day)) for day, sign in enumerate("abc", 2))


async def _until(api: Api) -> datetime:
    return datetime.fromisoformat((await activation(api))["until"])


def _ids(outcome: object) -> list[str]:
    """The movements that the operator has to decide about."""
    assert isinstance(outcome, DepositsUndecided), outcome
    return [deposit.id for deposit in outcome.deposits]


class TestBankMovements:
    @pytest.fixture
    async def reference(self, ana: Api) -> str:
        return await _reference(ana)

    async def test_concurrent_imports_of_one_movement_count_once(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        outcomes = await asyncio.gather(*(deposits.receive(OPERATOR, reference, AMOUNT, FIRST) for _ in range(10)))

        assert outcomes.count(DepositConfirmed(AMOUNT)) == 1
        assert outcomes.count(DepositKnown()) == 9
        assert await _until(ana) - utc_now() <= timedelta(days=366)
        assert len(await ana.mails()) == 1

    async def test_the_first_of_two_concurrent_movements_counts_and_the_other_is_listed_each_time(
        self, deposits: DepositService, reference: str
    ) -> None:
        await asyncio.gather(*(deposits.receive(OPERATOR, reference, AMOUNT, each) for each in [FIRST, SECOND] * 5))

        outcomes = [await deposits.receive(OPERATOR, reference, AMOUNT, each) for each in (FIRST, SECOND) * 2]

        assert [type(outcome) for outcome in outcomes].count(DepositKnown) == 2
        assert [type(outcome) for outcome in outcomes].count(DepositsUndecided) == 2
        assert await Payment.filter(status="paid").count() == 1

    async def test_a_second_movement_is_credited_once_however_often_it_is_confirmed(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        await deposits.receive(OPERATOR, reference, AMOUNT, FIRST)
        await ana.mails()
        first_until = await _until(ana)
        listed = await deposits.receive(OPERATOR, reference, AMOUNT, SECOND)
        unsure = await deposits.confirm(OPERATOR, reference, AMOUNT)

        outcomes = await asyncio.gather(*(deposits.confirm(OPERATOR, reference, AMOUNT, late=True) for _ in range(10)))

        assert _ids(listed) == _ids(unsure) == [SECOND.id]
        assert outcomes.count(DepositConfirmed(AMOUNT)) == 1
        assert outcomes.count(DepositKnown()) == 9
        assert timedelta(days=365) <= await _until(ana) - first_until <= timedelta(days=366)
        assert [mail["subject"] for mail in await ana.mails()] == ["Recibimos tu pago en Timbrado"]
        assert [await deposits.receive(OPERATOR, reference, AMOUNT, each) for each in (FIRST, SECOND)] == [
            DepositKnown()
        ] * 2
        assert [payment.reference for payment in await queries.history(EMAIL)] == [reference, f"{reference}-2"]

    async def test_a_second_movement_after_the_paid_time_gives_a_year_from_its_confirmation(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        await deposits.receive(OPERATOR, reference, AMOUNT, FIRST)
        await _make_older(timedelta(days=400))
        await deposits.receive(OPERATOR, reference, AMOUNT, SECOND)

        assert await deposits.confirm(OPERATOR, reference, AMOUNT, late=True) == DepositConfirmed(AMOUNT)

        assert (await activation(ana))["active"]
        assert timedelta(days=364) <= await _until(ana) - utc_now() <= timedelta(days=366)

    async def test_nothing_more_can_be_credited_without_a_second_movement(
        self, deposits: DepositService, reference: str
    ) -> None:
        await deposits.receive(OPERATOR, reference, AMOUNT, FIRST)

        assert await deposits.confirm(OPERATOR, reference, AMOUNT, late=True) == DepositKnown()
        assert await deposits.confirm(OPERATOR, reference, AMOUNT, late=True, chosen=FIRST.id[:12]) == DepositKnown()

    async def test_the_operator_chooses_among_several_movements(self, deposits: DepositService, reference: str) -> None:
        for each in (FIRST, SECOND, THIRD):
            await deposits.receive(OPERATOR, reference, AMOUNT, each)

        which = await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)
        none_such = await deposits.confirm(OPERATOR, reference, AMOUNT, late=True, chosen="d")
        chosen = [await deposits.confirm(OPERATOR, reference, AMOUNT, late=True, chosen=THIRD.id) for _ in range(2)]

        assert _ids(which) == _ids(none_such) == [SECOND.id, THIRD.id]
        assert chosen == [DepositConfirmed(AMOUNT), DepositKnown()]
        assert _ids(await deposits.receive(OPERATOR, reference, AMOUNT, SECOND)) == [SECOND.id]

    async def test_a_second_movement_of_another_amount_is_reported_and_not_credited(
        self, deposits: DepositService, reference: str
    ) -> None:
        await deposits.receive(OPERATOR, reference, AMOUNT, FIRST)

        assert await deposits.receive(OPERATOR, reference, Money.parse("900.00"), SECOND) == DepositDiffers(AMOUNT)
        assert await deposits.confirm(OPERATOR, reference, AMOUNT, late=True) == DepositKnown()

    async def test_the_first_movement_matches_what_the_operator_confirmed(
        self, deposits: DepositService, reference: str
    ) -> None:
        await deposits.confirm(OPERATOR, reference, AMOUNT)

        outcomes = [await deposits.receive(OPERATOR, reference, AMOUNT, each) for each in (FIRST, SECOND, FIRST)]

        assert (outcomes[0], outcomes[2]) == (DepositKnown(), DepositKnown())
        assert _ids(outcomes[1]) == [SECOND.id]

    async def test_a_dry_run_reports_what_would_be_done_and_does_nothing(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        unpaid = await deposits.receive(OPERATOR, reference, AMOUNT, FIRST, dry_run=True)
        untouched = await activation(ana)
        await deposits.confirm(OPERATOR, reference, AMOUNT)
        first = [await deposits.receive(OPERATOR, reference, AMOUNT, each, dry_run=True) for each in (FIRST, SECOND)]
        await deposits.receive(OPERATOR, reference, AMOUNT, FIRST)
        second = await deposits.receive(OPERATOR, reference, AMOUNT, SECOND, dry_run=True)

        assert (unpaid, untouched) == (DepositConfirmed(AMOUNT), None)
        assert first == [DepositKnown()] * 2
        assert _ids(second) == [SECOND.id]
        assert await deposits.confirm(OPERATOR, reference, AMOUNT, late=True) == DepositKnown()

    async def test_one_of_two_concurrent_movements_matches_the_confirmation(
        self, deposits: DepositService, reference: str
    ) -> None:
        await deposits.confirm(OPERATOR, reference, AMOUNT)

        outcomes = await asyncio.gather(
            *(deposits.receive(OPERATOR, reference, AMOUNT, each) for each in [FIRST, SECOND] * 5)
        )

        assert outcomes.count(DepositKnown()) == 5

    async def test_a_movement_after_the_reference_expired_matches_a_late_confirmation(
        self, deposits: DepositService, reference: str
    ) -> None:
        await Payment.all().update(expires_at=utc_now() - GRACE)
        listed = await deposits.receive(OPERATOR, reference, AMOUNT, FIRST)

        assert listed == DepositClosed(PaymentStatus.EXPIRED)
        assert await deposits.confirm(OPERATOR, reference, AMOUNT, late=True) == DepositConfirmed(AMOUNT)
        assert await deposits.receive(OPERATOR, reference, AMOUNT, FIRST) == DepositKnown()

    async def test_a_movement_dated_long_after_a_confirmation_is_another_deposit(
        self, deposits: DepositService, reference: str
    ) -> None:
        known = {-300: True, 0: True, 4: True, 10: False, 365: False}  # by days after the confirmation
        await deposits.confirm(OPERATOR, reference, AMOUNT)

        outcomes = {}
        for days in known:
            movement = SeenMovement(FIRST.id, (utc_now() + timedelta(days=days)).date())
            outcomes[days] = await deposits.receive(OPERATOR, reference, AMOUNT, movement) == DepositKnown()
            await BankMovement.all().delete()

        assert outcomes == known

    async def test_a_movement_without_a_day_matches_what_was_confirmed_lately(
        self, deposits: DepositService, reference: str
    ) -> None:
        known = {0: True, 31: True, 60: False}  # by days since the confirmation
        await deposits.confirm(OPERATOR, reference, AMOUNT)
        confirmed_at = (await Payment.get()).paid_at
        assert confirmed_at

        outcomes = {}
        for days in known:
            await Payment.all().update(paid_at=confirmed_at - timedelta(days=days))
            outcome = await deposits.receive(OPERATOR, reference, AMOUNT, SeenMovement("a" * 64, None))
            outcomes[days] = outcome == DepositKnown()
            await BankMovement.all().delete()

        assert outcomes == known


class TestUndoing:
    @pytest.fixture
    async def reference(self, ana: Api, deposits: DepositService) -> str:
        """The reference of a confirmed deposit."""
        reference = await _reference(ana)
        await deposits.receive(OPERATOR, reference, AMOUNT, FIRST)
        await ana.mails()
        return reference

    async def test_after_undoing_an_import_leaves_the_decision_to_the_operator(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        before = await activation(ana)
        await deposits.undo(OPERATOR, reference)

        listed = [await deposits.receive(OPERATOR, reference, AMOUNT, FIRST) for _ in range(2)]
        unsure = await deposits.confirm(OPERATOR, reference, AMOUNT)
        undone = await activation(ana)
        outcomes = await asyncio.gather(*(deposits.confirm(OPERATOR, reference, AMOUNT, late=True) for _ in range(10)))

        assert [_ids(each) for each in (*listed, unsure)] == [[FIRST.id]] * 3
        assert not undone["active"]
        assert outcomes.count(DepositConfirmed(AMOUNT)) == 1
        assert outcomes.count(DepositKnown()) == 9
        assert await activation(ana) == before
        assert await deposits.receive(OPERATOR, reference, AMOUNT, FIRST) == DepositKnown()
        assert await Payment.all().count() == 1

    async def test_a_mail_says_that_an_undone_deposit_counts_again(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        await deposits.undo(OPERATOR, reference)
        await ana.mails()
        await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)

        assert [mail["subject"] for mail in await ana.mails()] == ["Recibimos tu pago en Timbrado"]

    async def test_an_undone_deposit_confirmed_after_its_time_gives_a_new_year(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        await deposits.undo(OPERATOR, reference)
        await _make_older(timedelta(days=400))

        assert await deposits.confirm(OPERATOR, reference, AMOUNT, late=True) == DepositConfirmed(AMOUNT)
        assert (await activation(ana))["active"]
        assert await _until(ana) - utc_now() > timedelta(days=364)

    async def test_a_confirmation_without_a_movement_can_be_undone_and_repeated(
        self, shop: Api, deposits: DepositService
    ) -> None:
        eva = await payer(shop, "eva@example.com")
        reference = await _reference(eva)
        await deposits.confirm(OPERATOR, reference, AMOUNT)
        await deposits.undo(OPERATOR, reference)

        outcomes = [await deposits.confirm(OPERATOR, reference, AMOUNT, late=True) for _ in range(2)]

        assert outcomes == [DepositConfirmed(AMOUNT), DepositKnown()]
        assert (await activation(eva))["active"]

    async def test_a_statement_that_comes_after_undoing_confirms_nothing(
        self, shop: Api, deposits: DepositService
    ) -> None:
        reference = await _reference(await payer(shop, "eva@example.com"))
        await deposits.confirm(OPERATOR, reference, AMOUNT)
        await deposits.undo(OPERATOR, reference)

        foreseen = await deposits.receive(OPERATOR, reference, AMOUNT, SECOND, dry_run=True)
        listed = await deposits.receive(OPERATOR, reference, AMOUNT, SECOND)
        late = await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)

        assert foreseen == listed
        assert (_ids(listed), late) == ([SECOND.id], DepositConfirmed(AMOUNT))
        assert await deposits.receive(OPERATOR, reference, AMOUNT, SECOND) == DepositKnown()

    async def test_after_undoing_the_operator_chooses_between_the_old_and_another_movement(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        await deposits.undo(OPERATOR, reference)
        await deposits.receive(OPERATOR, reference, AMOUNT, SECOND)

        which = await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)
        chosen = await deposits.confirm(OPERATOR, reference, AMOUNT, late=True, chosen=SECOND.id)

        assert (_ids(which), chosen) == ([FIRST.id, SECOND.id], DepositConfirmed(AMOUNT))
        assert {payment.status for payment in await queries.history(EMAIL)} == {
            PaymentStatus.REFUNDED,
            PaymentStatus.PAID,
        }
        assert await _until(ana) - utc_now() <= timedelta(days=366)

    async def test_the_last_of_two_deposits_is_undone_first_and_each_can_count_again(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        await deposits.receive(OPERATOR, reference, AMOUNT, SECOND)
        await deposits.confirm(OPERATOR, reference, AMOUNT, late=True)
        both = await _until(ana)

        undone = [(await deposits.undo(OPERATOR, reference), (await activation(ana))["active"]) for _ in range(3)]
        late = [
            await deposits.confirm(OPERATOR, reference, AMOUNT, late=True, chosen=each.id) for each in (SECOND, FIRST)
        ]

        assert undone == [(True, True), (True, False), (False, False)]
        assert late == [DepositConfirmed(AMOUNT)] * 2
        assert await _until(ana) == both

    async def test_concurrent_undoing_and_confirming_leaves_the_account_active_if_anything_is_paid(
        self, ana: Api, deposits: DepositService, reference: str
    ) -> None:
        await deposits.receive(OPERATOR, reference, AMOUNT, SECOND)
        works = [deposits.undo(OPERATOR, reference), deposits.confirm(OPERATOR, reference, AMOUNT, late=True)]
        works += [deposits.undo(OPERATOR, reference), deposits.receive(OPERATOR, reference, AMOUNT, SECOND)]

        await asyncio.gather(*works)

        paid = await Payment.filter(status="paid").count()
        active = await activation(ana)
        assert active["active"] == (paid > 0)
        if paid:
            assert timedelta(days=364 * paid) < await _until(ana) - utc_now() < timedelta(days=367 * paid)


async def _make_older(age: timedelta) -> None:
    """As if every payment had been made so much earlier."""
    for payment in await Payment.all():
        payment.paid_at = payment.paid_at and payment.paid_at - age
        await payment.save(update_fields=["paid_at"])
    await Account.all().update(active_since=utc_now() - age, active_until=utc_now() - age + YEAR)
