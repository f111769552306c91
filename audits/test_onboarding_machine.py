"""No sequence of events takes an account outside the state machine, over a real database."""

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from app.database import connected, tortoise_configuration
from models.account import Account
from models.delivery import Delivery
from models.payment import Payment
from services.accounts.onboarding import TRANSITIONS, Event, OnboardingStep, PaymentMethod, Progress, Stage, progress_of
from services.accounts.sessions import SessionLife, SessionService
from services.common.caller import Caller
from services.company.company import CompanyService
from services.company.company_form import CompanyForm
from services.company.series import SeriesService
from services.company.series_form import SeriesForm
from services.company.series_outcomes import SeriesCreated
from services.payments import lifecycle, queries, transitions
from services.payments.lifecycle import Terms
from services.payments.outcomes import AlreadyActive, OnboardingIncomplete, PaymentPending
from services.payments.periods import months_after
from services.payments.plans import BUNDLED, Plan, Plans
from services.payments.queries import PaymentStatus, PaymentView
from tests.actors import ACTORS, OPERATOR

T = TypeVar("T")

_PLANS = Plans.read(BUNDLED).all()
_NUMBERS = st.integers(0, 9)
_SETTLED = {PaymentStatus.PAID, PaymentStatus.REFUNDED}


class _Life(RuleBasedStateMachine):
    """An account, and what is expected of it: its stage, and the status of each payment."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._open = contextlib.AsyncExitStack()
        self._do(self._open.enter_async_context(connected(tortoise_configuration(self.url))))
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.stage = Stage.CONFIRMED
        self.payments: dict[UUID, PaymentStatus] = {}
        self.periods: dict[UUID, tuple[datetime, int]] = {}
        self.account_id = uuid4()
        email = f"{self.account_id}@example.com"
        person: dict[str, Any] = {"email_key": email, "email": email, "rfc": "EKU9003173C9", "language": "es"}
        self._do(Account.create(id=self.account_id, **person, created_at=self.now, confirmed_at=self.now))

    def teardown(self) -> None:
        self._do(Payment.filter(account_id=self.account_id).delete())
        self._do(Account.filter(id=self.account_id).delete())
        self._do(Delivery.all().delete())
        self._do(self._open.aclose())
        self._runner.close()

    @rule()
    @precondition(lambda self: self.stage is Stage.CONFIRMED)
    def configure(self) -> None:
        sessions = SessionService(SessionLife(), ACTORS, lambda: self.now)
        account = self._do(Account.get(id=self.account_id))
        stranger = Caller(ip_address("203.0.113.9"))
        caller = replace(stranger, credential=self._do(sessions.open(stranger, account)).token)

        self._do(
            CompanyService(sessions, ACTORS).configure(caller, CompanyForm("ESCUELA KEMPER URGATE", "601", "26015"))
        )
        assert self._progress().stage is Stage.CONFIRMED
        assert isinstance(self._do(SeriesService(sessions, ACTORS).create(caller, SeriesForm("A", "1"))), SeriesCreated)

        self.stage = TRANSITIONS[Stage.CONFIRMED, Event.CONFIGURED]

    @rule(method=st.sampled_from(PaymentMethod), plan=st.sampled_from(_PLANS))
    def start(self, method: PaymentMethod, plan: Plan) -> None:
        at = self._progress()

        terms = Terms(self.now + timedelta(days=5), self.now + timedelta(days=5))
        opened = self._do(lifecycle.open_payment(OPERATOR, self.account_id, method, plan, terms, self.now))

        match opened:
            case OnboardingIncomplete(step):
                assert (self.stage, step) == (Stage.CONFIRMED, OnboardingStep.CONFIGURE_COMPANY)
            case AlreadyActive(activation):
                assert self.stage is Stage.ACTIVE
                assert activation == at.activation
                assert activation.until - self.now > timedelta(days=30)
            case PaymentPending():
                assert PaymentStatus.PENDING in self.payments.values()
            case PaymentView():
                assert self.stage in {Stage.CONFIGURED, Stage.ACTIVE, Stage.LAPSED, Stage.DEACTIVATED}
                assert self.payments.get(opened.id, PaymentStatus.OPEN) is PaymentStatus.OPEN
                self._refresh()

    @rule(number=_NUMBERS)
    @precondition(lambda self: self.payments)
    def money_comes(self, number: int) -> None:
        payment_id = self._payment(number)
        unpaid = self.payments[payment_id] not in _SETTLED

        assert self._do(lifecycle.settle(OPERATOR, self._view(payment_id), self.now, None)) == unpaid

        if unpaid:
            months = self._do(Payment.get(id=payment_id)).period_months
            self.periods[payment_id] = (self.now, months)
            self.stage = TRANSITIONS[self.stage, Event.PAID]
        self._refresh()

    @rule(method=st.sampled_from(PaymentMethod))
    def pay(self, method: PaymentMethod) -> None:
        self.start(method, _PLANS[0])
        for number, status in enumerate(self.payments.values()):
            if status is PaymentStatus.OPEN:
                self.money_comes(number)
                break

    @rule(number=_NUMBERS)
    @precondition(lambda self: self.periods)
    def a_payment_goes_back(self, number: int) -> None:
        paid = list(self.periods)[number % len(self.periods)]
        self.money_goes_back(list(self.payments).index(paid))

    @rule(number=_NUMBERS)
    @precondition(lambda self: self.payments)
    def money_goes_back(self, number: int) -> None:
        payment_id = self._payment(number)
        paid = self.payments[payment_id] is PaymentStatus.PAID

        assert self._do(lifecycle.refund(OPERATOR, self._view(payment_id), self.now)) == paid

        if paid:
            del self.periods[payment_id]
            if self._paid_until() <= self.now:
                self.stage = TRANSITIONS[self.stage, Event.REFUNDED]
        self._refresh()

    @rule(number=_NUMBERS)
    @precondition(lambda self: self.payments)
    def a_refund_is_taken_back(self, number: int) -> None:
        payment_id = self._payment(number)
        refunded = self.payments[payment_id] is PaymentStatus.REFUNDED

        assert self._do(lifecycle.settle_again(OPERATOR, self._view(payment_id), self.now)) == refunded

        if refunded:
            paid = self._do(Payment.get(id=payment_id))
            assert paid.paid_at
            self.periods[payment_id] = (paid.paid_at, paid.period_months)
            self.stage = TRANSITIONS[self.stage, Event.PAID]
        self._refresh()

    @rule(number=_NUMBERS)
    @precondition(lambda self: self.periods)
    def as_much_comes_once_more(self, number: int) -> None:
        first = self._view(list(self.periods)[number % len(self.periods)])
        reference = str(len(self.payments))

        async def also(_: UUID) -> bool:
            return True

        assert self._do(lifecycle.settle_another(OPERATOR, first, reference, self.now, also))

        another = self._do(Payment.get(reference=reference))
        self.periods[another.id] = (self.now, first.period_months)
        self.stage = TRANSITIONS[self.stage, Event.PAID]
        self._refresh()

    @rule(number=_NUMBERS, status=st.sampled_from(PaymentStatus))
    @precondition(lambda self: self.payments)
    def nothing_comes_of_it(self, number: int, status: PaymentStatus) -> None:
        payment_id = self._payment(number)
        due_at = self.now + timedelta(minutes=2)
        match status:
            case PaymentStatus.PENDING:
                if self.payments[payment_id] in queries.WAITING:
                    assert self._do(transitions.mark_pending(self._view(payment_id), due_at))
            case PaymentStatus.OPEN:
                self._do(transitions.return_to_open(self._view(payment_id), due_at, declined=False))
            case PaymentStatus.EXPIRED | PaymentStatus.DECLINED | PaymentStatus.REPLACED | PaymentStatus.CANCELED:
                if self.payments[payment_id] in queries.WAITING:
                    assert self._do(transitions.end(OPERATOR, self._view(payment_id), status, self.now))
            case _:
                pass
        self._refresh()

    @rule(days=st.sampled_from([0, 1, 29, 31, 200, 366, 800]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        if self.stage is Stage.ACTIVE and self._paid_until() <= self.now:
            self.stage = TRANSITIONS[Stage.ACTIVE, Event.TIME_ENDED]

    @invariant()
    def the_account_is_where_the_machine_leads(self) -> None:
        at = self._progress()

        assert at.stage is self.stage
        assert bool(at.activation and at.activation.active) == (self._paid_until() > self.now)
        assert at.activation is None or self.stage not in {Stage.CONFIRMED, Stage.CONFIGURED}
        if self.stage is Stage.ACTIVE:
            assert at.activation
            assert at.activation.until == self._paid_until()
            assert at.activation.since <= self.now

    @invariant()
    def at_most_one_payment_of_a_method_is_open(self) -> None:
        waiting = {PaymentStatus.OPEN.value, PaymentStatus.PENDING.value}
        rows = self._do(Payment.filter(account_id=self.account_id))

        assert [bool(row.open_key) for row in rows] == [row.status in waiting for row in rows]

    def _progress(self) -> Progress:
        return progress_of(self._do(Account.get(id=self.account_id)), self.now)

    def _paid_until(self) -> datetime:
        """Computed independently, payment by payment; long ago if nothing was paid."""
        since = until = datetime(1970, 1, 1, tzinfo=UTC)
        total = 0
        for paid_at, months in sorted(self.periods.values()):
            if paid_at >= until:
                since, total = paid_at, 0
            total += months
            until = months_after(since, total)
        return until

    def _view(self, payment_id: UUID) -> PaymentView:
        return PaymentView.of(self._do(Payment.get(id=payment_id)))

    def _refresh(self) -> None:
        rows = self._do(Payment.filter(account_id=self.account_id))
        self.payments |= {row.id: PaymentStatus(row.status) for row in rows}

    def _payment(self, number: int) -> UUID:
        """One of the existing ones, in the order in which they were opened."""
        return list(self.payments)[number % len(self.payments)]

    def _do(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self._runner.run(done())


def test_no_sequence_of_events_leads_anywhere_else(database_url: str) -> None:
    run_machine(database_url, examples=8)  # the audit takes many more


def run_machine(database_url: str, examples: int) -> None:
    class Life(_Life):
        url = database_url

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
