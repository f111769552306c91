"""Money: what is an amount, and what is none."""

from decimal import Decimal
from typing import Any

import pytest

from services.common.money import Money
from tests.refusals import refusal


def test_an_amount_is_written_with_two_decimals() -> None:
    amounts = {
        "0": "0.00",
        "1160": "1160.00",
        "1160.5": "1160.50",
        "0.01": "0.01",
        "999999999999.99": "999999999999.99",
    }

    assert {text: Money.parse(text).text for text in amounts} == amounts
    assert [str(Money.parse(text)) for text in amounts] == list(amounts.values())


def test_any_other_text_is_refused() -> None:
    others = [
        "",
        " ",
        "1,160.00",
        "-1",
        "+1",
        ".5",
        "1.",
        "1.005",
        "1e3",
        "NaN",
        "Infinity",
        "0x1",
        "1_000",
        "1 160",
        " 1",
        "1\n",
        "1160.00 MXN",
        "1000000000000",
        "١١٦٠",
        "1.٥",
    ]

    assert [text for text in others if refusal(Money.parse, text) != "not an amount of money"] == []


def test_a_currency_is_three_capital_letters() -> None:
    currencies = ["", "mxn", "MX", "MXNN", "M1N", "MXN\n", "ÑXN"]

    refused = [refusal(Money.parse, "1", currency) for currency in currencies]

    assert refused == ["the currency is not three capital letters"] * len(currencies)


def test_more_decimals_are_rounded_half_up() -> None:
    amounts = {
        "0.005": "0.01",
        "1.004": "1.00",
        "184.8275": "184.83",
    }

    assert {amount: Money(Decimal(amount)).text for amount in amounts} == amounts


def test_a_float_is_no_amount() -> None:
    amount: Any = 11.6

    with pytest.raises(TypeError):
        Money(amount)


def test_an_amount_is_finite() -> None:
    amounts = ["NaN", "Infinity", "-Infinity"]

    assert [refusal(Money, Decimal(amount)) for amount in amounts] == ["the amount is not finite"] * 3


def test_the_same_amount_is_equal_however_it_was_written() -> None:
    assert len({Money.parse("1160"), Money.parse("1160.0"), Money(Decimal("1160.00"), "MXN")}) == 1
    assert Money.parse("1160", "USD") != Money.parse("1160", "MXN")


def test_amounts_of_one_currency_add_up() -> None:
    assert Money.parse("0.10") + Money.parse("0.20") == Money.parse("0.30")


def test_amounts_of_two_currencies_do_not() -> None:
    with pytest.raises(ValueError, match="MXN and USD"):
        Money.parse("1") + Money.parse("1", "USD")
