"""The bank account for deposits, as the settings name it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BankAccount:
    """The account that receives deposits."""

    clabe: str
    bank: str
    beneficiary: str
