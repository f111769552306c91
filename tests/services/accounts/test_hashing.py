"""Argon2id in threads: the same work for every e-mail, a bounded queue, and an event loop that keeps running."""

import asyncio
import threading
from typing import Any

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from services.accounts.hashing import Hasher, Verification
from services.common.cpus import usable_cpus
from services.common.outcomes import TooManyAttempts
from tests.foreign_hashes import OF_PASSWORD, PASSWORD
from tests.hash_work import recorded_hashes

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


async def test_a_hash_of_another_system_is_outdated_and_is_replaced_if_the_password_is_right() -> None:
    hasher = Hasher(**_CHEAP)

    for foreign in OF_PASSWORD.values():
        assert hasher.is_outdated(foreign)
        wrong, right = [await hasher.renew(foreign, password) for password in ("otra frase", PASSWORD)]

        assert wrong == Verification(right=False, new_hash=None)
        assert isinstance(right, Verification)
        assert right.right
        assert right.new_hash
        assert not hasher.is_outdated(right.new_hash)
        assert await hasher.renew(right.new_hash, PASSWORD) == Verification(right=True, new_hash=None)


async def test_a_hash_like_an_outdated_one_costs_as_much_as_renewing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher, outdated = Hasher(**_CHEAP), OF_PASSWORD["django pbkdf2_sha256"]
    computed = recorded_hashes(monkeypatch)

    await hasher.hash(PASSWORD, b"a" * 16, like=outdated)
    like = [*computed]
    await hasher.renew(outdated, PASSWORD)

    assert like == [("pbkdf2_hmac", 1000), ("hash", 64)]
    assert computed == like * 2


async def test_a_hash_that_takes_long_has_more_places_in_the_queue() -> None:
    """So the wait of the last one stays the same: a quarter of the most has ten places, and our hash after it one."""
    slow = "$argon2id$v=19$m=8,t=32768,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    hasher = Hasher(**_CHEAP, cpus=1)

    outcomes = await asyncio.gather(*(hasher.renew(slow, "x") for _ in range(8)))

    busy = [isinstance(outcome, TooManyAttempts) for outcome in outcomes]
    assert busy == [False] * 5 + [True] * 3
    assert isinstance(await Hasher(**_CHEAP, cpus=0.001).renew(slow, "x"), Verification)  # it has room for two only


async def test_a_text_of_no_known_kind_matches_no_password() -> None:
    texts = ["x", "", "$2b$12$" + "a" * 53]

    assert [await Hasher(**_CHEAP).verify(text, "una frase larga") for text in texts] == [False] * 3


async def test_nobodys_password_is_never_right_and_costs_as_much() -> None:
    hasher = Hasher(time_cost=2, memory_kib=128)
    hashed = await hasher.hash("una frase larga")

    matches = await hasher.verify(None, "una frase larga")

    assert isinstance(hashed, str)
    assert matches is False
    assert extract_parameters(hasher._decoy) == extract_parameters(hashed)
    with pytest.raises(VerifyMismatchError):  # after the work: a hash that cannot be decoded fails without it
        hasher._argon2.verify(hasher._decoy, "una frase larga")


async def test_beyond_the_queues_bound_a_request_is_throttled_at_once() -> None:
    hasher = Hasher(time_cost=1, memory_kib=1024)
    hashed = await hasher.hash("una frase larga")
    assert isinstance(hashed, str)

    crowd = [asyncio.create_task(hasher.verify(hashed, "una frase larga")) for _ in range(_ROOM)]
    late = [asyncio.create_task(hasher.hash("una frase larga")) for _ in range(10)]
    late_ones = [asyncio.create_task(hasher.verify(hashed, "una frase larga")) for _ in range(10)]
    done, _ = await asyncio.wait([*crowd, *late, *late_ones], return_when=asyncio.FIRST_COMPLETED)

    assert done >= {*late, *late_ones}
    assert {task.result() for task in [*late, *late_ones]} == {TooManyAttempts(retry_after_seconds=2)}
    assert await asyncio.gather(*crowd) == [True] * _ROOM


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


async def test_a_cancelled_request_leaves_the_queue_or_the_thread_when_its_hash_ends() -> None:
    hasher = Hasher(time_cost=1, memory_kib=1024)
    waiting = _ROOM - max(1, int(usable_cpus()))
    crowd = [asyncio.create_task(hasher.hash("una frase larga")) for _ in range(_ROOM)]
    await asyncio.sleep(0.01)

    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    for room in (waiting, _ROOM):
        again = await asyncio.gather(*(hasher.hash("una frase larga") for _ in range(room)))

        assert not any(isinstance(outcome, TooManyAttempts) for outcome in again)


async def test_a_hash_that_gets_no_thread_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Hasher(**_CHEAP)
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", _refuse)
        for _ in range(_ROOM):
            with pytest.raises(RuntimeError):
                await hasher.hash("una frase larga")

    hashes = await asyncio.gather(*(hasher.hash("una frase larga") for _ in range(_ROOM)))

    assert not any(isinstance(outcome, TooManyAttempts) for outcome in hashes)


def _refuse(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


async def test_the_event_loop_keeps_running_during_a_storm_of_hashes() -> None:
    hasher = Hasher(time_cost=1, memory_kib=4096)
    storm = asyncio.gather(*(hasher.hash("una frase larga") for _ in range(_ROOM)))
    turns = 0

    while not storm.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 20  # a blocked loop would turn at most once a hash, and then find all of them done
    assert not any(isinstance(outcome, TooManyAttempts) for outcome in await storm)
