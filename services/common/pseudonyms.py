"""Short names for the log, by which lines about the same client, account or session are found together."""

import hmac
from functools import lru_cache
from uuid import UUID

from services.common.secrets import Keys

_DIGITS = 12  # hexadecimal
_CACHED = 4_096


class Pseudonyms:
    """Without NAMING_KEY, a name says nothing about what it stands for, which may be as guessable as an address."""

    def __init__(self, keys: Keys) -> None:
        self._key = keys.lasting("log")
        self.of = lru_cache(_CACHED)(self._of)

    def _of(self, kind: str, named: str | UUID) -> str:
        """Returns the name of a client, an account's id or a session's id; `kind` is the word for it."""
        return hmac.digest(self._key, f"{kind} {named}".encode(), "sha256").hex()[:_DIGITS]
