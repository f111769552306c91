"""Keys for access tokens, and a back end that verifies them with another implementation than the service's."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from services.access.keys import SigningKeys

AUDIENCE = "https://api.example.mx"
ISSUER = "https://cuentas.example.mx"
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "sid"]


def ec_key(curve: ec.EllipticCurve | None = None) -> str:
    return pem(ec.generate_private_key(curve or ec.SECP256R1()))


def rsa_key(bits: int = 2_048) -> str:
    return pem(rsa.generate_private_key(65_537, bits))


def pem(key: PrivateKeyTypes, password: bytes | None = None, shape: PrivateFormat = PrivateFormat.PKCS8) -> str:
    protection: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, shape, protection).decode()


def verify(token: str, published: dict[str, Any], audience: str = AUDIENCE, issuer: str = ISSUER) -> dict[str, Any]:
    """Returns the claims, as PyJWT reads them with the published keys. Raises jwt.PyJWTError."""
    header = jwt.get_unverified_header(token)
    if header.get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("typ")
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(published).keys}
    if header.get("kid") not in keys:
        raise jwt.InvalidKeyError("kid")
    claims: dict[str, Any] = jwt.decode(
        token,
        keys[header["kid"]],
        algorithms=["ES256", "RS256"],
        audience=audience,
        issuer=issuer,
        options={"require": REQUIRED},
    )
    return claims


def forgeries(private_key: str, claims: dict[str, Any]) -> dict[str, str]:
    """The usual attacks on a token with these claims, and tokens of the service's own key that do not count."""
    ours = SigningKeys.parse(private_key)
    [key] = ours.published["keys"]
    header = {"typ": "at+jwt", "kid": key["kid"]}
    head, body, signature = ours.sign("at+jwt", claims).split(".")
    richer = _segment({**claims, "sub": "00000000-0000-4000-8000-000000000000"})
    own = ec_key()
    own_public = SigningKeys.parse(own).published["keys"][0]
    public = jwt.PyJWK(key).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "alg none": f"{_segment({**header, 'alg': 'none'})}.{body}.",
        "alg None": f"{_segment({**header, 'alg': 'None'})}.{body}.{signature}",
        "key confusion, in PEM": _hmac(header, body, public),
        "key confusion, as JSON": _hmac(header, body, json.dumps(key).encode()),
        "another key under our kid": jwt.encode(claims, ec_key(), "ES256", header),
        "a key in the header": jwt.encode(claims, own, "ES256", {"typ": "at+jwt", "kid": "own", "jwk": own_public}),
        "unknown kid": SigningKeys.parse(ec_key()).sign("at+jwt", claims),
        "changed claims": f"{head}.{richer}.{signature}",
        "no signature": f"{head}.{body}.",
        "wrong audience": ours.sign("at+jwt", {**claims, "aud": "reports"}),
        "wrong issuer": ours.sign("at+jwt", {**claims, "iss": "https://cuentas.example.com"}),
        "expired": ours.sign("at+jwt", {**claims, "exp": int(time.time()) - 1}),
        "no expiry": ours.sign("at+jwt", {name: value for name, value in claims.items() if name != "exp"}),
        "another type": ours.sign("JWT", claims),
    }


def _hmac(header: dict[str, Any], body: str, secret: bytes) -> str:
    """Signs with what is public, as if it were a secret that both sides share."""
    signed = f"{_segment({**header, 'alg': 'HS256'})}.{body}"
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).rstrip(b"=").decode()
    return f"{signed}.{signature}"


def _segment(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
