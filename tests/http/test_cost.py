"""What a document may ask for."""

import pytest
from graphql import parse

from app.cost import BOUNDS, Cost
from app.measurement import measure
from schema.errors import MAX_PROBLEMS
from schema.root import schema
from services.invoices.queries import MAX_SKIPPED_FOLIOS
from tests.api import Api
from tests.calls import counted_calls

CHAIN = "{ ...F0 }" + "".join(f"fragment F{n} on T {{ {'a {' * 60} ...F{n + 1} {'}' * 60} }}" for n in range(3))
ALL = "id createdAt lastSeenAt expiresAt userAgent ipAddress current"


def _measured(text: str) -> Cost:
    return measure(parse(text), schema._schema)


def test_fragments_are_multiplied_out() -> None:
    cost = _measured("{ a { ...F ...F } b: c @x } fragment F on Captcha { image @skip(if: true) { d } }")

    assert cost == Cost(depth=3, fields=6, root_fields=2, aliases=1, directives=3, images=2, audios=0)


def test_pictures_under_several_object_types_are_alternatives() -> None:
    cost = _measured(
        "mutation { login { ... on CaptchaRequiredError { captcha { image } } "
        "... on CaptchaMismatchError { captcha { image } } } }"
    )

    assert cost.images == 1


def test_pictures_that_one_object_may_have_are_added_up() -> None:
    cost = _measured(
        "mutation { login { ... on LoginResult { ... on CaptchaRequiredError { captcha { x: image } } } "
        "... on CaptchaRequiredError { captcha { y: image } } } }"
    )
    by_interface = _measured(
        "mutation { login { ... on CaptchaError { captcha { x: image } } "
        "... on UserError { ... on CaptchaMismatchError { captcha { y: image } } } } }"
    )

    assert (cost.images, by_interface.images) == (2, 2)


def test_pictures_of_a_success_and_of_its_failures_are_alternatives() -> None:
    cost = _measured(
        "mutation { createCaptcha { ... on CreateCaptchaSuccess { captcha { image } } "
        "... on UserError { ... on CaptchaError { captcha { image } } } } }"
    )

    assert cost.images == 1


def test_only_the_pictures_of_captchas_are_counted() -> None:
    assert _measured("{ image { dataUri } audio { dataUri } me { image audio } }")[5:7] == (0, 0)


def test_selections_of_a_list_are_multiplied() -> None:
    assert _measured("{ me { sessions { id current } } }").fields == 1 + 50 * (3 + 2)


def test_a_list_is_recognized_by_its_type_and_not_by_its_name() -> None:
    single = _measured("mutation { createSeries { ... on CreateSeriesSuccess { series { id name } } } }")
    listed = _measured("{ me { company { series { id name } } } }")
    elsewhere = _measured("{ sessions { id } me { series { id } } nowhere { sessions { id } } }")

    assert (single.fields, listed.fields, elsewhere.fields) == (1 + 1 + 2, 1 + 1 + 100 * (3 + 2), 2 + 3 + 3)


def test_ten_plain_values_of_a_list_count_as_one_field() -> None:
    listed = _measured("{ me { company { series { skippedFolios } } } }")

    assert listed.fields == 2 + 100 * (3 + 1 + MAX_SKIPPED_FOLIOS // 10)


@pytest.mark.parametrize(
    ("without", "added"),
    [
        ("{ me { sessions { id } } }", "{ __typename me { __typename sessions { __typename id } } }"),
        (
            "{ me { ...F } } fragment F on Account { id }",
            "{ me { __typename ...F } } fragment F on Account { __typename id }",
        ),
        (
            "mutation { login { ... on UserError { message } } }",
            (
                "mutation { __typename login { __typename __isLoginResult: __typename "
                "... on UserError { __typename __isUserError: __typename message } } }"
            ),
        ),
        ("{ " + "me { id } " * 38 + "}", "{ " + "me { __typename id } " * 38 + "}"),
    ],
    ids=["everywhere", "in fragments", "by the names of Relay", "in many sets"],
)
def test_a_typename_that_a_client_adds_costs_nothing(without: str, added: str) -> None:
    assert _measured(added) == _measured(without)


def test_a_typename_that_no_client_adds_costs_as_much_as_a_field() -> None:
    again = _measured("{ me { __typename __typename id } }")
    aliased = _measured("{ me { sessions { kind: __typename __isUserError: __typename __isNobody: __typename } } }")

    assert (again.fields, again.overlaps) == (3, 0)
    assert (aliased.fields, aliased.aliases) == (1 + 50 * (3 + 3), 3)
    assert _measured("{ " + "__typename " * 590 + "}").overlaps > BOUNDS.overlaps


def test_fields_of_unused_fragments_are_counted_too() -> None:
    assert _measured("{ a } fragment F on T { b b b c }").overlaps == 3


def test_cycles_and_unknown_fragments_are_left_to_validation() -> None:
    cost = _measured("{ ...A ...Nobody } fragment A on T { a ...B } fragment B on T { b ...A }")

    assert cost.fields == 2


def test_unused_fragments_are_measured_and_so_are_both_of_the_same_name() -> None:
    cost = _measured("{ a } fragment F on T { b { c { d } } } fragment F on T { e f: g }")

    assert cost == Cost(depth=3, fields=3, root_fields=1, aliases=1)


def test_a_nested_list_of_introspection_counts_four_times() -> None:
    cost = _measured("{ __schema { types { fields { type { name } } interfaces { name } } } }")

    assert cost.lists == 1 + 4 * 2


def test_our_lists_are_not_lists_of_introspection() -> None:
    cost = _measured("mutation { login { ... on InvalidInputError { fields { code } } } }")

    assert (cost.lists, cost.fields) == (0, 1 + MAX_PROBLEMS * (3 + 1))


@pytest.mark.parametrize(
    "text",
    [
        "{ me { id { id } } paymentMethods { a } }",
        "{ ... on Nowhere { a ... on String { b } } ... on LoginInput { email } }",
        "subscription { a } fragment F on Int { a }",
        "type Query { me: Int } { me { id } }",
    ],
)
def test_fields_that_are_not_in_the_schema_are_left_to_validation(text: str) -> None:
    assert BOUNDS.exceeded_by(_measured(text)) is None


def test_each_nested_spread_is_measured_once() -> None:
    levels = "".join(f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(25))
    document = parse(f"{{ ...F0 }} {levels} fragment F25 on T {{ a }}")

    with counted_calls(10_000):  # walking all of them would take more than 2**25
        cost = measure(document, schema._schema)

    assert cost.fields == 2**25


async def test_a_document_above_a_limit_is_refused(api: Api) -> None:
    queries = {
        "clips by many names": "mutation { createCaptcha { ... on CreateCaptchaSuccess { captcha { audio { "
        + " ".join(f"a{n}: dataUri" for n in range(5))
        + " } } } } }",
        "depth": "{" + "a {" * 20 + "b" + "}" * 21,
        "aliases and root fields": "{" + " ".join(f"a{n}: passwordPolicy {{ minimumLength }}" for n in range(40)) + "}",
        "directives": "{ passwordPolicy {" + " @include(if: true)".join(["minimumLength"] * 40) + "} }",
        "fields": "{ passwordPolicy {" + " minimumLength" * 401 + "} }",
        "chain": CHAIN,
        "overlaps": "{ me { id } } fragment F on Account { " + "x { y } " * 40 + "}",
        "introspection": "{ __schema { types { " + "fields { type { fields { name } } } " * 2 + "} } }",
        "sessions": "{ me { " + " ".join(f"a{n}: sessions {{ {ALL} }}" for n in range(8)) + " } }",
        "series": "{ me { company { " + " ".join(f"a{n}: series {{ id }}" for n in range(10)) + " } } }",
        "fields of series": "{ me { company { series { " + "id " * 36 + " } } } }",
        "typenames": "{" + "__typename " * 590 + "}",
        "typenames by many names": "{ me { " + " ".join(f"a{n}: __typename" for n in range(40)) + "} }",
        "pictures": (
            "mutation { createCaptcha { "
            "... on CreateCaptchaResult { ... on CreateCaptchaSuccess { captcha { a: image { dataUri } } } }"
            "... on CreateCaptchaSuccess { captcha { b: image { dataUri } } } } }"
        ),
    }

    answers = {name: (await api.http.post("/graphql", json={"query": q})).json() for name, q in queries.items()}

    codes = {name: [error["extensions"]["code"] for error in answer["errors"]] for name, answer in answers.items()}
    assert codes == {name: ["TOO_COMPLEX"] for name in queries}


def test_every_exceeded_limit_is_named_in_words() -> None:
    passed = {name: BOUNDS.exceeded_by(Cost(**{name: 10_000})) for name in Cost._fields}

    assert passed == {
        "depth": "15 levels of selections",
        "fields": "3,800 fields, counted once for each entry of a list",
        "root_fields": "10 root fields",
        "aliases": "30 aliases",
        "directives": "30 directives",
        "images": "1 captcha image",
        "audios": "1 captcha audio clip",
        "lists": "18 introspection lists",
        "pages": "1 page of a connection",
        "overlaps": "700 pairs of fields with the same response name",
    }


async def test_the_error_states_the_limit(api: Api) -> None:
    response = await api.http.post(
        "/graphql", json={"query": "{ me { a: company { series { id } } " + "company { series { id } } " * 9 + "} }"}
    )

    (error,) = response.json()["errors"]
    assert error["message"] == (
        "The document is too complex: it has more than 3,800 fields, counted once for each entry of a list."
    )
