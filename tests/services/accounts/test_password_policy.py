"""New passwords: length in code points after NFC, what is too easy to guess, and what no keyboard types."""

import string
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from services.accounts.password_policy import (
    PasswordPolicy,
    canonical_mailed_password,
    is_typeable,
    normalize_password,
    parse_mailed_password,
)
from services.common.outcomes import FieldErrorCode
from services.common.secrets import ALPHABET

ROOT = Path(__file__).parents[3]
_POLICY = PasswordPolicy(minimum_length=8, site_words=("Cuentaclara", "facturas.example.mx"))
_IDENTITY = ("EKU9003173C9", "ana.quintanilla@correo.mx")


def _check(typed: str) -> FieldErrorCode | None:
    return _POLICY.check(normalize_password(typed), _IDENTITY)


def test_composed_and_decomposed_letters_make_the_same_password() -> None:
    passwords = {
        "contraseña única": "contrasen\u0303a u\u0301nica",
        "Ångström 12": "A\u030angstro\u0308m 12",
        "각각각": "각각각",
    }

    assert {composed: normalize_password(decomposed) for composed, decomposed in passwords.items()} == {
        composed: normalize_password(composed) for composed in passwords
    }


def test_nothing_else_of_a_password_is_changed() -> None:
    passwords = ["Con Mayúsculas", "  blanks around  ", "ﬁ ligature", "ＦＵＬＬ ｗｉｄｔｈ", "x² ½"]

    assert list(map(normalize_password, passwords)) == passwords


def test_length_counts_code_points() -> None:
    problems = {
        "": FieldErrorCode.MISSING,  # empty
        " \u200b\t\n": FieldErrorCode.MISSING,  # a few blanks
        "kxqv7wz": FieldErrorCode.TOO_SHORT,  # seven
        "kxqv7wzj": None,  # eight
        "n\u0303" * 7: FieldErrorCode.TOO_SHORT,  # seven once composed
        "ñúüéíóáç": None,  # eight beyond ASCII
        "😀🦊🌵🎸🚀🍋🧩": FieldErrorCode.TOO_SHORT,  # seven emoji
        "😀🦊🌵🎸🚀🍋🧩🪁": None,  # eight emoji
        "        ": None,  # eight blanks
        "kx" * 64: None,  # 128
        "kx" * 64 + "k": FieldErrorCode.TOO_LONG,  # 129
        "😀" * 128: None,  # 128 emoji
        "😀" * 129: FieldErrorCode.TOO_LONG,  # 129 emoji
        "n\u0303" * 128: None,  # 256 that compose to 128
        "x" * 1_000_000: FieldErrorCode.TOO_LONG,  # a megabyte
    }

    assert {typed: _check(typed) for typed in problems} == problems


def test_any_printable_ascii_character_and_the_space_may_be_in_a_password() -> None:
    typed = string.ascii_letters + string.digits + string.punctuation + " "

    assert len(typed) == 95
    assert _check(typed) is None


def test_the_operator_sets_the_minimum_length() -> None:
    policy = PasswordPolicy(minimum_length=15)

    assert policy.check("catorce letras", ()) == FieldErrorCode.TOO_SHORT
    assert policy.check("quince letras ya", ()) is None


def test_common_passwords_of_both_languages_are_refused_in_any_case() -> None:
    common = [
        "password",
        "PassWord",
        "12345678",
        "123456789",
        "iloveyou",
        "contraseña",
        "CONTRASEÑA",
        "Contrasen\u0303a",
    ]

    assert [typed for typed in common if _check(typed) != FieldErrorCode.TOO_COMMON] == []


def test_the_lists_hold_thousands_that_are_long_enough_and_each_is_refused() -> None:
    lists = sorted((ROOT / "services/accounts/common_passwords").glob("*.txt"))
    listed = [[line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")] for path in lists]

    assert [path.stem for path in lists] == ["en", "es"]
    assert all(len(passwords) > 9_000 for passwords in listed)
    assert {_check(typed) for passwords in listed for typed in passwords} == {FieldErrorCode.TOO_COMMON}


def test_a_phrase_that_contains_a_common_password_passes() -> None:
    phrases = ["password caballo grapa", "una frase larga", "kxqv7wzj", "contraseña de mi gato"]

    assert [typed for typed in phrases if _check(typed) is not None] == []


def test_a_password_made_of_the_accounts_own_words_is_refused() -> None:
    passwords = [
        "EKU9003173C9",  # the RFC
        "eku9003173c9",  # the RFC in lower case
        "EKU-900317-3C9",  # the RFC with hyphens
        "1EKU9003173C9!",  # the RFC between signs
        "EKU900317",  # the RFC without its homoclave
        "eku900317!!1",  # the same with signs
        "ana.quintanilla@correo.mx",  # the e-mail
        "ANA.QUINTANILLA@CORREO.MX1",  # the e-mail and a digit
        "ana.quintanilla",  # the local part
        "12ana.quintanilla3",  # the local part between digits
        "quintanilla123",  # a part of the local part and digits
        "anaquintanilla!",  # the local part without its dot
        "Cuentaclara",  # the site's name
        "cuentaclara123",  # the site's name and digits
        "1_CUENTACLARA_2",  # the site's name between digits
        "cuentaclaracuentaclara",  # the site's name twice
        "facturas.example.mx",  # the site's host
        "cuentaclara-quintanilla",  # two of these
    ]

    assert [typed for typed in passwords if _check(typed) != FieldErrorCode.CONTAINS_IDENTITY] == []


def test_a_phrase_that_merely_contains_them_passes() -> None:
    phrases = [
        "mi cuentaclara preferido cuesta poco",
        "la señora quintanilla vende tacos",
        "EKU9003173C9 es mi registro",
        "ana nada bien",
        "kxqv7wzj",
        "😀🦊🌵🎸🚀🍋🧩🪁",
    ]

    assert [typed for typed in phrases if _check(typed) is not None] == []


def test_accents_in_an_rfc_do_not_refuse_a_password_with_accents() -> None:
    problem = _POLICY.check("peñón de los baños", ("ÑAM800101AA1", "x@correo.mx"))

    assert problem is None


def test_a_password_that_no_keyboard_types_is_malformed() -> None:
    untypeable = [
        "una frase\0larga",  # NUL
        "una frase\nlarga",  # a line break
        "una frase\tlarga",  # a tab
        "una frase larga\x7f",  # delete
        "una frase\x85larga",  # a C1 control
        "una frase \ud800",  # a high surrogate
        "\udc00 una frase",  # a low surrogate
        "\0",  # NUL alone, short as it is
    ]

    assert [typed for typed in untypeable if is_typeable(typed)] == []
    assert [typed for typed in untypeable if _check(typed) != FieldErrorCode.MALFORMED] == []


def test_a_megabyte_with_a_surrogate_at_its_end_is_too_long_and_never_hashed() -> None:
    assert _check("x" * 1_000_000 + "\ud800") == FieldErrorCode.TOO_LONG


def test_case_spaces_and_hyphens_do_not_matter_in_a_mailed_password() -> None:
    ways = [
        "ABCDEF-GHJKMN-PQRSTU-234567",
        "abcdef-ghjkmn-pqrstu-234567",
        "  ABCDEF GHJKMN\nPQRSTU\u00a0234567 ",
        "ABCDEFGHJKMNPQRSTU234567",
        "ABCDEF\u2013GHJKMN\u2212PQRSTU\u2014234567.",
        "«ABCDEF\u2011GHJKMN\u00adPQRSTU\u200b234567»",
        "ＡＢＣＤＥＦ－ｇｈｊｋｍｎ－ＰＱＲＳＴＵ－２３４５６７",
        "\ufeffABCDEF-GHJKMN-\r\nPQRSTU-234567\u202c",
    ]

    assert [typed for typed in ways if canonical_mailed_password(typed) != "ABCDEFGHJKMNPQRSTU234567"] == []


def test_two_chosen_passwords_stay_different() -> None:
    pairs = [
        ("una frase larga.", "una frase larga"),
        ("ＦＵＬＬ width", "FULL width"),
        ("una\u200b frase larga", "una frase larga"),
        ("cumpleaños–2024", "cumpleaños-2024"),
        ("АBCDEF-GHJKMN-PQRSTU-234567", "ABCDEF-GHJKMN-PQRSTU-234567"),
    ]

    assert [one for one, other in pairs if canonical_mailed_password(one) == canonical_mailed_password(other)] == []


@given(st.text(st.sampled_from("ABC234-\u2013\u200bſ\ud800\0 ") | st.characters(), max_size=60))
def test_any_text_is_parsed_as_a_mailed_password_or_refused(typed: str) -> None:
    parsed = parse_mailed_password(typed)

    assert parsed is None or (len(parsed) == 24 and set(parsed) <= set(ALPHABET))


def test_a_password_made_of_the_rfc_is_refused_however_the_rfc_was_pasted() -> None:
    rfcs = ["ＥＫＵ９００３１７３Ｃ９", "EKU\u200b9003173C9", "EKU–900317–3C9"]

    problems = [_POLICY.check("eku9003173c9", (rfc, "x@correo.mx")) for rfc in rfcs]

    assert problems == [FieldErrorCode.CONTAINS_IDENTITY] * len(rfcs)
