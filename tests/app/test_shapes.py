"""The shape of a document, which the log names instead of a document with passwords in it."""

import hashlib

from graphql import parse

from app.shapes import shape_of

SIGN_IN = 'mutation SignIn { login(input: {email: "ana@example.com", password: "hunter2"}) { __typename } }'
_VALUES = ['"hunter2"', '"""hunter2"""', '"\\u0068unter2"', "2", "-2", "2.5", "2e9", "true", "hunter2", "null"]
_PLACES = [
    "{ a(b: VALUE) }",
    "{ a(b: VALUE c: 1) @include(if: true) { d } }",
    "{ a(b: [VALUE, VALUE]) }",
    "{ a(b: [[VALUE] {c: VALUE}]) }",
    "{ a(b: {c: VALUE, d: {e: VALUE}}) }",
    "query Q($x: T = VALUE) { a(b: $x) }",
    "query Q($x: [T!]! = [VALUE], $y: T = {c: VALUE}) { a(b: $x) }",
    "query Q($x: T = 1 @d(e: VALUE), $y: U) @d(e: VALUE) { a(b: $x) }",
    "{ ...F @d(e: VALUE) ... on T @d(e: VALUE) { a } } fragment F on T @d(e: VALUE) { a(b: VALUE) }",
]
_OTHERS = [
    "{ a(b: 1) }",
    "{ a(c: 1) }",
    "{ b(b: 1) }",
    "{ c: a(b: 1) }",
    "{ a(b: [1]) }",
    "{ a(b: {c: 1}) }",
    "{ a(b: {d: 1}) }",
    "query Q { a(b: 1) }",
    "query R { a(b: 1) }",
    "query Q($x: T) { a(b: $x) }",
    "query Q($x: U) { a(b: $x) }",
    "query Q($y: T) { a(b: $y) }",
    "query Q($x: T = 1) { a(b: $x) }",
    "query Q($x: T = 1, $y: U) { a(b: $x) }",
    "query Q($x: T = 1 @d, $y: U) { a(b: $x) }",
    "query Q($x: T = 1 @e, $y: U) { a(b: $x) }",
    "{ a(b: 1) @d }",
]


def test_documents_that_differ_only_in_literals_have_one_shape() -> None:
    shapes = {place: {_shape(place.replace("VALUE", value)) for value in _VALUES} for place in _PLACES}

    assert [place for place, found in shapes.items() if len(found) > 1] == []
    assert len({frozenset(found) for found in shapes.values()}) == len(_PLACES)


def test_comments_and_layout_make_no_difference() -> None:
    assert _shape('{a(b:"x")}#hunter2') == _shape('# hunter3\n{\n  # (\n  a ( b : "y", ) ,\n}\n')


def test_any_other_difference_is_one_of_shape() -> None:
    assert len({_shape(text) for text in _OTHERS}) == len(_OTHERS)


def test_a_password_in_the_document_cannot_be_guessed_from_it() -> None:
    assert _shape(SIGN_IN) == _shape(SIGN_IN.replace("hunter2", "another"))
    assert not hashlib.sha256(SIGN_IN.encode()).hexdigest().startswith(_shape(SIGN_IN))


def _shape(text: str) -> str:
    return shape_of(parse(text))
