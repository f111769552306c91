"""The secrets of API clients: a prefix, random characters and a checksum, as GitHub's tokens have them.

Secret scanners find them by prefix and checksum, and a mistyped one is refused without a look into the database.
"""

import re
import secrets
import string
import zlib

from services.common.secrets import API_SECRET_PREFIX

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH = 36  # 5.95 bits each: 214
_CHECKSUM_LENGTH = 6  # of 32 bits
_SHAPE = re.compile(rf"{API_SECRET_PREFIX}([0-9A-Za-z]{{{_RANDOM_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})")


def generate_secret() -> str:
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return f"{API_SECRET_PREFIX}{characters}{_checksum(characters)}"


def is_well_formed(secret: str) -> bool:
    """Whether the text has the shape of a secret, with the right checksum."""
    match = _SHAPE.fullmatch(secret)
    return match is not None and _checksum(match[1]) == match[2]


def _checksum(characters: str) -> str:
    """Returns the CRC32 in base 62, which finds mistakes and proves nothing."""
    number = zlib.crc32(characters.encode("ascii"))
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
