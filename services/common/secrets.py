"""What nobody may guess: generation, digests, and keys for one purpose each."""

import hashlib
import hmac
import secrets

# 31 letters and digits without look-alikes (0 O, 1 I L): 4.95 bits each.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def generate(length: int) -> str:
    """Letters of ALPHABET from the operating system's generator."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def generate_token() -> str:
    """256 bits, URL-safe."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 in hex: enough for secrets of 118 bits and more, which nobody can try out."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Keys:
    """Subkeys of SECRET_KEY by HKDF-SHA-256 (RFC 5869), so that no key serves two purposes."""

    def __init__(self, secret_keys: tuple[bytes, ...]) -> None:
        self._secret_keys = secret_keys

    def signing(self, purpose: str) -> bytes:
        return _subkey(self._secret_keys[0], purpose)

    def verifying(self, purpose: str) -> tuple[bytes, ...]:
        return tuple(_subkey(key, purpose) for key in self._secret_keys)

    def lasting(self, purpose: str) -> bytes:
        """For what must stay the same while keys are rotated: of the oldest key."""
        return _subkey(self._secret_keys[-1], purpose)


def _subkey(secret_key: bytes, purpose: str) -> bytes:
    extracted = hmac.digest(bytes(32), secret_key, "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")
