"""Errors as clients see them: with a code, in some cases a reference, and never a value that a client sent."""

import re
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

from app.observation import current_request

log = structlog.get_logger(__name__)

_MAX_MESSAGE_LENGTH = 400
_MAX_WORD_LENGTH = 100  # of names in quotes, such as a path into an input
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
_LONG_WORD = re.compile(rf"[\w$@.\[\]]{{{_MAX_WORD_LENGTH + 1},}}")


class Redactor:
    """Removes the values that graphql-core quotes in its messages; a literal or a variable may hold a password.

    It also removes suggestions and names that are not in the schema, unless `introspection` is on: a developer needs
    to see which name was mistyped.
    """

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._names = None if introspection else frozenset(_names_of(schema))

    def redact(self, error: GraphQLError) -> GraphQLError:
        message = _VALUES.sub(_without_value, error.message)
        if self._names is not None:
            message = _SUGGESTION.sub("", message)
            message = _QUOTED.sub(lambda quoted: _NAME.sub(self._known_name, quoted[0]), message)
        error.message = _shortened(message)
        return error

    def _known_name(self, name: re.Match[str]) -> str:
        return name[0] if self._names and name[0] in self._names else "…"


def _without_value(match: re.Match[str]) -> str:
    return "".join(group for group in match.groups() if group)


def _shortened(message: str) -> str:
    """Replaces each name that is too long, and the end of a message that is too long, by an ellipsis."""
    message = _LONG_WORD.sub("…", message)
    if len(message) <= _MAX_MESSAGE_LENGTH:
        return message
    return message[: _MAX_MESSAGE_LENGTH - 1].rpartition(" ")[0] + " …"


def _names_of(schema: GraphQLSchema) -> Iterator[str]:
    """Yields every name in the SDL."""
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


def formatted(error: GraphQLError, code: str, **extensions: object) -> dict[str, Any]:
    """Formats an entry of the response's `errors` (GraphQL specification, 7.1.2)."""
    body: dict[str, Any] = {"message": error.message}
    if error.locations:
        body["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path is not None:
        body["path"] = error.path
    return {**body, "extensions": {"code": code, **extensions}}


def internal_error(cause: BaseException, location: GraphQLError) -> dict[str, Any]:
    """Logs the cause; returns an error with its location in the document and a reference, which is the request's id."""
    request = current_request()
    request.code = "INTERNAL"
    log.error("unexpected error", request=request.id, path=location.path, exc_info=cause)
    location.message = "Something went wrong on our side."
    return formatted(location, "INTERNAL", reference=request.id)


def unavailable_error(message: str) -> dict[str, Any]:
    """Returns an error for a part of the service that is away, with the same reference."""
    return formatted(GraphQLError(message), "UNAVAILABLE", reference=current_request().id)
