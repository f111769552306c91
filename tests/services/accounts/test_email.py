"""E-mail addresses: the form that is kept, the key by which they are found, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.email import MAX_LENGTH, Email, email_problem, parse_email
from services.common.outcomes import FieldErrorCode, FieldProblem, ForbiddenCharacter

_LABELS = ".".join(["b" * 63, "c" * 63])


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        pytest.param("ana@example.com", "ana@example.com", id="as it is"),
        pytest.param("  ana@example.com\r\n", "ana@example.com", id="blanks around"),
        pytest.param("\u00a0ana@example.com\u00a0", "ana@example.com", id="non-breaking spaces around"),
        pytest.param("Ana.Luisa@Example.COM", "Ana.Luisa@example.com", id="the local part keeps its case"),
        pytest.param("ana+sat@example.com", "ana+sat@example.com", id="a plus address is one of its own"),
        pytest.param("a.n.a@example.com", "a.n.a@example.com", id="dots are kept"),
        pytest.param("o'hara_n@example.com", "o'hara_n@example.com", id="odd but legal signs"),
        pytest.param("ana@correo.español.mx", "ana@correo.xn--espaol-zwa.mx", id="an IDN domain in ASCII"),
        pytest.param("ana@espan\u0303ol.mx", "ana@xn--espaol-zwa.mx", id="a decomposed IDN domain"),
        pytest.param("ana@ESPAÑOL.mx", "ana@xn--espaol-zwa.mx", id="an IDN domain in capitals"),
        pytest.param("ana@xn--espaol-zwa.mx", "ana@xn--espaol-zwa.mx", id="an IDN domain that is ASCII already"),
        pytest.param("ana@ｅxample.com", "ana@example.com", id="a full-width domain"),
        pytest.param("ａna＠example．com", "ana@example.com", id="full-width everywhere"),
        pytest.param("ana@example。com", "ana@example.com", id="an ideographic full stop"),
        pytest.param("ana@example.com. ", "ana@example.com", id="the full stop of two spaces"),
        pytest.param("ana@example.com,", "ana@example.com", id="a comma after it"),
        pytest.param("ana @example.com", "ana@example.com", id="the blank after a word that a phone completed"),
        pytest.param("<ana@example.com>", "ana@example.com", id="angle brackets"),
        pytest.param("mailto:ana@example.com", "ana@example.com", id="a link"),
        pytest.param("<MAILTO:ana@example.com>.", "ana@example.com", id="a link in brackets"),
        pytest.param("“ana@example.com”", "ana@example.com", id="curly quotes around"),
        pytest.param("'ana@example.com'", "ana@example.com", id="single quotes around"),
        pytest.param("'ana@example.com", "'ana@example.com", id="a quote that only begins it is of the address"),
        pytest.param("o’hara@example.com", "o'hara@example.com", id="a typographic apostrophe"),
        pytest.param("ana‑luisa@example.com", "ana-luisa@example.com", id="a hyphen that does not break"),
        pytest.param("ana–luisa@mi−sitio.mx", "ana-luisa@mi-sitio.mx", id="an en dash and a minus sign"),
        pytest.param("a\u200bna\u00ad@exam\u2060ple.com\u202c\ufeff", "ana@example.com", id="what nobody sees"),
        pytest.param("ana@espa\u200bñol.mx", "ana@xn--espaol-zwa.mx", id="the same in an IDN domain"),
        pytest.param("ana@пример.рф", "ana@xn--e1afmkfd.xn--p1ai", id="a domain of another script"),
    ],
)
def test_an_address_is_kept_in_ascii_with_its_domain_in_lower_case(typed: str, address: str) -> None:
    assert parse_email(typed) == Email(address)


def test_the_key_is_the_address_in_lower_case_and_nothing_else_folded() -> None:
    keys = [email.key for typed in ("ANA@Example.com", "ana@EXAMPLE.com", " Ana@example.com ") if (email := _ok(typed))]

    assert set(keys) == {"ana@example.com"}
    assert _ok("ana+x@example.com").key == "ana+x@example.com"
    assert _ok("a.na@example.com").key == "a.na@example.com"


def test_an_idn_domain_has_one_key_however_it_is_typed() -> None:
    keys = {_ok(f"Ana@{domain}").key for domain in ("español.mx", "ESPAN\u0303OL.MX", "xn--espaol-zwa.mx")}

    assert keys == {"ana@xn--espaol-zwa.mx"}


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="empty"),
        pytest.param("@", id="an at sign"),
        pytest.param("ana", id="no at sign"),
        pytest.param("ana@", id="no domain"),
        pytest.param("@example.com", id="no local part"),
        pytest.param("ana@example", id="a name without a dot"),
        pytest.param("ana@localhost", id="localhost"),
        pytest.param("ana@example.invalid", id="a domain that can never exist"),
        pytest.param("ana@@example.com", id="two at signs"),
        pytest.param("ana@.example.com", id="a leading dot in the domain"),
        pytest.param("ana@exa..mple.com", id="two dots in the domain"),
        pytest.param(".ana@example.com", id="a leading dot"),
        pytest.param("ana.@example.com", id="a dot before the at sign"),
        pytest.param("a..na@example.com", id="two dots"),
        pytest.param("ana luisa@example.com", id="a blank in the local part"),
        pytest.param("ana@exam ple.com", id="a blank in the domain"),
        pytest.param('"ana luisa"@example.com', id="a quoted local part"),
        pytest.param('"ana"@example.com', id="a local part quoted for nothing"),
        pytest.param("ana@[127.0.0.1]", id="an IPv4 literal"),
        pytest.param("ana@[IPv6:::1]", id="an IPv6 literal"),
        pytest.param("ana@127.0.0.1", id="an IPv4 address"),
        pytest.param("Ana <ana@example.com>", id="a display name"),
        pytest.param("ana@example.com, luis@example.com", id="two addresses"),
        pytest.param("ana(comment)@example.com", id="a comment"),
        pytest.param("añá@example.com", id="a local part beyond ASCII"),
        pytest.param("ana@-example.com", id="a hyphen at the edge"),
        pytest.param("ana@exa_mple.com", id="an underscore in the domain"),
        pytest.param("ana@xn--correo.mx", id="a broken IDN domain"),
        pytest.param("ana@example.com\r\nBcc: eva@example.com", id="a header of its own"),
        pytest.param("ana\n@example.com", id="a line break"),
        pytest.param("a\0na@example.com", id="NUL in the local part"),
        pytest.param("ana@exam\0ple.com", id="NUL in the domain"),
        pytest.param("ana@example.com\0", id="NUL at the end"),
        pytest.param("\ud800@example.com", id="a surrogate in the local part"),
        pytest.param("ana@exam\udc00ple.com", id="a surrogate in the domain"),
        pytest.param("a" * 65 + "@example.com", id="a local part of 65"),
        pytest.param("ana@" + "b" * 64 + ".com", id="a label of 64"),
        pytest.param("a" * 60 + "@" + ".".join(["ñ" * 50] * 3) + ".mx", id="216 characters, more than 254 in ASCII"),
        pytest.param("a" * 1_000_000 + "@example.com", id="a megabyte"),
        pytest.param("@" * 1_000_000, id="a megabyte of at signs"),
        pytest.param("ana@" + "a." * 500_000 + "com", id="a megabyte of labels"),
        pytest.param(" " * 1_000_000, id="a megabyte of blanks"),
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    assert parse_email(typed) is None


@pytest.mark.parametrize(
    ("typed", "character"),
    [
        pytest.param("аna@example.com", "«а» (U+0430)", id="a Cyrillic letter"),
        pytest.param("ana@exаmple.com", "«а» (U+0430)", id="a Cyrillic letter among Latin ones of the domain"),
        pytest.param("ana@gοb.mx", "«ο» (U+03BF)", id="a Greek one"),
        pytest.param("ana—luisa@example.com", "«—» (U+2014)", id="a long dash, which may be two hyphens"),
        pytest.param("añá@example.com", "«ñ» (U+00F1)", id="an accent"),
        pytest.param("ana\u0660@example.com", "«\u0660» (U+0660)", id="a digit of another script"),
        pytest.param("o´hara@example.com", "«´» (U+00B4)", id="an accent by itself"),
        pytest.param("oﬁcina@example.com", "«ﬁ» (U+FB01)", id="a ligature"),
        pytest.param("ana@ex€mple.com", "«€» (U+20AC)", id="a sign in the domain"),
        pytest.param("ana@es\u200dpañol.mx", "U+200D", id="a joiner in an IDN domain"),
        pytest.param("ana\n@example.com", "U+000A", id="a line break"),
        pytest.param("a\0na@example.com", "U+0000", id="NUL"),
        pytest.param("\ud800@example.com", "U+D800", id="a surrogate"),
    ],
)
def test_what_could_name_another_mailbox_is_named_and_never_replaced(typed: str, character: str) -> None:
    assert parse_email(typed) is None
    assert email_problem(typed) == FieldProblem.of("email", ForbiddenCharacter(character), maximum=254)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", FieldErrorCode.MISSING),
        ("\u200b \n", FieldErrorCode.MISSING),
        ("ana", FieldErrorCode.MALFORMED),
        ("ana@@example.com", FieldErrorCode.MALFORMED),
        ("ana luisa@example.com", FieldErrorCode.MALFORMED),
        ("é" * 1_000_000, FieldErrorCode.TOO_LONG),
        ("@" * 300, FieldErrorCode.TOO_LONG),
    ],
    ids=lambda value: getattr(value, "name", repr(value)[:24]),
)
def test_what_has_no_odd_character_is_missing_malformed_or_too_long(typed: str, code: FieldErrorCode) -> None:
    assert email_problem(typed) == FieldProblem("email", code, maximum=254)


@given(st.text(st.sampled_from("ana@example.mx\u200b\u200d <>'\u2019.ñа\ud800\0") | st.characters(), max_size=60))
def test_whatever_is_typed_an_address_is_one_that_reads_as_itself(typed: str) -> None:
    email = parse_email(typed)

    if email:
        assert email.address.isascii()
        assert parse_email(email.address) == email
    else:
        assert email_problem(typed)


def test_254_characters_are_the_most() -> None:
    longest = f"{'a' * 64}@{_LABELS}.{'d' * (MAX_LENGTH - 64 - 1 - len(_LABELS) - 1 - 4)}.com"

    assert len(longest) == 254
    assert parse_email(longest) == Email(longest)
    assert parse_email(longest.replace(".com", "d.com")) is None


def _ok(typed: str) -> Email:
    email = parse_email(typed)
    assert email
    return email
