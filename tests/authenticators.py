"""A software authenticator: makes passkeys and signs with them, as WebAuthn (level 3, 6) says."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://localhost:5173"
UP, UV, BE, BS, AT, ED = 1, 4, 8, 16, 64, 128
_NO_AAGUID = bytes(16)

Change = Callable[[dict[str, Any]], None]


@dataclass
class Passkey:
    """A credential of an authenticator. `counter` is what it signs next, and stays 0 if it keeps none."""

    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    user_handle: str
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    counter: int = 0
    keeps_counter: bool = False
    flags: int = UP | UV | BE | BS
    rp_id: str = "localhost"
    origin: str = ORIGIN
    extensions: bytes = b""

    def sign(self, options: str, *, client: dict[str, Any] | None = None, **response: Any) -> str:
        """Answers request options. `client` changes the client data that is signed, `response` what is sent."""
        asked = json.loads(options)
        client_data = _client_data("webauthn.get", asked["challenge"], self.origin, client)
        if self.keeps_counter:
            self.counter += 1
        data = _authenticator_data(self.rp_id, self.flags, self.counter, self.extensions)
        signature = self._signature(data + hashlib.sha256(client_data).digest())
        answer = {
            "clientDataJSON": b64(client_data),
            "authenticatorData": b64(data),
            "signature": b64(signature),
            "userHandle": self.user_handle,
            **response,
        }
        return _credential(self.id, answer)

    def _signature(self, signed: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(signed, ec.ECDSA(SHA256()))
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(signed, padding.PKCS1v15(), SHA256())
        return self.key.sign(signed)


@dataclass
class Authenticator:
    """`flags` are those of its passkeys, and `extensions` what it adds in CBOR to the data of each."""

    flags: int = UP | UV | BE | BS
    keeps_counter: bool = False
    algorithm: int = -7
    rp_id: str = "localhost"
    origin: str = ORIGIN
    extensions: bytes = b""

    def make(
        self,
        options: str,
        *,
        id: bytes | None = None,
        client: dict[str, Any] | None = None,
        statement: dict[str, Any] | None = None,
        **response: Any,
    ) -> tuple[Passkey, str]:
        """Answers creation options: the new passkey, and what the client sends."""
        asked = json.loads(options)
        passkey = Passkey(
            _generate(self.algorithm),
            user_handle=asked["user"]["id"],
            keeps_counter=self.keeps_counter,
            flags=self.flags,
            rp_id=self.rp_id,
            origin=self.origin,
            extensions=self.extensions,
        )
        passkey.id = id or passkey.id
        client_data = _client_data("webauthn.create", asked["challenge"], self.origin, client)
        attested = _NO_AAGUID + len(passkey.id).to_bytes(2, "big") + passkey.id + cbor2.dumps(_cose(passkey.key))
        data = _authenticator_data(self.rp_id, self.flags | AT, passkey.counter, self.extensions, attested)
        attestation = {"fmt": "none", "attStmt": {}, "authData": data, **(statement or {})}
        answer = {
            "clientDataJSON": b64(client_data),
            "attestationObject": b64(cbor2.dumps(attestation)),
            "transports": ["internal", "hybrid", "telepathy"],
            **response,
        }
        return passkey, _credential(passkey.id, answer)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(f"{text}===")


def _generate(algorithm: int) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey:
    if algorithm == -8:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm == -257:
        return rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    return ec.generate_private_key(ec.SECP384R1() if algorithm == -35 else ec.SECP256R1())


def _cose(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> dict[int, Any]:
    """The public key as a COSE key (RFC 9053)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    numbers = key.public_key().public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
    size = 48 if numbers.curve.name == "secp384r1" else 32
    algorithm, curve = (-35, 2) if size == 48 else (-7, 1)
    x, y = (each.to_bytes(size, "big") for each in (numbers.x, numbers.y))
    return {1: 2, 3: algorithm, -1: curve, -2: x, -3: y}


def _client_data(type: str, challenge: str, origin: str, changes: dict[str, Any] | None) -> bytes:
    fields = {"type": type, "challenge": challenge, "origin": origin, "crossOrigin": False, **(changes or {})}
    return json.dumps(fields).encode()


def _authenticator_data(rp_id: str, flags: int, counter: int, extensions: bytes, attested: bytes = b"") -> bytes:
    flags |= ED if extensions else 0
    head = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")
    return head + attested + extensions


def _credential(id: bytes, response: dict[str, Any]) -> str:
    credential = {
        "id": b64(id),
        "rawId": b64(id),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": response,
    }
    return json.dumps(credential)
