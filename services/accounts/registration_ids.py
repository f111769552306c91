"""Identifies the same person before there is an account: by the same e-mail and the same password."""

import hmac
from uuid import UUID

from services.common.secrets import Keys

_SALT_BYTES = 16  # RFC 9106, 3.1


class RegistrationIds:
    """Derives the ids of registrations, so that one hash finds the registration of an e-mail and a password."""

    def __init__(self, keys: Keys) -> None:
        self._salts = keys.lasting("registration salt")
        self._ids = keys.lasting("registration id")

    def salt(self, email_key: str) -> bytes:
        """Returns the salt of an e-mail, with which the same password gives the same hash."""
        return hmac.digest(self._salts, email_key.encode(), "sha256")[:_SALT_BYTES]

    def of(self, email_key: str, password_hash: str) -> UUID:
        """Returns a primary key, so that the database keeps one registration even if two requests race."""
        return UUID(bytes=hmac.digest(self._ids, f"{email_key} {password_hash}".encode(), "sha256")[:16])
