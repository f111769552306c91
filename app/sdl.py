"""The schema as clients see it, sorted so that its diffs are small."""

from functools import cache

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

from schema.root import schema


@cache
def sdl() -> str:
    """Returns the SDL with all directives of its fields; print_schema prints only @deprecated."""
    directives = {key: field.directives or () for key, field in _fields(schema.as_str())}
    text = print_schema(lexicographic_sort_schema(_built())) + "\n"
    for key, field in reversed(_fields(text)):
        missing = [print_ast(each) for each in directives[key] if each.name.value != "deprecated"]
        if missing and field.loc:
            text = f"{text[: field.loc.end]} {' '.join(missing)}{text[field.loc.end :]}"
    return text


def possible_types() -> str:
    """Returns JSON for the option `possibleTypes` of Apollo Client's cache."""
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
    """Returns the fields of an SDL in their order, each with the names of its type and of the field."""
    types = [
        d for d in parse(text).definitions if isinstance(d, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
    ]
    return [((type_.name.value, field.name.value), field) for type_ in types for field in type_.fields or ()]
