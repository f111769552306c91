"""Money, in decimal."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_TEXT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with two decimals, rounded half up, of a currency of ISO 4217.

    Raises TypeError for what is no Decimal, and ValueError for one that is not finite and for another currency's shape.
    """

    amount: Decimal
    currency: str = "MXN"

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("give the amount as a Decimal")
        if not self.amount.is_finite():
            raise ValueError("the amount is not finite")
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError("the currency is not three capital letters")
        object.__setattr__(self, "amount", self.amount.quantize(_HUNDREDTH, ROUND_HALF_UP))

    @classmethod
    def parse(cls, text: str, currency: str = "MXN") -> "Money":
        """From `1160`, `1160.0` or `1160.00`, of at most 12 digits before the point. Raises ValueError otherwise."""
        if not _TEXT.fullmatch(text):
            raise ValueError("not an amount of money")
        return cls(Decimal(text), currency)

    @property
    def text(self) -> str:
        """The amount alone, as `1160.00`."""
        return f"{self.amount:f}"

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: "Money") -> "Money":
        """Raises ValueError if the currencies differ."""
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return Money(self.amount + other.amount, self.currency)
