"""What a document may ask for."""

import pytest
from graphql import GraphQLOutputType, get_named_type, get_nullable_type, is_list_type, is_object_type, parse

from app.cost import _LISTS, BOUNDS, Cost, measure
from schema.root import schema
from services.companies import CompanyWarningCode
from tests.api import Api
from tests.calls import counted_calls

TYPES = {"S", "T"}
CHAIN = "{ ...F0 }" + "".join(f"fragment F{n} on T {{ {'a {' * 60} ...F{n + 1} {'}' * 60} }}" for n in range(3))
ALL = "id createdAt lastSeenAt expiresAt userAgent ipAddress current"


def test_fragments_are_multiplied_out() -> None:
    document = parse("{ a { ...F ...F } b: c @x } fragment F on T { image @skip(if: true) { d } }")

    cost = measure(document, TYPES)

    assert cost == Cost(depth=3, fields=6, root_fields=2, aliases=1, directives=3, images=2, audios=0)


def test_pictures_under_several_object_types_are_alternatives() -> None:
    document = parse("{ a { ... on S { image } ... on T { image } } }")

    assert measure(document, TYPES).images == 1


def test_pictures_under_a_union_or_an_interface_are_not() -> None:
    document = parse("{ a { ... on AnyUnion { ... on S { x: image } } ... on S { y: image } } }")

    assert measure(document, TYPES).images == 2


def test_what_is_selected_of_a_list_is_multiplied() -> None:
    assert measure(parse("{ me { sessions { id current } } }"), TYPES).fields == 1 + 1 + 50 * 2


def test_fields_that_validation_compares_are_counted_in_unused_fragments_too() -> None:
    document = parse("{ a } fragment F on T { b b b c }")

    assert measure(document, TYPES).overlaps == 3


def test_circles_and_unknown_fragments_are_left_to_validation() -> None:
    document = parse("{ ...A ...Nobody } fragment A on T { a ...B } fragment B on T { b ...A }")

    assert measure(document, TYPES).fields == 2


def test_fragments_that_nobody_uses_are_measured_too_and_both_of_a_name() -> None:
    document = parse("{ a } fragment F on T { b { c { d } } } fragment F on T { e f: g }")

    assert measure(document, TYPES) == Cost(depth=3, fields=3, root_fields=1, aliases=1)


def test_a_list_that_introspection_walks_in_a_list_counts_four_times() -> None:
    document = parse("{ __schema { types { fields { type { name } } interfaces { name } } } }")

    assert measure(document, TYPES).lists == 1 + 4 * 2


def test_nested_spreads_are_measured_once_each() -> None:
    levels = "".join(f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(25))
    document = parse(f"{{ ...F0 }} {levels} fragment F25 on T {{ a }}")

    with counted_calls(10_000):  # walking all of them would take more than 2**25
        cost = measure(document, TYPES)

    assert cost.fields == 2**25


@pytest.mark.parametrize(
    "query",
    [
        "mutation { createCaptcha { ... on CreateCaptchaSuccess { captcha { audio { "
        + " ".join(f"a{n}: dataUri" for n in range(5))
        + " } } } } }",
        "{" + "a {" * 20 + "b" + "}" * 21,
        "{" + " ".join(f"a{n}: passwordPolicy {{ minimumLength }}" for n in range(40)) + "}",
        "{ passwordPolicy {" + " @include(if: true)".join(["minimumLength"] * 40) + "} }",
        "{ passwordPolicy {" + " minimumLength" * 401 + "} }",
        CHAIN,
        "{ me { id } } fragment F on Account { " + "x { y } " * 40 + "}",
        "{ __schema { types { " + "fields { type { fields { name } } } " * 2 + "} } }",
        "{ me { a: sessions { " + ALL + " } b: sessions { " + ALL + " } } }",
        (
            "mutation { createCaptcha { "
            "... on CreateCaptchaResult { ... on CreateCaptchaSuccess { captcha { a: image { dataUri } } } }"
            "... on CreateCaptchaSuccess { captcha { b: image { dataUri } } } } }"
        ),
    ],
    ids=[
        "clips by many names",
        "depth",
        "aliases and root fields",
        "directives",
        "fields",
        "chain",
        "overlaps",
        "introspection",
        "lists",
        "pictures",
    ],
)
async def test_a_document_that_asks_for_too_much_is_refused(api: Api, query: str) -> None:
    response = await api.http.post("/graphql", json={"query": query})

    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["TOO_COMPLEX"]


def test_every_bound_is_a_bound_and_is_named_in_words() -> None:
    passed = {name: BOUNDS.exceeded_by(Cost(**{name: 10_000})) for name in Cost._fields}

    assert passed == {
        "depth": "15 levels of selections",
        "fields": "400 fields, those of a list counted for each of its entries",
        "root_fields": "10 root fields",
        "aliases": "30 aliases",
        "directives": "30 directives",
        "images": "1 image of a captcha",
        "audios": "1 audio clip of a captcha",
        "lists": "18 lists of introspection",
        "overlaps": "700 pairs of fields that write to one name",
    }


async def test_a_refusal_says_how_much_is_too_much(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": "{ passwordPolicy {" + " minimumLength" * 401 + "} }"})

    (error,) = response.json()["errors"]
    assert error["message"] == (
        "The document asks for too much: more than 400 fields, those of a list counted for each of its entries."
    )


def test_every_list_of_objects_is_multiplied() -> None:
    types = [type_ for name, type_ in schema._schema.type_map.items() if not name.startswith("__")]
    objects = [type_ for type_ in types if is_object_type(type_)]
    lists = {name for type_ in objects for name, field in type_.fields.items() if _lists_objects(field.type)}

    assert lists - {"fields"} == set(_LISTS)  # as many errors as an input has fields


def test_a_document_pays_for_as_many_warnings_as_there_are() -> None:
    assert len(CompanyWarningCode) == _LISTS["warnings"]


def _lists_objects(type_: GraphQLOutputType) -> bool:
    nullable = get_nullable_type(type_)
    return is_list_type(nullable) and is_object_type(get_named_type(nullable))
