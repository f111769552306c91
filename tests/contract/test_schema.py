"""What the schema promises to whoever reads it."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest
from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
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

from app.operations import OPERATIONS, load_operations
from app.sdl import sdl
from schema.errors import MAX_PROBLEMS
from schema.list_size import assumed_size
from schema.root import schema
from services.accounts.sessions import MAX_SESSIONS
from services.common.pages import MAX_PAGE
from services.company.company import CompanyWarningCode
from services.company.series import MAX_SERIES
from services.company.tax_regimes import tax_regimes
from services.factors.passkeys import MAX_PASSKEYS
from services.factors.remembered_devices import MAX_DEVICES
from services.payments.history import MAX_PAYMENTS
from services.payments.plans import MAX_PLANS
from tests.exported_schema import SCHEMA

ROOT = Path(__file__).parents[2]


def test_the_snapshot_is_the_schema() -> None:
    assert (ROOT / "graphql/schema.graphql").read_text("utf-8") == sdl(), "run `make schema`"


def test_the_possible_types_are_those_of_the_schema() -> None:
    possible_types = json.loads((ROOT / "graphql/possible-types.json").read_text("utf-8"))

    abstract = [type_ for type_ in SCHEMA.type_map.values() if is_abstract_type(type_) and type_.name[:2] != "__"]
    assert possible_types == {type_.name: _names(SCHEMA.get_possible_types(type_)) for type_ in abstract}, (
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
        "Account.passkeys": MAX_PASSKEYS,
        "Account.payments": MAX_PAYMENTS,
        "Account.rememberedDevices": MAX_DEVICES,
        "Account.sessions": MAX_SESSIONS,
        "AccountRecordConnection.edges": MAX_PAGE,
        "Company.series": MAX_SERIES,
        "Company.warnings": len(CompanyWarningCode),
        "EventConnection.edges": MAX_PAGE,
        "InvalidInputError.fields": MAX_PROBLEMS,
        "InvoiceReservationConnection.edges": MAX_PAGE,
        "SecurityEventConnection.edges": MAX_PAGE,
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
    documents = {name: parse(text) for name, text in OPERATIONS.items()}

    for name, document in documents.items():
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        assert validate(schema._schema, document) == []
        assert [operation.name.value for operation in operations if operation.name] == [name]


def test_every_file_defines_only_its_own_name_and_every_fragment_is_used() -> None:
    """Code generators read all files as one."""
    fragments = {path.stem: path.read_text("utf-8") for path in (ROOT / "graphql/fragments").glob("*.graphql")}
    operations = {path.stem: path.read_text("utf-8") for path in (ROOT / "graphql/operations").glob("*.graphql")}

    defined = {name: _defined(text) for name, text in (fragments | operations).items()}
    used = {name for text in OPERATIONS.values() for name in _defined(text)} - set(OPERATIONS)
    assert defined == {name: [name] for name in {*fragments, *operations}}
    assert used == set(fragments)


def test_an_operation_has_each_fragment_that_it_needs_once(tmp_path: Path) -> None:
    texts = {
        "operations/Two": "{ a { ...A ...B } b { ...B } }",
        "fragments/A": "fragment A on T { ...B }",
        "fragments/B": "fragment B on T { c }",
        "fragments/C": "fragment C on T { c }",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.graphql").write_text(text, "utf-8")

    loaded = load_operations(tmp_path)

    assert loaded == {"Two": "\n".join([texts["operations/Two"], texts["fragments/A"], texts["fragments/B"]])}


def test_a_fragment_without_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations/One.graphql").write_text("{ a { ...Lost } }", "utf-8")

    with pytest.raises(ValueError, match="the operation One spreads Lost"):
        load_operations(tmp_path)


def test_one_fragment_reads_every_failure_of_every_result() -> None:
    possible = json.loads((ROOT / "graphql/possible-types.json").read_text("utf-8"))

    failing = {
        name.removesuffix("Result")
        for name, types in possible.items()
        if name.endswith("Result") and {*types} & {*possible["UserError"]}
    }
    assert {name for name, text in OPERATIONS.items() if "...UserErrorFields" in text} == failing


def test_every_success_has_a_message_and_those_of_the_signed_in_have_the_account() -> None:
    mutations = schema._schema.mutation_type
    assert mutations
    successes, signed_in = {}, set()
    for field in mutations.fields.values():
        union = cast(GraphQLUnionType, get_named_type(field.type))
        names = {type_.name for type_ in schema._schema.get_possible_types(union)}
        (success,) = (name for name in names if name.endswith("Success"))
        successes[success] = schema._schema.type_map[success]
        signed_in |= {success} if "NotAuthenticatedError" in names else set()

    fields = {name: _fields(type_) for name, type_ in successes.items()}
    assert {name for name, of in fields.items() if of.get("message") != "String!"} == set()
    assert {name for name, of in fields.items() if of.get("account") == "Account!"} == signed_in | {"LoginSuccess"}


def test_what_caches_key_has_an_id() -> None:
    with_id = {name for name, type_ in schema._schema.type_map.items() if _has_id(type_)}

    results = {name for name in with_id if name.endswith("Success")}
    assert with_id - results == {
        "Account",
        "AccountRecord",
        "BankDeposit",
        "Captcha",
        "Company",
        "Event",
        "InvoiceReservation",
        "Passkey",
        "Payment",
        "Plan",
        "RememberedDevice",
        "SecurityEvent",
        "Series",
        "Session",
        "TaxRegime",
    }


def test_every_root_field_has_an_operation_that_begins_with_its_name() -> None:
    for root in (schema._schema.query_type, schema._schema.mutation_type):
        for field in root.fields if root else ():
            assert any(name.startswith(field[0].upper() + field[1:]) for name in OPERATIONS), field


def test_the_snapshot_is_a_schema_of_its_own() -> None:
    assert SCHEMA.query_type


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

    for text in OPERATIONS.values():
        document, info = parse(text), TypeInfo(schema._schema)
        visit(document, TypeInfoVisitor(info, _Embedded(info, document, selected)))

    assert {place: fields for place, fields in selected.items() if len(fields) > 1} == {}


class _Embedded(Visitor):
    """Collects what is selected of objects without an id, by the field of an object with one."""

    def __init__(
        self, info: TypeInfo, document: DocumentNode, selected: dict[tuple[str, str], set[frozenset[str]]]
    ) -> None:
        super().__init__()
        self._info = info
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._selected = selected

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent, type_ = self._info.get_parent_type(), get_named_type(self._info.get_type())
        if _has_id(parent) and isinstance(type_, GraphQLObjectType) and not _has_id(type_) and node.selection_set:
            names = self._names(node.selection_set)
            place = (str(parent), node.name.value)
            self._selected.setdefault(place, set()).add(frozenset(names) - {"__typename"})

    def _names(self, selection_set: SelectionSetNode) -> Iterator[str]:
        for each in selection_set.selections:
            if isinstance(each, FieldNode):
                yield each.name.value
            elif isinstance(each, FragmentSpreadNode):
                yield from self._names(self._fragments[each.name.value].selection_set)


def _defined(text: str) -> list[str]:
    """The names that a document defines."""
    definitions = parse(text).definitions
    assert all(isinstance(each, OperationDefinitionNode | FragmentDefinitionNode) for each in definitions)
    return [each.name.value for each in definitions if isinstance(each, ExecutableDefinitionNode) and each.name]


def _has_id(type_: object) -> bool:
    return isinstance(type_, GraphQLObjectType) and "id" in type_.fields


def _fields(type_: object) -> dict[str, str]:
    assert isinstance(type_, GraphQLObjectType)
    return {name: str(field.type) for name, field in type_.fields.items()}
