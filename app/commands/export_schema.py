"""Prints the schema for clients, sorted so that its history reads well."""

import argparse
from collections.abc import Callable

import orjson
from graphql import (
    FieldDefinitionNode,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    build_schema,
    is_abstract_type,
    lexicographic_sort_schema,
    parse,
    print_ast,
    print_schema,
)

from app.settings import Settings
from schema.root import schema

HELP = "print the schema in SDL, or the possible types of its interfaces and unions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--possible-types",
        dest="print",
        action="store_const",
        const=possible_types,
        default=sdl,
        help="print, in JSON, which object types each interface and union stands for",
    )


def run(_: Settings, arguments: argparse.Namespace) -> int:
    exported: Callable[[], str] = arguments.print
    print(exported(), end="")
    return 0


def sdl() -> str:
    """With the directives of its fields, of which print_schema shows only @deprecated."""
    directives = {place: field.directives or () for place, field in _fields(schema.as_str())}
    text = print_schema(lexicographic_sort_schema(_built())) + "\n"
    for place, field in reversed(_fields(text)):
        shown = [print_ast(each) for each in directives[place] if each.name.value != "deprecated"]
        if shown and field.loc:
            text = f"{text[: field.loc.end]} {' '.join(shown)}{text[field.loc.end :]}"
    return text


def possible_types() -> str:
    """In the form of the option `possibleTypes` of Apollo Client's cache."""
    built = _built()
    names = {
        type_.name: sorted(possible.name for possible in built.get_possible_types(type_))
        for type_ in built.type_map.values()
        if is_abstract_type(type_)
    }
    return orjson.dumps(names, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def _built() -> GraphQLSchema:
    return build_schema(schema.as_str())


def _fields(text: str) -> list[tuple[tuple[str, str], FieldDefinitionNode]]:
    """The fields of an SDL in their order, each with its type's name and its own."""
    types = [
        d for d in parse(text).definitions if isinstance(d, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
    ]
    return [((type_.name.value, field.name.value), field) for type_ in types for field in type_.fields or ()]
