"""What a client may read of an error: a code, a reference, and nothing that somebody sent."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import structlog
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)

log = structlog.get_logger(__name__)

_MAX_MESSAGE = 400
_MAX_WORD = 100  # names in quotes, such as a path into an input
_VALUES = re.compile(
    r"""
      (?P<token>\b(?:String|BlockString|Name|Int|Float|sequence:|digit\ after\ 0:))\ '.*'  # the parser's last token
    | (?P<escape>\bescape\ sequence):\ .*                                                   # of a string literal
    | (?P<found>[,.;]?\ [Ff]ound):\ .*                                                     # an input value
    | (?P<scalar>\bcannot\ represent\b[^:]*\bvalue):\ .*                                   # a scalar
    | (?P<enum>(?:^|(?<=:\ ))Value)\ '.*'(?P<of>\ does\ not\ exist\ in\ '\w+'\ enum).*        # an enum
    | (?P<unknown>\bnot\ to\ include\ unknown\ field)\ '.*'.*                               # an input's key
    """,
    re.DOTALL | re.VERBOSE,
)
_SUGGESTION = re.compile(r"\s*Did you mean .*?\?", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'")
_NAME = re.compile(r"\w+")
_LONG_WORD = re.compile(rf"[\w$@.\[\]]{{{_MAX_WORD + 1},}}")


class Redactor:
    """Takes out of graphql-core's messages what it quotes: the values of literals and variables, a password perhaps.

    Names that are not the schema's and suggestions go too, unless `introspection`: whoever explores wants to read which
    name was mistyped.
    """

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._names = None if introspection else frozenset(_names_of(schema))

    def redact(self, error: GraphQLError) -> GraphQLError:
        message = _VALUES.sub(_kept, error.message)
        if self._names is not None:
            message = _SUGGESTION.sub("", message)
            message = _QUOTED.sub(lambda quoted: _NAME.sub(self._known, quoted[0]), message)
        error.message = _bounded(message)
        return error

    def _known(self, name: re.Match[str]) -> str:
        return name[0] if self._names and name[0] in self._names else "…"


def _kept(match: re.Match[str]) -> str:
    return "".join(group for group in match.groups() if group)


def _bounded(message: str) -> str:
    """With an ellipsis for a name that is too long, and for the words that are too many."""
    message = _LONG_WORD.sub("…", message)
    if len(message) <= _MAX_MESSAGE:
        return message
    return message[: _MAX_MESSAGE - 1].rpartition(" ")[0] + " …"


def _names_of(schema: GraphQLSchema) -> Iterator[str]:
    """Every name that stands in the SDL."""
    for directive in schema.directives:
        yield from (directive.name, *directive.args)
    for name, type_ in schema.type_map.items():
        yield name
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                yield from type_.fields
                for field in type_.fields.values():
                    yield from field.args
            case GraphQLInputObjectType():
                yield from type_.fields
            case GraphQLEnumType():
                yield from type_.values


def formatted(error: GraphQLError, code: str, **extensions: str) -> dict[str, Any]:
    """One member of the answer's `errors`, as the GraphQL specification (7.1.2) has it."""
    body: dict[str, Any] = {"message": error.message}
    if error.locations:
        body["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        body["path"] = error.path
    return {**body, "extensions": {"code": code, **extensions}}


def internal_error(cause: BaseException, place: GraphQLError) -> dict[str, Any]:
    """An error of ours: the log gets the cause, the client the place in its document and a reference to the log."""
    reference = secrets.token_hex(6)
    log.error("unexpected error", reference=reference, path=place.path, exc_info=cause)
    place.message = "Something went wrong on our side."
    return formatted(place, "INTERNAL", reference=reference)
