"""The RFC: what passes, in which form, and what is refused without ever raising."""

import pytest
from stdnum.mx.rfc import _name_blacklist

from services.outcomes import FieldErrorCode
from services.validation.rfc import Rfc, TaxpayerType, parse_rfc


@pytest.mark.parametrize("rfc", ["EKU9003173C9", "H&E951128469", "GODE561231GR8", "ÑAÑ&800101AAA", "MISC491214B86"])
def test_an_rfc_in_its_own_form_passes_unchanged(rfc: str) -> None:
    assert parse_rfc(rfc) == Rfc(rfc)


@pytest.mark.parametrize(
    ("typed", "rfc"),
    [
        ("eku9003173c9", "EKU9003173C9"),
        (" EKU 900317 3C9\n", "EKU9003173C9"),
        ("EKU-900317-3C9", "EKU9003173C9"),
        ("EKU‑900317–3C9", "EKU9003173C9"),
        ("\u00a0EKU\u00a0900317\u00a03C9\u00a0", "EKU9003173C9"),
        ("h&e 951128-469", "H&E951128469"),
        ("ñam800101aa1", "ÑAM800101AA1"),
        ("  E K U 9 0 0 3 1 7 3 C 9  ", "EKU9003173C9"),
    ],
)
def test_case_blanks_and_hyphens_make_no_difference(typed: str, rfc: str) -> None:
    assert parse_rfc(typed) == Rfc(rfc)


@pytest.mark.parametrize("decomposed", ["N\u0303AM800101AA1", "n\u0303am800101aa1"])
def test_a_decomposed_enye_is_an_enye(decomposed: str) -> None:
    assert parse_rfc(decomposed) == Rfc("ÑAM800101AA1")


@pytest.mark.parametrize("typed", ["XAXX010101000", "XEXX010101000", "xaxx-010101-000", " xexx 010101 000 "])
def test_generic_ones_belong_to_nobody(typed: str) -> None:
    assert parse_rfc(typed) == FieldErrorCode.GENERIC_RFC


def test_a_wrong_check_digit_passes_since_the_sat_has_issued_some() -> None:
    assert parse_rfc("EKU9003173C8") == Rfc("EKU9003173C8")


@pytest.mark.parametrize("typed", ["EKU0002293C9", "EKU0402293C9", "GODE560229GR8"])
def test_the_29_of_february_of_a_leap_year_passes(typed: str) -> None:
    assert parse_rfc(typed) == Rfc(typed)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blanks"),
        pytest.param("GODE561231", id="10 characters"),
        pytest.param("EKU9003173C", id="11 characters"),
        pytest.param("EKUXX9003173C9", id="14 characters"),
        pytest.param("EKU9002303C9", id="30 February"),
        pytest.param("EKU0102293C9", id="29 February of a common year"),
        pytest.param("EKU9004313C9", id="31 April"),
        pytest.param("EKU9013013C9", id="month 13"),
        pytest.param("EKU9000013C9", id="month 0"),
        pytest.param("EKU9001003C9", id="day 0"),
        pytest.param("E1U9003173C9", id="a digit among the letters"),
        pytest.param("EKU90O3173C9", id="a letter among the digits"),
        pytest.param("EKU9003173CB", id="a last character that is no check digit"),
        pytest.param("EKU900317Ñ&9", id="a homoclave of other letters"),
        pytest.param("EKU900317_3C9", id="another separator"),
        pytest.param("EKU900317.3C9", id="a full stop"),
        pytest.param("ÉKU9003173C9", id="an accent"),
        pytest.param("ＥKU9003173C9", id="a full-width letter"),
        pytest.param("EKU９003173C9", id="a full-width digit"),
        pytest.param("EKU\u0669003173C9", id="an Arabic digit"),
        pytest.param("ıKU9003173C9", id="dotless i, whose upper case is I"),
        pytest.param("ſKU9003173C9", id="long s, whose upper case is S"),
        pytest.param("ßU9003173C9", id="sharp s, whose upper case is SS"),
        pytest.param("\u0395KU9003173C9", id="a Greek epsilon"),
        pytest.param("EKU9003173C9\u200b", id="a zero-width space"),
        pytest.param("EKU9003173C9\0", id="NUL at the end"),
        pytest.param("EKU\x009003173C9", id="NUL inside"),
        pytest.param("\ud800KU9003173C9", id="a high surrogate"),
        pytest.param("EKU9003173C9\udc00", id="a low surrogate"),
        pytest.param("E" * 1_000_000, id="a megabyte"),
        pytest.param(" " * 1_000_000, id="a megabyte of blanks"),
        pytest.param("EKU9003173C9" + "\u0303" * 1_000_000, id="a megabyte of accents"),
    ],
)
def test_what_is_no_rfc_is_malformed(typed: str) -> None:
    assert parse_rfc(typed) == FieldErrorCode.MALFORMED


@pytest.mark.parametrize("word", sorted(_name_blacklist))
def test_a_persons_rfc_begins_with_no_word_that_the_sat_avoids(word: str) -> None:
    assert parse_rfc(f"{word}800101AA1") == FieldErrorCode.MALFORMED
    assert parse_rfc(f"{word[:3]}X800101AA1") == Rfc(f"{word[:3]}X800101AA1")


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("EKU9003173C9", TaxpayerType.PERSONA_MORAL),
        ("eku 900317 3c9", TaxpayerType.PERSONA_MORAL),
        ("GODE561231GR8", TaxpayerType.PERSONA_FISICA),
        ("gode-561231-gr8", TaxpayerType.PERSONA_FISICA),
    ],
)
def test_the_length_tells_persons_from_companies(typed: str, kind: TaxpayerType) -> None:
    rfc = parse_rfc(typed)

    assert isinstance(rfc, Rfc)
    assert rfc.taxpayer_type is kind
