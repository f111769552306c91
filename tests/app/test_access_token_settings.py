"""The settings of access tokens: weak, wrong and missing keys stop the start with one sentence."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat, load_pem_private_key
from joserfc.jwk import ECKey, RSAKey

from app.composition import compose
from app.logs import changed
from app.setting_checks import KEYS
from app.setting_warnings import warnings
from app.settings import InvalidSettingsError, read_settings
from services.access.keys import SigningKeys
from tests.access_tokens import ec_key, pem, rsa_key
from tests.environment import PRODUCTION, fault, read

_SHAPE = "must be private keys in PEM, one after the other, or a JWK Set"
_KIND = "must be an EC key on P-256, or an RSA key of 2,048 to 4,096 bits"
_EC = ec_key()


def _public(text: str) -> str:
    key = load_pem_private_key(text.encode(), None).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _jwk(text: str, private: bool = True, **changes: Any) -> dict[str, Any]:
    key = (ECKey if text == _EC else RSAKey).import_key(text)
    return {**key.as_dict(private=private), **changes}


@pytest.fixture(scope="module")
def rsa_pem() -> str:
    return rsa_key()


def test_a_wrong_key_stops_the_start_with_one_sentence(rsa_pem: str) -> None:
    wrong = {
        "a short RSA key": (rsa_key(1_024), f"key 1 {_KIND}"),
        "a weak key behind a good one": (_EC + rsa_key(1_024), f"key 2 {_KIND}"),
        "another curve": (ec_key(ec.SECP384R1()), f"key 1 {_KIND}"),
        "bitcoin's curve": (ec_key(ec.SECP256K1()), f"key 1 {_KIND}"),
        "Ed25519": (pem(ed25519.Ed25519PrivateKey.generate()), f"key 1 {_KIND}"),
        "a secret": ('{"kty": "oct", "k": "c2VjcmV0"}', f"key 1 {_KIND}"),
        "an unhashable type": ('{"kty": {"a": []}}', f"key 1 {_KIND}"),
        "a public key": (_public(_EC), "key 1 has no private part; each key must have it"),
        "a public key behind a private one": (
            _EC + _public(rsa_pem),
            "key 2 has no private part; each key must have it",
        ),
        "a public JWK": (json.dumps(_jwk(_EC, private=False)), "key 1 has no private part; each key must have it"),
        "a passphrase": (
            pem(ec.generate_private_key(ec.SECP256R1()), b"word"),
            "key 1 is encrypted; give it without a passphrase",
        ),
        "an old passphrase": (
            pem(rsa.generate_private_key(65_537, 2_048), b"word", PrivateFormat.TraditionalOpenSSL),
            "key 1 is encrypted; give it without a passphrase",
        ),
        "half a key": (_EC[: len(_EC) // 2], _SHAPE),
        "a broken key": (_EC.replace("\n", "\nAAAA", 1), "key 1 cannot be read"),
        "a JWK whose parts do not match": (json.dumps(_jwk(_EC, d=_jwk(_EC)["x"])), "key 1 cannot be read"),
        "a JWK of wrong types": (json.dumps(_jwk(rsa_pem, n=7)), "key 1 cannot be read"),
        "no JWK": ('{"keys": [1]}', "key 1 cannot be read"),
        "no list of JWKs": ('{"keys": 1}', _SHAPE),
        "an empty JWK Set": ('{"keys": []}', _SHAPE),
        "broken JSON": ("{", _SHAPE),
        "deep JSON": ('{"a":' * 10_000, _SHAPE),
        "a path": ("/run/secrets/key.pem", _SHAPE),
        "the same key twice": (_EC + _EC, "the same key is there twice"),
        "too many keys": (json.dumps({"keys": [_jwk(_EC)] * 11}), "must be at most 10 keys"),
    }

    answered = {what: fault(ACCESS_TOKEN_KEYS=text) for what, (text, _) in wrong.items()}

    assert answered == {what: f"ACCESS_TOKEN_KEYS: {sentence}" for what, (_, sentence) in wrong.items()}


def test_keys_are_given_in_every_usual_form(tmp_path: Path, rsa_pem: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    forms = {
        "PKCS #8": pem(key),
        "SEC 1": pem(key, shape=PrivateFormat.TraditionalOpenSSL),
        "with parameters": f"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{pem(key)}",
        "with Windows' line breaks": pem(key).replace("\n", "\r\n"),
        "a JWK": json.dumps(ECKey.import_key(key).as_dict(private=True)),
        "a JWK Set": json.dumps({"keys": [ECKey.import_key(key).as_dict(private=True)]}, indent=1),
    }

    published = {}
    for name, text in forms.items():
        given = read(ACCESS_TOKEN_KEYS=text).access_token_keys
        assert given
        published[name] = SigningKeys.parse(given.get_secret_value()).published
    (tmp_path / "keys.pem").write_text(pem(key) + rsa_pem)
    from_file = read(ACCESS_TOKEN_KEYS_FILE=str(tmp_path / "keys.pem")).access_token_keys

    assert len(set(map(str, published.values()))) == 1
    assert from_file
    assert len(SigningKeys.parse(from_file.get_secret_value()).published["keys"]) == 2


def test_the_id_of_a_key_is_its_thumbprint(rsa_pem: str) -> None:
    """By hand, after RFC 7638, 3: the required members in the order of their names, without spaces."""
    published = SigningKeys.parse(rsa_pem + _EC).published["keys"]

    for key, members in zip(published, (("e", "kty", "n"), ("crv", "kty", "x", "y")), strict=True):
        text = json.dumps({name: key[name] for name in members}, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).digest()
        assert key["kid"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_production_with_audiences_needs_keys_and_an_issuer_over_https() -> None:
    audiences = {**PRODUCTION, "ACCESS_TOKEN_AUDIENCES": "https://api.example.mx"}
    keys = {"ACCESS_TOKEN_KEYS": _EC}

    assert fault(**PRODUCTION) == ""
    assert fault(**audiences) == "production needs ACCESS_TOKEN_KEYS, ACCESS_TOKEN_ISSUER (https)"
    assert fault(**audiences, **keys) == "production needs ACCESS_TOKEN_ISSUER (https)"
    assert fault(**audiences, **keys, ACCESS_TOKEN_ISSUER="http://cuentas.example.mx") == (
        "ACCESS_TOKEN_ISSUER: production needs https"
    )
    assert fault(**audiences, **keys, ACCESS_TOKEN_ISSUER="https://cuentas.example.mx") == ""


def test_a_command_that_issues_no_tokens_needs_no_keys() -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**PRODUCTION, "ACCESS_TOKEN_AUDIENCES": "reports"}.items():
            patch.setenv(name, value)
        settings = read_settings(needs=KEYS)

    assert compose(settings).published_keys == {"keys": []}


@pytest.mark.parametrize("issuer", ["cuentas", "https://a.mx/?a", "https://a.mx/#a", f"https://a.mx/{'x' * 200}"])
def test_a_wrong_issuer_is_refused(issuer: str) -> None:
    sentence = "ACCESS_TOKEN_ISSUER: must be a URL such as https://cuentas.example.mx, without ? and #"

    assert fault(ACCESS_TOKEN_ISSUER=issuer) == sentence


@pytest.mark.parametrize("audience", ["an api", "ñ", "x" * 201])
def test_a_wrong_audience_is_refused(audience: str) -> None:
    sentence = "ACCESS_TOKEN_AUDIENCES: must be names of APIs such as https://api.example.mx, in ASCII without spaces"

    assert fault(ACCESS_TOKEN_AUDIENCES=f"reports,{audience}") == sentence


def test_no_key_is_in_a_repr_or_in_the_log() -> None:
    settings = read(ACCESS_TOKEN_KEYS=_EC, ACCESS_TOKEN_AUDIENCES="reports")
    secret = _EC.splitlines()[1]

    composition = compose(settings.model_copy(update={"data_dir": Path()}))

    assert secret not in f"{settings!r} {settings} {settings.model_dump()} {changed(settings)} {composition!r}"
    assert changed(settings)["ACCESS_TOKEN_KEYS"] == "set"


def test_keys_without_audiences_are_reported() -> None:
    settings = read(ACCESS_TOKEN_KEYS=_EC, ACCESS_TOKEN_ISSUER="https://cuentas.example.mx")

    assert [each for each in warnings(settings) if "ACCESS_TOKEN" in each] == [
        "ACCESS_TOKEN_KEYS, ACCESS_TOKEN_ISSUER: without effect, since ACCESS_TOKEN_AUDIENCES is not set."
    ]


def test_a_broken_key_of_development_is_named(tmp_path: Path) -> None:
    (tmp_path / "access-token.pem").write_bytes(b"\xff")
    settings = read_settings(data_dir=tmp_path, access_token_audiences=("reports",))

    with pytest.raises(InvalidSettingsError, match=f"^ACCESS_TOKEN_KEYS: {_SHAPE}$"):
        compose(settings)
