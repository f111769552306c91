"""CLABEs and references: what a mistyped digit does not pass for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.bank.clabe import is_clabe, parse_clabe
from services.payments.bank.reference import draw_reference, parse_reference


@pytest.mark.parametrize("clabe", ["002010077777777771", "032180000118359719", "646180157000000004"])
def test_a_clabe_that_checks_is_one(clabe: str) -> None:
    assert is_clabe(clabe)


@pytest.mark.parametrize("place", range(18))
@pytest.mark.parametrize("clabe", ["002010077777777771", "032180000118359719"])
def test_a_clabe_with_one_wrong_digit_is_none(clabe: str, place: int) -> None:
    wrong = [f"{clabe[:place]}{digit}{clabe[place + 1 :]}" for digit in "0123456789" if digit != clabe[place]]

    assert not any(map(is_clabe, wrong))


@pytest.mark.parametrize(
    "text", ["", "00201007777777777", "0020100777777777711", "００２０１００７７７７７７７７７７１"]
)
def test_what_is_no_clabe_is_none(text: str) -> None:
    assert not is_clabe(text)


def test_references_are_ten_digits_that_check_without_a_leading_zero() -> None:
    references = [draw_reference() for _ in range(500)]

    assert all(parse_reference(reference) == reference for reference in references)
    assert all(len(reference) == 10 and reference[0] != "0" for reference in references)
    assert len(set(references)) > 490


@pytest.mark.parametrize("place", range(10))
def test_a_reference_with_one_wrong_digit_is_none(place: int) -> None:
    reference = draw_reference()

    for digit in set("0123456789") - {reference[place]}:
        assert parse_reference(f"{reference[:place]}{digit}{reference[place + 1 :]}") is None


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert parse_reference(text) is None or len(text) >= 10
    assert is_clabe(text) in {True, False}


@pytest.mark.parametrize("sign", [" ", "-", "\u00a0", "\u2013", "\u2212", "\u200b", "\u00ad", "\ufeff", "\u3000", "\n"])
def test_what_a_paste_adds_to_a_number_makes_no_difference(sign: str) -> None:
    reference = draw_reference()

    assert parse_reference(f"{sign}{reference[:4]}{sign}{reference[4:]}{sign}.") == reference
    assert parse_clabe(f"{sign}002{sign}010077777777{sign}771{sign}") == "002010077777777771"


def test_full_width_digits_are_digits() -> None:
    reference = draw_reference()

    assert parse_reference("".join(chr(ord(digit) + 0xFEE0) for digit in reference)) == reference
    assert parse_clabe("００２０１００７７７７７７７７７７１") == "002010077777777771"


@pytest.mark.parametrize("text", ["002010077777777772", "0020100777", "00201007777777777О", "x", "2" * 1_000_000])
def test_what_does_not_check_is_no_clabe(text: str) -> None:
    assert parse_clabe(text) is None
