"""Ids as clients send them back."""

from uuid import UUID

from services.common.characters import plain
from services.common.outcomes import ForbiddenCharacter


def parse_id(text: str) -> UUID | None:
    """None for what no id of ours can be."""
    try:
        return UUID(typed_id(text))
    except ValueError:
        return None


def typed_id(text: str) -> str:
    """An id of letters, digits and hyphens without what a paste adds to it. Another text is returned as it is."""
    typed = plain(text)
    return text if isinstance(typed, ForbiddenCharacter) else typed
