"""Parses ids that clients send back."""

from uuid import UUID

from services.common.characters import plain
from services.common.outcomes import ForbiddenCharacter


def parse_id(text: str) -> UUID | None:
    """Returns None if the text cannot be one of our ids."""
    try:
        return UUID(typed_id(text))
    except ValueError:
        return None


def typed_id(text: str) -> str:
    """Removes what a paste adds to an id of letters, digits and hyphens. Any other text is returned unchanged."""
    typed = plain(text)
    return text if isinstance(typed, ForbiddenCharacter) else typed
