"""Reads the password hashes of other systems, which are verified until their first login replaces them.

Argon2 (RFC 9106) in its PHC form, bcrypt as crypt(3) and PHP write it, PBKDF2 and scrypt as Django writes them, and
scrypt (RFC 7914) in its PHC form as passlib writes it. Django's prefixes of Argon2 and bcrypt are removed.
"""

import base64
import binascii
import enum
import hashlib
import hmac
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import bcrypt
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, verify_secret

MAX_LENGTH = 255  # of the column

# The most that one verification may take: 0.4 to 1.3 s of CPU on a machine that makes one of our hashes in 25 ms.
_ARGON2_KIB = 1024 * 1024  # memory times passes
_ARGON2_MEMORY_KIB = 256 * 1024
_ARGON2_LANES = 16  # threads
_BCRYPT_COST = 14
_PBKDF2_ITERATIONS = 3_000_000
_SCRYPT_WORK = 2**21  # N·r·p; with p = 1, 256 MiB
_SCRYPT_FACTOR = 32  # r and p

_MIN_DIGEST_BYTES = 16  # a shorter one would match other passwords, too
_MIN_ARGON2_SALT = 8  # bytes
_BCRYPT_BYTES = 72  # all implementations ignore what follows
_BCRYPT_SETTINGS, _BCRYPT_DIGEST = 29, 31  # characters
_SCRYPT_OVERHEAD = 2  # blocks that OpenSSL needs besides N + p

_BASE64 = "[A-Za-z0-9+/]+"
_ARGON2 = re.compile(
    rf"\$argon2(id|i|d)(?:\$v=(?:16|19))?\$m=([1-9]\d{{0,9}}),t=([1-9]\d{{0,9}}),p=([1-9]\d{{0,9}})"
    rf"\$({_BASE64})\$({_BASE64})",
    re.ASCII,
)
# Of the salt's last character, two bits count.
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
_PBKDF2 = re.compile(rf"pbkdf2_(sha256|sha1)\$([1-9]\d{{0,9}})\$([!-#%-~]+)\$({_BASE64}={{0,2}})", re.ASCII)
_SCRYPT_OF_DJANGO = re.compile(
    rf"scrypt\$([1-9]\d{{0,9}})\$([!-#%-~]+)\$([1-9]\d{{0,9}})\$([1-9]\d{{0,9}})\$({_BASE64}={{0,2}})", re.ASCII
)
_SCRYPT = re.compile(
    rf"\$scrypt\$ln=([1-9]\d?),r=([1-9]\d{{0,9}}),p=([1-9]\d{{0,9}})\$({_BASE64})\$({_BASE64})", re.ASCII
)
_BCRYPT_SHA256 = "bcrypt_sha256$"

_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}


class HashProblem(enum.Enum):
    """Why a text cannot be an account's password hash."""

    UNKNOWN = "of no known kind"
    MALFORMED = "malformed"
    TOO_LONG = "too long"


@dataclass(frozen=True, slots=True, repr=False)
class PasswordHash:
    """`text` is what is stored. `cost` estimates the time to verify it, as a share of the most that one may take.

    `matches` takes the bytes of a password.
    """

    text: str
    cost: float
    matches: Callable[[bytes], bool]


def parse_hash(text: str) -> PasswordHash | HashProblem:
    if len(text) > 2 * MAX_LENGTH:
        return HashProblem.TOO_LONG
    text = re.sub(r"^(?:argon2(?=\$argon2)|bcrypt\$(?=\$2))", "", text)
    if len(text) > MAX_LENGTH:
        return HashProblem.TOO_LONG
    for prefix, parse in _PARSERS.items():
        if text.startswith(prefix):
            return parse(text) or HashProblem.MALFORMED
    return HashProblem.UNKNOWN


def _argon2(text: str) -> PasswordHash | None:
    match = _ARGON2.fullmatch(text)
    if match is None:
        return None
    memory_kib, passes, lanes = map(int, match.groups()[1:4])
    salt, expected = _decoded(match[5]), _decoded(match[6])
    if not salt or len(salt) < _MIN_ARGON2_SALT or not _is_digest(expected) or memory_kib < 8 * lanes:
        return None
    shares = (memory_kib * passes / _ARGON2_KIB, memory_kib / _ARGON2_MEMORY_KIB, lanes / _ARGON2_LANES)

    def matches(password: bytes) -> bool:
        try:
            return verify_secret(text.encode(), password, _TYPES[match[1]])
        except (VerificationError, InvalidHashError):
            return False

    # Memory and threads have their own bounds, and do not add to the time.
    return PasswordHash(text, shares[0] if max(shares) <= 1 else math.inf, matches)


def _bcrypt(text: str) -> PasswordHash | None:
    return _of_bcrypt(text, text, lambda password: password)


def _bcrypt_sha256(text: str) -> PasswordHash | None:
    """Django's: bcrypt of the SHA-256 in hex, so that no byte of a long password is ignored."""
    return _of_bcrypt(
        text, text.removeprefix(_BCRYPT_SHA256), lambda password: hashlib.sha256(password).hexdigest().encode()
    )


def _of_bcrypt(text: str, crypt: str, prepare: Callable[[bytes], bytes]) -> PasswordHash | None:
    match = _BCRYPT.fullmatch(crypt)
    if match is None:
        return None
    settings, expected = crypt[:_BCRYPT_SETTINGS].encode(), crypt[-_BCRYPT_DIGEST:].encode()

    def matches(password: bytes) -> bool:
        computed = bcrypt.hashpw(prepare(password)[:_BCRYPT_BYTES], settings)
        return hmac.compare_digest(computed[-_BCRYPT_DIGEST:], expected)

    return PasswordHash(text, 2.0 ** (int(match[1]) - _BCRYPT_COST), matches)


def _pbkdf2(text: str) -> PasswordHash | None:
    match = _PBKDF2.fullmatch(text)
    if match is None:
        return None
    name, iterations, salt = match[1], int(match[2]), match[3].encode()
    expected = _decoded(match[4])
    if expected is None or len(expected) != hashlib.new(name).digest_size:
        return None

    def matches(password: bytes) -> bool:
        return hmac.compare_digest(hashlib.pbkdf2_hmac(name, password, salt, iterations), expected)

    return PasswordHash(text, iterations / _PBKDF2_ITERATIONS, matches)


def _scrypt_of_django(text: str) -> PasswordHash | None:
    match = _SCRYPT_OF_DJANGO.fullmatch(text)
    if match is None:
        return None
    work, block, lanes = int(match[1]), int(match[3]), int(match[4])
    return _of_scrypt(text, work, block, lanes, match[2].encode(), _decoded(match[5]))


def _scrypt(text: str) -> PasswordHash | None:
    match = _SCRYPT.fullmatch(text)
    if match is None:
        return None
    work, block, lanes = 2 ** int(match[1]), int(match[2]), int(match[3])
    return _of_scrypt(text, work, block, lanes, _decoded(match[4]), _decoded(match[5]))


def _of_scrypt(
    text: str, work: int, block: int, lanes: int, salt: bytes | None, expected: bytes | None
) -> PasswordHash | None:
    """`work` is N, `block` is r and `lanes` is p of RFC 7914, whose bounds of N and r·p hold."""
    is_power = work > 1 and work & (work - 1) == 0
    if not salt or not expected or not _is_digest(expected):
        return None
    if not is_power or work.bit_length() > 16 * block or block * lanes >= 2**30:
        return None
    share = work * block * lanes / _SCRYPT_WORK
    maxmem = 128 * block * (work + lanes + _SCRYPT_OVERHEAD)

    def matches(password: bytes) -> bool:
        computed = hashlib.scrypt(password, salt=salt, n=work, r=block, p=lanes, maxmem=maxmem, dklen=len(expected))
        return hmac.compare_digest(computed, expected)

    return PasswordHash(text, share if max(block, lanes) <= _SCRYPT_FACTOR else math.inf, matches)


def _decoded(text: str) -> bytes | None:
    """Decodes base64, whether or not it is padded."""
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return None


def _is_digest(decoded: bytes | None) -> bool:
    return decoded is not None and len(decoded) >= _MIN_DIGEST_BYTES


_PARSERS: dict[str, Callable[[str], PasswordHash | None]] = {
    "$argon2": _argon2,
    "$2": _bcrypt,
    _BCRYPT_SHA256: _bcrypt_sha256,
    "pbkdf2_sha": _pbkdf2,
    "scrypt$": _scrypt_of_django,
    "$scrypt$": _scrypt,
}
