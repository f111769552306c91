"""The messages of results, in locales/ under the name of the GraphQL type, with its fields as placeholders."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import strawberry
from strawberry.types import get_object_definition

from schema.context import Info


def message_field(description: str = "A message for the user, in the language of Accept-Language.") -> str:
    return strawberry.field(resolver=_message, description=description)


def type_name(result: object) -> str:
    """Returns the name of a result's GraphQL type, `null` for None, or else the name of its class, as for a list."""
    if result is None:
        return "null"
    definition = get_object_definition(result)
    return definition.name if definition else type(result).__name__


def _message(root: strawberry.Parent[Any], info: Info) -> str:
    values: Mapping[str, object] = {each.name: getattr(root, each.name) for each in fields(root) if each.init}
    return info.context.translate(type_name(root), values)
