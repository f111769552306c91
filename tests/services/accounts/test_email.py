"""E-mail addresses: the form that is kept, the key by which they are found, and what is refused."""

from hypothesis import given
from hypothesis import strategies as st

from services.accounts.email import MAX_LENGTH, Email, email_problem, parse_email
from services.common.outcomes import FieldErrorCode, FieldProblem, ForbiddenCharacter

_LABELS = ".".join(["b" * 63, "c" * 63])


def test_an_address_is_kept_in_ascii_with_its_domain_in_lower_case() -> None:
    addresses = {
        "ana@example.com": "ana@example.com",  # as it is
        "  ana@example.com\r\n": "ana@example.com",  # blanks around
        "\u00a0ana@example.com\u00a0": "ana@example.com",  # non-breaking spaces around
        "Ana.Luisa@Example.COM": "Ana.Luisa@example.com",  # the local part keeps its case
        "ana+sat@example.com": "ana+sat@example.com",  # a plus address is kept
        "a.n.a@example.com": "a.n.a@example.com",  # dots are kept
        "o'hara_n@example.com": "o'hara_n@example.com",  # odd but legal signs
        "ana@correo.español.mx": "ana@correo.xn--espaol-zwa.mx",  # an IDN domain in ASCII
        "ana@espan\u0303ol.mx": "ana@xn--espaol-zwa.mx",  # a decomposed IDN domain
        "ana@ESPAÑOL.mx": "ana@xn--espaol-zwa.mx",  # an IDN domain in capitals
        "ana@xn--espaol-zwa.mx": "ana@xn--espaol-zwa.mx",  # an IDN domain that is ASCII already
        "ana@ｅxample.com": "ana@example.com",  # a full-width domain
        "ａna＠example．com": "ana@example.com",  # full-width everywhere
        "ana@example。com": "ana@example.com",  # an ideographic full stop
        "ana@example.com. ": "ana@example.com",  # the full stop of two spaces
        "ana@example.com,": "ana@example.com",  # a comma after it
        "ana @example.com": "ana@example.com",  # the blank after a word that a phone completed
        "<ana@example.com>": "ana@example.com",  # angle brackets
        "mailto:ana@example.com": "ana@example.com",  # a link
        "<MAILTO:ana@example.com>.": "ana@example.com",  # a link in brackets
        "“ana@example.com”": "ana@example.com",  # curly quotes around
        "'ana@example.com'": "ana@example.com",  # single quotes around
        "'ana@example.com": "'ana@example.com",  # a quote that only begins it is of the address
        "o’hara@example.com": "o'hara@example.com",  # a typographic apostrophe
        "ana‑luisa@example.com": "ana-luisa@example.com",  # a hyphen that does not break
        "ana–luisa@mi−sitio.mx": "ana-luisa@mi-sitio.mx",  # an en dash and a minus sign
        "a\u200bna\u00ad@exam\u2060ple.com\u202c\ufeff": "ana@example.com",  # what nobody sees
        "ana@espa\u200bñol.mx": "ana@xn--espaol-zwa.mx",  # the same in an IDN domain
        "ana@пример.рф": "ana@xn--e1afmkfd.xn--p1ai",  # a domain of another script
    }

    assert {typed: parse_email(typed) for typed in addresses} == {
        typed: Email(address) for typed, address in addresses.items()
    }


def test_the_key_is_the_address_in_lower_case_and_nothing_else_folded() -> None:
    keys = [email.key for typed in ("ANA@Example.com", "ana@EXAMPLE.com", " Ana@example.com ") if (email := _ok(typed))]

    assert set(keys) == {"ana@example.com"}
    assert _ok("ana+x@example.com").key == "ana+x@example.com"
    assert _ok("a.na@example.com").key == "a.na@example.com"


def test_an_idn_domain_has_one_key_however_it_is_typed() -> None:
    keys = {_ok(f"Ana@{domain}").key for domain in ("español.mx", "ESPAN\u0303OL.MX", "xn--espaol-zwa.mx")}

    assert keys == {"ana@xn--espaol-zwa.mx"}


def test_any_other_text_is_refused() -> None:
    others = [
        "",  # empty
        "@",  # an at sign
        "ana",  # no at sign
        "ana@",  # no domain
        "@example.com",  # no local part
        "ana@example",  # a name without a dot
        "ana@localhost",  # localhost
        "ana@example.invalid",  # a domain that can never exist
        "ana@@example.com",  # two at signs
        "ana@.example.com",  # a leading dot in the domain
        "ana@exa..mple.com",  # two dots in the domain
        ".ana@example.com",  # a leading dot
        "ana.@example.com",  # a dot before the at sign
        "a..na@example.com",  # two dots
        "ana luisa@example.com",  # a blank in the local part
        "ana@exam ple.com",  # a blank in the domain
        '"ana luisa"@example.com',  # a quoted local part
        '"ana"@example.com',  # a local part quoted for nothing
        "ana@[127.0.0.1]",  # an IPv4 literal
        "ana@[IPv6:::1]",  # an IPv6 literal
        "ana@127.0.0.1",  # an IPv4 address
        "Ana <ana@example.com>",  # a display name
        "ana@example.com, luis@example.com",  # two addresses
        "ana(comment)@example.com",  # a comment
        "añá@example.com",  # a local part beyond ASCII
        "ana@-example.com",  # a hyphen at the edge
        "ana@exa_mple.com",  # an underscore in the domain
        "ana@xn--correo.mx",  # a broken IDN domain
        "ana@example.com\r\nBcc: eva@example.com",  # another header
        "ana\n@example.com",  # a line break
        "a\0na@example.com",  # NUL in the local part
        "ana@exam\0ple.com",  # NUL in the domain
        "ana@example.com\0",  # NUL at the end
        "\ud800@example.com",  # a surrogate in the local part
        "ana@exam\udc00ple.com",  # a surrogate in the domain
        "a" * 65 + "@example.com",  # a local part of 65
        "ana@" + "b" * 64 + ".com",  # a label of 64
        "a" * 60 + "@" + ".".join(["ñ" * 50] * 3) + ".mx",  # 216 characters, more than 254 in ASCII
        "a" * 1_000_000 + "@example.com",  # a megabyte
        "@" * 1_000_000,  # a megabyte of at signs
        "ana@" + "a." * 500_000 + "com",  # a megabyte of labels
        " " * 1_000_000,  # a megabyte of blanks
    ]

    assert [typed[:40] for typed in others if parse_email(typed) is not None] == []


def test_a_character_that_could_mean_another_mailbox_is_named_and_never_replaced() -> None:
    named = {
        "аna@example.com": "«а» (U+0430)",  # a Cyrillic letter
        "ana@exаmple.com": "«а» (U+0430)",  # a Cyrillic letter among Latin ones of the domain
        "ana@gοb.mx": "«ο» (U+03BF)",  # a Greek one
        "ana—luisa@example.com": "«—» (U+2014)",  # a long dash, which may be two hyphens
        "añá@example.com": "«ñ» (U+00F1)",  # an accent
        "ana\u0660@example.com": "«\u0660» (U+0660)",  # a digit of another script
        "o´hara@example.com": "«´» (U+00B4)",  # an accent by itself
        "oﬁcina@example.com": "«ﬁ» (U+FB01)",  # a ligature
        "ana@ex€mple.com": "«€» (U+20AC)",  # a sign in the domain
        "ana@es\u200dpañol.mx": "U+200D",  # a joiner in an IDN domain
        "ana\n@example.com": "U+000A",  # a line break
        "a\0na@example.com": "U+0000",  # NUL
        "\ud800@example.com": "U+D800",  # a surrogate
    }

    assert [typed for typed in named if parse_email(typed) is not None] == []
    assert {typed: email_problem(typed) for typed in named} == {
        typed: FieldProblem.of("email", ForbiddenCharacter(character), maximum=254)
        for typed, character in named.items()
    }


def test_an_address_without_odd_characters_is_missing_malformed_or_too_long() -> None:
    codes = {
        "": FieldErrorCode.MISSING,
        "\u200b \n": FieldErrorCode.MISSING,
        "ana": FieldErrorCode.MALFORMED,
        "ana@@example.com": FieldErrorCode.MALFORMED,
        "ana luisa@example.com": FieldErrorCode.MALFORMED,
        "é" * 1_000_000: FieldErrorCode.TOO_LONG,
        "@" * 300: FieldErrorCode.TOO_LONG,
    }

    assert {typed: email_problem(typed) for typed in codes} == {
        typed: FieldProblem("email", code, maximum=254) for typed, code in codes.items()
    }


@given(st.text(st.sampled_from("ana@example.mx\u200b\u200d <>'\u2019.ñа\ud800\0") | st.characters(), max_size=60))
def test_any_text_is_refused_or_gives_an_address_that_parses_to_itself(typed: str) -> None:
    email = parse_email(typed)

    if email:
        assert email.address.isascii()
        assert parse_email(email.address) == email
    else:
        assert email_problem(typed)


def test_an_address_has_at_most_254_characters() -> None:
    longest = f"{'a' * 64}@{_LABELS}.{'d' * (MAX_LENGTH - 64 - 1 - len(_LABELS) - 1 - 4)}.com"

    assert len(longest) == 254
    assert parse_email(longest) == Email(longest)
    assert parse_email(longest.replace(".com", "d.com")) is None


def _ok(typed: str) -> Email:
    email = parse_email(typed)
    assert email
    return email
