"""The keys that sign and verify access tokens: reads them, checks them and publishes their public parts.

Importing it loads joserfc and OpenSSL, so only a service that has such tokens does.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

MAX_KEYS = 10
MIN_RSA_BITS, MAX_RSA_BITS = 2_048, 4_096  # a signature with more takes several milliseconds

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PARAMETERS = "EC PARAMETERS"  # which `openssl ecparam -genkey` writes before the key
_PUBLIC = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"})
_SHAPE = "must be private keys in PEM, one after the other, or a JWK Set"

_MAX_TOKEN_LENGTH = 4_096  # characters; a token of ours has half as many at most
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

_PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey


class SigningKey:
    """One key with its algorithm: ES256 for P-256, RS256 for RSA. Its id is its thumbprint (RFC 7638)."""

    def __init__(self, key: _PrivateKey) -> None:
        public: ECKey | RSAKey
        if isinstance(key, RSAPrivateKey):
            self._key: ECKey | RSAKey = RSAKey.import_key(key)
            public, self.algorithm = RSAKey.import_key(key.public_key()), "RS256"
        else:
            self._key = ECKey.import_key(key)
            public, self.algorithm = ECKey.import_key(key.public_key()), "ES256"
        self.id = public.thumbprint()
        self.public = {**public.as_dict(), "use": "sig", "alg": self.algorithm, "kid": self.id}

    def sign(self, type: str, claims: Mapping[str, object]) -> str:
        header = {"typ": type, "alg": self.algorithm, "kid": self.id}
        return jwt.encode(header, dict(claims), self._key, algorithms=[self.algorithm])

    def verify(self, type: str, token: str) -> Mapping[str, Any] | None:
        """Returns the claims of a token that this key signed with `type` as its `typ`, or else None.

        Nothing in the token's header chooses a key or an algorithm: it has to be the header that `sign` writes.
        """
        try:
            header = json.loads(_decoded(token.partition(".")[0]))
            if header != {"typ": type, "alg": self.algorithm, "kid": self.id}:
                return None
            return jwt.decode(token, self._key, algorithms=[self.algorithm]).claims
        except (JoseError, ValueError, RecursionError):
            return None


class SigningKeys:
    """The first key signs; all are published, so that what any of them signed is accepted."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._keys = keys
        self._first = keys[0]
        self.ids = [key.id for key in keys]
        self.published = {"keys": [key.public for key in keys]}

    @classmethod
    def parse(cls, text: str) -> "SigningKeys":
        """Reads private keys in PEM, a JWK or a JWK Set (RFC 7517). Raises ValueError, which repeats no part of it."""
        read = [*(_from_json(text) if text.lstrip().startswith("{") else _from_pem(text))]
        if not read:
            raise ValueError(_SHAPE)
        if len(read) > MAX_KEYS:
            raise ValueError(f"must be at most {MAX_KEYS} keys")
        keys = [SigningKey(key) for key in read]
        if len({key.id for key in keys}) < len(keys):
            raise ValueError("the same key is there twice")
        return cls(keys)

    def sign(self, type: str, claims: Mapping[str, object]) -> str:
        """Returns a JWT in compact form, with `type` as its `typ`."""
        return self._first.sign(type, claims)

    def verify(self, type: str, token: str) -> Mapping[str, Any] | None:
        """Returns the claims of a JWT that one of the keys signed, or else None. It does not read the claims."""
        if len(token) > _MAX_TOKEN_LENGTH or not _COMPACT.fullmatch(token):
            return None
        return next((claims for key in self._keys if (claims := key.verify(type, token)) is not None), None)


def generate_key() -> bytes:
    """Returns a new key for ES256, in PEM."""
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _from_pem(text: str) -> Iterator[_PrivateKey]:
    if _BLOCK.sub("", text).strip():
        raise ValueError(_SHAPE)
    blocks = [(found[1], found[0]) for found in _BLOCK.finditer(text) if found[1] != _PARAMETERS]
    for number, (label, block) in enumerate(blocks, start=1):
        if label in _PUBLIC:
            raise ValueError(_no_private_part(number))
        try:
            key = load_pem_private_key(block.encode(), password=None)
        except TypeError:  # which is how it asks for the password
            raise ValueError(f"key {number} is encrypted; give it without a passphrase") from None
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError(f"key {number} cannot be read") from None
        yield _checked(number, key)


def _from_json(text: str) -> Iterator[_PrivateKey]:
    try:
        content: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(_SHAPE) from None
    listed = content.get("keys", [content])
    if not isinstance(listed, list):
        raise ValueError(_SHAPE)
    for number, jwk in enumerate(listed, start=1):
        if not isinstance(jwk, dict):
            raise ValueError(f"key {number} cannot be read")
        kind = jwk.get("kty")
        if kind not in ("EC", "RSA"):
            raise ValueError(_kind(number))
        if "d" not in jwk:
            raise ValueError(_no_private_part(number))
        try:
            key = (RSAKey if kind == "RSA" else ECKey).import_key(jwk).private_key
        except (JoseError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
            raise ValueError(f"key {number} cannot be read") from None
        yield _checked(number, key)


def _checked(number: int, key: object) -> _PrivateKey:
    if isinstance(key, RSAPrivateKey) and MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        return key
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    raise ValueError(_kind(number))


def _kind(number: int) -> str:
    return f"key {number} must be an EC key on P-256, or an RSA key of {MIN_RSA_BITS:,} to {MAX_RSA_BITS:,} bits"


def _no_private_part(number: int) -> str:
    return f"key {number} has no private part; each key must have it"
