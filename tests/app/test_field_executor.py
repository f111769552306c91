"""Our executor against Strawberry's own: the same data, errors, paths and places for hundreds of documents."""

import asyncio
import enum
import gc
import logging
import random
import warnings
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, cast

import pytest
import strawberry
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_introspection_query,
    get_named_type,
    get_variable_values,
    introspection_types,
    is_composite_type,
    is_leaf_type,
    parse,
)

from app.documents import Prepared
from app.field_executor import FieldExecutor
from schema.root import schema as our_schema
from tests.cancellation import cancelled_after

DOCUMENTS = 40  # audits/test_field_executor.py has more
VARIABLES = {"$yes": "$yes: Boolean! = true", "$no": "$no: Boolean! = false", "$depth": "$depth: Int = 2"}
MAX_DEPTH = 4


@strawberry.enum
class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.interface
class Named:
    name: str
    nothing: str | None = None


@strawberry.type
class Leaf(Named):
    """Some of its fields hold what their types do not allow, or raise."""

    color: Color = Color.RED
    wrong_color: Color | None = strawberry.field(default="green")
    wrong_number: int | None = strawberry.field(default="three")
    numbers: list[int] = strawberry.field(default_factory=lambda: [1, 2])
    wrong_numbers: list[int] | None = strawberry.field(default_factory=lambda: [1, None])
    error: str | None = strawberry.field(default_factory=lambda: ValueError("held"))

    @strawberry.field
    def missing(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    async def raising(self) -> int | None:
        await asyncio.sleep(0)
        raise ValueError("raised")


@strawberry.type
class Tree(Named):
    absent: str = strawberry.field(default=None)
    leaf: Leaf | None = None

    @strawberry.field
    async def child(self, depth: int = 1) -> "Tree":
        return Tree(name=f"{self.name}.{depth}", leaf=Leaf(name="leaf"))

    @strawberry.field
    def children(self) -> list["Tree"]:
        return [Tree(name=f"{self.name}{each}") for each in "ab"]

    @strawberry.field
    async def some(self) -> list["Tree | None"] | None:
        return [Tree(name="some"), None]

    @strawberry.field
    def either(self) -> list[Annotated["Tree | Leaf", strawberry.union("Either")]]:
        return [Tree(name="tree"), Leaf(name="leaf")]

    @strawberry.field
    def named(self) -> Named | None:
        return Leaf(name="named")


@strawberry.type
class Query:
    @strawberry.field
    async def tree(self) -> Tree | None:
        return Tree(name="root", leaf=Leaf(name="leaf"))

    @strawberry.field
    def version(self) -> str:
        return "1"


_TYPE_FIELDS = cast(GraphQLObjectType, introspection_types["__Type"]).fields
_IS_ONE_OF = _TYPE_FIELDS["isOneOf"]
SCHEMA = strawberry.Schema(query=Query, types=[Leaf, Tree])
_TYPE_FIELDS["isOneOf"] = _IS_ONE_OF  # for all schemas of the process, Strawberry has put its own there


class Writer:
    """Writes a random document that the schema accepts."""

    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self._schema = schema
        self._random = random.Random(seed)
        self._fragments: list[str] = []
        self._aliases = 0

    def document(self) -> str:
        query = self._schema.query_type
        assert query
        selection = self._selections(query, 0)
        body = " ".join([selection, *self._fragments])
        used = ", ".join(definition for name, definition in VARIABLES.items() if name in body)
        definitions = f"({used})" if used else ""
        return f"query Random {definitions} {body}"

    def _selections(self, type_: Any, depth: int) -> str:
        fields = getattr(type_, "fields", {})
        chosen = [name for name, each in fields.items() if self._fits(get_named_type(each.type), depth)]
        parts = [self._field(fields[name].type, name, depth) for name in self._some(chosen)]
        parts += self._some(["__typename"])
        if (depth < MAX_DEPTH and self._random.random() < 0.4) or not parts:
            parts += self._within_fragments(type_, depth)
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _within_fragments(self, type_: Any, depth: int) -> Iterator[str]:
        possible = [type_]
        if not isinstance(type_, GraphQLObjectType):
            possible = list(self._schema.get_possible_types(type_))
        for each in possible:
            selections = self._selections(each, depth + 1)
            if self._random.random() < 0.5:
                yield f"... on {each.name} {self._directive()} {selections}"
            else:
                name = f"F{len(self._fragments)}"
                self._fragments.append(f"fragment {name} on {each.name} {selections}")
                yield f"...{name} {self._directive()}"

    def _field(self, type_: Any, name: str, depth: int) -> str:
        named = get_named_type(type_)
        arguments = self._random.choice(["", "(depth: 3)", "(depth: $depth)"]) if name == "child" else ""
        alias = ""
        if arguments or self._random.random() < 0.3:  # two fields of one name must not differ in their arguments
            self._aliases += 1
            alias = f"a{self._aliases}: "
        selections = self._selections(named, depth + 1) if is_composite_type(named) else ""
        return f"{alias}{name}{arguments} {self._directive()} {selections}"

    def _directive(self) -> str:
        conditions = ["", "", "", "@include(if: true)", "@skip(if: true)", "@include(if: $no)", "@skip(if: $no)"]
        return self._random.choice([*conditions, "@include(if: $yes) @skip(if: $no)"])

    def _fits(self, type_: Any, depth: int) -> bool:
        return is_leaf_type(type_) or (depth < MAX_DEPTH and isinstance(type_, GraphQLUnionType | object))

    def _some(self, names: list[str]) -> list[str]:
        return [name for name in names if self._random.random() < 0.35]


async def test_the_results_are_those_of_strawberrys_own_executor() -> None:
    await compare(range(DOCUMENTS))


async def compare(seeds: Sequence[int]) -> None:
    documents = [Writer(SCHEMA._schema, seed).document() for seed in seeds]
    stock = [await _stock(SCHEMA, document) for document in documents]

    differing = []
    for document, expected in zip(documents, stock, strict=True):
        prepared = _prepared(document)
        # The second run finds what the first has collected, and other variables must not find it.
        runs = [await _ours(SCHEMA._schema, prepared, variables) for variables in ({}, {"no": True}, {})]
        differing += [document] if [runs[0], runs[2]] != [expected] * 2 else []
        differing += [document] if runs[1] != await _stock(SCHEMA, document, {"no": True}) else []
        await asyncio.sleep(0.001)  # in which both end what failed fields have left in the background

    assert differing == []
    errors = [error for _, found in stock for error in found]
    assert len({message for message, _, _ in errors}) >= 6
    assert sum(data is None or data.get("tree") is None for data, _ in stock) > len(seeds) / 10


@pytest.mark.parametrize("document", [get_introspection_query(), '{ __typename __type(name: "Account") { name } }'])
async def test_introspection_is_the_same(document: str) -> None:
    assert await _ours(our_schema._schema, _prepared(document), {}) == await _stock(our_schema, document)


async def test_a_query_leaves_nothing_to_the_garbage_collector() -> None:
    prepared = _prepared("{ tree { name leaf { name color } children { name } } version }")
    await _ours(SCHEMA._schema, prepared, {})

    gc.collect()
    gc.disable()
    try:
        await _ours(SCHEMA._schema, prepared, {})
        assert gc.collect() == 0
    finally:
        gc.enable()


async def test_a_query_that_is_cancelled_or_fails_leaves_no_field_that_was_never_awaited() -> None:
    await cancel_at_every_step([*range(20), 741, 896])  # in the last two, a field fails before others have begun


async def cancel_at_every_step(seeds: Sequence[int]) -> None:
    """Cancels each document at every step of the loop, and executes it once."""
    warned = []
    for document in [Writer(SCHEMA._schema, seed).document() for seed in seeds]:
        prepared = _prepared(document)
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            steps = 0
            while await cancelled_after(steps, _ours(SCHEMA._schema, prepared, {})):
                steps += 1
        warned += [(document, steps, str(each.message)) for each in raised]

    gc.collect()
    assert warned == []


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    """Strawberry logs each error with its traceback."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


async def _stock(schema: strawberry.Schema, document: str, variables: dict[str, Any] | None = None) -> Any:
    result = await schema.execute(document, variable_values=variables)
    return result.data, _errors(result.errors)


async def _ours(schema: GraphQLSchema, prepared: Prepared, variables: dict[str, Any]) -> Any:
    operation = prepared.operation(None)
    assert operation
    values = get_variable_values(schema, operation.variable_definitions or (), variables)
    assert not isinstance(values, list)
    selections = prepared.selections(operation)
    executor = FieldExecutor(schema, prepared.fragments, operation, values, None, selections, hide_suggestions=False)
    result = await executor.run()
    return result.data, _errors(result.errors)


def _prepared(document: str) -> Prepared:
    return Prepared(parse(document), "digest", "shape")


def _errors(errors: Any) -> list[tuple[str, Any, Any]]:
    return [(error.message, error.path, error.locations) for error in errors or ()]
