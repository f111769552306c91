"""A confirmation code is found in what people paste, and nothing else is mistaken for one."""

from hypothesis import given
from hypothesis import strategies as st

from services.accounts.confirmation_code import InvalidConfirmationCode, parse_confirmation_code
from services.common.outcomes import FieldErrorCode, FieldProblem, InvalidInput
from services.common.secrets import ALPHABET
from services.mail.issuing import CODE_LENGTH

CODE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ234567892"


def test_a_code_is_read_however_it_is_pasted() -> None:
    pasted = [
        CODE,
        CODE.lower(),
        f"  {CODE[:13]} \r\n{CODE[13:]}\t",
        f"{CODE}.",
        f"“{CODE}”",
        f"«{CODE}».",
        "-".join(CODE[start : start + 8] for start in range(0, 40, 8)),
        "\u2013".join(CODE[start : start + 8] for start in range(0, 40, 8)),
        "\u200b".join(CODE),
        "\u00ad\ufeff\u202a" + CODE + "\u202c",
        "".join(chr(ord(letter) + 0xFEE0) for letter in CODE),
        f"https://app.example.mx/confirmar#{CODE}",
        f"https://app.example.mx/confirmar?a=1#/codigo={CODE}&b=2",
        f"<https://app.example.mx/confirmar#{CODE[:20]}\n{CODE[20:]}>",
        f"Tu código de confirmación: {CODE}. Es válido un día.",
        f"{CODE} {CODE}",
    ]

    assert [typed for typed in pasted if parse_confirmation_code(typed) != CODE] == []


def test_a_text_with_no_code_or_with_several_holds_none() -> None:
    others = [
        CODE[:39],
        CODE + "2",
        CODE[:39] + "0",
        CODE[:39] + "\u0410",
        "\u017f" + CODE[1:],
        f"{CODE} {CODE[::-1]}",
        "\0" * 40,
        "\ud800" * 40,
        f"https://app.example.mx/{CODE}ABC",
        "A" * 1_000_000,
        "\u200b" * 1_000_000 + CODE,
    ]

    assert [typed[:60] for typed in others if parse_confirmation_code(typed) != InvalidConfirmationCode()] == []


def test_nothing_is_missing() -> None:
    nothing = ["", " \t\u200b"]

    missing = InvalidInput((FieldProblem("code", FieldErrorCode.MISSING, CODE_LENGTH, CODE_LENGTH),))
    assert [parse_confirmation_code(typed) for typed in nothing] == [missing] * 2


@given(st.text(st.sampled_from(ALPHABET + "-# \u200b\ud800\0") | st.characters(), max_size=200))
def test_whatever_is_typed_a_code_has_forty_characters_of_its_alphabet(typed: str) -> None:
    code = parse_confirmation_code(typed)

    assert not isinstance(code, str) or (len(code) == 40 and set(code) <= set(ALPHABET))
