"""The words that captchas ask for, and how an answer is compared."""

import unicodedata
from pathlib import Path
from typing import Final


def _load(path: Path) -> tuple[str, ...]:
    lines = path.read_text(encoding="ascii").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


WORDS: Final = _load(Path(__file__).with_name("words.txt"))
"""Sorted and unique; `words.txt` says where they come from."""


def normalise_words(text: str) -> str:
    """An answer in the form of `WORDS`: case, accents and extra blanks make no difference."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


def normalise_digits(text: str) -> str:
    """The ASCII digits of an answer, full-width ones folded; how they are grouped makes no difference."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(char for char in folded if char in "0123456789")
