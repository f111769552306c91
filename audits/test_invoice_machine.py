"""No sequence of reservations, ends, payments and changes of the series loses or doubles a folio or a stamp."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from app.database import connected, tortoise_configuration
from models.account import Account
from models.delivery import Delivery
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.series import Series
from services.accounts.onboarding import Stage
from services.company.series_outcomes import SeriesExhausted
from services.invoices import queries, reservations
from services.invoices.outcomes import (
    AccountNotActive,
    InvoiceAlreadyConfirmed,
    InvoiceAlreadyReleased,
    InvoiceConfirmed,
    InvoiceReleased,
    InvoiceReserved,
    NoStampsLeft,
    ReservationStatus,
    ReservationView,
    UuidInUse,
)
from services.payments import lifecycle, stamps
from services.payments.periods import months_after
from services.payments.queries import PaymentStatus, PaymentView
from tests.actors import OPERATOR
from tests.clocks import Clock
from tests.invoices import CLIENT, series_of
from tests.paypal.payers import keep_payment

T = TypeVar("T")

_NUMBERS = st.integers(0, 20)
_STAMPS = 4  # so few that they are used up now and then


class _Life(RuleBasedStateMachine):
    """An account with a series, and what is expected of its reservations; payments are read as they are."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._open = contextlib.AsyncExitStack()
        self._do(self._open.enter_async_context(connected(tortoise_configuration(self.url))))
        self.clock = Clock(datetime(2026, 3, 1, tzinfo=UTC))
        self.expected: dict[UUID, ReservationView] = {}
        self.account_id = uuid4()
        email = f"{self.account_id}@example.com"
        person: dict[str, Any] = {"email_key": email, "email": email, "rfc": "EKU9003173C9", "language": "es"}
        moments: dict[str, Any] = {"created_at": self.clock.now, "confirmed_at": self.clock.now}
        stage = Stage.CONFIGURED.value
        account = self._do(Account.create(id=self.account_id, **person, **moments, stage=stage))
        self.series_id = self._do(series_of(account, last=12))

    def teardown(self) -> None:
        self._do(InvoiceReservation.filter(account_id=self.account_id).delete())
        self._do(Payment.filter(account_id=self.account_id).delete())
        self._do(Account.filter(id=self.account_id).delete())
        self._do(Delivery.all().delete())
        self._do(self._open.aclose())
        self._runner.close()

    @rule(months=st.sampled_from([1, 12]))
    def pay(self, months: int) -> None:
        terms = {"stamps": _STAMPS, "period_months": months}
        payment = self._do(keep_payment(self.account_id, self.clock.now, **terms))
        assert self._do(lifecycle.settle(OPERATOR, PaymentView.of(payment), self.clock.now, None))

    @rule(number=_NUMBERS)
    def refund(self, number: int) -> None:
        if view := self._payment(number, PaymentStatus.PAID):
            assert self._do(lifecycle.refund(OPERATOR, view, self.clock.now))

    @rule(number=_NUMBERS)
    def take_the_refund_back(self, number: int) -> None:
        if view := self._payment(number, PaymentStatus.REFUNDED):
            assert self._do(lifecycle.settle_again(OPERATOR, view, self.clock.now))

    @rule(count=st.integers(1, 6))
    def reserve(self, count: int) -> None:
        """Several at once, each with a request of its own."""
        left, last = self._left(), self._series()
        folios = (last.last_folio - last.last_taken) if last.last_folio else 1000

        outcomes = self._do(self._reserve_at_once([uuid4() for _ in range(count)]))

        taken = [outcome.reservation for outcome in outcomes if isinstance(outcome, InvoiceReserved)]
        assert len(taken) == min(count, left, folios)
        assert sorted(each.folio for each in taken) == [last.last_taken + 1 + number for number in range(len(taken))]
        assert sorted(each.stamps_left for each in taken) == [
            left - len(taken) + number for number in range(len(taken))
        ]
        refused = {type(outcome) for outcome in outcomes} - {InvoiceReserved}
        assert refused <= {NoStampsLeft if self._is_active() else AccountNotActive, SeriesExhausted}
        assert (SeriesExhausted in refused) <= (left > folios)
        self.expected |= {each.request_id: each for each in taken}

    @rule(number=_NUMBERS)
    @precondition(lambda self: self.expected)
    def reserve_again(self, number: int) -> None:
        known = self._known(number)

        outcomes = self._do(self._reserve_at_once([known.request_id] * 3))

        assert outcomes == [InvoiceReserved(known)] * 3

    @rule(number=_NUMBERS, own=st.booleans())
    @precondition(lambda self: self.expected)
    def confirm(self, number: int, own: bool) -> None:
        known = self._known(number)
        used = {each.uuid for each in self.expected.values()} - {None}
        uuid = known.uuid if own and known.uuid else uuid4() if own or not used else next(iter(used))
        assert uuid

        outcome = self._do(reservations.confirm(CLIENT, known.request_id, uuid, self.clock))

        match known.status:
            case ReservationStatus.RELEASED:
                assert outcome == InvoiceAlreadyReleased()
            case ReservationStatus.CONFIRMED if known.uuid and known.uuid != uuid:
                assert outcome == InvoiceAlreadyConfirmed(known.uuid)
            case ReservationStatus.RESERVED if uuid in used:
                assert outcome == UuidInUse()
            case _:
                assert isinstance(outcome, InvoiceConfirmed)
                assert outcome.reservation.uuid == uuid
                self.expected[known.request_id] = outcome.reservation

    @rule(number=_NUMBERS)
    @precondition(lambda self: self.expected)
    def release(self, number: int) -> None:
        known, last = self._known(number), self._series().last_taken

        outcomes = self._do(self._release_at_once(known.request_id))

        if known.status is ReservationStatus.CONFIRMED:
            assert outcomes == [InvoiceAlreadyConfirmed(known.uuid)] * 2  # type: ignore[arg-type]
            return
        first, second = outcomes
        assert first == second
        assert isinstance(first, InvoiceReleased)
        if known.status is ReservationStatus.RESERVED:
            assert first.reservation.folio_skipped == (known.folio != last)
            assert self._series().last_taken == last - (known.folio == last)
        self.expected[known.request_id] = first.reservation

    @rule(more=st.sampled_from([0, 1, 5, None]))
    def move_the_end_of_the_series(self, more: int | None) -> None:
        last = None if more is None else max(self._series().last_taken + more, 1)
        self._do(Series.filter(id=self.series_id).update(last_folio=last))

    @rule(days=st.sampled_from([1, 27, 29, 200, 370]))
    def time_passes(self, days: int) -> None:
        self.clock.now += timedelta(days=days)

    @invariant()
    def every_answer_stays(self) -> None:
        rows = {each.request_id: each for each in self._rows()}
        assert rows == self.expected

    @invariant()
    def every_folio_is_of_one_invoice_or_skipped(self) -> None:
        of_invoices = [each.folio for each in self._rows() if each.status is not ReservationStatus.RELEASED]
        skipped = self._do(queries.skipped_folios([self.series_id]))[self.series_id]
        assert sorted([*of_invoices, *skipped]) == list(range(1, self._series().last_taken + 1))

    @invariant()
    def every_stamp_is_of_one_invoice(self) -> None:
        used = Counter(each.payment_id for each in self._rows() if each.status is not ReservationStatus.RELEASED)
        payments = self._do(Payment.filter(account_id=self.account_id))
        assert {each.id: each.stamps_used for each in payments} == {each.id: used[each.id] for each in payments}
        assert all(each.stamps_used <= each.stamps for each in payments)

    @invariant()
    def stamps_are_good_while_the_account_is_active(self) -> None:
        good = self._do(stamps.good_stamps(self.account_id, self.clock.now))
        account = self._do(Account.get(id=self.account_id))
        assert bool(good) == self._is_active()
        if good:
            assert max(each.ends_at for each in good) == account.active_until

    def _left(self) -> int:
        """Computed independently: what ended ends with its period, each after the one before it."""
        paid = self._do(Payment.filter(account_id=self.account_id, status="paid").order_by("paid_at", "id"))
        since = until = datetime(1970, 1, 1, tzinfo=UTC)
        total = left = 0
        for each in paid:
            assert each.paid_at
            if each.paid_at >= until:
                since, total = each.paid_at, 0
            total += each.period_months
            until = months_after(since, total)
            left += (each.stamps - each.stamps_used) if until > self.clock.now else 0
        return left

    def _is_active(self) -> bool:
        account = self._do(Account.get(id=self.account_id))
        until = account.active_until
        return account.stage == Stage.ACTIVE.value and until is not None and until > self.clock.now

    async def _reserve_at_once(self, requests: list[UUID]) -> list[reservations.Reserved]:
        ids = (CLIENT, self.account_id, self.series_id)
        return await asyncio.gather(*(reservations.reserve(*ids, each, self.clock) for each in requests))

    async def _release_at_once(self, request_id: UUID) -> list[reservations.Released]:
        return await asyncio.gather(*(reservations.release(CLIENT, request_id, self.clock) for _ in range(2)))

    def _series(self) -> Series:
        return self._do(Series.get(id=self.series_id))

    def _rows(self) -> list[ReservationView]:
        rows = self._do(InvoiceReservation.filter(account_id=self.account_id))
        return [ReservationView.of(vars(row)) for row in rows]

    def _payment(self, number: int, status: PaymentStatus) -> PaymentView | None:
        found = self._do(Payment.filter(account_id=self.account_id, status=status.value).order_by("created_at", "id"))
        return PaymentView.of(found[number % len(found)]) if found else None

    def _known(self, number: int) -> ReservationView:
        return list(self.expected.values())[number % len(self.expected)]

    def _do(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self._runner.run(done())


def test_no_sequence_loses_or_doubles_a_folio_or_a_stamp(database_url: str) -> None:
    class Life(_Life):
        url = database_url

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
