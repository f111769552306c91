"""Limits: the same rules over our database, over Redis and in memory."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, cast
from uuid import uuid4

import pytest
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from pydantic import SecretStr

from app.composition import limit_storage
from app.settings import Settings
from models.limit_counter import LimitCounter
from services.common.caller import Caller
from services.common.limit_storage import DatabaseStorage
from services.common.limits import Limit, Limiter, Limits
from services.common.outcomes import TooManyAttempts
from services.common.secrets import Keys
from tests.refusals import refusal

_EMAIL = "ana@example.com"
_V4 = Caller(ip_address("203.0.113.9"))

EndWindows = Callable[[], Awaitable[None]]


def _v6(subnet: int, host: int = 1) -> Caller:
    return Caller(ip_address(f"2001:db8:1:{subnet:x}::{host:x}"))


def _limit(notation: str) -> Limit:
    """A limit that no other test has, since Redis outlives a test."""
    return Limit.parse(uuid4().hex, notation)


class _Storages:
    """The rules, for every storage that a subclass gives."""

    @pytest.fixture
    def limiter(self, storage: Storage) -> Limiter:
        return Limiter(storage, Keys(secrets.token_bytes(32)))

    async def test_as_many_hits_pass_as_the_limit_says(self, limiter: Limiter) -> None:
        limit = _limit("3/minute")

        outcomes = [await limiter.hit(limit, _EMAIL) for _ in range(5)]

        assert [outcome is None for outcome in outcomes] == [True, True, True, False, False]

    async def test_a_throttled_caller_learns_when_the_window_ends(self, limiter: Limiter) -> None:
        limit = _limit("1/10 minutes")
        await limiter.hit(limit, _EMAIL)

        throttled = await limiter.hit(limit, _EMAIL)

        assert throttled
        assert 590 <= throttled.retry_after_seconds <= 600

    async def test_a_longer_window_throttles_for_longer(self, limiter: Limiter) -> None:
        limit = _limit("10/minute;2/day")
        passed = [await limiter.hit(limit, _EMAIL) for _ in range(2)]

        throttled = await limiter.hit(limit, _EMAIL)

        assert passed == [None, None]
        assert throttled
        assert 86_390 <= throttled.retry_after_seconds <= 86_400

    async def test_a_hit_denied_by_the_minute_does_not_count_for_the_day(
        self, limiter: Limiter, storage: Storage
    ) -> None:
        limit = _limit("10/day;1/minute")

        outcomes = [await limiter.hit(limit, _EMAIL) for _ in range(15)]

        minute, day = limit.windows
        assert [outcome is None for outcome in outcomes].count(True) == 1
        assert await self._counted(limiter, storage, limit, day) == 1
        assert await self._counted(limiter, storage, limit, minute) == 15

    async def test_of_fifty_hits_at_once_exactly_ten_pass(self, limiter: Limiter) -> None:
        limit = _limit("10/hour")

        outcomes = await asyncio.gather(*(limiter.hit(limit, _EMAIL) for _ in range(50)), return_exceptions=True)

        assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
        assert outcomes.count(None) == 10

    async def test_a_hit_given_back_after_its_window_takes_nothing_from_the_next(
        self, limiter: Limiter, end_windows: EndWindows
    ) -> None:
        limit = _limit("2/minute")
        hit = replace(await limiter.count(limit, _EMAIL), since=time.time() - 30)
        await end_windows()
        await limiter.hit(limit, _EMAIL)

        await asyncio.gather(*(limiter.refund(hit) for _ in range(5)))

        outcomes = [await limiter.hit(limit, _EMAIL) for _ in range(2)]
        assert [outcome is None for outcome in outcomes] == [True, False]

    async def test_subjects_and_limits_are_counted_separately(self, limiter: Limiter) -> None:
        first, second = _limit("1/hour"), _limit("1/hour")

        outcomes = [
            await limiter.hit(limit, subject)
            for limit in (first, second)
            for subject in (_EMAIL, "eva@example.com", "203.0.113.9/32")
        ]

        assert outcomes == [None] * 6

    async def test_a_hit_that_is_given_back_does_not_count(self, limiter: Limiter) -> None:
        limit = _limit("2/minute;2/day")
        await limiter.hit(limit, _EMAIL)
        hit = await limiter.count(limit, _EMAIL)

        await limiter.refund(hit)

        assert await limiter.hit(limit, _EMAIL) is None
        assert await limiter.hit(limit, _EMAIL)

    async def test_a_denied_hit_that_is_given_back_takes_nothing_from_longer_windows(
        self, limiter: Limiter, storage: Storage
    ) -> None:
        limit = _limit("5/minute;8/day")
        for _ in range(5):
            await limiter.hit(limit, _EMAIL)

        for _ in range(10):
            await limiter.refund(await limiter.count(limit, _EMAIL))

        assert await self._counted(limiter, storage, limit, limit.windows[1]) == 5

    async def test_a_clients_denied_hit_that_is_given_back_takes_nothing_from_its_48(self, limiter: Limiter) -> None:
        limit = _limit("2/hour")
        for subnet in range(1, 9):
            assert [await limiter.hit_client(limit, _v6(subnet)) for _ in range(2)] == [None, None]

        for _ in range(3):
            await limiter.refund(await limiter.count(limit, _v6(1)))

        assert await limiter.hit_client(limit, _v6(9))

    async def test_a_hit_given_back_after_its_window_is_no_credit_for_the_next(
        self, limiter: Limiter, end_windows: EndWindows
    ) -> None:
        limit = _limit("2/minute")
        hit = await limiter.count(limit, _EMAIL)
        await end_windows()

        await limiter.refund(hit)
        outcomes = [await limiter.hit(limit, _EMAIL) for _ in range(3)]

        assert [outcome is None for outcome in outcomes] == [True, True, False]

    async def test_clearing_forgets_one_subject_in_every_window(self, limiter: Limiter) -> None:
        limit = _limit("1/minute;1/day")
        for subject in (_EMAIL, "eva@example.com"):
            await limiter.hit(limit, subject)

        await limiter.clear(limit, _EMAIL)

        assert await limiter.hit(limit, _EMAIL) is None
        assert await limiter.hit(limit, "eva@example.com")

    async def test_clearing_a_subject_that_was_never_counted_does_no_harm(self, limiter: Limiter) -> None:
        limit = _limit("1/minute")

        await limiter.clear(limit, _EMAIL)

        assert await limiter.hit(limit, _EMAIL) is None

    async def test_after_a_window_a_new_one_begins(self, limiter: Limiter, end_windows: EndWindows) -> None:
        limit = _limit("1/hour")
        await limiter.hit(limit, _EMAIL)
        assert await limiter.hit(limit, _EMAIL)
        await end_windows()

        outcomes = [await limiter.hit(limit, _EMAIL) for _ in range(2)]

        assert outcomes[0] is None
        assert outcomes[1]
        assert 3590 <= outcomes[1].retry_after_seconds <= 3600

    async def test_hits_that_are_denied_do_not_lengthen_the_window(self, limiter: Limiter, storage: Storage) -> None:
        limit = _limit("1/hour")
        await limiter.hit(limit, _EMAIL)
        ends_at = await storage.get_expiry(self._key(limiter, limit, limit.windows[0]))

        for _ in range(5):
            await limiter.hit(limit, _EMAIL)

        later = await storage.get_expiry(self._key(limiter, limit, limit.windows[0]))
        assert later == pytest.approx(ends_at, abs=1.5)  # Redis counts in whole seconds

    async def test_an_ipv4_address_is_one_client(self, limiter: Limiter) -> None:
        limit = _limit("1/hour")

        outcomes = [await limiter.hit_client(limit, caller) for caller in (_V4, _V4, Caller(ip_address("203.0.113.8")))]

        assert [outcome is None for outcome in outcomes] == [True, False, True]

    async def test_an_ipv6_64_is_one_client(self, limiter: Limiter) -> None:
        limit = _limit("2/hour")

        outcomes = [await limiter.hit_client(limit, _v6(1, host)) for host in range(1, 5)]

        assert [outcome is None for outcome in outcomes] == [True, True, False, False]

    async def test_an_ipv6_48_has_eight_times_as_much(self, limiter: Limiter) -> None:
        limit = _limit("2/hour")

        outcomes = [await limiter.hit_client(limit, _v6(subnet)) for subnet in range(1, 21)]

        assert [outcome is None for outcome in outcomes] == [True] * 16 + [False] * 4
        elsewhere = Caller(ip_address("2001:db8:2::1"))
        assert await limiter.hit_client(limit, elsewhere) is None

    async def test_a_clients_hit_is_given_back_to_its_48_too(self, limiter: Limiter) -> None:
        limit = _limit("1/hour")
        hits = [await limiter.count(limit, _v6(subnet)) for subnet in range(1, 9)]

        await limiter.refund(hits[-1])

        assert [hit.throttled for hit in hits] == [None] * 8

        assert await limiter.hit_client(limit, _v6(8, host=2)) is None
        assert await limiter.hit_client(limit, _v6(9))

    async def test_an_ipv4_clients_hit_is_given_back(self, limiter: Limiter) -> None:
        limit = _limit("1/hour")
        hit = await limiter.count(limit, _V4)

        await limiter.refund(hit)

        assert await limiter.hit_client(limit, _V4) is None

    async def test_all_processes_with_the_same_naming_key_count_together(self, storage: Storage) -> None:
        limit, name = _limit("1/hour"), b"names" * 7
        first, second = (Limiter(storage, Keys(key, naming_key=name)) for key in (b"old" * 12, b"new" * 12))

        outcomes = [await first.hit(limit, _EMAIL), await second.hit(limit, _EMAIL)]

        assert outcomes[0] is None
        assert isinstance(outcomes[1], TooManyAttempts)

    async def test_the_storage_is_reachable(self, storage: Storage) -> None:
        assert await storage.check()

    async def _counted(self, limiter: Limiter, storage: Storage, limit: Limit, window: Any) -> int:
        return await storage.get(self._key(limiter, limit, window))

    def _key(self, limiter: Limiter, limit: Limit, window: Any) -> str:
        return str(window.key_for(limit.name, limiter._pseudonym(_EMAIL)))


class TestOverTheDatabase(_Storages):
    @pytest.fixture
    def storage(self, database: dict[str, Any]) -> Storage:
        del database
        return DatabaseStorage()

    @pytest.fixture
    def end_windows(self) -> EndWindows:
        async def end() -> None:
            await LimitCounter.all().update(expires_at=time.time() - 1)

        return end

    async def test_no_row_names_an_email_or_an_address(self, limiter: Limiter) -> None:
        await limiter.hit(Limit.parse("resend_email", "1/minute;10/day"), _EMAIL)
        await limiter.hit_client(Limit.parse("resend", "1/minute"), _v6(1))

        keys = [row.key for row in await LimitCounter.all()]

        assert len(keys) == 4
        assert not any(part in key for key in keys for part in ("ana", "example", "@", "2001:", "db8:"))

    async def test_without_the_key_a_copied_database_confirms_no_guessed_email(self, storage: Storage) -> None:
        limit = _limit("1/minute")

        for key in (b"a" * 32, b"b" * 32):
            await Limiter(storage, Keys(key)).hit(limit, _EMAIL)

        assert await LimitCounter.all().count() == 2

    async def test_the_longest_key_fits_its_column(self, limiter: Limiter) -> None:
        names = (name for name in Settings.model_fields if name.startswith("limit_"))
        longest = max(names, key=len).removeprefix("limit_")

        outcome = await limiter.hit_client(Limit.parse(longest, "1000000/500000 minutes"), _v6(1))

        assert outcome is None
        assert max(len(row.key) for row in await LimitCounter.all()) <= 128

    async def test_an_ended_window_counts_nothing(self, storage: Storage, end_windows: EndWindows) -> None:
        await storage.incr("key", 60)
        await end_windows()

        assert await storage.get("key") == 0
        assert await storage.get_expiry("key") == pytest.approx(time.time(), abs=5)

    async def test_resetting_removes_every_count(self, storage: Storage) -> None:
        await storage.incr("first", 60)
        await storage.incr("second", 60)

        assert await storage.reset() == 2
        assert await storage.get("first") == 0


class TestInMemory(_Storages):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()

    @pytest.fixture
    def end_windows(self, storage: Storage) -> EndWindows:
        async def end() -> None:
            expirations = cast(MemoryStorage, storage).expirations
            expirations.update(dict.fromkeys(expirations, 0.0))

        return end


class TestOverRedis(_Storages):
    @pytest.fixture
    async def storage(self, redis_server: str) -> AsyncIterator[RedisStorage]:
        """Under a prefix that no other test uses, so that its keys can be removed."""
        settings = Settings(_env_file=None, redis_url=SecretStr(redis_server), redis_key_prefix=f"test-{uuid4().hex}")
        storage, aclose = limit_storage(settings)
        assert isinstance(storage, RedisStorage)
        yield storage
        await storage.reset()
        await aclose()

    @pytest.fixture
    def end_windows(self, storage: RedisStorage) -> EndWindows:
        async def end() -> None:
            await storage.reset()  # as Redis does when a key expires

        return end

    async def test_every_key_expires_by_itself(self, storage: RedisStorage, limiter: Limiter) -> None:
        limit = _limit("2/minute;3/hour")
        for _ in range(4):
            await limiter.refund(await limiter.count(limit, _EMAIL))
            await limiter.hit(limit, _EMAIL)

        lives = [await _client(storage).ttl(key) for key in await _keys(storage)]

        assert len(lives) == 2
        assert all(0 < seconds <= 3600 for seconds in lives)


def _client(storage: RedisStorage) -> Any:
    return cast(Any, storage.bridge).storage


async def _keys(storage: RedisStorage) -> list[bytes]:
    return [key async for key in _client(storage).scan_iter(f"{storage.bridge.key_prefix}*")]


def test_a_limit_has_its_windows_shortest_first() -> None:
    limits = {
        "1/minute": [(1, 60)],
        "1/minute;10/day": [(1, 60), (10, 86_400)],
        "10/day;1/minute": [(1, 60), (10, 86_400)],
        "20/15 minutes": [(20, 900)],
        "2/1 hour;1/30 minutes;9/day": [(1, 1800), (2, 3600), (9, 86_400)],
        "1/90 minutes;5/hour": [(5, 3600), (1, 5400)],
        " 5 / 2 Hours ": [(5, 7200)],
    }

    parsed = {notation: Limit.parse("resend", notation).windows for notation in limits}

    assert {
        notation: [(window.amount, window.get_expiry()) for window in windows] for notation, windows in parsed.items()
    } == limits


def test_nonsense_is_no_limit() -> None:
    notations = [
        "",
        " ",
        "1",
        "1/",
        "/minute",
        "-1/minute",
        "1.5/minute",
        "one/minute",
        "1/fortnight",
        "1/minute;",
        ";1/minute",
        "1/minute;;1/day",
        "1/minute:;1/day",
        "1/minute and 2/day",
        "1/0 minutes",
        "1/2 years",
        "5/minute;1/367 days",
        "１/minute",
        "9" * 5000 + "/minute",  # five thousand digits
        "1/minute\0",
        "\ud800",
    ]

    assert [notation[:20] for notation in notations if not refusal(Limit.parse, "resend", notation)] == []


def test_every_default_is_a_limit() -> None:
    limits = {name: field.default for name, field in Settings.model_fields.items() if name.startswith("limit_")}

    assert limits.keys() == {f"limit_{name}" for name in Limits.__dataclass_fields__}
    assert all(Limit.parse(name, notation).windows for name, notation in limits.items())
