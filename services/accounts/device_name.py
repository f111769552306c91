"""The name of a device or a passkey, which lists show: a client gives it, or its owner does later."""

import unicodedata

from services.common.characters import forbidden, is_blank, without_invisible
from services.common.outcomes import FieldErrorCode, FieldProblem

MAX_LENGTH = 100
_PARTS_OF_EMOJI = "\u200d\ufe0f"


def parse_device_name(text: str, field: str = "deviceName") -> str | FieldProblem | None:
    """Returns the name in one line without invisible characters, or None if nothing is left.

    Those that join the parts of an emoji stay, unless nothing else is there.
    """
    name = " ".join(without_invisible(text, _PARTS_OF_EMOJI).split())
    control = next((sign for sign in name if unicodedata.category(sign) in {"Cc", "Cs"}), None)
    if control:
        return FieldProblem.of(field, forbidden(control), maximum=MAX_LENGTH)
    if len(name) > MAX_LENGTH:
        return FieldProblem(field, FieldErrorCode.TOO_LONG, maximum=MAX_LENGTH)
    return None if is_blank(name) else name
