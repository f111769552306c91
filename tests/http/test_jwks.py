"""GET /.well-known/jwks.json: the keys that verify access tokens, for any page and any cache."""

from typing import Any

import pytest
from pydantic import SecretStr

from app.composition import compose
from tests.access_tokens import AUDIENCE, ec_key, rsa_key
from tests.api import Api
from tests.conftest import MakeApi

PATH = "/.well-known/jwks.json"
SETTINGS: dict[str, Any] = {"access_token_audiences": (AUDIENCE,)}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


async def test_only_public_parts_are_published(make_api: MakeApi) -> None:
    api = await make_api(**SETTINGS, access_token_keys=SecretStr(ec_key() + rsa_key()))

    response = await api.http.get(PATH)

    ec, rsa = response.json()["keys"]
    assert set(ec) == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert set(rsa) == {"kty", "n", "e", "use", "alg", "kid"}
    assert not PRIVATE & {*ec, *rsa}
    assert [(key["kty"], key["alg"], key["use"]) for key in (ec, rsa)] == [
        ("EC", "ES256", "sig"),
        ("RSA", "RS256", "sig"),
    ]
    assert response.headers["content-type"] == "application/jwk-set+json"


async def test_the_key_of_development_is_made_once_and_readable_by_its_owner_only(make_api: MakeApi) -> None:
    api = await make_api(**SETTINGS)
    file = api.settings.data_dir / "access-token.pem"
    made = file.read_bytes()

    again = compose(api.settings)

    assert again.published_keys == (await api.http.get(PATH)).json()
    assert file.read_bytes() == made
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("origin", [None, "https://anywhere.example", "http://localhost:5173", "null"])
async def test_any_page_may_read_them_and_none_with_its_cookie(make_api: MakeApi, origin: str | None) -> None:
    api = await make_api(**SETTINGS)
    headers = {"cookie": "session=none", **({"origin": origin} if origin else {})}

    response = await api.http.get(PATH, headers=headers)

    assert response.status_code == 200
    assert response.headers.get_list("access-control-allow-origin") == ["*"]
    assert "access-control-allow-credentials" not in response.headers
    assert not {"vary", "set-cookie"} & set(response.headers)
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_page_may_ask_with_headers_of_its_own(make_api: MakeApi) -> None:
    api = await make_api(**SETTINGS)
    asked = {"origin": "https://anywhere.example", "access-control-request-method": "GET"}

    response = await api.http.options(PATH, headers={**asked, "access-control-request-headers": "x-any"})

    assert response.status_code == 204
    allowed = {name: response.headers[f"access-control-allow-{name}"] for name in ("origin", "methods", "headers")}
    assert allowed == {"origin": "*", "methods": "GET, HEAD, OPTIONS", "headers": "*"}


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"other", {}', "*"])
async def test_they_may_be_cached_for_five_minutes_and_are_sent_once(make_api: MakeApi, tags: str) -> None:
    api = await make_api(**SETTINGS)

    first = await api.http.get(PATH)
    again = await api.http.get(PATH, headers={"if-none-match": tags.format(first.headers["etag"])})
    other = await api.http.get(PATH, headers={"if-none-match": '"other"'})

    assert first.headers["cache-control"] == again.headers["cache-control"] == "public, max-age=300"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert other.json() == first.json()


async def test_they_can_only_be_read(make_api: MakeApi) -> None:
    api = await make_api(**SETTINGS)

    head, posted = await api.http.head(PATH), await api.http.post(PATH, json={})

    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 100
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_service_without_audiences_publishes_an_empty_set(api: Api) -> None:
    response = await api.http.get(PATH)

    assert (response.status_code, response.json()) == (200, {"keys": []})
