"""The RFC, the taxpayer's number: the SAT's pattern and the calendar.

A wrong check digit passes, since the SAT has issued some. The pattern is t_RFC of the CFDI 4.0 schema, tdCFDI.xsd.
"""

import enum
import re
import unicodedata
from dataclasses import dataclass

from stdnum.exceptions import ValidationError
from stdnum.mx import rfc as stdnum_rfc

from services.outcomes import FieldErrorCode

_LONGEST_TYPED = 40
_SEPARATORS = re.compile(r"[\s\-‐‑–]+")
_PATTERN = re.compile(r"[A-Za-zÑñ&]{3,4}[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[A-Za-z0-9]{2}[0-9Aa]")
_GENERIC = frozenset({"XAXX010101000", "XEXX010101000"})  # the public at large, and foreigners


class TaxpayerType(enum.Enum):
    PERSONA_FISICA = "PERSONA_FISICA"
    PERSONA_MORAL = "PERSONA_MORAL"


@dataclass(frozen=True, slots=True)
class Rfc:
    """Upper case, without separators: 12 characters or 13."""

    text: str

    @property
    def taxpayer_type(self) -> TaxpayerType:
        return TaxpayerType.PERSONA_FISICA if len(self.text) == 13 else TaxpayerType.PERSONA_MORAL


def parse_rfc(text: str) -> Rfc | FieldErrorCode:
    if len(text) > _LONGEST_TYPED:
        return FieldErrorCode.MALFORMED
    typed = _SEPARATORS.sub("", unicodedata.normalize("NFC", text))
    if not _PATTERN.fullmatch(typed):
        return FieldErrorCode.MALFORMED
    candidate = typed.upper()
    if candidate in _GENERIC:
        return FieldErrorCode.GENERIC_RFC
    try:
        return Rfc(stdnum_rfc.validate(candidate))
    except ValidationError:
        return FieldErrorCode.MALFORMED
