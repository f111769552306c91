"""What comes of bank deposits: of requests by payers, and of confirmations by operators."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.accounts.sessions import Principal
from services.common.money import Money
from services.payments.bank.account import BankAccount
from services.payments.bank.matching import UndecidedDeposit
from services.payments.queries import PaymentStatus


@dataclass(frozen=True, slots=True)
class DepositInstructions:
    """`expires_at` is shown to the payer; money that comes a few days later counts, too."""

    id: UUID
    plan_id: str
    reference: str
    account: BankAccount
    amount: Money
    requested_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DepositRequested:
    principal: Principal
    deposit: DepositInstructions


@dataclass(frozen=True, slots=True)
class DepositCanceled:
    principal: Principal


@dataclass(frozen=True, slots=True)
class DepositConfirmed:
    amount: Money


@dataclass(frozen=True, slots=True)
class DepositKnown:
    """It was already confirmed."""


@dataclass(frozen=True, slots=True)
class DepositsUndecided:
    """A further deposit with a confirmed reference, or one that was taken back: a person must decide.

    `deposits` are all with this reference that wait for a decision.
    """

    deposits: tuple[UndecidedDeposit, ...]


@dataclass(frozen=True, slots=True)
class DepositUnknown:
    """The reference was never issued, or it is mistyped."""


@dataclass(frozen=True, slots=True)
class DepositDiffers:
    """The amount differs from the expected one."""

    expected: Money


@dataclass(frozen=True, slots=True)
class DepositClosed:
    """The reference expired, was canceled, or was replaced by another payment: an operator must decide."""

    status: PaymentStatus


ConfirmOutcome = DepositConfirmed | DepositKnown | DepositsUndecided | DepositUnknown | DepositDiffers | DepositClosed
