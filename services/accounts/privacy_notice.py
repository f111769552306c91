"""The current privacy notice (aviso de privacidad), as settings name it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """The notice that holds now, and where people read it."""

    version: str
    url: str
