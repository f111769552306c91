"""What an operator does with API clients."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from models.api_client import ApiClient
from models.api_client_secret import ApiClientSecret
from models.transactions import atomically
from services.access.client_secrets import generate_secret
from services.access.clients import Scope
from services.audit.actors import Actor
from services.audit.events import EventKind, record
from services.common.clock import Clock, utc_now
from services.common.secrets import digest

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClientCreated:
    """`secret` is not kept anywhere, so it cannot be shown again."""

    id: UUID
    name: str
    scopes: list[str]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientNameTaken:
    """A client has this name, or had it before it was revoked."""


@dataclass(frozen=True, slots=True)
class ClientRegistry:
    clock: Clock = utc_now

    async def create(self, actor: Actor, name: str, scopes: Collection[Scope]) -> ClientCreated | ClientNameTaken:
        """The name is one of `is_name`, and there is at least one scope."""
        secret, client_id = generate_secret(), uuid4()
        names = [scope.value for scope in Scope if scope in scopes]

        async def add() -> None:
            now = self.clock()
            await ApiClient.create(id=client_id, name=name, scopes=" ".join(names), created_at=now)
            await ApiClientSecret.create(digest=digest(secret), client_id=client_id, created_at=now)
            detail = f"{name}: {' '.join(names)}"
            await record(actor, EventKind.API_CLIENT_CREATED, subject=client_id, detail=detail)

        try:
            await atomically(add)
        except IntegrityError:
            return ClientNameTaken()
        return ClientCreated(client_id, name, names, secret)


def is_name(text: str) -> bool:
    """Whether the text may be a client's name, which the log and the audit trail show."""
    return _NAME.fullmatch(text) is not None
