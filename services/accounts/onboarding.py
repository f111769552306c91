"""The state machine of an account: from the first form to the first invoice, then by payment and time.

docs/onboarding.md shows its table. An account stores its stage and the end of its paid time. That this time is over is
computed on each read and never stored.
"""

import enum
from dataclasses import dataclass
from datetime import datetime

from models.account import Account


class OnboardingStep(enum.Enum):
    CREATE_ACCOUNT = "CREATE_ACCOUNT"
    CONFIRM_ACCOUNT = "CONFIRM_ACCOUNT"
    CONFIGURE_COMPANY = "CONFIGURE_COMPANY"
    SELECT_PAYMENT_METHOD = "SELECT_PAYMENT_METHOD"


class PaymentMethod(enum.Enum):
    PAYPAL = "paypal"
    BANK_DEPOSIT = "bank_deposit"


class Stage(enum.Enum):
    """REGISTERED is a registration without an account; LAPSED is an ACTIVE account whose time is over."""

    REGISTERED = "registered"
    CONFIRMED = "confirmed"
    CONFIGURED = "configured"
    ACTIVE = "active"
    LAPSED = "lapsed"
    DEACTIVATED = "deactivated"


class Event(enum.Enum):
    """CONFIGURED: the company's data and first series exist. REFUNDED: no paid time is left."""

    CONFIRMED = "confirmed"
    CONFIGURED = "configured"
    PAID = "paid"
    TIME_ENDED = "time ended"
    REFUNDED = "refunded"


TRANSITIONS = {
    (Stage.REGISTERED, Event.CONFIRMED): Stage.CONFIRMED,
    (Stage.CONFIRMED, Event.CONFIGURED): Stage.CONFIGURED,
    (Stage.CONFIGURED, Event.PAID): Stage.ACTIVE,
    (Stage.ACTIVE, Event.PAID): Stage.ACTIVE,
    (Stage.ACTIVE, Event.TIME_ENDED): Stage.LAPSED,
    (Stage.ACTIVE, Event.REFUNDED): Stage.DEACTIVATED,
    (Stage.LAPSED, Event.PAID): Stage.ACTIVE,
    (Stage.LAPSED, Event.REFUNDED): Stage.DEACTIVATED,
    (Stage.DEACTIVATED, Event.PAID): Stage.ACTIVE,
    (Stage.DEACTIVATED, Event.REFUNDED): Stage.DEACTIVATED,
}

_STEPS = tuple(OnboardingStep)
_REACHED = {
    Stage.REGISTERED: _STEPS[:1],
    Stage.CONFIRMED: _STEPS[:2],
    Stage.CONFIGURED: _STEPS[:3],
    Stage.ACTIVE: _STEPS,
    Stage.LAPSED: _STEPS[:3],
    Stage.DEACTIVATED: _STEPS[:3],
}
# By stage, and whether the company's data have to be given again.
_COMPLETED = {(stage, False): steps for stage, steps in _REACHED.items()} | {
    (stage, True): tuple(step for step in steps if step is not OnboardingStep.CONFIGURE_COMPANY)
    for stage, steps in _REACHED.items()
}
_CURRENT = {steps: next((step for step in _STEPS if step not in steps), None) for steps in _COMPLETED.values()}


@dataclass(frozen=True, slots=True)
class Activation:
    """The last paid time of an account: its start, its end (excluded) and the payment method.

    `few_stamps` is whether a tenth or less of the stamps was left at some time since the last payment.
    """

    active: bool
    since: datetime
    until: datetime
    method: PaymentMethod
    plan_id: str
    few_stamps: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of an account at a given time.

    With `company_outdated`, step 3 has to be done again, since the taxpayer is of another type; paid time runs on.
    """

    stage: Stage
    activation: Activation | None = None
    company_outdated: bool = False

    @property
    def completed_steps(self) -> tuple[OnboardingStep, ...]:
        return _COMPLETED[self.stage, self.company_outdated]

    @property
    def current_step(self) -> OnboardingStep | None:
        """The first step to do; None once all are done."""
        return _CURRENT[self.completed_steps]


def transition(stage: Stage, event: Event) -> Stage:
    """Returns the next stage. Raises KeyError for an event that cannot occur in that stage."""
    return TRANSITIONS[stage, event]


def progress(
    stage: str,
    since: datetime | None,
    until: datetime | None,
    method: str | None,
    plan_id: str | None,
    now: datetime,
    *,
    company_outdated: bool = False,
    few_stamps: bool = False,
) -> Progress:
    """Reads the progress from the account's columns."""
    at = Stage(stage)
    if since is None or until is None or method is None or plan_id is None:
        return Progress(at, company_outdated=company_outdated)
    if at is Stage.ACTIVE and until <= now:
        at = transition(at, Event.TIME_ENDED)
    activation = Activation(at is Stage.ACTIVE, since, until, PaymentMethod(method), plan_id, few_stamps)
    return Progress(at, activation, company_outdated)


def progress_of(account: Account, now: datetime) -> Progress:
    paid = (account.active_since, account.active_until, account.activated_by, account.active_plan)
    few_stamps = account.stamps_notice is not None
    return progress(account.stage, *paid, now, company_outdated=account.company_outdated, few_stamps=few_stamps)
