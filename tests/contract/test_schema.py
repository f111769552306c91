"""What the schema promises to whoever reads it."""

import json
from collections.abc import Iterable
from pathlib import Path

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    get_nullable_type,
    graphql_sync,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    parse,
    validate,
    visit,
)

from app.sdl import sdl
from schema.errors import MAX_PROBLEMS
from schema.list_size import assumed_size
from schema.root import schema
from services.accounts.sessions import MAX_SESSIONS
from services.company.company import CompanyWarningCode
from services.company.series import MAX_SERIES
from services.company.tax_regimes import tax_regimes
from services.payments.plans import MAX_PLANS

ROOT = Path(__file__).parents[2]
OPERATIONS = sorted((ROOT / "graphql/operations").glob("*.graphql"))


def test_the_snapshot_is_the_schema() -> None:
    assert (ROOT / "graphql/schema.graphql").read_text("utf-8") == sdl(), "run `make schema`"


def test_the_possible_types_are_those_of_the_schema() -> None:
    possible_types = json.loads((ROOT / "graphql/possible-types.json").read_text("utf-8"))

    built = build_schema((ROOT / "graphql/schema.graphql").read_text("utf-8"))
    abstract = [type_ for type_ in built.type_map.values() if is_abstract_type(type_) and type_.name[:2] != "__"]
    assert possible_types == {type_.name: _names(built.get_possible_types(type_)) for type_ in abstract}, (
        "run `make schema`"
    )


def test_every_possible_type_is_in_its_order() -> None:
    possible_types = json.loads((ROOT / "graphql/possible-types.json").read_text("utf-8"))

    assert list(possible_types) == sorted(possible_types)
    assert all(names == sorted(names) for names in possible_types.values())


def test_every_list_of_objects_says_how_long_it_may_be() -> None:
    declared = {
        f"{type_.name}.{name}": assumed_size(field)
        for type_ in schema._schema.type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if is_list_type(get_nullable_type(field.type)) and is_composite_type(get_named_type(field.type))
    }

    assert declared == {
        "Account.sessions": MAX_SESSIONS,
        "Company.series": MAX_SERIES,
        "Company.warnings": len(CompanyWarningCode),
        "ConfigureCompanySuccess.warnings": len(CompanyWarningCode),
        "InvalidInputError.fields": MAX_PROBLEMS,
        "Query.plans": MAX_PLANS,
        "Query.taxRegimes": len(tax_regimes()),
    }


def test_the_sdl_shows_how_long_a_list_may_be() -> None:
    text = (ROOT / "graphql/schema.graphql").read_text("utf-8")

    assert "  sessions: [Session!]! @listSize(assumedSize: 50)\n" in text
    assert "  series: [Series!]! @listSize(assumedSize: 100)\n" in text
    assert "  series: Series!\n" in text


def test_no_input_has_more_fields_than_a_refusal_may_list() -> None:
    inputs = [type_ for type_ in schema._schema.type_map.values() if isinstance(type_, GraphQLInputObjectType)]

    assert max(map(_leaves, inputs)) <= MAX_PROBLEMS


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


def test_every_operation_file_holds_one_valid_operation_of_its_name() -> None:
    documents = {path.stem: parse(path.read_text("utf-8")) for path in OPERATIONS}

    for name, document in documents.items():
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        assert validate(schema._schema, document) == []
        assert [operation.name.value for operation in operations if operation.name] == [name]


def test_no_two_operation_files_define_the_same_name() -> None:
    """Code generators read all files as one: a fragment bears the name of its operation in front."""
    fragments = [
        (path.stem, definition.name.value)
        for path in OPERATIONS
        for definition in parse(path.read_text("utf-8")).definitions
        if isinstance(definition, FragmentDefinitionNode)
    ]

    assert fragments
    assert [name for stem, name in fragments if not name.startswith(stem)] == []
    assert len({name for _, name in fragments} | {path.stem for path in OPERATIONS}) == len(fragments) + len(OPERATIONS)


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


def _names(types: Iterable[GraphQLNamedType]) -> list[str]:
    return sorted(type_.name for type_ in types)


def _leaves(type_: GraphQLInputObjectType) -> int:
    """How many fields an input has, those of its inputs among them."""
    named = [get_named_type(field.type) for field in type_.fields.values()]
    return sum(_leaves(each) if isinstance(each, GraphQLInputObjectType) else 1 for each in named)


def test_what_a_cache_embeds_is_selected_alike_by_every_operation() -> None:
    """An object without an id replaces the one that a cache has in its place, with whatever was selected of that."""
    selected: dict[tuple[str, str], set[frozenset[str]]] = {}

    for path in OPERATIONS:
        document, info = parse(path.read_text("utf-8")), TypeInfo(schema._schema)
        visit(document, TypeInfoVisitor(info, _Embedded(info, selected)))

    assert {place: fields for place, fields in selected.items() if len(fields) > 1} == {}


class _Embedded(Visitor):
    """Collects what is selected of objects without an id, by the field of an object with one."""

    def __init__(self, info: TypeInfo, selected: dict[tuple[str, str], set[frozenset[str]]]) -> None:
        super().__init__()
        self._info = info
        self._selected = selected

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, type_ = self._info.get_parent_type(), get_named_type(self._info.get_type())
        if _has_id(parent) and isinstance(type_, GraphQLObjectType) and not _has_id(type_) and node.selection_set:
            names = [each.name.value for each in node.selection_set.selections if isinstance(each, FieldNode)]
            place = (str(parent), node.name.value)
            self._selected.setdefault(place, set()).add(frozenset(names) - {"__typename"})


def _has_id(type_: object) -> bool:
    return isinstance(type_, GraphQLObjectType) and "id" in type_.fields
