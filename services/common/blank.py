"""What counts as nothing typed."""

from services.common.characters import without_invisible


def is_blank(text: str) -> bool:
    """Whether the text has only spaces, line breaks and characters that nobody sees. An empty text has only those."""
    return all(character.isspace() or not without_invisible(character) for character in text)
