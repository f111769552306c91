"""The ids of captchas: random, dated and signed. With a key, everything about a captcha follows from its id."""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from services.captcha.words import WORDS
from services.common.secrets import Keys

_OURS, _PROVIDERS = b"\x01", b"\x02"  # first byte of an id, so that none looks like an option on a command line
_NONCE_BYTES = 16  # including the first
_EXPIRY_BYTES = 8
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True, repr=False)
class Solution:
    """Both solutions of a captcha, and the seed of its image."""

    words: tuple[str, str]
    digits: str
    seed: bytes


@dataclass(frozen=True, slots=True, repr=False)
class VerifiedId:
    payload: bytes
    key: bytes

    @property
    def by_provider(self) -> bool:
        """Whether the captcha is another provider's, and not ours to draw or to solve."""
        return self.payload.startswith(_PROVIDERS)

    @property
    def spent_id(self) -> str:
        """What identifies the captcha among the spent ones, under any key."""
        return self.payload.hex()

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(int.from_bytes(self.payload[_NONCE_BYTES:], "big"), UTC)

    @property
    def solution(self) -> Solution:
        drawn = hmac.digest(self.key, b"solution" + self.payload, "sha512")
        first, second, digits = (int.from_bytes(drawn[start : start + 8], "big") for start in (0, 8, 16))
        words = (WORDS[first % len(WORDS)], WORDS[second % len(WORDS)])
        return Solution(words, f"{digits % 10**8:08}", drawn[24:])

    @property
    def proof_secret(self) -> bytes:
        return hmac.digest(self.key, b"proof of work" + self.payload, "sha512")


class CaptchaIds:
    def __init__(self, keys: Keys) -> None:
        self._signing = keys.signing("captcha")
        self._verifying = keys.verifying("captcha")

    def issue(self, expires_at: datetime, *, by_provider: bool = False) -> str:
        payload = (
            (_PROVIDERS if by_provider else _OURS)
            + secrets.token_bytes(_NONCE_BYTES - 1)
            + int(expires_at.timestamp()).to_bytes(_EXPIRY_BYTES, "big")
        )
        return self.sign(payload)

    def sign(self, payload: bytes) -> str:
        return _encode(payload + _mac(self._signing, payload))

    def verify(self, id: str) -> VerifiedId | None:
        """Splits the id and finds the key that signed it, which may be an older one after a rotation."""
        content = _decode(id)
        if content is None:
            return None
        payload, mac = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
        for key in self._verifying:
            if hmac.compare_digest(mac, _mac(key, payload)):
                return VerifiedId(payload, key)
        return None


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, b"id" + payload, "sha256")[:_MAC_BYTES]


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decode(id: str) -> bytes | None:
    try:
        content = base64.b64decode(id.encode() + b"=" * (-len(id) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if len(content) == _NONCE_BYTES + _EXPIRY_BYTES + _MAC_BYTES and _encode(content) == id else None
