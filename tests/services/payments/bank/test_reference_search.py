"""CLABEs and references: a mistyped digit is noticed."""

from hypothesis import given
from hypothesis import strategies as st

from services.payments.bank.clabe import is_clabe, parse_clabe
from services.payments.bank.reference import generate_reference, parse_reference


def test_a_clabe_has_eighteen_digits_that_check() -> None:
    clabes = ["002010077777777771", "032180000118359719", "646180157000000004"]
    others = ["", "00201007777777777", "0020100777777777711", "００２０１００７７７７７７７７７７１"]

    assert [clabe for clabe in clabes if not is_clabe(clabe)] == []
    assert [text for text in others if is_clabe(text)] == []


def test_a_clabe_with_one_wrong_digit_is_refused() -> None:
    clabes = ["002010077777777771", "032180000118359719"]

    wrong = [text for clabe in clabes for text in _with_one_wrong_digit(clabe)]

    assert len(wrong) == 2 * 18 * 9
    assert [text for text in wrong if is_clabe(text)] == []


def test_references_have_ten_digits_that_check_and_no_leading_zero() -> None:
    references = [generate_reference() for _ in range(500)]

    assert all(parse_reference(reference) == reference for reference in references)
    assert all(len(reference) == 10 and reference[0] != "0" for reference in references)
    assert len(set(references)) > 490


def test_a_reference_with_one_wrong_digit_is_refused() -> None:
    wrong = [text for _ in range(20) for text in _with_one_wrong_digit(generate_reference())]

    assert [text for text in wrong if parse_reference(text) is not None] == []


@given(st.text())
def test_any_text_can_be_parsed(text: str) -> None:
    assert parse_reference(text) is None or len(text) >= 10
    assert is_clabe(text) in {True, False}


def test_characters_that_pasting_adds_do_not_matter() -> None:
    signs = [" ", "-", "\u00a0", "\u2013", "\u2212", "\u200b", "\u00ad", "\ufeff", "\u3000", "\n"]
    reference, clabe = generate_reference(), "002010077777777771"

    references = [parse_reference(f"{sign}{reference[:4]}{sign}{reference[4:]}{sign}.") for sign in signs]
    clabes = [parse_clabe(f"{sign}002{sign}010077777777{sign}771{sign}") for sign in signs]

    assert (references, clabes) == ([reference] * len(signs), [clabe] * len(signs))


def test_full_width_digits_are_digits() -> None:
    reference = generate_reference()

    assert parse_reference("".join(chr(ord(digit) + 0xFEE0) for digit in reference)) == reference
    assert parse_clabe("００２０１００７７７７７７７７７７１") == "002010077777777771"


def test_a_text_that_does_not_check_is_no_clabe() -> None:
    texts = ["002010077777777772", "0020100777", "00201007777777777О", "x", "2" * 100_000]

    assert [text[:20] for text in texts if parse_clabe(text) is not None] == []


def _with_one_wrong_digit(number: str) -> list[str]:
    return [
        f"{number[:place]}{digit}{number[place + 1 :]}"
        for place, right in enumerate(number)
        for digit in "0123456789"
        if digit != right
    ]
