"""The request and the services, as resolvers get them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol, TypeVar

import strawberry

from schema.services import Services
from services.common.caller import Caller


class Cookies(Protocol):
    """The cookies of the session and of a remembered device, in the request and in its response."""

    @property
    def device_token(self) -> str | None: ...

    def require_own_origin(self) -> None:
        """Raises a request error if the page may not use the cookie, or if its browser would never send it."""

    def keep(self, token: str, ends_at: datetime) -> None: ...

    def keep_device(self, token: str, ends_at: datetime) -> None: ...

    def extend(self, ends_at: datetime) -> None:
        """Sets the request's session again, if it had one."""

    def drop(self) -> None:
        """Clears the session's cookie, if the request had one."""


@dataclass(frozen=True, slots=True)
class Context:
    caller: Caller
    services: Services
    cookie: Cookies
    outcomes: dict[str, str] = field(default_factory=dict)  # root field → GraphQL type of its result, for observers

    def translate(self, key: str, values: Mapping[str, object] | None = None, *, otherwise: str | None = None) -> str:
        return self.services.translations.format(self.caller.language, key, values, otherwise=otherwise)


Info = strawberry.Info[Context, None]

T = TypeVar("T")
Input = Annotated[T, strawberry.argument(description="The mutation's input.")]
