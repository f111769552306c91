"""What an operator does with API clients."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

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
class SecretView:
    """A secret that counts, or counted in the last thirty days. `last_used_at` may be a minute late."""

    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClientView:
    """`secrets` are the oldest first."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    secrets: list[SecretView]


@dataclass(frozen=True, slots=True)
class ClientCreated:
    """`secret` is not kept anywhere, so it cannot be shown again."""

    id: UUID
    name: str
    scopes: list[str]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientRotated:
    """`secret` counts at once, and the earlier ones until `earlier_expire_at` at the latest."""

    id: UUID
    name: str
    earlier_expire_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientRevoked:
    """Its secrets have expired."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class ClientNameTaken:
    """A client has this name, or had it before it was revoked."""


@dataclass(frozen=True, slots=True)
class ClientNotFound:
    """No client has this name, or it was revoked."""


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

    async def rotate(self, actor: Actor, name: str, keep: timedelta) -> ClientRotated | ClientNotFound:
        """Adds a secret. Earlier ones count for as long as `keep`, unless they expire before."""
        secret = generate_secret()

        async def rotate() -> ClientRotated | ClientNotFound:
            client = await _to_change(name)
            if client is None:
                return ClientNotFound()
            now = self.clock()
            await _expire(client, now + keep)
            await ApiClientSecret.create(digest=digest(secret), client_id=client.id, created_at=now)
            await record(actor, EventKind.API_CLIENT_ROTATED, subject=client.id, detail=name)
            return ClientRotated(client.id, name, now + keep, secret)

        return await atomically(rotate)

    async def revoke(self, actor: Actor, name: str) -> ClientRevoked | ClientNotFound:
        """Ends all secrets of the client at once and for ever."""

        async def revoke() -> ClientRevoked | ClientNotFound:
            client = await _to_change(name)
            if client is None:
                return ClientNotFound()
            now = self.clock()
            await _expire(client, now)
            await ApiClient.filter(id=client.id).update(revoked_at=now)
            await record(actor, EventKind.API_CLIENT_REVOKED, subject=client.id, detail=name)
            return ClientRevoked(client.id, name)

        return await atomically(revoke)

    async def list(self) -> list[ClientView]:
        """Returns all clients by name, revoked ones too."""
        clients = await ApiClient.all().order_by("name")
        secrets: dict[UUID, list[ApiClientSecret]] = {}
        for secret in await ApiClientSecret.all().order_by("created_at"):
            secrets.setdefault(secret.client_id, []).append(secret)
        return [_view(client, secrets.get(client.id, [])) for client in clients]


def is_name(text: str) -> bool:
    """Whether the text may be a client's name, which the log and the audit trail show."""
    return _NAME.fullmatch(text) is not None


async def _to_change(name: str) -> ApiClient | None:
    """Locks the client, so that of two rotations at once the later one ends the secret of the other."""
    return await ApiClient.filter(name=name, revoked_at__isnull=True).select_for_update().get_or_none()


async def _expire(client: ApiClient, at: datetime) -> None:
    counting = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    await ApiClientSecret.filter(counting, client_id=client.id).update(expires_at=at)


def _view(client: ApiClient, secrets: Sequence[ApiClientSecret]) -> ClientView:
    return ClientView(
        id=client.id,
        name=client.name,
        scopes=client.scopes.split(),
        created_at=client.created_at,
        revoked_at=client.revoked_at,
        last_used_at=max((each.last_used_at for each in secrets if each.last_used_at), default=None),
        secrets=[SecretView(each.created_at, each.expires_at, each.last_used_at) for each in secrets],
    )
