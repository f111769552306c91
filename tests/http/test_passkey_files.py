"""The files under /.well-known by which browsers and systems know who may use the site's passkeys."""

import pytest

from app.passkey_apps import AndroidApp
from tests.conftest import MakeApi

PATHS = ("/.well-known/webauthn", "/.well-known/assetlinks.json", "/.well-known/apple-app-site-association")
FINGERPRINT = ":".join(["0A", "FF"] * 16)
ANDROID_APP = AndroidApp.parse(f"mx.example.app/{FINGERPRINT.lower()}")


async def test_each_file_is_there_once_it_is_set(make_api: MakeApi) -> None:
    api = await make_api(
        passkey_origins=("https://app.example.mx", "https://example.com"),
        passkey_android_apps=(ANDROID_APP,),
        passkey_apple_apps=("A1B2C3D4E5.mx.example.app",),
    )

    origins, links, association = [await api.http.get(path) for path in PATHS]

    assert origins.json() == {"origins": ["https://app.example.mx", "https://example.com"]}
    (link,) = links.json()
    assert "delegate_permission/common.get_login_creds" in link["relation"]
    assert link["target"] == {
        "namespace": "android_app",
        "package_name": "mx.example.app",
        "sha256_cert_fingerprints": [FINGERPRINT],
    }
    assert association.json() == {"webcredentials": {"apps": ["A1B2C3D4E5.mx.example.app"]}}
    for response in (origins, links, association):
        assert response.headers["content-type"] == "application/json"
        assert response.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in response.headers


@pytest.mark.parametrize("path", PATHS)
async def test_a_file_that_is_not_set_is_not_found(make_api: MakeApi, path: str) -> None:
    api = await make_api()

    assert (await api.http.get(path)).status_code == 404
