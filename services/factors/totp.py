"""Codes of an authenticator app (TOTP, RFC 6238): SHA-1, six digits, thirty seconds, as every such app knows them."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.common.secrets import Keys

CODE_LENGTH = 6
_STEP_SECONDS = 30
_DRIFT = 1  # steps before and after
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class TotpSetup:
    """What an authenticator app needs: the key in Base32, an otpauth URI with it, and that URI as a QR code (PNG)."""

    key: str = field(repr=False)
    uri: str = field(repr=False)
    qr_code: str = field(repr=False)

    @classmethod
    def of(cls, key: str, email: str, site: str) -> "TotpSetup":
        uri = pyotp.TOTP(key).provisioning_uri(name=email, issuer_name=site)
        return cls(key, uri, segno.make(uri, error="m", micro=False).png_data_uri(scale=5))


def generate_key() -> str:
    """Returns 160 random bits in Base32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def matching_step(key: str, code: str, now: datetime, after: int | None) -> int | None:
    """Returns the time step of the code, if that is about now and later than the last one accepted."""
    current, hotp = int(now.timestamp()) // _STEP_SECONDS, pyotp.HOTP(key)
    steps = range(current - _DRIFT, current + _DRIFT + 1)
    matching = [step for step in steps if hmac.compare_digest(hotp.at(step), code)]
    return next((step for step in matching if after is None or step > after), None)


class KeyVault:
    """Encrypts the keys at rest, each bound to its account, since they must be read again for every code."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = AESGCM(keys.lasting("second factors"))

    def seal(self, account_id: UUID, key: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (nonce + self._cipher.encrypt(nonce, key.encode(), account_id.bytes)).hex()

    def open(self, account_id: UUID, sealed: str) -> str | None:
        """Returns None if it was sealed with another NAMING_KEY, or for another account."""
        raw = bytes.fromhex(sealed)
        try:
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], account_id.bytes).decode()
        except InvalidTag:
            return None
