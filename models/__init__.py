"""Tortoise models, one a file. Only services import them."""

from typing import Any

import tortoise.models
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import Field
from tortoise.fields.relational import RelationalField
from tortoise.filters import FilterInfoDict, get_filters_for_field

# Tortoise searches the source of each model for comments of the form `#:`, of which there are none: 23 ms of a start.
tortoise.models._get_comments = lambda cls: {}

_filters: dict[tuple[str, type, str], dict[str, FilterInfoDict]] = {}


def _filters_of_field(field_name: str, field: Field[Any] | None, source_field: str) -> dict[str, FilterInfoDict]:
    """Returns the filters that Tortoise makes, once for all fields of the same class and name.

    Each step of a migration makes its models again, and to make the filters of their fields took a fifth of `migrate`.
    """
    if field_name == "pk" or isinstance(field, RelationalField | ArrayField):
        return get_filters_for_field(field_name, field, source_field)
    key = (field_name, type(field), source_field)
    if key not in _filters:
        _filters[key] = get_filters_for_field(field_name, field, source_field)
    return _filters[key]


tortoise.models.get_filters_for_field = _filters_of_field  # type: ignore[attr-defined]  # which it imports
