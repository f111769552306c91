"""What an operator does with API clients, and what it means for their secrets."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models.api_client import ApiClient as StoredClient
from models.api_client_secret import ApiClientSecret
from models.audit_event import AuditEvent
from services.access.client_registry import (
    ClientCreated,
    ClientNameTaken,
    ClientNotFound,
    ClientRegistry,
    ClientRevoked,
    ClientRotated,
    ClientView,
    SecretView,
    is_name,
)
from services.access.clients import Scope
from services.common.secrets import digest
from tests.actors import OPERATOR
from tests.clocks import Clock

pytestmark = pytest.mark.usefixtures("database")

_START = datetime(2026, 11, 26, 12, tzinfo=UTC)
_HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(_START)


@pytest.fixture
def registry(clock: Clock) -> ClientRegistry:
    return ClientRegistry(clock)


async def _create(registry: ClientRegistry, name: str = "stamping") -> ClientCreated:
    created = await registry.create(OPERATOR, name, [Scope.EVENTS_READ, Scope.ACCOUNTS_READ])
    assert isinstance(created, ClientCreated)
    return created


async def _rotate(registry: ClientRegistry, keep: timedelta) -> ClientRotated:
    rotated = await registry.rotate(OPERATOR, "stamping", keep)
    assert isinstance(rotated, ClientRotated)
    return rotated


async def _expiries(*secrets: str) -> list[datetime | None]:
    return [(await ApiClientSecret.get(digest=digest(secret))).expires_at for secret in secrets]


async def _events() -> list[tuple[str, str, str | None, str | None]]:
    return [(each.kind, each.actor, each.subject, each.detail) for each in await AuditEvent.all().order_by("at")]


async def test_a_name_is_given_once(registry: ClientRegistry) -> None:
    created = await _create(registry)

    again = await registry.create(OPERATOR, "stamping", [Scope.EVENTS_READ])

    assert again == ClientNameTaken()
    assert await StoredClient.all().values_list("id", "scopes") == [(created.id, "accounts:read events:read")]
    assert await ApiClientSecret.all().count() == 1
    assert await _events() == [
        ("api_client_created", OPERATOR.name, str(created.id), "stamping: accounts:read events:read")
    ]


async def test_a_rotation_keeps_earlier_secrets_for_a_while(registry: ClientRegistry, clock: Clock) -> None:
    created = await _create(registry)
    clock.now += _HOUR

    rotated = await _rotate(registry, 24 * _HOUR)

    assert (rotated.id, rotated.name, rotated.earlier_expire_at) == (created.id, "stamping", _START + 25 * _HOUR)
    assert rotated.secret not in {repr(rotated), created.secret}
    assert await _expiries(created.secret, rotated.secret) == [_START + 25 * _HOUR, None]
    assert (await _events())[1] == ("api_client_rotated", OPERATOR.name, str(created.id), "stamping")


async def test_a_second_rotation_gives_no_secret_a_longer_life(registry: ClientRegistry) -> None:
    first = await _create(registry)
    second = await _rotate(registry, 2 * _HOUR)

    third = await _rotate(registry, 24 * _HOUR)

    expected = [_START + 2 * _HOUR, _START + 24 * _HOUR, None]
    assert await _expiries(first.secret, second.secret, third.secret) == expected


async def test_a_rotation_that_keeps_nothing_ends_every_earlier_secret(registry: ClientRegistry) -> None:
    first = await _create(registry)
    second = await _rotate(registry, 24 * _HOUR)

    third = await _rotate(registry, timedelta())

    assert await _expiries(first.secret, second.secret, third.secret) == [_START, _START, None]


async def test_of_rotations_at_once_one_secret_stays_for_good(registry: ClientRegistry) -> None:
    await _create(registry)

    await asyncio.gather(*(_rotate(registry, _HOUR) for _ in range(5)))

    assert await ApiClientSecret.filter(expires_at__isnull=True).count() == 1
    assert await ApiClientSecret.filter(expires_at=_START + _HOUR).count() == 5


async def test_revoking_is_for_ever(registry: ClientRegistry) -> None:
    created = await _create(registry)
    await _rotate(registry, 24 * _HOUR)

    revoked = await registry.revoke(OPERATOR, "stamping")

    assert revoked == ClientRevoked(created.id, "stamping")
    assert {secret.expires_at for secret in await ApiClientSecret.all()} == {_START}
    assert (await StoredClient.get()).revoked_at == _START
    assert await registry.revoke(OPERATOR, "stamping") == ClientNotFound()
    assert await registry.rotate(OPERATOR, "stamping", _HOUR) == ClientNotFound()
    assert await registry.create(OPERATOR, "stamping", [Scope.EVENTS_READ]) == ClientNameTaken()
    assert [event[0] for event in await _events()] == [
        *("api_client_created", "api_client_rotated", "api_client_revoked")
    ]


async def test_an_unknown_client_is_not_found(registry: ClientRegistry) -> None:
    await _create(registry)

    assert await registry.rotate(OPERATOR, "stamp", _HOUR) == ClientNotFound()
    assert await registry.revoke(OPERATOR, "stamping2") == ClientNotFound()


async def test_the_list_shows_each_client_with_its_last_use(registry: ClientRegistry, clock: Clock) -> None:
    stamping, reports = await _create(registry), await _create(registry, "reports")
    clock.now += _HOUR
    await _rotate(registry, 24 * _HOUR)
    await ApiClientSecret.filter(digest=digest(stamping.secret)).update(last_used_at=_START + _HOUR / 2)
    await registry.revoke(OPERATOR, "reports")

    listed = await registry.list()

    scopes = ["accounts:read", "events:read"]
    assert listed == [
        ClientView(reports.id, "reports", scopes, _START, clock.now, None, [SecretView(_START, clock.now, None)]),
        ClientView(
            *(stamping.id, "stamping", scopes, _START, None, _START + _HOUR / 2),
            [SecretView(_START, _START + 25 * _HOUR, _START + _HOUR / 2), SecretView(clock.now, None, None)],
        ),
    ]


def test_a_name_has_only_what_may_stand_in_a_log() -> None:
    good = ["a", "stamping-1.prod_eu", "9", "a" * 40]
    bad = ["", "A", "-a", ".", "a b", "a\n", "añ", "a\0", "a" * 41, "a;b", "\ud800", "a" * 1_000_000]

    assert [name for name in good if not is_name(name)] == []
    assert [name for name in bad if is_name(name)] == []
