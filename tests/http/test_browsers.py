"""What a browser asks before it lets a page read an answer."""

from itertools import product

import httpx2
from structlog.testing import capture_logs

from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

LISTED = "https://app.example.com"
ASKING = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


async def test_a_listed_origin_passes_the_preflight_for_a_day(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)

    response = await api.http.options("/graphql", headers={"origin": LISTED, **ASKING})

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == LISTED
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "Authorization" in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-max-age"] == "86400"


async def test_an_unlisted_origin_fails_the_preflight(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)

    for origin in ("https://evil.example", "null", f"{LISTED}.evil.example", "http://app.example.com"):
        response = await api.http.options("/graphql", headers={"origin": origin, **ASKING})

        assert response.status_code == 400
        assert "access-control-allow-origin" not in response.headers


async def test_headers_of_clients_and_of_tracing_pass_the_preflight(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED, allowed_request_headers="x-ours-*,X-Client-Version")
    sent = [
        "authorization,content-type",
        "apollo-require-preflight,apollographql-client-name,apollographql-client-version",
        "apollographql-library-name, apollographql-library-version",
        "x-apollo-operation-name,x-apollo-operation-id,x-apollo-operation-type,x-apollo-cache-key",
        "graphql-preflight,graphql-client-name,x-graphql-client-version",
        "traceparent,tracestate,baggage,sentry-trace,b3,x-b3-traceid,x-b3-spanid,x-b3-sampled",
        "x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id,newrelic",
        "x-request-id,X-Correlation-ID,request-id,x-amzn-trace-id,cache-control,x-requested-with",
        "x-ours-tenant,x-client-version",
    ]

    for names, method in product(sent, ("GET", "POST")):
        asking = {"access-control-request-method": method, "access-control-request-headers": names}
        response = await api.http.options("/graphql", headers={"origin": LISTED, **asking})

        assert response.status_code == 200
        assert method in response.headers["access-control-allow-methods"]
        assert {name.strip().lower() for name in names.split(",")} <= _allowed_headers(response)


async def test_other_headers_fail_the_preflight_which_lists_the_allowed_ones(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)

    for name in ("x-forwarded-for", "cookie", "*", "x-apollo", "x-ours-tenant", "x-b3", "a\tb"):
        asking = {**ASKING, "access-control-request-headers": f"content-type,{name}"}
        response = await api.http.options("/graphql", headers={"origin": LISTED, **asking})

        assert response.status_code == 200
        assert "content-type" in _allowed_headers(response)
        assert name not in _allowed_headers(response)


async def test_a_preflight_of_ten_thousand_headers_is_answered(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)
    asking = {**ASKING, "access-control-request-headers": "x-apollo-" + ",x-apollo-" * 10_000}

    response = await api.http.options("/graphql", headers={"origin": LISTED, **asking})

    assert response.status_code == 200


async def test_an_app_that_contains_its_pages_can_be_listed_in_production(make_api: MakeApi) -> None:
    origins = ["capacitor://localhost", "http://tauri.localhost", "chrome-extension://abcdef"]
    api = await make_api(**PRODUCTION, allowed_origins=",".join(origins))

    for origin in origins:
        asked = await api.http.options("/graphql", headers={"origin": origin, **ASKING})
        answered = await api.http.post("/graphql", json={"query": "{ me { id } }"}, headers={"origin": origin})

        for response in (asked, answered):
            assert response.headers["access-control-allow-origin"] == origin
            assert response.headers["access-control-allow-credentials"] == "true"


async def test_production_allows_only_listed_pages(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION, allowed_origins=LISTED)

    response = await api.http.options("/graphql", headers={"origin": "http://localhost:5173", **ASKING})

    assert response.status_code == 400


async def test_development_allows_every_page_of_this_machine(make_api: MakeApi) -> None:
    api = await make_api(allowed_origins=LISTED)

    for origin in ("http://localhost:3000", "https://127.0.0.1", "http://[::1]:4200", "tauri://localhost"):
        response = await api.http.options("/graphql", headers={"origin": origin, **ASKING})

        assert response.headers["access-control-allow-origin"] == origin


async def test_a_refused_origin_is_logged_by_name_once(api: Api) -> None:
    with capture_logs() as logs:
        for origin in ("https://evil.example", "https://evil.example", "http://localhost:8000", "x" * 5000 + "\r\n"):
            await api.http.options("/graphql", headers={"origin": origin, **ASKING})
            await api.send("PasswordPolicy", headers={"origin": origin})
        await api.send("PasswordPolicy", headers={"origin": "https://proxied.example", "sec-fetch-site": "same-origin"})

    refused = [entry["origin"] for entry in logs if entry["event"] == "origin refused"]
    assert refused == ["https://evil.example", "x" * 100]


async def test_a_listed_origin_may_read_retry_after(make_api: MakeApi) -> None:
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


def _allowed_headers(response: httpx2.Response) -> set[str]:
    return set(response.headers["access-control-allow-headers"].lower().split(", "))
