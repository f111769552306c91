"""Ids as clients send them back."""

from uuid import UUID


def parse_id(text: str) -> UUID | None:
    """None for what no id of ours can be."""
    try:
        return UUID(text)
    except ValueError:
        return None
