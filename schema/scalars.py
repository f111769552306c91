"""The custom scalars."""

import re
from datetime import UTC, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition


def _serialize(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_NO_TIMESTAMP = "DateTime is an RFC 3339 timestamp with an offset, such as 2026-11-26T12:00:00Z."


def _parse(value: object) -> datetime:
    try:
        if isinstance(value, str) and _TIMESTAMP.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError(_NO_TIMESTAMP)


DATE_TIME: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="An RFC 3339 timestamp. Outputs are in UTC, always with the suffix Z; inputs may have any offset.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=_serialize,
    parse_value=_parse,
)

MAX_INT = 2**31 - 1  # of GraphQL's Int

BigInt = NewType("BigInt", str)
"""A string, even if an integer was sent. The services check its format."""

_NO_BIG_INT = "BigInt is a string of decimal digits, or an integer of up to 64 bits; send larger ones as strings."


def _parse_big(value: object) -> BigInt:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return BigInt(str(value))
    raise GraphQLError(_NO_BIG_INT)


def _parse_big_literal(node: ValueNode, _variables: object = None) -> BigInt:
    if isinstance(node, StringValueNode | IntValueNode):
        return BigInt(node.value)
    raise GraphQLError(_NO_BIG_INT, node)


BIG_INT: ScalarDefinition = strawberry.scalar(
    name="BigInt",
    description="An integer of up to 64 bits, serialized as a string of decimal digits because JavaScript numbers are "
    "less precise. Inputs may also be integers.",
    parse_value=_parse_big,
    parse_literal=_parse_big_literal,
)
