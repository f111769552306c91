"""Secrets: generation, digests, and a separate key for each purpose."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

# 31 letters and digits without look-alikes (0 O, 1 I L): 4.95 bits each.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CHARACTERS = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
API_SECRET_PREFIX = "tac_"  # noqa: S105
"""By which the secret of an API client is known, so that it is never taken for a session's token."""
_BIASED = bytes(range(256 - 256 % len(ALPHABET), 256))  # would make some characters likelier, so they are dropped


def generate(length: int) -> str:
    """Returns random characters of ALPHABET from the operating system's generator."""
    characters = b""
    while len(characters) < length:
        characters += secrets.token_bytes(2 * length).translate(_CHARACTERS, _BIASED)
    return characters[:length].decode()


def generate_token() -> str:
    """Returns 256 random bits as URL-safe text, which never looks like the secret of an API client."""
    while (token := secrets.token_urlsafe(32)).startswith(API_SECRET_PREFIX):
        pass
    return token


def digest(secret: str) -> str:
    """Returns the SHA-256 in hex. A fast hash is enough for secrets of at least 118 bits, which cannot be searched."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Keys:
    """Derives a subkey for each purpose, by HKDF-SHA-256 (RFC 5869).

    `secret_key` signs. It and those `also_accepted` verify. `naming_key`, by default the same as `secret_key`, is for
    values that must survive a rotation of the others.
    """

    def __init__(
        self, secret_key: bytes, *, also_accepted: Sequence[bytes] = (), naming_key: bytes | None = None
    ) -> None:
        self._secret_key = secret_key
        self._accepted = (secret_key, *also_accepted)
        self._naming_key = naming_key or secret_key

    def signing(self, purpose: str) -> bytes:
        return _subkey(self._secret_key, purpose)

    def verifying(self, purpose: str) -> tuple[bytes, ...]:
        return tuple(_subkey(key, purpose) for key in self._accepted)

    def lasting(self, purpose: str) -> bytes:
        """Derives a key for lasting names: of e-mails, clients and networks, in the database and the log."""
        return _subkey(self._naming_key, purpose)


def _subkey(secret_key: bytes, purpose: str) -> bytes:
    extracted = hmac.digest(bytes(32), secret_key, "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")
