"""New passwords: length in code points after NFC, what is too easy to guess, and what no keyboard types."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.password_policy import (
    PasswordPolicy,
    canonical_mailed_password,
    is_typeable,
    normalise_password,
    parse_mailed_password,
)
from services.common.outcomes import FieldErrorCode
from services.common.secrets import ALPHABET

ROOT = Path(__file__).parents[3]
_POLICY = PasswordPolicy(minimum_length=8, site_words=("Cuentaclara", "facturas.example.mx"))
_IDENTITY = ("EKU9003173C9", "ana.quintanilla@correo.mx")


def _check(typed: str) -> FieldErrorCode | None:
    return _POLICY.check(normalise_password(typed), _IDENTITY)


@pytest.mark.parametrize(
    ("composed", "decomposed"),
    [
        ("contraseña única", "contrasen\u0303a u\u0301nica"),
        ("Ångström 12", "A\u030angstro\u0308m 12"),
        ("각각각", "각각각"),
    ],
)
def test_composed_and_decomposed_are_one_password(composed: str, decomposed: str) -> None:
    assert normalise_password(decomposed) == normalise_password(composed)


@pytest.mark.parametrize("typed", ["Con Mayúsculas", "  blanks around  ", "ﬁ ligature", "ＦＵＬＬ ｗｉｄｔｈ", "x² ½"])
def test_nothing_else_of_a_password_is_changed(typed: str) -> None:
    assert normalise_password(typed) == typed


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        pytest.param("", FieldErrorCode.MISSING, id="empty"),
        pytest.param(" \u200b\t\n", FieldErrorCode.MISSING, id="a few blanks"),
        pytest.param("kxqv7wz", FieldErrorCode.TOO_SHORT, id="seven"),
        pytest.param("kxqv7wzj", None, id="eight"),
        pytest.param("n\u0303" * 7, FieldErrorCode.TOO_SHORT, id="seven once composed"),
        pytest.param("ñúüéíóáç", None, id="eight beyond ASCII"),
        pytest.param("😀🦊🌵🎸🚀🍋🧩", FieldErrorCode.TOO_SHORT, id="seven emoji"),
        pytest.param("😀🦊🌵🎸🚀🍋🧩🪁", None, id="eight emoji"),
        pytest.param("        ", None, id="eight blanks"),
        pytest.param("kx" * 64, None, id="128"),
        pytest.param("kx" * 64 + "k", FieldErrorCode.TOO_LONG, id="129"),
        pytest.param("😀" * 128, None, id="128 emoji"),
        pytest.param("😀" * 129, FieldErrorCode.TOO_LONG, id="129 emoji"),
        pytest.param("n\u0303" * 128, None, id="256 that compose to 128"),
        pytest.param("x" * 1_000_000, FieldErrorCode.TOO_LONG, id="a megabyte"),
    ],
)
def test_length_counts_code_points(typed: str, problem: FieldErrorCode | None) -> None:
    assert _check(typed) == problem


def test_any_printing_ascii_character_and_the_blank_may_be_in_a_password() -> None:
    typed = string.ascii_letters + string.digits + string.punctuation + " "

    assert len(typed) == 95
    assert _check(typed) is None


def test_the_minimum_is_the_operators() -> None:
    policy = PasswordPolicy(minimum_length=15)

    assert policy.check("catorce letras", ()) == FieldErrorCode.TOO_SHORT
    assert policy.check("quince letras ya", ()) is None


@pytest.mark.parametrize(
    "typed",
    ["password", "PassWord", "12345678", "123456789", "iloveyou", "contraseña", "CONTRASEÑA", "Contrasen\u0303a"],
)
def test_common_passwords_of_both_languages_are_refused_in_any_case(typed: str) -> None:
    assert _check(typed) == FieldErrorCode.TOO_COMMON


def test_the_lists_hold_thousands_that_are_long_enough_and_each_is_refused() -> None:
    lists = sorted((ROOT / "services/accounts/common_passwords").glob("*.txt"))
    listed = [[line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")] for path in lists]

    assert [path.stem for path in lists] == ["en", "es"]
    assert all(len(passwords) > 9_000 for passwords in listed)
    assert {_check(typed) for passwords in listed for typed in passwords} == {FieldErrorCode.TOO_COMMON}


@pytest.mark.parametrize("typed", ["password caballo grapa", "una frase larga", "kxqv7wzj", "contraseña de mi gato"])
def test_a_phrase_with_a_common_word_in_it_is_not_common(typed: str) -> None:
    assert _check(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("EKU9003173C9", id="the RFC"),
        pytest.param("eku9003173c9", id="the RFC in lower case"),
        pytest.param("EKU-900317-3C9", id="the RFC with hyphens"),
        pytest.param("1EKU9003173C9!", id="the RFC between signs"),
        pytest.param("EKU900317", id="the RFC without its homoclave"),
        pytest.param("eku900317!!1", id="the same with signs"),
        pytest.param("ana.quintanilla@correo.mx", id="the e-mail"),
        pytest.param("ANA.QUINTANILLA@CORREO.MX1", id="the e-mail and a digit"),
        pytest.param("ana.quintanilla", id="the local part"),
        pytest.param("12ana.quintanilla3", id="the local part between digits"),
        pytest.param("quintanilla123", id="a part of the local part and digits"),
        pytest.param("anaquintanilla!", id="the local part without its dot"),
        pytest.param("Cuentaclara", id="the site's name"),
        pytest.param("cuentaclara123", id="the site's name and digits"),
        pytest.param("1_CUENTACLARA_2", id="the site's name between digits"),
        pytest.param("cuentaclaracuentaclara", id="the site's name twice"),
        pytest.param("facturas.example.mx", id="the site's host"),
        pytest.param("cuentaclara-quintanilla", id="two of these"),
    ],
)
def test_a_password_made_of_the_accounts_own_words_is_refused(typed: str) -> None:
    assert _check(typed) == FieldErrorCode.CONTAINS_IDENTITY


@pytest.mark.parametrize(
    "typed",
    [
        "mi cuentaclara preferido cuesta poco",
        "la señora quintanilla vende tacos",
        "EKU9003173C9 es mi registro",
        "ana nada bien",
        "kxqv7wzj",
        "😀🦊🌵🎸🚀🍋🧩🪁",
    ],
)
def test_a_phrase_that_merely_contains_them_passes(typed: str) -> None:
    assert _check(typed) is None


def test_a_person_with_a_name_of_accents_is_not_taken_for_their_password() -> None:
    problem = _POLICY.check("peñón de los baños", ("ÑAM800101AA1", "x@correo.mx"))

    assert problem is None


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("una frase\0larga", id="NUL"),
        pytest.param("una frase\nlarga", id="a line break"),
        pytest.param("una frase\tlarga", id="a tab"),
        pytest.param("una frase larga\x7f", id="delete"),
        pytest.param("una frase\x85larga", id="a C1 control"),
        pytest.param("una frase \ud800", id="a high surrogate"),
        pytest.param("\udc00 una frase", id="a low surrogate"),
        pytest.param("\0", id="NUL alone, short as it is"),
    ],
)
def test_what_comes_from_no_keyboard_is_malformed(typed: str) -> None:
    assert not is_typeable(typed)
    assert _check(typed) == FieldErrorCode.MALFORMED


def test_a_megabyte_with_a_surrogate_at_its_end_is_too_long_and_never_hashed() -> None:
    assert _check("x" * 1_000_000 + "\ud800") == FieldErrorCode.TOO_LONG


@pytest.mark.parametrize(
    "typed",
    [
        "ABCDEF-GHJKMN-PQRSTU-234567",
        "abcdef-ghjkmn-pqrstu-234567",
        "  ABCDEF GHJKMN\nPQRSTU\u00a0234567 ",
        "ABCDEFGHJKMNPQRSTU234567",
        "ABCDEF\u2013GHJKMN\u2212PQRSTU\u2014234567.",
        "«ABCDEF\u2011GHJKMN\u00adPQRSTU\u200b234567»",
        "ＡＢＣＤＥＦ－ｇｈｊｋｍｎ－ＰＱＲＳＴＵ－２３４５６７",
        "\ufeffABCDEF-GHJKMN-\r\nPQRSTU-234567\u202c",
    ],
)
def test_case_blanks_and_hyphens_do_not_matter_in_a_mailed_password(typed: str) -> None:
    assert canonical_mailed_password(typed) == "ABCDEFGHJKMNPQRSTU234567"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("una frase larga.", "una frase larga"),
        ("ＦＵＬＬ width", "FULL width"),
        ("una\u200b frase larga", "una frase larga"),
        ("cumpleaños–2024", "cumpleaños-2024"),
        ("АBCDEF-GHJKMN-PQRSTU-234567", "ABCDEF-GHJKMN-PQRSTU-234567"),
    ],
)
def test_two_chosen_passwords_stay_two(one: str, other: str) -> None:
    assert canonical_mailed_password(one) != canonical_mailed_password(other)


@given(st.text(st.sampled_from("ABC234-\u2013\u200bſ\ud800\0 ") | st.characters(), max_size=60))
def test_what_is_no_mailed_password_is_none(typed: str) -> None:
    parsed = parse_mailed_password(typed)

    assert parsed is None or (len(parsed) == 24 and set(parsed) <= set(ALPHABET))


@pytest.mark.parametrize("rfc", ["ＥＫＵ９００３１７３Ｃ９", "EKU\u200b9003173C9", "EKU–900317–3C9"])
def test_a_password_made_of_the_rfc_is_refused_however_the_rfc_was_pasted(rfc: str) -> None:
    assert _POLICY.check("eku9003173c9", (rfc, "x@correo.mx")) == FieldErrorCode.CONTAINS_IDENTITY
