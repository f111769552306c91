"""The state machine of an account: from the first form to the first invoice, then by payment and time.

docs/onboarding.md shows its table. An account stores its stage and the end of its paid time. That this time is over is
computed on each read and never stored.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.account import Account
from models.sql import as_datetime

PROGRESS_COLUMNS = "stage, active_since, active_until, activated_by, active_plan, company_outdated, stamps_notice"
"""Of the table `account`: from what `progress` reads."""


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


def progress(row: Mapping[str, Any], now: datetime) -> Progress:
    """Reads the progress from an account's PROGRESS_COLUMNS, as either database returns them."""
    stage, company_outdated = Stage(row["stage"]), bool(row["company_outdated"])
    if not (row["active_since"] and row["active_until"] and row["activated_by"] and row["active_plan"]):
        return Progress(stage, company_outdated=company_outdated)
    until = as_datetime(row["active_until"])
    if stage is Stage.ACTIVE and until <= now:
        stage = transition(stage, Event.TIME_ENDED)
    activation = Activation(
        active=stage is Stage.ACTIVE,
        since=as_datetime(row["active_since"]),
        until=until,
        method=PaymentMethod(row["activated_by"]),
        plan_id=row["active_plan"],
        few_stamps=row["stamps_notice"] is not None,
    )
    return Progress(stage, activation, company_outdated)


def progress_of(account: Account, now: datetime) -> Progress:
    return progress(vars(account), now)
