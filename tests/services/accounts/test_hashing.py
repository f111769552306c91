"""Argon2id in threads: the same work for every e-mail, a bounded queue, and an event loop that keeps running."""

import asyncio
from typing import Any

from argon2 import extract_parameters

from services.accounts.hashing import Hasher
from services.common.cpus import usable_cpus
from services.common.outcomes import TooManyAttempts

_ROOM = max(1, int(usable_cpus())) + int(64 * usable_cpus())  # one at work and 64 that wait, a CPU
_CHEAP: dict[str, Any] = {"time_cost": 1, "memory_kib": 64}


async def test_a_hash_verifies_its_own_password_and_no_other() -> None:
    hasher = Hasher(**_CHEAP)

    hashed = await hasher.hash("una frase larga")

    assert isinstance(hashed, str)
    assert hashed.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert await hasher.verify(hashed, "una frase larga") is True
    assert await hasher.verify(hashed, "una frase larga ") is False
    assert await hasher.verify(hashed, "") is False


async def test_with_a_given_salt_the_same_password_hashes_to_the_same() -> None:
    hasher = Hasher(**_CHEAP)

    first, again, other = [await hasher.hash("una frase larga", salt * 16) for salt in (b"a", b"a", b"b")]

    assert first == again != other
    assert isinstance(first, str)
    assert await hasher.verify(first, "una frase larga") is True


async def test_without_a_given_salt_the_same_password_never_hashes_to_the_same() -> None:
    hasher = Hasher(**_CHEAP)

    hashes = {await hasher.hash("una frase larga") for _ in range(5)}

    assert len(hashes) == 5


def test_the_default_profile_is_owasps() -> None:
    assert not Hasher().is_outdated("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43)


async def test_other_parameters_make_a_hash_outdated_and_leave_it_valid() -> None:
    old = Hasher(**_CHEAP)
    hashed = await old.hash("una frase larga")
    assert isinstance(hashed, str)
    assert not old.is_outdated(hashed)

    for changed in [{"time_cost": 2}, {"memory_kib": 128}, {"parallelism": 2}]:
        new = Hasher(**{**_CHEAP, **changed})

        assert new.is_outdated(hashed)
        assert await new.verify(hashed, "una frase larga") is True


async def test_a_hash_of_another_kind_matches_no_password() -> None:
    foreign = ["x", "", "$2b$12$" + "a" * 53]

    assert [await Hasher(**_CHEAP).verify(hashed, "una frase larga") for hashed in foreign] == [False] * 3


async def test_nobodys_password_is_never_right_and_costs_as_much() -> None:
    hasher = Hasher(time_cost=2, memory_kib=128)
    hashed = await hasher.hash("una frase larga")

    matches = await hasher.verify(None, "una frase larga")

    assert isinstance(hashed, str)
    assert matches is False
    assert extract_parameters(hasher._decoy) == extract_parameters(hashed)


async def test_beyond_the_queues_bound_a_request_is_throttled_at_once() -> None:
    hasher = Hasher(time_cost=1, memory_kib=1024)
    hashed = await hasher.hash("una frase larga")
    assert isinstance(hashed, str)

    crowd = [asyncio.create_task(hasher.verify(hashed, "una frase larga")) for _ in range(_ROOM)]
    late = [asyncio.create_task(hasher.hash("una frase larga")) for _ in range(10)]
    late_ones = [asyncio.create_task(hasher.verify(hashed, "una frase larga")) for _ in range(10)]
    refused, under_way = await asyncio.wait([*crowd, *late, *late_ones], return_when=asyncio.FIRST_COMPLETED)

    assert refused == {*late, *late_ones}
    assert {task.result() for task in refused} == {TooManyAttempts(retry_after_seconds=2)}
    assert await asyncio.gather(*under_way) == [True] * _ROOM


async def test_the_bound_of_the_queue_follows_the_usable_cpus() -> None:
    rooms: dict[tuple[float, int], int] = {(2, 1): 130, (0.25, 1): 17, (2.5, 1): 162, (4, 4): 257, (0.001, 1): 2}

    for (cpus, parallelism), room in rooms.items():
        hasher = Hasher(time_cost=1, memory_kib=8 * parallelism, parallelism=parallelism, cpus=cpus)

        outcomes = await asyncio.gather(*(hasher.hash("una frase larga") for _ in range(room + 7)))

        assert [outcome for outcome in outcomes if isinstance(outcome, TooManyAttempts)] == [TooManyAttempts(2)] * 7


async def test_after_a_storm_there_is_room_again() -> None:
    hasher = Hasher(**_CHEAP)

    await asyncio.gather(*(hasher.hash("una frase larga") for _ in range(2 * _ROOM)))
    again = await asyncio.gather(*(hasher.hash("una frase larga") for _ in range(_ROOM)))

    assert not any(isinstance(outcome, TooManyAttempts) for outcome in again)


async def test_a_cancelled_request_leaves_the_queue() -> None:
    hasher = Hasher(time_cost=1, memory_kib=1024)
    crowd = [asyncio.create_task(hasher.hash("una frase larga")) for _ in range(_ROOM)]
    await asyncio.sleep(0.01)

    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    again = await asyncio.gather(*(hasher.hash("una frase larga") for _ in range(_ROOM)))

    assert not any(isinstance(outcome, TooManyAttempts) for outcome in again)


async def test_the_event_loop_keeps_running_during_a_storm_of_hashes() -> None:
    hasher = Hasher(time_cost=1, memory_kib=4096)
    storm = asyncio.gather(*(hasher.hash("una frase larga") for _ in range(_ROOM)))
    turns = 0

    while not storm.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 20  # a blocked loop would turn at most once a hash, and then find all of them done
    assert not any(isinstance(outcome, TooManyAttempts) for outcome in await storm)
