"""GET /schema.graphql: the SDL of what runs, for code generators; only in development."""

from pathlib import Path

import pytest

from tests.api import PRODUCTION, Api
from tests.conftest import MakeApi

SDL = (Path(__file__).parents[2] / "graphql/schema.graphql").read_text("utf-8")


async def test_development_serves_what_export_schema_prints(api: Api) -> None:
    response = await api.http.get("/schema.graphql")

    assert (response.status_code, response.text) == (200, SDL)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"other", {}', "*"])
async def test_a_client_that_has_it_is_told_so(api: Api, tags: str) -> None:
    tag = (await api.http.get("/schema.graphql")).headers["etag"]

    again = await api.http.get("/schema.graphql", headers={"if-none-match": tags.format(tag)})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


async def test_another_tag_gets_the_file(api: Api) -> None:
    response = await api.http.get("/schema.graphql", headers={"if-none-match": '"other"'})

    assert response.text == SDL


async def test_only_reading_is_possible(api: Api) -> None:
    head = await api.http.head("/schema.graphql")
    posted = await api.http.post("/schema.graphql", json={})

    assert (head.status_code, head.content) == (200, b"")
    assert posted.status_code == 405


async def test_production_has_no_such_path(make_api: MakeApi) -> None:
    api = await make_api(**PRODUCTION)

    response = await api.http.get("/schema.graphql")

    assert response.status_code == 404
    assert response.json()["errors"][0]["message"] == "The endpoint is /graphql."
