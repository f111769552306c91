"""Parses mailed codes as they are pasted from the mail."""

import re
from dataclasses import dataclass

from services.common.characters import in_typed_forms, is_blank, without_separators
from services.common.outcomes import FieldErrorCode, FieldProblem, InvalidInput
from services.common.secrets import ALPHABET
from services.mail.issuing import CODE_LENGTH

_MAX_TYPED_CHARS = 2_000
_CODE = re.compile(f"(?<![0-9A-Z])[{ALPHABET}]{{{CODE_LENGTH}}}(?![0-9A-Z])", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class InvalidConfirmationCode:
    """The code is unknown or expired, or what it would confirm has changed."""


def parse_confirmation_code(text: str) -> str | InvalidConfirmationCode | InvalidInput:
    """Returns the code as it was generated, ignoring case, spaces, line breaks and dashes.

    The code may be part of a sentence or of the mail's link: nothing else has 40 letters and digits of its alphabet.
    It is invalid if the text has no code or several.
    """
    if is_blank(text):
        return InvalidInput((FieldProblem("code", FieldErrorCode.MISSING, CODE_LENGTH, CODE_LENGTH),))
    if len(text) > _MAX_TYPED_CHARS:
        return InvalidConfirmationCode()
    line = in_typed_forms(text)
    found = {code.upper() for reading in (line, without_separators(line)) for code in _CODE.findall(reading)}
    return found.pop() if len(found) == 1 else InvalidConfirmationCode()
