"""Which caller counts as which API client, and for which scopes."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from models.api_client import ApiClient as StoredClient
from models.api_client_secret import ApiClientSecret
from models.audit_event import AuditEvent
from services.access.client_registry import ClientCreated, ClientRegistry
from services.access.client_secrets import generate_secret
from services.access.clients import ApiClient, ApiClients, Scope
from services.common.caller import Caller
from services.common.outcomes import NotAuthorized, TooManyAttempts
from services.common.secrets import digest
from tests.actors import OPERATOR
from tests.clocks import Clock
from tests.conftest import MakeApi
from tests.statements import statements_run

_START = datetime(2026, 11, 26, 12, tzinfo=UTC)
_ADDRESS = ip_address("203.0.113.9")


@dataclass
class Desk:
    """The clients of an API, their registry, and a clock for both."""

    clients: ApiClients
    registry: ClientRegistry
    clock: Clock
    noticed: list[str]

    async def create(self, *scopes: Scope, name: str = "stamping") -> ClientCreated:
        created = await self.registry.create(OPERATOR, name, scopes)
        assert isinstance(created, ClientCreated)
        return created

    async def require(
        self, secret: str | None, scope: Scope = Scope.ACCOUNTS_READ
    ) -> ApiClient | NotAuthorized | TooManyAttempts:
        return await self.clients.require(Caller(_ADDRESS, api_secret=secret), scope)


@pytest.fixture
async def desk(make_api: MakeApi) -> Desk:
    api = await make_api(limit_api_client="3/hour")
    clock, noticed = Clock(_START), list[str]()
    clients = replace(
        api.composition.services.account_records.clients, clock=clock, notice=lambda client: noticed.append(client.name)
    )
    return Desk(clients, ClientRegistry(clock), clock, noticed)


async def test_a_secret_opens_the_scopes_of_its_client_and_no_other(desk: Desk) -> None:
    created = await desk.create(Scope.ACCOUNTS_READ, Scope.EVENTS_READ)

    found = {scope: await desk.require(created.secret, scope) for scope in Scope}

    client = ApiClient(created.id, "stamping", frozenset({Scope.ACCOUNTS_READ, Scope.EVENTS_READ}))
    assert found == {
        Scope.ACCOUNTS_READ: client,
        Scope.INVOICES_WRITE: NotAuthorized("invoices:write"),
        Scope.EVENTS_READ: client,
    }
    assert desk.noticed == ["stamping"] * 3


async def test_only_the_digest_of_a_secret_is_kept(desk: Desk) -> None:
    created = await desk.create(Scope.ACCOUNTS_READ)

    rows = [*await StoredClient.all().values(), *await ApiClientSecret.all().values(), *await AuditEvent.all().values()]

    assert created.secret not in str(rows)
    assert created.secret[4:20] not in str(rows)
    assert created.secret not in repr(created)
    assert (await ApiClientSecret.get()).digest == digest(created.secret)


async def test_no_secret_and_an_unknown_one_are_refused_alike(desk: Desk) -> None:
    await desk.create(*Scope)

    refused = [await desk.require(secret) for secret in (None, "", generate_secret(), "tac_", "tac_" + "a" * 42)]

    assert refused == [NotAuthorized("accounts:read")] * 5
    assert desk.noticed == []


async def test_a_mistyped_secret_costs_no_statement(desk: Desk) -> None:
    secret = (await desk.create(*Scope)).secret
    mistyped = secret[:-1] + ("0" if secret[-1] != "0" else "1")

    with statements_run() as statements:
        refused = [await desk.require(text) for text in (None, mistyped, "tac_" + "a" * 1_000_000)]

    assert refused == [NotAuthorized("accounts:read")] * 3
    assert statements == []


async def test_a_secret_counts_until_the_moment_it_expires(desk: Desk) -> None:
    created = await desk.create(*Scope)
    await ApiClientSecret.all().update(expires_at=_START + timedelta(hours=24))

    desk.clock.now += timedelta(hours=24) - timedelta(microseconds=1)
    before = await desk.require(created.secret)
    desk.clock.now += timedelta(microseconds=1)
    after = await desk.require(created.secret)

    assert isinstance(before, ApiClient)
    assert after == NotAuthorized("accounts:read")


async def test_two_secrets_of_a_client_may_be_alive(desk: Desk) -> None:
    created = await desk.create(*Scope)
    other = generate_secret()
    await ApiClientSecret.create(digest=digest(other), client_id=created.id, created_at=_START)

    assert await desk.require(created.secret) == await desk.require(other)


async def test_a_revoked_client_is_refused(desk: Desk) -> None:
    created = await desk.create(*Scope)
    await StoredClient.all().update(revoked_at=_START)

    assert await desk.require(created.secret) == NotAuthorized("accounts:read")


async def test_a_scope_that_only_a_newer_version_knows_opens_nothing(desk: Desk) -> None:
    created = await desk.create(Scope.ACCOUNTS_READ)
    await StoredClient.all().update(scopes="accounts:write accounts:read")

    client = await desk.require(created.secret)

    assert client == ApiClient(created.id, "stamping", frozenset({Scope.ACCOUNTS_READ}))


async def test_the_limit_counts_by_client(desk: Desk) -> None:
    first, second = await desk.create(*Scope), await desk.create(*Scope, name="reports")

    for _ in range(3):
        assert isinstance(await desk.require(first.secret), ApiClient)
    throttled = await desk.require(first.secret)

    assert isinstance(throttled, TooManyAttempts)
    assert 0 < throttled.retry_after_seconds <= 3_600
    assert isinstance(await desk.require(second.secret), ApiClient)


async def test_the_last_use_is_written_once_a_minute(desk: Desk) -> None:
    created = await desk.create(*Scope)

    async def used_after(elapsed: timedelta) -> object:
        desk.clock.now = _START + elapsed
        await desk.require(created.secret)
        return (await ApiClientSecret.get()).last_used_at

    assert await used_after(timedelta()) == _START
    assert await used_after(timedelta(seconds=59)) == _START
    assert await used_after(timedelta(seconds=60)) == _START + timedelta(seconds=60)


async def test_many_uses_at_once_write_the_last_use_once(desk: Desk) -> None:
    created = await desk.create(*Scope)

    await asyncio.gather(*(desk.require(created.secret) for _ in range(20)))

    assert (await ApiClientSecret.get()).last_used_at == _START
