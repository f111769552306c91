"""The settings of passkeys: for which domain they are made, and which pages and apps may use them."""

import pytest

from tests.environment import PRODUCTION, fault, read

FINGERPRINT = ":".join(["14"] * 32)
HASH = "FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQ"


@pytest.mark.parametrize(
    ("site_url", "domain"),
    [
        ("https://app.example.mx/entrar", "app.example.mx"),
        ("https://APP.example.mx:8443", "app.example.mx"),
        ("https://127.0.0.1:8000", "localhost"),
        ("https://localhost:5173", "localhost"),
    ],
)
def test_they_are_made_for_the_host_of_the_site(site_url: str, domain: str) -> None:
    party = read(**{**PRODUCTION, "SITE_URL": site_url}).relying_party

    assert (party.id, party.name) == (domain, "Timbrado")


def test_in_production_only_the_pages_of_the_site_may_use_them() -> None:
    site = {**PRODUCTION, "SITE_URL": "https://app.example.mx/entrar", "ALLOWED_ORIGINS": "https://otra.example.mx"}
    allows = read(**site).relying_party.is_origin

    assert [allows(origin) for origin in ("https://app.example.mx", "https://otra.example.mx")] == [True] * 2
    foreign = (
        *("https://app.example.mx:8443", "http://app.example.mx", "https://example.mx", "https://evil.example"),
        *("http://localhost:5173", f"android:apk-key-hash:{HASH}", "null", "", "\0", "x" * 100_000),
    )
    assert [origin for origin in foreign if allows(origin)] == []


def test_listed_pages_replace_those_of_the_site() -> None:
    listed = {"PASSKEY_RP_ID": "example.mx", "PASSKEY_ORIGINS": "https://www.example.mx, https://example.com"}
    party = read(**{**PRODUCTION, **listed}).relying_party

    assert party.id == "example.mx"
    assert [party.is_origin(origin) for origin in ("https://www.example.mx", "https://example.com")] == [True] * 2
    assert not party.is_origin("https://app.example.mx")


def test_apps_answer_with_origins_of_their_own() -> None:
    apps = {
        "PASSKEY_ANDROID_APPS": f"mx.example.app/{FINGERPRINT}",
        "PASSKEY_APPLE_APPS": "A1B2C3D4E5.mx.example.app",
        "PASSKEY_RP_ID": "example.mx",
    }
    allows = read(**{**PRODUCTION, "SITE_URL": "https://app.example.mx", **apps}).relying_party.is_origin

    assert allows(f"android:apk-key-hash:{HASH}")
    assert not allows(f"android:apk-key-hash:{HASH.lower()}")
    assert allows("https://example.mx")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("PASSKEY_RP_ID", value)
            for value in ("https://example.mx", "example.mx:443", "127.0.0.1", "::1", "Éxito.mx")
        ),
        *(("PASSKEY_RP_ID", value) for value in ("example..mx", "-a.mx", f"{'a' * 64}.mx", "EXAMPLE.mx")),
        *(("PASSKEY_ORIGINS", value) for value in ("http://example.mx", "https://example.mx/", "capacitor://app", "*")),
        *(
            ("PASSKEY_ANDROID_APPS", value)
            for value in ("mx.example.app", f"app/{FINGERPRINT}", "mx.example.app/14:6D")
        ),
        *(("PASSKEY_APPLE_APPS", value) for value in ("mx.example.app", "Z9Z9Z9Z9Z9", "a1b2c3d4e5.mx.example.app")),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    sentence = fault(**{name: value})

    assert sentence.startswith(f"{name}: must be")
    assert value not in sentence


def test_a_domain_that_the_site_is_not_under_is_refused() -> None:
    site = {**PRODUCTION, "SITE_URL": "https://app.example.mx"}

    assert fault(**site, PASSKEY_RP_ID="ample.mx").startswith("PASSKEY_RP_ID: pages of SITE_URL are not under")
    assert fault(**site, PASSKEY_RP_ID="www.app.example.mx").startswith("PASSKEY_RP_ID: pages")
    for domain in ("example.mx", "app.example.mx"):
        assert read(**site, PASSKEY_RP_ID=domain).relying_party.id == domain
