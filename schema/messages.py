"""The texts of results. locales/ has each one under the name of its GraphQL type, with the type's fields to fill in."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import strawberry
from strawberry.types import get_object_definition

from schema.context import Info


def message_field(description: str = "A message for the user, in the language of Accept-Language.") -> str:
    return strawberry.field(resolver=_message, description=description)


def type_name(result: object) -> str:
    """The GraphQL name of a result's type; the Python name if GraphQL has none, as for a list or None."""
    definition = get_object_definition(result)
    return definition.name if definition else type(result).__name__


def _message(root: strawberry.Parent[Any], info: Info) -> str:
    values: Mapping[str, object] = {each.name: getattr(root, each.name) for each in fields(root) if each.init}
    return info.context.translate(type_name(root), values)
