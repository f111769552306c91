"""Parses amounts as banks and spreadsheets write them."""

import re

from services.common.money import Money

_MAX_CHARS = 40
_CURRENCY = re.compile(r"\s|\$|MXN|MXP|M\.N\.|PESOS", re.IGNORECASE)
_SIGNED = re.compile(
    r"(?P<sign>[+-]?)(?P<digits>[0-9][0-9.,]*)|-?\((?P<bracketed>[0-9][0-9.,]*)\)|(?P<trailing>[0-9][0-9.,]*)-"
)
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,2})?")
_DECIMAL_COMMA = re.compile(r"([0-9]+|[0-9]{1,3}(\.[0-9]{3})+),[0-9]{1,2}")
_MINUSES = str.maketrans(dict.fromkeys("−–—‐‑", "-"))
_NOTHING = re.compile(r"[-.]*|N/?[AD]|NULL", re.IGNORECASE)


def parse_amount(text: str) -> Money | None:
    """Parses `1160`, `1160.00`, `1,160.00`, `$ 1,160.00`, `+1160.00`, `1160,00`, `1.160,00` or `1160.00 MXN`.

    A comma before three digits groups thousands, as in Mexico: `1,160` is 1160.00. `1.160` is ambiguous and refused.
    """
    amount = parse_movement(text)
    return amount if amount and amount.amount >= 0 else None


def parse_movement(text: str) -> Money | None:
    """Like `parse_amount`, but negative for `-1,160.00`, `1,160.00-` and `(1,160.00)`, which are outgoing."""
    found = _SIGNED.fullmatch(_bare(text))
    if not found:
        return None
    out = found["sign"] == "-" or not found["digits"]
    digits = found["digits"] or found["bracketed"] or found["trailing"]
    try:
        amount = Money.parse(_plain(digits))
    except ValueError:
        return None
    return Money(-amount.amount, amount.currency) if out else amount


def is_empty_amount(text: str) -> bool:
    """Whether a cell for amounts has none: it is empty, a hyphen, or zero in any spelling."""
    if _NOTHING.fullmatch(_bare(text)):
        return True
    amount = parse_movement(text)
    return amount is not None and not amount.amount


def _bare(text: str) -> str:
    return _CURRENCY.sub("", text).translate(_MINUSES) if len(text) <= _MAX_CHARS else "?"


def _plain(digits: str) -> str:
    """Returns the number with a decimal point and without thousands separators."""
    if _GROUPED.fullmatch(digits):
        return digits.replace(",", "")
    if _DECIMAL_COMMA.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".")
    return digits
