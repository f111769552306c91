"""What a client may read of an error: a code, a reference, and never a value that somebody sent."""

import re
import secrets
from typing import Any

import structlog
from graphql import GraphQLError

log = structlog.get_logger(__name__)

_LONGEST_MESSAGE = 200
_VALUES = re.compile(
    r"""
      (?P<token>\b(?:String|BlockString|Name|Int|Float|sequence:|digit\ after\ 0:))\ '.*'  # the parser's last token
    | (?P<found>[,.;]?\ [Ff]ound):\ .*                                                     # an input value
    | (?P<scalar>\bcannot\ represent\b[^:]*\bvalue):\ .*                                   # a scalar
    | (?P<enum>(?:^|(?<=:\ ))Value)\ '.*'(?P<of>\ does\ not\ exist\ in\ '\w+'\ enum).*        # an enum
    | (?P<unknown>\bnot\ to\ include\ unknown\ field)\ '.*'.*                               # an input's key
    """,
    re.DOTALL | re.VERBOSE,
)


def without_values(error: GraphQLError) -> GraphQLError:
    """graphql-core quotes literals and the values of variables in its messages; a password may be among them."""
    error.message = _VALUES.sub(_kept, error.message)[:_LONGEST_MESSAGE]
    return error


def _kept(match: re.Match[str]) -> str:
    return "".join(group for group in match.groups() if group)


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
