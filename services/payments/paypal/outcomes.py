"""Outcomes of paying with PayPal."""

from dataclasses import dataclass
from datetime import datetime

from services.accounts.onboarding import Activation
from services.accounts.sessions import Principal
from services.common.money import Money
from services.payments.outcomes import PaymentNotFound, PaymentPending


@dataclass(frozen=True, slots=True)
class PayPalStarted:
    principal: Principal
    order_id: str
    approval_url: str
    amount: Money
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentCompleted:
    activation: Activation


@dataclass(frozen=True, slots=True)
class PayPalCompleted:
    """PaymentCompleted, for the principal who asked for it."""

    principal: Principal
    activation: Activation


@dataclass(frozen=True, slots=True)
class PaymentNotApproved:
    """The payer has not approved the order yet."""

    approval_url: str


@dataclass(frozen=True, slots=True)
class PaymentDeclined:
    """PayPal did not capture the money. At `retry_url`, if any, the payer can choose another way to pay."""

    retry_url: str | None


Uncollected = PaymentPending | PaymentNotApproved | PaymentDeclined | PaymentNotFound
Collected = PaymentCompleted | Uncollected
