"""A built app at /: its files, its own paths, and none of the service's."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.development.web_app import POLICY, web_app_route
from app.http import not_found
from tests.process.serving import ROOT

HTML = {"accept": "text/html,*/*;q=0.8"}


async def home(_: Request) -> Response:
    return PlainTextResponse("where things are")


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    routes = [
        Route("/graphql", PlainTextResponse("the endpoint"), methods=["POST"]),
        web_app_route(frozenset({"graphql", "mail"}), home, str(tmp_path / "dist")),
    ]
    app = Starlette(routes=routes, exception_handlers={404: not_found})
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost:8000") as client:
        yield client


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>App</title>", "utf-8")
    (folder / "assets/index-B3f9.js").write_text("1", "utf-8")
    (folder / "icon.svg").write_text("<svg/>", "utf-8")
    (tmp_path / "secret").write_text("secret", "utf-8")
    return folder


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_without_an_app_the_root_says_where_things_are(http: httpx2.AsyncClient, method: str) -> None:
    root, other = await http.request(method, "/"), await http.request(method, "/pago", headers=HTML)

    assert (root.status_code, other.status_code) == (200, 404)
    assert method == "HEAD" or root.text == "where things are"


@pytest.mark.parametrize("path", ["/", "/confirmar", "/cuenta/pagos", "/pago?token=1"])
async def test_the_apps_own_paths_get_its_index(http: httpx2.AsyncClient, dist: Path, path: str) -> None:
    page = await http.get(path, headers=HTML)

    assert "<title>App</title>" in page.text
    assert page.headers["cache-control"] == "no-cache"
    assert "script-src 'self'; style-src 'self';" in page.headers["content-security-policy"]


async def test_files_are_cached_by_their_names(http: httpx2.AsyncClient, dist: Path) -> None:
    hashed, named = await http.get("/assets/index-B3f9.js"), await http.get("/icon.svg")
    again = await http.get("/icon.svg", headers={"if-none-match": named.headers["etag"]})

    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"].startswith("text/javascript")
    assert named.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/%2e%2e/secret", "/..%2Fsecret", "/%2Fsecret", "/assets/..%2F..%2Fsecret", "/%00"])
async def test_no_file_outside_is_served(http: httpx2.AsyncClient, dist: Path, path: str) -> None:
    response = await http.get(path, headers=HTML)

    assert response.status_code in {200, 404}
    assert "secret" not in response.text


@pytest.mark.parametrize("path", ["/graphql", "/graphql/x", "/mail/1/2", "/assets/missing.js"])
async def test_everything_else_is_not_found(http: httpx2.AsyncClient, dist: Path, path: str) -> None:
    response = await http.get(path, headers=HTML)

    assert response.status_code in {404, 405}
    assert "App" not in response.text


async def test_a_program_gets_no_page_for_a_path_of_the_app(http: httpx2.AsyncClient, dist: Path) -> None:
    read, sent = await http.get("/confirmar", headers={"accept": "application/json"}), await http.post("/confirmar")

    assert (read.status_code, sent.status_code) == (404, 404)


def test_the_readme_of_the_app_names_the_policy_that_it_is_developed_with() -> None:
    readme = (ROOT / "examples/web/README.md").read_text("utf-8")

    assert f"Content-Security-Policy: {POLICY.replace(' blob:', '')}\n" in readme
