"""Parses the RFC, the taxpayer's number, by the SAT's pattern and the calendar.

A wrong check digit is accepted, since the SAT has issued some, and so are the SAT's inconvenient words, since people
who registered before that list have them. The pattern is t_RFC of the CFDI 4.0 schema, tdCFDI.xsd.
"""

import enum
import re
from dataclasses import dataclass
from datetime import date

from services.common.characters import compact, is_blank
from services.common.outcomes import FieldErrorCode, ForbiddenCharacter

COMPANY_LENGTH, PERSON_LENGTH = 12, 13  # characters

_PATTERN = re.compile(
    r"[A-Za-zÑñ&]{3,4}(?P<year>[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])[A-Za-z0-9]{2}[0-9Aa]"
)

# The general public and foreigners (Resolución Miscelánea Fiscal 2.7.1.23); foreign partners, and foreigners without
# an RFC (3.17.8), for which the SAT uses several endings.
_GENERIC = re.compile(r"X[AE]XX010101000|X?EXT990101NI[0-9A]|EXTF900101NI[0-9A]")


class TaxpayerType(enum.Enum):
    PERSONA_FISICA = "PERSONA_FISICA"
    PERSONA_MORAL = "PERSONA_MORAL"


@dataclass(frozen=True, slots=True)
class Rfc:
    """In upper case, without separators: 12 or 13 characters."""

    text: str

    @property
    def taxpayer_type(self) -> TaxpayerType:
        return TaxpayerType.PERSONA_FISICA if len(self.text) == PERSON_LENGTH else TaxpayerType.PERSONA_MORAL


def parse_rfc(text: str) -> Rfc | FieldErrorCode | ForbiddenCharacter:
    if is_blank(text):
        return FieldErrorCode.MISSING
    typed = compact(text, letters="Ññ")
    if isinstance(typed, ForbiddenCharacter):
        return typed
    match = _PATTERN.fullmatch(typed)
    if match is None or not _is_date(**match.groupdict()):
        return FieldErrorCode.MALFORMED
    rfc = typed.upper()
    return FieldErrorCode.GENERIC_RFC if _GENERIC.fullmatch(rfc) else Rfc(rfc)


def _is_date(year: str, month: str, day: str) -> bool:
    """Whether the date exists in this century or the last: 29 February is missing only in 1900, which 00 may mean."""
    try:
        date(2000 + int(year), int(month), int(day))
    except ValueError:
        return False
    return True
