"""GraphiQL: a page for browsers in development, out of the way of every GraphQL client, complete without a network."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import get_operation_ast, get_variable_values, parse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.graphiql import Page, graphiql_routes
from app.operations import OPERATIONS
from schema.root import schema
from services.payments.plans import BUNDLED
from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
FOLDER = Path(__file__).parents[2] / "app/static/graphiql"


def client_of(operations: Mapping[str, str]) -> httpx2.AsyncClient:
    """GraphiQL before an endpoint that only says its name."""
    of_page = PlainTextResponse("the endpoint of the page")
    page = Page(PlainTextResponse("the endpoint"))
    service = Starlette(routes=[*graphiql_routes(operations, "negocio", of_page), Route("/graphql", page)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(service), base_url="http://localhost:8000")


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(OPERATIONS) as http:
        yield http


async def test_the_pages_policy_allows_only_its_own_origin(api: Api) -> None:
    response = await api.http.get("/graphql", headers={"accept": CHROMIUM})

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "Accept, Origin"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
        "img-src 'self' data:; media-src data:; font-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
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
    named = await http.get("/graphql", params={"documentId": "sha256:0"}, headers=headers)

    assert [posted.text, put.text, queried.text, named.text] == ["the endpoint"] * 4


async def test_every_file_that_the_page_loads_is_served_with_its_type(http: httpx2.AsyncClient) -> None:
    sources = "".join(path.read_text("utf-8") for path in (FOLDER / "index.html", *FOLDER.glob("*.js")))
    paths = re.findall(r'"(/graphiql/[^"]+)"', sources)

    types = {path: (await http.get(path)).headers["content-type"] for path in paths}

    assert types == {
        "/graphiql/vendor/graphiql.min.css": "text/css; charset=utf-8",
        "/graphiql/graphiql.css": "text/css; charset=utf-8",
        "/graphiql/vendor/react.production.min.js": "text/javascript; charset=utf-8",
        "/graphiql/vendor/react-dom.production.min.js": "text/javascript; charset=utf-8",
        "/graphiql/vendor/graphiql.min.js": "text/javascript; charset=utf-8",
        "/graphiql/graphiql.js": "text/javascript; charset=utf-8",
        "/graphiql/media.js": "text/javascript; charset=utf-8",
        "/graphiql/placeholders.js": "text/javascript; charset=utf-8",
        "/graphiql/storage.js": "text/javascript; charset=utf-8",
        "/graphiql/graphql": "text/plain; charset=utf-8",
        "/graphiql/operations.json": "application/json",
    }


@pytest.mark.parametrize("name", ["index.html", *sorted(path.name for path in FOLDER.glob("*.*s"))])
def test_our_files_name_no_other_host_and_contain_no_inline_scripts(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")

    assert not re.search(r"//\w|<script(?![^>]* src=)|<style|\s(style|on\w+)=", text)


async def test_only_scripts_and_styles_are_served(http: httpx2.AsyncClient) -> None:
    for path in ("index.html", "vendor/LICENSES.md", "vendor/", "%2e%2e/exploring.py"):
        assert (await http.get(f"/graphiql/{path}")).status_code == 404


async def test_each_of_our_operations_has_a_tab(http: httpx2.AsyncClient) -> None:
    tabs = (await http.get("/graphiql/operations.json")).json()

    assert sorted(tab["query"] for tab in tabs) == sorted(OPERATIONS.values())


async def test_the_tabs_follow_the_steps_of_a_new_account_and_unknown_operations_come_last() -> None:
    names = ["Alpha", "ConfirmAccount", "CreateAccount", "Login", "PasswordPolicy", "RevokeSession", "Zeta"]
    async with client_of({name: f"query {name} {{ a }}" for name in names}) as http:
        tabs = (await http.get("/graphiql/operations.json")).json()

    shown = [tab["query"].split()[1] for tab in tabs]
    assert shown == ["PasswordPolicy", "CreateAccount", "ConfirmAccount", "Login", "RevokeSession", "Alpha", "Zeta"]


async def test_each_operation_has_variables_that_fit_it(http: httpx2.AsyncClient) -> None:
    for tab in (await http.get("/graphiql/operations.json")).json():
        operation = get_operation_ast(parse(tab["query"]))
        assert operation
        definitions = operation.variable_definitions or ()

        values = get_variable_values(schema._schema, definitions, tab["variables"] or {})

        assert not isinstance(values, list), values
        assert {each.variable.name.value for each in definitions} == set(tab["variables"] or {})


async def test_the_variables_lead_from_tab_to_tab(api: Api) -> None:
    tabs = {tab["query"].split()[1].partition("(")[0]: tab for tab in await _tabs(api)}

    async def run(name: str, **filled_in: object) -> Any:
        body = json.loads(json.dumps(tabs[name]))
        if filled_in:
            body["variables"]["input"] |= filled_in
        headers = {"sec-fetch-site": "same-origin"}
        answer = (await api.http.post("/graphiql/graphql", json=body, headers=headers)).json()
        (value,) = answer["data"].values()
        return value

    types = [(await run("CreateAccount"))["__typename"]]
    types += [(await run("ConfirmAccount", code=await api.mailed_code()))["__typename"]]
    types += [(await run(name))["__typename"] for name in ("Login", "ConfigureCompany", "CreateSeries")]
    series = (await run("Company"))["company"]["series"][0]["id"]
    types += [(await run("UpdateSeries", id=series))["__typename"]]
    types += [(await run("RequestBankDeposit"))["__typename"]]
    types += [(await run("ChangePassword"))["__typename"]]

    assert all(name.endswith("Success") for name in types), types
    assert (await run("Me"))["email"] == "ana@example.com"


async def _tabs(api: Api) -> list[dict[str, Any]]:
    tabs: list[dict[str, Any]] = (await api.http.get("/graphiql/operations.json")).json()
    return tabs


async def test_the_plan_in_the_variables_is_for_sale(make_api: MakeApi, tmp_path: Path) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(BUNDLED.read_text("utf-8").replace('id = "emprendedor"', 'id = "mine"'), "utf-8")
    api = await make_api(plans_file=plans)

    variables = [tab["variables"] for tab in await _tabs(api) if "planId" in str(tab["variables"])]

    assert variables == [{"input": {"planId": "mine"}}] * 2


async def test_the_endpoint_with_a_trailing_slash_shows_the_page_too(api: Api) -> None:
    response = await api.http.get("/graphql/", headers={"accept": CHROMIUM})

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
