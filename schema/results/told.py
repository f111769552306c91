"""Texts of results."""

import strawberry

from schema.context import Info


def _message(root: strawberry.Parent[object], info: Info) -> str:
    return info.context.translate(type(root).__name__, vars(root))


def told() -> str:
    """The field `message`: the text that locales/ has under the type's name."""
    return strawberry.field(
        resolver=_message, description="What to tell the person, in the language of Accept-Language."
    )
