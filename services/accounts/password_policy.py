"""The password policy of NIST SP 800-63B-4: length and a block list, no composition rules, no truncation."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.common.characters import compact, in_typed_forms, is_blank
from services.common.outcomes import FieldErrorCode, FieldProblem
from services.common.secrets import ALPHABET
from services.mail.issuing import MAILED_PASSWORD_LENGTH

MIN_POLICY_LENGTH = 8  # the lowest minimum that a policy can have
MAX_LENGTH = 128
_MAX_NORMALIZED_CHARS = 4 * MAX_LENGTH  # NFC composes at most four code points into one
_MIN_OTHER_CHARS = 4  # letters and digits that a password needs besides the account's words
_MIN_WORD_CHARS = 4  # letters of a word to look for
_SEPARATORS = re.compile(r"[\s-]+")
_MAILED = re.compile(f"[{ALPHABET}]{{{MAILED_PASSWORD_LENGTH}}}", re.IGNORECASE | re.ASCII)
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Lengths are in Unicode code points after NFC. `site_words` are the site's names, refused as passwords."""

    minimum_length: int
    maximum_length: int = MAX_LENGTH
    site_words: tuple[str, ...] = ()

    def check(self, password: str, identity: Iterable[str]) -> FieldErrorCode | None:
        """Checks a new, normalized password; `identity` is the account's RFC and e-mail."""
        if is_missing(password):
            return FieldErrorCode.MISSING
        if not is_typeable(password):
            return FieldErrorCode.MALFORMED
        if len(password) < self.minimum_length:
            return FieldErrorCode.TOO_SHORT
        if len(password) > self.maximum_length:
            return FieldErrorCode.TOO_LONG
        if password.casefold() in _common():
            return FieldErrorCode.TOO_COMMON
        if _is_made_of(password, (*identity, *self.site_words)):
            return FieldErrorCode.CONTAINS_IDENTITY
        return None

    def problem(self, field: str, code: FieldErrorCode) -> FieldProblem:
        """Builds the problem of a field that holds a new password."""
        return FieldProblem(field, code, self.minimum_length, self.maximum_length)


def check_confirmation(field: str, password: str, confirmation: str) -> FieldProblem | None:
    """Checks the repetition of a new password, which is already normalized."""
    if is_missing(confirmation):
        return FieldProblem(field, FieldErrorCode.MISSING)
    if normalize_password(confirmation) != password:
        return FieldProblem(field, FieldErrorCode.DOES_NOT_MATCH)
    return None


def normalize_password(text: str) -> str:
    """Applies NFC, so that the same password typed on another keyboard is equal; nothing else is changed.

    A text that is too long is returned unchanged: normalizing takes quadratic time.
    """
    if len(text) > _MAX_NORMALIZED_CHARS:
        return text
    return unicodedata.normalize("NFC", text)


def typed_password(text: str) -> str:
    """Normalizes a password for login, without the line break or tab that a paste adds and no password has."""
    return normalize_password(text.strip("\t\r\n"))


def canonical_mailed_password(text: str) -> str:
    """Returns a mailed password as it was generated, ignoring case, spaces, dashes and what a paste adds.

    In any other text, only case, spaces and hyphens are ignored, so that different passwords stay different.
    """
    return parse_mailed_password(text) or _SEPARATORS.sub("", text).upper()


def parse_mailed_password(text: str) -> str | None:
    """Returns None if the text cannot be a mailed password."""
    typed = compact(text)
    return typed.upper() if isinstance(typed, str) and _MAILED.fullmatch(typed) else None


def is_missing(text: str) -> bool:
    """Whether nothing usable was typed: spaces are characters of a password, but there are too few."""
    return len(text) < MIN_POLICY_LENGTH and is_blank(text)


def is_typeable(password: str) -> bool:
    """Whether a keyboard can type it: no control characters, no lone surrogates."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in password[: MAX_LENGTH + 1])


def _is_made_of(password: str, identity: Iterable[str]) -> bool:
    """Whether fewer than four letters or digits remain once the words of the identity are removed."""
    candidate = _bare(password)
    rest = candidate
    for word in sorted(_words(identity), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != candidate and len(rest) < _MIN_OTHER_CHARS


def _words(identity: Iterable[str]) -> set[str]:
    """Returns each text, its parts, the local part of an e-mail, and an RFC without its homoclave."""
    parts = {
        part
        for text in map(in_typed_forms, identity)
        for part in (text, *re.split(r"[\W_]+", text), text.partition("@")[0], text[:-3])
    }
    return {word for part in parts if len(word := _bare(part)) >= _MIN_WORD_CHARS}


def _bare(text: str) -> str:
    return _NO_LETTER_OR_DIGIT.sub("", text.casefold())


@cache
def _common() -> frozenset[str]:
    folder = Path(__file__).parent / "common_passwords"
    lines = (line for path in folder.glob("*.txt") for line in path.read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))
