"""Says to an operator what became of a deposit."""

from services.common.money import Money
from services.payments.bank.matching import UndecidedDeposit
from services.payments.bank.outcomes import (
    ConfirmOutcome,
    DepositClosed,
    DepositConfirmed,
    DepositDiffers,
    DepositKnown,
    DepositsUndecided,
    DepositUnknown,
)

_SHOWN_ID_LENGTH = 12


def described(paid: Money, outcome: ConfirmOutcome) -> tuple[bool, list[str]]:
    """Returns whether the deposit is settled, and sentences that describe the outcome."""
    match outcome:
        case DepositConfirmed(amount):
            return True, [f"confirmed, {amount} {amount.currency}"]
        case DepositKnown():
            return True, ["was already confirmed"]
        case DepositsUndecided(waiting):
            return False, [_undecided(deposit) for deposit in waiting]
        case DepositUnknown():
            return False, ["unknown; nothing was done"]
        case DepositDiffers(expected):
            return False, [f"{paid} was paid instead of {expected}; nothing was done"]
        case DepositClosed(status):
            return False, [f"is {status.value}; nothing was done (to count it, confirm it with --late)"]


def _undecided(deposit: UndecidedDeposit) -> str:
    what = "was taken back" if deposit.taken_back else "was already confirmed; this is another deposit"
    day = f", of {deposit.day}" if deposit.day else ""
    movement = deposit.id[:_SHOWN_ID_LENGTH]
    return f"{what}{day}; nothing was done (to count it, confirm it with --late --movement {movement})"
