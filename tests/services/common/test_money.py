"""Money: what is an amount, and what is none."""

from decimal import Decimal
from typing import Any

import pytest

from services.common.money import Money


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0.00"),
        ("1160", "1160.00"),
        ("1160.5", "1160.50"),
        ("0.01", "0.01"),
        ("999999999999.99", "999999999999.99"),
    ],
)
def test_an_amount_is_written_with_two_decimals(text: str, written: str) -> None:
    money = Money.parse(text)

    assert (money.text, str(money), f"{money}") == (written, written, written)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1,160.00", "-1", "+1", ".5", "1.", "1.005", "1e3", "NaN", "Infinity", "0x1", "1_000", "1 160",
        " 1", "1\n", "1160.00 MXN", "1000000000000", "١١٦٠", "1.٥",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        Money.parse(text)


@pytest.mark.parametrize("currency", ["", "mxn", "MX", "MXNN", "M1N", "MXN\n", "ÑXN"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        Money.parse("1", currency)


@pytest.mark.parametrize(("amount", "text"), [("0.005", "0.01"), ("1.004", "1.00"), ("184.8275", "184.83")])
def test_more_decimals_are_rounded_half_up(amount: str, text: str) -> None:
    assert Money(Decimal(amount)).text == text


def test_a_float_is_no_amount() -> None:
    amount: Any = 11.6

    with pytest.raises(TypeError):
        Money(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_an_amount_is_finite(amount: str) -> None:
    with pytest.raises(ValueError, match="not finite"):
        Money(Decimal(amount))


def test_the_same_amount_is_equal_however_it_was_written() -> None:
    assert len({Money.parse("1160"), Money.parse("1160.0"), Money(Decimal("1160.00"), "MXN")}) == 1
    assert Money.parse("1160", "USD") != Money.parse("1160", "MXN")


def test_amounts_of_one_currency_add_up() -> None:
    assert Money.parse("0.10") + Money.parse("0.20") == Money.parse("0.30")


def test_amounts_of_two_currencies_do_not() -> None:
    with pytest.raises(ValueError, match="MXN and USD"):
        Money.parse("1") + Money.parse("1", "USD")
