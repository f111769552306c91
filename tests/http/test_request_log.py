"""Each request has one line in the log, whatever came of it, and an id by which a person's report leads to it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from app.cors import Cors
from app.logs import log_request
from app.middleware import Middleware, SecurityHeaders
from app.observation import FinishedRequest
from app.observer import Observer
from app.origins import Origins
from models.account import Account
from services.common.pseudonyms import Pseudonyms
from services.common.secrets import Keys
from tests.api import Api
from tests.conftest import MakeApi
from tests.forms import EMAIL, PASSWORD, WRONG_PASSWORD

JSON = {"content-type": "application/json", "accept": "application/graphql-response+json"}
FOREIGN = {"origin": "https://shop.example.mx"}
PREFLIGHT = {**FOREIGN, "access-control-request-method": "POST"}
DEEP = "{ me { " + " ".join(f"a{number}: payments {{ id }}" for number in range(60)) + " } }"
# Path, method, headers, content; and the status and the reason in the log.
REFUSED: list[tuple[str, str, Mapping[str, str], bytes, int, str]] = [
    ("/graphql", "POST", {**JSON, "host": "shop.example.mx"}, b"{}", 421, "host"),
    ("/graphql", "POST", {**JSON, "content-type": "text/plain"}, b"{}", 415, "media type"),
    ("/graphql", "POST", {**JSON, "accept": "text/html"}, b"{}", 406, "media type"),
    ("/graphql", "POST", JSON, b"0" * 20_001, 413, "too large"),
    ("/ana@example.com", "GET", {}, b"", 404, "path"),
    ("/graphql", "DELETE", {}, b"", 405, "method"),
    (
        "/graphql",
        "POST",
        {**JSON, **FOREIGN, "cookie": "session=hunter2"},
        b'{"query": "{ me { id } }"}',
        403,
        "origin",
    ),
    ("/graphql", "OPTIONS", PREFLIGHT, b"", 400, "origin"),
    ("/graphql", "POST", JSON, b'{"query": "hunter2', 400, "malformed"),
    ("/graphql", "POST", JSON, b'{"query": "{ hunter2"}', 400, "invalid document"),
    ("/graphql", "POST", JSON, b'{"query": "{ hunter2 }"}', 400, "invalid document"),
    ("/graphql", "POST", JSON, f'{{"query": "{DEEP}"}}'.encode(), 400, "too complex"),
    ("/webhooks/paypal", "PUT", {}, b"", 405, "method"),
]


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """The lines of requests that the test has made."""
    with capture_logs() as logs:
        yield logs


async def test_a_refused_request_has_a_line_that_says_why(api: Api, lines: list[Any]) -> None:
    for path, method, headers, content, status, _ in REFUSED:
        response = await api.http.request(method, path, headers=headers, content=content)

        assert (response.status_code, response.headers["x-request-id"]) == (status, lines[-1]["request"])
    logged = [(line["method"], line["status"], line["refused"]) for line in _requests(lines)]
    assert logged == [(method, status, reason) for _, method, _, _, status, reason in REFUSED]
    assert "hunter2" not in str(lines)
    assert EMAIL not in str(lines)


async def test_a_line_has_the_operation_and_what_came_of_it(api: Api, lines: list[Any]) -> None:
    await api.send("Login", {"input": {"email": EMAIL, "password": WRONG_PASSWORD}})

    (line,) = _requests(lines)
    assert line.pop("ms") > 0
    assert re.fullmatch("[0-9a-f]{16}", line.pop("request"))
    assert re.fullmatch("[0-9a-f]{16}", line.pop("digest"))
    assert re.fullmatch("[0-9a-f]{12}", line.pop("client"))
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "kind": "graphql",
        "status": 200,
        "operation": "Login",
        "outcomes": {"login": "InvalidCredentialsError"},
    }


async def test_a_result_that_is_null_is_null_in_the_line(api: Api, lines: list[Any]) -> None:
    await api.send("Me")

    (line,) = _requests(lines)
    assert line["outcomes"] == {"me": "null"}


async def test_requests_of_a_client_an_account_and_a_session_are_found_by_a_pseudonym(
    make_api: MakeApi, lines: list[Any]
) -> None:
    api = await make_api(trusted_proxies=1)
    await api.account()
    sessions = [api.signed_in(await api.token()) for _ in range(2)]
    lines.clear()

    for session, address in [(sessions[0], "198.51.100.7"), (sessions[0], "2001:db8::1"), (sessions[1], "2001:db8::2")]:
        await session.send("Me", headers={"x-forwarded-for": address})

    first, second, third = _requests(lines)
    assert first["client"] != second["client"] == third["client"]  # an IPv6 /64 is one client
    assert first["account"] == second["account"] == third["account"]
    assert first["session"] == second["session"] != third["session"]
    assert not {"198.51.100.7", "2001:db8::1"} & set(map(str, first.values()))
    assert len({first["client"], first["account"], first["session"]}) == 3


async def test_the_id_is_our_proxys_if_it_is_well_formed(make_api: MakeApi) -> None:
    api = await make_api(trusted_proxies=1)
    given = ["7f0c2d2e-5f1f-4a43-9d47-0f9f3b9e6c11", "short", "ana@example.com", "two words in it", "x" * 65, ""]

    ids = [(await api.http.get("/nowhere", headers={"x-request-id": each})).headers["x-request-id"] for each in given]
    twice = [("x-request-id", given[0]), ("x-request-id", given[0])]
    ids.append((await api.http.get("/nowhere", headers=twice)).headers["x-request-id"])

    assert ids[0] == given[0]
    assert all(re.fullmatch("[0-9a-f]{16}", made) for made in ids[1:])
    assert len(set(ids)) == len(ids)


async def test_without_a_proxy_a_client_cannot_choose_the_id(api: Api) -> None:
    response = await api.http.get("/nowhere", headers={"x-request-id": "chosen-by-the-client"})

    assert re.fullmatch("[0-9a-f]{16}", response.headers["x-request-id"])


async def test_a_page_may_read_the_id(api: Api) -> None:
    response = await api.http.get("/nowhere", headers={"origin": "http://localhost:5173"})

    assert "X-Request-Id" in response.headers["access-control-expose-headers"]


async def test_a_bug_outside_the_endpoint_is_answered_and_logged_with_the_id(lines: list[Any]) -> None:
    async def bug(*_: object) -> None:
        raise ZeroDivisionError

    app = Middleware(
        bug,
        direct={},
        public={},
        health={},
        observer=Observer([log_request], Pseudonyms(Keys(b"a key of the tests")), trusted_proxies=0),
        security=SecurityHeaders(hsts=False),
        cors=Cors(Origins()),
        hosts=None,
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        response = await http.get("/")

    cause, line = lines
    (error,) = response.json()["errors"]
    assert response.status_code == line["status"] == 500
    assert (cause["event"], cause["log_level"], line["log_level"]) == ("unexpected error", "error", "error")
    assert error["extensions"] == {"code": "INTERNAL", "reference": response.headers["x-request-id"]}
    assert cause["request"] == line["request"] == response.headers["x-request-id"]


async def test_a_whole_failure_is_logged_as_an_error_in_either_media_type(api: Api, lines: list[Any]) -> None:
    await api.account()
    session = api.signed_in(await api.token())
    await Account.all().update(language="xx")
    lines.clear()

    for media_type in ("application/json", "application/graphql-response+json"):
        await session.send("Me", headers={"accept": media_type})

    levels = [(line["status"], line["code"], line["log_level"]) for line in _requests(lines)]
    assert levels == [(200, "INTERNAL", "error"), (500, "INTERNAL", "error")]


async def test_a_deadline_has_the_id_as_its_reference(
    api: Api, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.execution.DEADLINE", 0)

    response = await api.send("Login", {"input": {"email": EMAIL, "password": PASSWORD}})

    (line,) = _requests(lines)
    reference = {"code": "UNAVAILABLE", "reference": response.headers["x-request-id"]}
    assert response.json()["errors"][0]["extensions"] == reference
    assert (line["log_level"], line["status"], line["failure"]) == ("warning", 503, "deadline")


async def test_a_client_that_went_away_has_a_line(api: Api, lines: list[Any]) -> None:
    app = api.http._transport.app  # type: ignore[attr-defined]
    sent: list[Any] = []

    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    body = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": body, "client": None}
    await app(scope, gone, send)

    assert [line["status"] for line in _requests(lines)] == [499]
    assert sent == []


def test_a_probe_is_logged_only_if_the_service_is_not_healthy(lines: list[Any]) -> None:
    healthy = FinishedRequest(
        id="1",
        method="GET",
        kind="health",
        status=200,
        seconds=0.001,
        client="2",
        account=None,
        session=None,
        operation=None,
        digest=None,
        outcomes={},
        code=None,
        failure=None,
    )

    log_request(healthy)
    log_request(healthy._replace(status=503))

    assert [line["status"] for line in lines] == [503]


def _requests(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["event"] == "request"]
