"""The RFC: what passes, in which form, and what is refused without ever raising."""

from hypothesis import given
from hypothesis import strategies as st
from stdnum.mx.rfc import _name_blacklist

from services.accounts.rfc import Rfc, TaxpayerType, parse_rfc
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter


def test_an_rfc_in_canonical_form_passes_unchanged() -> None:
    rfcs = [
        "EKU9003173C9",
        "H&E951128469",
        "GODE561231GR8",
        "ÑAÑ&800101AAA",
        "MISC491214B86",
        "EKU9003173C8",  # a wrong check digit, since the SAT has issued some
        "EKU0002293C9",  # 29 February of a leap year
        "EKU0402293C9",
        "GODE560229GR8",
    ]

    assert [rfc for rfc in rfcs if parse_rfc(rfc) != Rfc(rfc)] == []


def test_case_spaces_and_hyphens_do_not_matter() -> None:
    rfcs = {
        "eku9003173c9": "EKU9003173C9",
        " EKU 900317 3C9\n": "EKU9003173C9",
        "EKU-900317-3C9": "EKU9003173C9",
        "EKU‑900317–3C9": "EKU9003173C9",
        "\u00a0EKU\u00a0900317\u00a03C9\u00a0": "EKU9003173C9",
        "h&e 951128-469": "H&E951128469",
        "ñam800101aa1": "ÑAM800101AA1",
        "  E K U 9 0 0 3 1 7 3 C 9  ": "EKU9003173C9",
        **{
            f"EKU{dash}900317{dash}3C9": "EKU9003173C9"
            for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
        },
        **{
            f"{sign}EKU9003{sign}173C9{sign}": "EKU9003173C9"
            for sign in "\u200b\u200e\u202e\u2060\u2066\u00ad\ufeff\ufe0f\u3164"
        },
        **{f"EKU{blank}900317{blank}3C9": "EKU9003173C9" for blank in "\u00a0\u2007\u202f\u3000\t\n\u2028"},
        "ＥＫＵ９００３１７３Ｃ９": "EKU9003173C9",
        "EKU\u0669\u0660\u06603173C9": "EKU9003173C9",
        "«EKU9003173C9».": "EKU9003173C9",
        "(EKU9003173C9),": "EKU9003173C9",
        "n\u200b\u0303am800101aa1": "ÑAM800101AA1",
    }

    assert {typed: parse_rfc(typed) for typed in rfcs} == {typed: Rfc(rfc) for typed, rfc in rfcs.items()}


def test_a_decomposed_enye_is_an_enye() -> None:
    assert parse_rfc("N\u0303AM800101AA1") == parse_rfc("n\u0303am800101aa1") == Rfc("ÑAM800101AA1")


def test_a_generic_rfc_is_refused() -> None:
    generic = [
        "XAXX010101000",
        "XEXX010101000",
        "xaxx-010101-000",
        " xexx 010101 000 ",
        "EXT990101NI1",
        "EXT990101NI4",
        "EXT990101NI9",
        "ext-990101-ni1",
        "EXTF900101NI1",
        "XEXT990101NI4",
    ]

    assert [typed for typed in generic if parse_rfc(typed) != FieldErrorCode.GENERIC_RFC] == []


def test_any_other_text_is_a_malformed_rfc() -> None:
    others = [
        "GODE561231",  # 10 characters
        "EKU9003173C",  # 11 characters
        "EKUXX9003173C9",  # 14 characters
        "EKU9002303C9",  # 30 February
        "EKU0102293C9",  # 29 February of a common year
        "EKU9004313C9",  # 31 April
        "EKU9013013C9",  # month 13
        "EKU9000013C9",  # month 0
        "EKU9001003C9",  # day 0
        "E1U9003173C9",  # a digit among the letters
        "EKU90O3173C9",  # a letter among the digits
        "EKU9003173CB",  # a last character that is no check digit
        "EKU900317Ñ&9",  # a homoclave of other letters
        "EKU900317_3C9",  # another separator
        "EKU900317.3C9",  # a full stop
        "E" * 1_000_000,  # a megabyte
        "EKU9003173C9" + "\u0303" * 1_000_000,  # a megabyte of accents
    ]

    assert [typed[:20] for typed in others if parse_rfc(typed) != FieldErrorCode.MALFORMED] == []


def test_a_character_that_may_be_mistaken_for_another_is_named_and_never_replaced() -> None:
    named = {
        "ÉKU9003173C9": "«É» (U+00C9)",
        "E\u0301KU9003173C9": "«É» (U+00C9)",
        "X\u0301KU9003173C9": "U+0301",
        "АKU9003173C9": "«А» (U+0410)",
        "\u0395KU9003173C9": "«Ε» (U+0395)",
        "łKU9003173C9": "«ł» (U+0142)",
        "ıKU9003173C9": "«ı» (U+0131)",
        "ſKU9003173C9": "«ſ» (U+017F)",
        "ßU9003173C9": "«ß» (U+00DF)",
        "EKU9\u00ba03173C9": "«º» (U+00BA)",
        "\ufffdAM800101AA1": "«\ufffd» (U+FFFD)",
        "EKU9003173C9\0": "U+0000",
        "EKU\x009003173C9": "U+0000",
        "\ud800KU9003173C9": "U+D800",
        "EKU9003173C9\udc00": "U+DC00",
        "EKU9003173C9🙂": "«🙂» (U+1F642)",
        "\ufdfa": "«\ufdfa» (U+FDFA)",
    }

    assert {typed: parse_rfc(typed) for typed in named} == {
        typed: ForbiddenCharacter(character) for typed, character in named.items()
    }


def test_a_blank_rfc_is_missing() -> None:
    blank = ["", "   ", "\t\u00a0\u200b\ufeff", " " * 1_000_000]

    assert [typed[:9] for typed in blank if parse_rfc(typed) != FieldErrorCode.MISSING] == []


def test_a_persons_rfc_may_begin_with_a_word_that_the_sat_avoids_since_some_do() -> None:
    words = sorted(_name_blacklist)

    assert len(words) == 41
    assert [word for word in words if parse_rfc(f"{word}800101AA1") != Rfc(f"{word}800101AA1")] == []
    assert [word for word in words if parse_rfc(f"{word}800230AA1") != FieldErrorCode.MALFORMED] == []


@given(st.text(st.sampled_from("EKU90037C-\u200b\u2013\u0410\u0303ÑN\ud800\0 .") | st.characters(), max_size=60))
def test_any_text_is_refused_or_gives_an_rfc_that_parses_to_itself(typed: str) -> None:
    rfc = parse_rfc(typed)

    if isinstance(rfc, Rfc):
        assert len(rfc.text) in {12, 13}
        assert parse_rfc(rfc.text) == rfc


def test_the_length_distinguishes_persons_from_companies() -> None:
    kinds = {
        "EKU9003173C9": TaxpayerType.PERSONA_MORAL,
        "eku 900317 3c9": TaxpayerType.PERSONA_MORAL,
        "GODE561231GR8": TaxpayerType.PERSONA_FISICA,
        "gode-561231-gr8": TaxpayerType.PERSONA_FISICA,
    }

    assert {typed: rfc.taxpayer_type for typed in kinds if isinstance(rfc := parse_rfc(typed), Rfc)} == kinds
