"""What a browser asks before it lets a page read an answer."""

from tests.api import Api
from tests.conftest import MakeApi

LISTED = "https://app.example.com"
ASKING = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


async def test_a_listed_origin_may_send_what_clients_send_and_need_not_ask_again_for_a_day(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)

    response = await api.http.options("/graphql", headers={"origin": LISTED, **ASKING})

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == LISTED
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "Authorization" in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-max-age"] == "86400"


async def test_another_origin_may_not(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)

    for origin in ("https://evil.example", "null", f"{LISTED}.evil.example", "http://app.example.com"):
        response = await api.http.options("/graphql", headers={"origin": origin, **ASKING})

        assert response.status_code == 400
        assert "access-control-allow-origin" not in response.headers


async def test_a_listed_origin_may_read_when_to_try_again(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)

    response = await api.http.post("/graphql", json={"query": "{ me { id } }"}, headers={"origin": LISTED})

    assert "Retry-After" in response.headers["access-control-expose-headers"]


async def test_every_answer_has_the_security_headers(api: Api) -> None:
    answers = [
        await api.send("PasswordPolicy"),
        await api.http.post("/graphql", content=b"x"),
        await api.http.get("/elsewhere"),
        await api.http.options("/graphql", headers={"origin": "https://evil.example", **ASKING}),
        await api.http.put("/graphql"),
    ]

    for response in answers:
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
