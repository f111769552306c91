"""WebAuthn's ceremonies (level 3): the options that begin one, and the verification of what an authenticator answers.

Both are the JSON forms of the standard, as text: browsers and Android's Credential Manager read and write them.
No attestation is asked for, and a statement that comes all the same is not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

import cbor2
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, encode_cbor
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.factors.passkey_answers import Answer, KnownCredential, user_handle
from services.factors.relying_party import RelyingParty

_TIMEOUT_MILLISECONDS = 300_000  # for the person: a hint to the browser
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_MAX_KEY_CHARS = 1400  # twice an RSA key of 4,096 bits
_TRANSPORTS = {transport.value for transport in AuthenticatorTransport}
# Authenticator data (6.1): where the flags are, two of them, and where the rest begins.
_FLAGS_AT, _ATTESTED, _EXTENDED, _REST_AT = 32, 64, 128, 37
_ID_AT = 55  # after an AAGUID and a length of two bytes
_SHAREABLE = 28  # CBOR's tag of a value that others refer to


@dataclass(frozen=True, slots=True)
class NewCredential:
    public_key: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]
    aaguid: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified signature. Whether `sign_count` has advanced is the caller's to check."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Ceremonies:
    """Those of one relying party."""

    party: RelyingParty

    def creation_options(self, account_id: UUID, email: str, challenge: str, known: Sequence[KnownCredential]) -> str:
        """Returns PublicKeyCredentialCreationOptionsJSON for a discoverable credential with user verification."""
        options = generate_registration_options(
            rp_id=self.party.id,
            rp_name=self.party.name,
            user_id=base64url_to_bytes(user_handle(account_id)),
            user_name=email,
            challenge=base64url_to_bytes(challenge),
            timeout=_TIMEOUT_MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=_descriptors(known),
            supported_pub_key_algs=_ALGORITHMS,
        )
        return options_to_json(options)

    def request_options(self, challenge: str, known: Sequence[KnownCredential] = ()) -> str:
        """Returns PublicKeyCredentialRequestOptionsJSON. Without `known`, for any discoverable credential."""
        options = generate_authentication_options(
            rp_id=self.party.id,
            challenge=base64url_to_bytes(challenge),
            timeout=_TIMEOUT_MILLISECONDS,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def verify_registration(self, answer: Answer) -> NewCredential | None:
        """Returns the credential that was made, or None if the answer does not verify."""
        if not self.party.is_origin(answer.origin):
            return None
        try:
            verified = verify_registration_response(
                credential=_bare(answer.credential),
                expected_challenge=base64url_to_bytes(answer.challenge),
                expected_rp_id=self.party.id,
                expected_origin=answer.origin,
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
        except Exception:  # for hostile bytes, the library raises much besides its own exceptions
            return None
        public_key = bytes_to_base64url(verified.credential_public_key)
        if bytes_to_base64url(verified.credential_id) != answer.credential_id or len(public_key) > _MAX_KEY_CHARS:
            return None
        return NewCredential(
            public_key=public_key,
            sign_count=verified.sign_count,
            backup_eligible=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=verified.credential_backed_up,
            transports=_transports(answer.credential["response"].get("transports")),
            aaguid=verified.aaguid,
        )

    def verify_assertion(self, answer: Answer, public_key: str) -> Assertion | None:
        """Returns what the authenticator signed, or None if the answer does not verify."""
        if not self.party.is_origin(answer.origin):
            return None
        try:
            _check_authenticator_data(base64url_to_bytes(answer.credential["response"]["authenticatorData"]))
            verified = verify_authentication_response(
                credential=answer.credential,
                expected_challenge=base64url_to_bytes(answer.challenge),
                expected_rp_id=self.party.id,
                expected_origin=answer.origin,
                credential_public_key=base64url_to_bytes(public_key),
                credential_current_sign_count=0,  # the library would compare it before it has verified the signature
                require_user_verification=True,
            )
        except Exception:  # for hostile bytes, the library raises much besides its own exceptions
            return None
        return Assertion(
            sign_count=verified.new_sign_count,
            backup_eligible=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=verified.credential_backed_up,
        )


def _bare(credential: dict[str, Any]) -> dict[str, Any]:
    """Replaces an attestation by that of kind "none", so that no certificate of a stranger is ever parsed.

    Leaves out extensions, none of which was asked for.
    """
    response = credential["response"]
    data = _decode(base64url_to_bytes(response["attestationObject"]))["authData"]
    id_ends = _ID_AT + int.from_bytes(data[_ID_AT - 2 : _ID_AT])
    head = data[:_FLAGS_AT] + bytes([data[_FLAGS_AT] & ~_EXTENDED]) + data[_FLAGS_AT + 1 : id_ends]
    key = encode_cbor(_decode(data[id_ends:]))
    bare = encode_cbor({"fmt": "none", "attStmt": {}, "authData": head + key})
    return {**credential, "response": {**response, "attestationObject": bytes_to_base64url(bare)}}


def _check_authenticator_data(data: bytes) -> None:
    """Raises an error for that of an assertion which the library must not decode."""
    if data[_FLAGS_AT] & _ATTESTED:  # only a registration has such data
        raise ValueError
    if data[_FLAGS_AT] & _EXTENDED:
        _decode(data[_REST_AT:])


def _decode(data: bytes) -> Any:
    """Decodes CBOR without shared values: the library would write out each copy, and a few bytes can ask for 2**40."""
    return cbor2.loads(data, semantic_decoders={_SHAREABLE: _refuse}, allow_duplicate_keys=False)


def _refuse(*_: object) -> NoReturn:
    raise ValueError


def _transports(given: object) -> tuple[str, ...]:
    return tuple(name for name in sorted(_TRANSPORTS) if name in given) if isinstance(given, list) else ()


def _descriptors(known: Sequence[KnownCredential]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(each.id), transports=[AuthenticatorTransport(name) for name in each.transports]
        )
        for each in known
    ]
