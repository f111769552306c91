"""What a document may ask for."""

import time

import pytest
from graphql import parse

from app.cost import BOUNDS, Cost, measure
from tests.api import Api


def test_fragments_are_multiplied_out() -> None:
    document = parse("{ a { ...F ...F } b: c @x } fragment F on T { image @skip(if: true) { d } }")

    cost = measure(document)

    assert cost == Cost(depth=3, fields=6, root_fields=2, aliases=1, directives=3, images=2, audios=0)


def test_circles_and_unknown_fragments_are_left_to_validation() -> None:
    document = parse("{ ...A ...Nobody } fragment A on T { a ...B } fragment B on T { b ...A }")

    assert measure(document).fields == 2


def test_nested_spreads_cost_no_time() -> None:
    levels = "".join(f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(25))
    document = parse(f"{{ ...F0 }} {levels} fragment F25 on T {{ a }}")
    start = time.process_time()

    cost = measure(document)

    assert cost.fields == 2**25
    assert time.process_time() - start < 1  # walking them would take half a minute


@pytest.mark.parametrize(
    "query",
    [
        "{" + "a {" * 20 + "b" + "}" * 21,
        "{" + " ".join(f"a{n}: passwordPolicy {{ minimumLength }}" for n in range(40)) + "}",
        "{ passwordPolicy {" + " @include(if: true)".join(["minimumLength"] * 40) + "} }",
        "{ passwordPolicy {" + " minimumLength" * 401 + "} }",
    ],
    ids=["depth", "aliases and root fields", "directives", "fields"],
)
async def test_a_document_that_asks_for_too_much_is_refused(api: Api, query: str) -> None:
    response = await api.http.post("/graphql", json={"query": query})

    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["TOO_COMPLEX"]


def test_every_bound_is_a_bound() -> None:
    assert all(BOUNDS.exceeded_by(Cost(**{name: 10_000})) == name for name in Cost.__slots__)
