"""API clients: back ends that call the API in their own name, each with the scopes that the operator gave it."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q

from models.api_client_secret import ApiClientSecret
from models.sql import as_datetime, as_uuid, fetch
from services.access.client_secrets import is_well_formed
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.limits import Limiter, Limits
from services.common.outcomes import NotAuthorized, TooManyAttempts
from services.common.secrets import digest

_TOUCH_INTERVAL = timedelta(minutes=1)

# As text: every request of a client runs it.
SELECT_CLIENT = """
SELECT api_client.id, name, scopes, revoked_at, expires_at, last_used_at
FROM api_client_secret JOIN api_client ON api_client.id = api_client_secret.client_id
WHERE api_client_secret.digest = $1
"""


class Scope(enum.Enum):
    ACCOUNTS_READ = "accounts:read"
    INVOICES_WRITE = "invoices:write"
    EVENTS_READ = "events:read"


@dataclass(frozen=True, slots=True)
class ApiClient:
    id: UUID
    name: str
    scopes: frozenset[Scope]


def _ignore(_: ApiClient) -> None:
    """The default of `notice`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClients:
    """`notice` is called with each client whose secret is used, whether or not it has the scope."""

    limiter: Limiter
    limits: Limits
    clock: Clock = utc_now
    notice: Callable[[ApiClient], None] = _ignore

    async def require(self, caller: Caller, scope: Scope) -> ApiClient | NotAuthorized | TooManyAttempts:
        """Returns the client behind the caller's secret if it has the scope, and counts one for it.

        Call it outside of a transaction: the count and the secret's last use stay whatever comes of the request.
        """
        now = self.clock()
        client = await self._authenticate(caller, now)
        if client is None or scope not in client.scopes:
            return NotAuthorized(scope.value)
        return await self.limiter.hit(self.limits.api_client, str(client.id)) or client

    async def _authenticate(self, caller: Caller, now: datetime) -> ApiClient | None:
        """One indexed look-up, and at most one write in a minute."""
        if caller.api_secret is None or not is_well_formed(caller.api_secret):
            return None
        secret_digest = digest(caller.api_secret)
        rows = await fetch(SELECT_CLIENT, secret_digest)
        if not rows or rows[0]["revoked_at"] or (rows[0]["expires_at"] and as_datetime(rows[0]["expires_at"]) <= now):
            return None
        row = rows[0]
        client = ApiClient(as_uuid(row["id"]), row["name"], parse_scopes(row["scopes"]))
        self.notice(client)
        if row["last_used_at"] is None or now - as_datetime(row["last_used_at"]) >= _TOUCH_INTERVAL:
            is_due = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - _TOUCH_INTERVAL)
            await ApiClientSecret.filter(is_due, digest=secret_digest).update(last_used_at=now)
        return client


def parse_scopes(column: str) -> frozenset[Scope]:
    """Reads the column `scopes`. It leaves out scopes that only a newer version knows."""
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[name] for name in column.split() if name in known)
