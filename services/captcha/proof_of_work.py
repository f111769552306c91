"""Proof of work as a third way through a captcha, in the format of ALTCHA's widget (its version 2 of challenges).

The widget derives keys by PBKDF2 from a nonce and 0, 1, 2 … until one begins with the challenge's prefix, and sends the
whole key. The challenge follows from the captcha's secret, so it needs no signature: whatever a client says about it is
ignored.
"""

import base64
import binascii
import functools
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

ITERATIONS: Final = 5_000
"""Of PBKDF2 with SHA-256 for each key, as ALTCHA recommends."""
MAX_WORK: Final = 1_000_000
"""The most keys on average: hours for a phone, and far below the 32 bits of the widget's counter."""

_ALGORITHM: Final = "PBKDF2/SHA-256"
_SALT_BYTES: Final = 16  # and as many of the nonce
_KEY_BYTES: Final = 32
_PREFIX_BYTES: Final = 16  # of the key, which the challenge reveals


@dataclass(frozen=True, slots=True, repr=False)
class _Puzzle:
    nonce: bytes
    salt: bytes
    counter: int
    key: bytes


def write_challenge(secret: bytes, work: int, expires_at: datetime) -> str:
    """Writes the JSON that the widget takes as its `challenge`. Takes 1 ms of CPU, unless it was written lately.

    Solving it takes `work` keys on average, and at least half and at most one and a half times as many. `secret` has
    40 bytes or more.
    """
    puzzle = _puzzle(secret, work)
    parameters = {
        "algorithm": _ALGORITHM,
        "nonce": puzzle.nonce.hex(),
        "salt": puzzle.salt.hex(),
        "cost": ITERATIONS,
        "keyLength": _KEY_BYTES,
        "keyPrefix": puzzle.key[:_PREFIX_BYTES].hex(),
        "expiresAt": int(expires_at.timestamp()),
    }
    return orjson.dumps({"parameters": parameters}).decode()


def is_solved(payload: str, secret: bytes, work: int) -> bool:
    """Whether a payload, as the widget returns it, has the key of the challenge; a wrong counter costs nothing."""
    counter, key = _read(payload)
    if counter != _counter(secret, work):
        return False
    return hmac.compare_digest(key, _puzzle(secret, work).key)


def _read(payload: str) -> tuple[int | None, bytes]:
    """Returns the counter and the key that a payload claims; no counter for anything else."""
    try:
        body = orjson.loads(base64.b64decode(payload.strip(), validate=True))
        counter, key = body["solution"]["counter"], bytes.fromhex(body["solution"]["derivedKey"])
    except (binascii.Error, ValueError, LookupError, TypeError):
        return None, b""
    return (counter, key) if type(counter) is int else (None, b"")


@functools.lru_cache(maxsize=1_024)
def _puzzle(secret: bytes, work: int) -> _Puzzle:
    nonce, salt = secret[:_SALT_BYTES], secret[_SALT_BYTES : 2 * _SALT_BYTES]
    counter = _counter(secret, work)
    password = nonce + counter.to_bytes(4, "big")
    return _Puzzle(nonce, salt, counter, hashlib.pbkdf2_hmac("sha256", password, salt, ITERATIONS, _KEY_BYTES))


def _counter(secret: bytes, work: int) -> int:
    """Returns a number with the average `work`, none of which takes more than three times as long as another."""
    drawn = int.from_bytes(secret[2 * _SALT_BYTES : 2 * _SALT_BYTES + 8], "big")
    return work // 2 + drawn % (work + 1)
