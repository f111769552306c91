"""The RFC: what passes, in which form, and what is refused without ever raising."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.mx.rfc import _name_blacklist

from services.accounts.rfc import Rfc, TaxpayerType, parse_rfc
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter


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
        *(
            (f"EKU{dash}900317{dash}3C9", "EKU9003173C9")
            for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
        ),
        *(
            (f"{sign}EKU9003{sign}173C9{sign}", "EKU9003173C9")
            for sign in "\u200b\u200e\u202e\u2060\u2066\u00ad\ufeff\ufe0f\u3164"
        ),
        *((f"EKU{blank}900317{blank}3C9", "EKU9003173C9") for blank in "\u00a0\u2007\u202f\u3000\t\n\u2028"),
        ("ＥＫＵ９００３１７３Ｃ９", "EKU9003173C9"),
        ("EKU\u0669\u0660\u06603173C9", "EKU9003173C9"),
        ("«EKU9003173C9».", "EKU9003173C9"),
        ("(EKU9003173C9),", "EKU9003173C9"),
        ("n\u200b\u0303am800101aa1", "ÑAM800101AA1"),
    ],
)
def test_case_blanks_and_hyphens_make_no_difference(typed: str, rfc: str) -> None:
    assert parse_rfc(typed) == Rfc(rfc)


@pytest.mark.parametrize("decomposed", ["N\u0303AM800101AA1", "n\u0303am800101aa1"])
def test_a_decomposed_enye_is_an_enye(decomposed: str) -> None:
    assert parse_rfc(decomposed) == Rfc("ÑAM800101AA1")


@pytest.mark.parametrize(
    "typed",
    [
        *("XAXX010101000", "XEXX010101000", "xaxx-010101-000", " xexx 010101 000 "),
        *("EXT990101NI1", "EXT990101NI4", "EXT990101NI9", "ext-990101-ni1", "EXTF900101NI1", "XEXT990101NI4"),
    ],
)
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
        pytest.param("E" * 1_000_000, id="a megabyte"),
        pytest.param("EKU9003173C9" + "\u0303" * 1_000_000, id="a megabyte of accents"),
    ],
)
def test_what_is_no_rfc_is_malformed(typed: str) -> None:
    assert parse_rfc(typed) == FieldErrorCode.MALFORMED


@pytest.mark.parametrize(
    ("typed", "character"),
    [
        ("ÉKU9003173C9", "«É» (U+00C9)"),
        ("E\u0301KU9003173C9", "«É» (U+00C9)"),
        ("X\u0301KU9003173C9", "U+0301"),
        ("АKU9003173C9", "«А» (U+0410)"),
        ("\u0395KU9003173C9", "«Ε» (U+0395)"),
        ("łKU9003173C9", "«ł» (U+0142)"),
        ("ıKU9003173C9", "«ı» (U+0131)"),
        ("ſKU9003173C9", "«ſ» (U+017F)"),
        ("ßU9003173C9", "«ß» (U+00DF)"),
        ("EKU9\u00ba03173C9", "«º» (U+00BA)"),
        ("\ufffdAM800101AA1", "«\ufffd» (U+FFFD)"),
        ("EKU9003173C9\0", "U+0000"),
        ("EKU\x009003173C9", "U+0000"),
        ("\ud800KU9003173C9", "U+D800"),
        ("EKU9003173C9\udc00", "U+DC00"),
        ("EKU9003173C9🙂", "«🙂» (U+1F642)"),
        ("\ufdfa", "«\ufdfa» (U+FDFA)"),
    ],
)
def test_what_may_be_taken_for_another_character_is_named_and_never_replaced(typed: str, character: str) -> None:
    assert parse_rfc(typed) == ForbiddenCharacter(character)


@pytest.mark.parametrize(
    "typed", ["", "   ", "\t\u00a0\u200b\ufeff", " " * 1_000_000], ids=lambda typed: repr(typed)[:16]
)
def test_a_blank_rfc_is_missing(typed: str) -> None:
    assert parse_rfc(typed) == FieldErrorCode.MISSING


@pytest.mark.parametrize("word", sorted(_name_blacklist))
def test_a_persons_rfc_may_begin_with_a_word_that_the_sat_avoids_since_some_do(word: str) -> None:
    assert parse_rfc(f"{word}800101AA1") == Rfc(f"{word}800101AA1")
    assert parse_rfc(f"{word}800230AA1") == FieldErrorCode.MALFORMED


@given(st.text(st.sampled_from("EKU90037C-\u200b\u2013\u0410\u0303ÑN\ud800\0 .") | st.characters(), max_size=60))
def test_whatever_is_typed_an_rfc_is_one_that_reads_as_itself(typed: str) -> None:
    rfc = parse_rfc(typed)

    if isinstance(rfc, Rfc):
        assert len(rfc.text) in {12, 13}
        assert parse_rfc(rfc.text) == rfc


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
