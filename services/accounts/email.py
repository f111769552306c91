"""Parses e-mail addresses (RFC 5321, ASCII local parts) without network access."""

import re
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from services.common.characters import forbidden, is_blank, typed_form, without_invisible
from services.common.outcomes import FieldErrorCode, FieldProblem

MAX_LENGTH = 254
_MAX_TYPED_CHARS = 1_000  # including what surrounds it; normalizing takes quadratic time
_ENCODED_WORD = "=?"  # begins an encoded word, which mail programs decode to any text (RFC 2047)
_LONG_DASHES = "\u2014\u2015\u2e3a\u2e3b"  # phones substitute them for two hyphens, so they are ambiguous
_JOINERS = "\u200c\u200d"
_SPACES_AROUND_AT = re.compile(r" *@ *")
_BEFORE = '<"([ \t\r\n'  # no address begins with these
_AFTER = ">\")].,;:' \t\r\n"  # no domain ends with these
_SCHEME = "mailto:"
_LATIN = re.compile("[A-Za-z]")
_LOOK_ALIKE_SCRIPTS = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")  # alphabets with letters that look like Latin ones


@dataclass(frozen=True, slots=True)
class Email:
    """`address` receives the mail; `key` is the same in lower case, for look-ups."""

    address: str

    @property
    def key(self) -> str:
        return self.address.lower()


def parse_email(text: str) -> Email | None:
    """Parses an address as people and phones write it: see docs/decisions/0014-spellings-of-an-e-mail.md."""
    typed = _typed(text)
    if len(typed) > MAX_LENGTH or _ENCODED_WORD in typed or _look_alikes(typed):
        return None
    try:
        valid = validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, UnicodeError):
        return None
    return Email(valid.ascii_email) if valid.ascii_email and len(valid.ascii_email) <= MAX_LENGTH else None


def email_problem(text: str) -> FieldProblem:
    """Explains why parse_email rejects a text, as a problem of the field `email`."""
    if is_blank(text):
        return FieldProblem("email", FieldErrorCode.MISSING, maximum=MAX_LENGTH)
    typed = _typed(text)
    if len(typed) > MAX_LENGTH:
        return FieldProblem("email", FieldErrorCode.TOO_LONG, maximum=MAX_LENGTH)
    local, _, domain = typed.rpartition("@")
    foreign = [sign for sign in local if not (sign.isascii() and sign.isprintable())]
    foreign += [sign for sign in domain if not (sign.isascii() and sign.isprintable()) and not _is_word_character(sign)]
    foreign += _look_alikes(typed)
    if foreign:
        return FieldProblem.of("email", forbidden(foreign[0]), maximum=MAX_LENGTH)
    return FieldProblem("email", FieldErrorCode.MALFORMED, maximum=MAX_LENGTH)


def _typed(text: str) -> str:
    """Returns the text as a keyboard types it, without what surrounds it. A far too long text is returned unchanged."""
    if len(text) > _MAX_TYPED_CHARS:
        return text
    line = "".join(map(_sign, unicodedata.normalize("NFC", text)))
    # In a domain of another script, a joiner between letters is part of the name; IDNA checks its position.
    of_another_script = not without_invisible(line.rpartition("@")[2]).isascii()
    seen = without_invisible(line, kept=_JOINERS if of_another_script else "")
    return _SPACES_AROUND_AT.sub("@", _unwrapped(seen))


def _sign(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    form = character if character in _LONG_DASHES else typed_form(character)
    return "." if form == "\u3002" else form  # the ideographic full stop, which is one in domains (UTS 46)


def _unwrapped(line: str) -> str:
    bare = line.rstrip(_AFTER).lstrip(_BEFORE)
    if bare.startswith("'") and "'" in line[line.rindex(bare[-1]) :]:  # which an address may begin with
        bare = bare[1:]
    return bare[len(_SCHEME) :] if bare[: len(_SCHEME)].lower() == _SCHEME else bare


def _look_alikes(typed: str) -> list[str]:
    """Returns letters of a look-alike alphabet in a label of the domain that also has Latin letters."""
    labels = typed.rpartition("@")[2].split(".")
    return [sign for label in labels if _LATIN.search(label) for sign in label if _is_look_alike(sign)]


def _is_look_alike(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith(_LOOK_ALIKE_SCRIPTS)


def _is_word_character(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN"
