"""Recognizes input that counts as empty."""

from services.common.characters import without_invisible


def is_blank(text: str) -> bool:
    """Whether the text is empty, or has only spaces, line breaks and invisible characters."""
    return all(character.isspace() or not without_invisible(character) for character in text)
