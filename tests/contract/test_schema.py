"""What the schema promises to whoever reads it."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    graphql_sync,
    parse,
    validate,
)

from app.commands.export_schema import sdl
from schema.root import schema

ROOT = Path(__file__).parents[2]
OPERATIONS = sorted((ROOT / "graphql/operations").glob("*.graphql"))


def test_the_snapshot_is_the_schema() -> None:
    assert (ROOT / "graphql/schema.graphql").read_text("utf-8") == sdl(), "run `make schema`"


def test_everything_has_a_description() -> None:
    bare = []

    for name, type_ in schema._schema.type_map.items():
        if name.startswith("__"):
            continue
        if not type_.description:
            bare.append(name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            bare += [f"{name}.{field}" for field, value in type_.fields.items() if not value.description]
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            bare += [
                f"{name}.{field}({argument})"
                for field, value in type_.fields.items()
                for argument, definition in value.args.items()
                if not definition.description
            ]
        if isinstance(type_, GraphQLEnumType):
            bare += [f"{name}.{value}" for value, member in type_.values.items() if not member.description]

    assert bare == []


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_every_operation_file_holds_one_valid_operation_of_its_name(path: Path) -> None:
    document = parse(path.read_text("utf-8"))

    errors = validate(schema._schema, document)

    assert errors == []
    assert [definition.to_dict()["name"]["value"] for definition in document.definitions] == [path.stem]


def test_every_root_field_has_an_operation_of_its_name() -> None:
    names = {path.stem for path in OPERATIONS}

    for root in (schema._schema.query_type, schema._schema.mutation_type):
        for field in root.fields if root else ():
            assert field[0].upper() + field[1:] in names


def test_the_snapshot_is_a_schema_of_its_own() -> None:
    assert build_schema((ROOT / "graphql/schema.graphql").read_text("utf-8")).query_type


def test_introspection_tells_what_is_in_a_list_or_not_null() -> None:
    query = '{ __type(name: "Captcha") { fields { type { kind isOneOf ofType { name } } } } }'

    result = graphql_sync(schema._schema, query)

    assert result.errors is None
    assert result.data
    first = {"type": {"kind": "NON_NULL", "isOneOf": None, "ofType": {"name": "ID"}}}
    assert result.data["__type"]["fields"][0] == first
