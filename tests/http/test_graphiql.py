"""GraphiQL: a page for browsers in development, out of the way of every GraphQL client, complete without a network."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx2
import pytest
from graphql import build_schema
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.graphiql import graphiql_routes
from app.middleware import SecurityHeaders
from app.operations import OPERATIONS
from schema.root import schema
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
FOLDER = Path(__file__).parents[2] / "app/static/graphiql"


def client_of(operations: Mapping[str, str], sdl: str | None = None) -> httpx2.AsyncClient:
    """GraphiQL before an endpoint that only says its name."""
    endpoint = Route("/graphql", PlainTextResponse("the endpoint"), methods=["GET", "HEAD", "POST", "PUT"])
    of_page = PlainTextResponse("the endpoint of the page")
    routes = [*graphiql_routes(operations, build_schema(sdl) if sdl else schema._schema, of_page), endpoint]
    service = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders, hsts=False)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(service), base_url="http://localhost:8000")


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(OPERATIONS) as http:
        yield http


async def test_the_pages_policy_allows_only_its_own_origin(http: httpx2.AsyncClient) -> None:
    response = await http.get("/graphql", headers={"accept": CHROMIUM})

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "Accept"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
        "img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


async def test_a_client_that_prefers_html_gets_the_page(http: httpx2.AsyncClient) -> None:
    for accept in (CHROMIUM, FIREFOX, "text/html", "TEXT/HTML", "text/*", f"{JSON};q=0.5, text/html;q=0.6"):
        response = await http.get("/graphql", headers={"accept": accept})

        assert "<title>GraphiQL" in response.text


async def test_graphql_clients_reach_the_endpoint(http: httpx2.AsyncClient) -> None:
    types = [
        "",
        "*/*",
        JSON,
        RESPONSE_JSON,
        f"{RESPONSE_JSON}, {JSON};q=0.9",
        f"text/html, {JSON}",
        f"text/html;q=0.5, {RESPONSE_JSON}",
        "text/html;q=0, */*",
        "image/png",
    ]

    answers = {accept: (await http.get("/graphql", headers={"accept": accept})).text for accept in types}

    assert answers == dict.fromkeys(types, "the endpoint")


async def test_only_a_visit_gets_the_page(http: httpx2.AsyncClient) -> None:
    headers = {"accept": CHROMIUM}

    posted = await http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    put = await http.put("/graphql", headers=headers)
    queried = await http.get("/graphql", params={"query": "{ __typename }"}, headers=headers)

    assert [posted.text, put.text, queried.text] == ["the endpoint"] * 3


async def test_every_file_that_the_page_loads_is_served_with_its_type(http: httpx2.AsyncClient) -> None:
    sources = "".join((FOLDER / name).read_text("utf-8") for name in ("index.html", "graphiql.js"))
    paths = re.findall(r'"(/graphiql/[^"]+)"', sources)

    types = {path: (await http.get(path)).headers["content-type"] for path in paths}

    assert types == {
        "/graphiql/vendor/graphiql.min.css": "text/css; charset=utf-8",
        "/graphiql/graphiql.css": "text/css; charset=utf-8",
        "/graphiql/vendor/react.production.min.js": "text/javascript; charset=utf-8",
        "/graphiql/vendor/react-dom.production.min.js": "text/javascript; charset=utf-8",
        "/graphiql/vendor/graphiql.min.js": "text/javascript; charset=utf-8",
        "/graphiql/graphiql.js": "text/javascript; charset=utf-8",
        "/graphiql/graphql": "text/plain; charset=utf-8",
        "/graphiql/operations.json": "application/json",
    }


@pytest.mark.parametrize("name", ["index.html", "graphiql.js", "graphiql.css"])
def test_our_files_name_no_other_host_and_contain_no_inline_scripts(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")

    assert not re.search(r"//\w|<script(?![^>]* src=)|<style|\s(style|on\w+)=", text)


async def test_only_scripts_and_styles_are_served(http: httpx2.AsyncClient) -> None:
    for path in ("index.html", "vendor/LICENSES.md", "vendor/", "%2e%2e/exploring.py"):
        assert (await http.get(f"/graphiql/{path}")).status_code == 404


async def test_each_of_our_operations_has_a_tab(http: httpx2.AsyncClient) -> None:
    tabs = (await http.get("/graphiql/operations.json")).json()

    assert sorted(tab["query"] for tab in tabs) == sorted(OPERATIONS.values())


async def test_the_steps_of_a_new_account_come_first_and_missing_operations_have_no_tab() -> None:
    names = ["Alpha", "ConfirmAccount", "Login", "PasswordPolicy", "Zeta"]
    async with client_of({name: f"query {name} {{ a }}" for name in names}, "type Query { a: Int }") as http:
        tabs = (await http.get("/graphiql/operations.json")).json()

    assert [tab["query"].split()[1] for tab in tabs] == ["PasswordPolicy", "ConfirmAccount", "Login", "Alpha", "Zeta"]


async def test_required_variables_have_an_example() -> None:
    sdl = """
        type Query { find(by: Filter, kind: Kind, sizes: [Int!], first: Int, exact: Boolean): Int }
        enum Kind { SMALL LARGE }
        input Filter { name: String!, nested: Nested!, other: String, limit: Int! = 10 }
        input Nested { code: ID! }
    """
    query = """
        query Find($by: Filter!, $kind: Kind!, $sizes: [Int!]!, $first: Int! = 5, $exact: Boolean!, $optional: Int) {
          find(by: $by, kind: $kind, sizes: $sizes, first: $first, exact: $exact)
          again: find(first: $optional)
        }
    """
    async with client_of({"Find": query, "Plain": "query Plain { find }"}, sdl) as http:
        tabs = (await http.get("/graphiql/operations.json")).json()

    assert tabs == [
        {
            "query": query,
            "variables": {
                "by": {"name": "", "nested": {"code": ""}},
                "kind": "SMALL",
                "sizes": [],
                "exact": False,
            },
        },
        {"query": "query Plain { find }", "variables": None},
    ]


async def test_the_endpoint_with_a_trailing_slash_shows_the_page_too(http: httpx2.AsyncClient) -> None:
    response = await http.get("/graphql/", headers={"accept": CHROMIUM})

    assert "<title>GraphiQL" in response.text


async def test_production_does_not_serve_graphiql(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    page = await api.http.get("/graphql", headers={"accept": "text/html"})
    others = [await api.http.get(path) for path in ("/graphiql/graphiql.js", "/graphiql/operations.json", "/")]

    assert page.status_code == 406
    assert [other.status_code for other in others] == [404, 404, 404]


async def test_development_serves_graphiql_at_the_endpoint(api: Api) -> None:
    page = await api.http.get("/graphql", headers={"accept": CHROMIUM})
    answer = await api.run("PasswordPolicy")

    assert "<title>GraphiQL" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert answer["minimumLength"] == 8
