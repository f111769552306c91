"""Which documents are kept parsed."""

import pytest
from graphql import GraphQLSchema, build_schema

from app.documents import Documents, Prepared, Refused, pin
from app.errors import Redactor
from app.operations import OPERATIONS
from schema.root import schema

QUERY = "{ passwordPolicy { minimumLength } }"


def _documents(of: GraphQLSchema, *, introspection: bool = False) -> Documents:
    return Documents(
        of, [pin(of, {"mine": QUERY})], Redactor(of, introspection=introspection), introspection=introspection
    )


@pytest.fixture
def documents() -> Documents:
    return _documents(schema._schema)


def test_a_pinned_operation_is_prepared_once(documents: Documents) -> None:
    assert documents.prepare(QUERY) is documents.prepare(QUERY)


def test_another_text_is_kept_when_it_comes_a_second_time(documents: Documents) -> None:
    text = QUERY + " # mine"

    first, second, third = (documents.prepare(text) for _ in range(3))

    assert first is not second
    assert second is third


def test_a_text_with_a_string_literal_is_never_kept(documents: Documents) -> None:
    text = 'mutation { confirmAccount(input: {code: "secret"}) { __typename } }'

    prepared = [documents.prepare(text) for _ in range(4)]

    assert len({id(each) for each in prepared}) == 4


def test_kept_documents_stay_within_a_budget(documents: Documents) -> None:
    for number in range(200):
        text = f"{{ __typename }} # {number} " + "\N{GRINNING FACE}" * 4_000
        for _ in range(2):
            assert isinstance(documents.prepare(text), Prepared)

    assert sum(len(kept.document.loc.source.body) for kept in documents._cached.values() if kept.document.loc) <= 10**6


def test_each_of_our_operations_is_accepted() -> None:
    assert len(pin(schema._schema, OPERATIONS)) == len(OPERATIONS)


def test_a_document_of_a_manifest_that_does_not_fit_the_schema_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"^the document mine is refused: Cannot query field 'passwordPolicy' on type"):
        pin(build_schema("type Query { other: Int }"), {"mine": QUERY})


def test_an_invalid_text_is_refused_every_time(documents: Documents) -> None:
    refused = [documents.prepare("{ nothing }") for _ in range(3)]

    assert all(isinstance(each, Refused) for each in refused)


@pytest.mark.parametrize(
    ("more", "suggested"), [("", True), ("maximumLength " * 30, True), ("...{__typename} " * 30, False)]
)
def test_development_suggests_names_for_a_short_document(more: str, suggested: bool) -> None:
    documents = _documents(schema._schema, introspection=True)

    refused = documents.prepare(f"{{ passwordPolicy {{ minimumLengt {more} }} }}")

    assert isinstance(refused, Refused)
    assert ("Did you mean 'minimumLength'" in refused.errors[0].message) is suggested


def test_a_response_has_at_most_five_errors(documents: Documents) -> None:
    refused = documents.prepare("{ passwordPolicy { a b c d e f g } }")

    assert isinstance(refused, Refused)
    assert len(refused.errors) == 5
