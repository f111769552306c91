"""Outcomes that both ways to pay share."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.accounts.onboarding import Activation, OnboardingStep


@dataclass(frozen=True, slots=True)
class PlanNotFound:
    """None of the plans that are sold has this id."""


@dataclass(frozen=True, slots=True)
class PaymentMethodUnavailable:
    """The operator does not take payments this way."""


@dataclass(frozen=True, slots=True)
class OnboardingIncomplete:
    """The account is not as far as to pay; `step` is what to do first."""

    step: OnboardingStep


@dataclass(frozen=True, slots=True)
class AlreadyActive:
    """Paid for until later than a renewal is sold."""

    activation: Activation
    account_id: UUID


@dataclass(frozen=True, slots=True)
class PaymentPending:
    """PayPal was asked to take money, and whether it did is not known yet."""


@dataclass(frozen=True, slots=True)
class DeletionPending:
    """The owner asked for the deletion of the account, so no money is taken for it."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentNotFound:
    """The account has no such payment that can still be completed or canceled."""


@dataclass(frozen=True, slots=True)
class PaymentProviderUnavailable:
    """PayPal does not answer, or refuses what it should not; nothing was paid."""
