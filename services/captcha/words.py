"""The words of captchas, and how answers are normalized."""

import unicodedata
from pathlib import Path
from typing import Final

from services.captcha.numbers import spoken_digits
from services.common.characters import in_typed_forms


def _load(path: Path) -> tuple[str, ...]:
    lines = path.read_text(encoding="ascii").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


WORDS: Final = _load(Path(__file__).with_name("words.txt"))
"""Sorted and unique; `words.txt` names their source."""


def normalize_words(text: str) -> str:
    """Returns an answer as letters of `WORDS`, one word after the other.

    Case, accents, and what separates or surrounds the words are ignored. Their order matters.
    """
    return "".join(sign for sign in _folded(text) if not (sign.isspace() or unicodedata.category(sign)[0] in "PS"))


def normalize_digits(text: str) -> str:
    """Returns the ASCII digits of an answer, including spoken ones: "cuatro 2 oh", "cuarenta y dos", "forty-two".

    How they are grouped makes no difference, nor does another word.
    """
    return spoken_digits(_folded(text))


def _folded(text: str) -> str:
    """Without accents and what nobody sees, in lower case."""
    decomposed = unicodedata.normalize("NFKD", in_typed_forms(text))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).casefold()
