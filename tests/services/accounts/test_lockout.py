"""At most 50 failed logins in a row from the networks of an account, and as many from all others."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from services.accounts.lockout import KNOWN_FOR, MAX_FAILURES, LoginAttempt, LoginLockout
from services.common.caller import Caller
from services.common.devices import Device
from services.common.secrets import Keys
from tests.clocks import Clock

pytestmark = pytest.mark.usefixtures("database")

_KEYS = Keys(b"a key of thirty-two bytes or more")
_EMAIL = "ana@example.com"
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
_HOME = Caller(ip_address("203.0.113.9"), user_agent=_CHROME)
_STRANGER = Caller(ip_address("198.51.100.1"))


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def lockout(clock: Clock) -> LoginLockout:
    return LoginLockout(_KEYS, clock)


async def test_each_attempt_counts_one(lockout: LoginLockout) -> None:
    attempts = [await lockout.record_attempt(_EMAIL, _STRANGER) for _ in range(3)]

    assert [attempt.failures for attempt in attempts] == [1, 2, 3]
    assert not any(attempt.locked or attempt.locks for attempt in attempts)


async def test_the_fiftieth_failure_locks_out_the_next(lockout: LoginLockout) -> None:
    await _fail(lockout, _STRANGER, MAX_FAILURES - 2)
    attempts = [await lockout.record_attempt(_EMAIL, _STRANGER) for _ in range(4)]

    assert [attempt.failures for attempt in attempts if attempt.locks] == [50]
    assert [attempt.failures for attempt in attempts if attempt.locked] == [51, 52]


async def test_an_attempt_that_is_taken_back_does_not_count(lockout: LoginLockout) -> None:
    await _fail(lockout, _STRANGER, 49)
    attempt = await lockout.record_attempt(_EMAIL, _STRANGER)

    await lockout.withdraw(attempt)

    assert (await lockout.record_attempt(_EMAIL, _STRANGER)).failures == 50


async def test_an_attempt_that_is_taken_back_twice_is_no_credit(lockout: LoginLockout) -> None:
    attempt = await lockout.record_attempt(_EMAIL, _STRANGER)

    await lockout.withdraw(attempt)
    await lockout.withdraw(attempt)

    assert (await lockout.record_attempt(_EMAIL, _STRANGER)).failures == 1


async def test_of_sixty_attempts_at_once_each_is_counted(lockout: LoginLockout) -> None:
    attempts = await asyncio.gather(*(lockout.record_attempt(_EMAIL, _STRANGER) for _ in range(60)))

    assert sorted(attempt.failures for attempt in attempts) == list(range(1, 61))
    assert len([attempt for attempt in attempts if attempt.locks]) == 1
    assert len([attempt for attempt in attempts if not attempt.locked]) == MAX_FAILURES


async def test_strangers_lock_out_strangers_only(lockout: LoginLockout) -> None:
    await _enter(lockout, _HOME)
    await _fail(lockout, _STRANGER, MAX_FAILURES + 1)

    at_home, elsewhere = await lockout.record_attempt(_EMAIL, _HOME), await lockout.record_attempt(_EMAIL, _STRANGER)

    assert (at_home.failures, at_home.locked) == (1, False)
    assert elsewhere.locked


async def test_strangers_are_counted_together_wherever_they_are(lockout: LoginLockout) -> None:
    await _fail(lockout, _STRANGER, MAX_FAILURES)

    attempt = await lockout.record_attempt(_EMAIL, Caller(ip_address("2001:db8::1")))

    assert attempt.locked


async def test_a_known_network_is_locked_out_by_its_own_failures_only(lockout: LoginLockout) -> None:
    await _enter(lockout, _HOME)
    await _fail(lockout, _HOME, MAX_FAILURES)

    at_home, elsewhere = await lockout.record_attempt(_EMAIL, _HOME), await lockout.record_attempt(_EMAIL, _STRANGER)

    assert at_home.locked
    assert elsewhere.failures == 1


async def test_a_network_is_a_24_or_a_48(lockout: LoginLockout) -> None:
    await _enter(lockout, Caller(ip_address("203.0.113.9")))
    await _enter(lockout, Caller(ip_address("2001:db8:1:2::3")))
    await _fail(lockout, _STRANGER, 30)

    near = [
        await lockout.record_attempt(_EMAIL, Caller(ip_address(each)))
        for each in ("203.0.113.200", "2001:db8:1:ffff::1")
    ]
    far = [
        await lockout.record_attempt(_EMAIL, Caller(ip_address(each))) for each in ("203.0.114.9", "2001:db8:2:2::3")
    ]

    assert [attempt.failures for attempt in [*near, *far]] == [1, 2, 31, 32]


async def test_a_network_is_known_to_one_email_only(lockout: LoginLockout) -> None:
    await _enter(lockout, _HOME)
    await _fail(lockout, _STRANGER, MAX_FAILURES, email="eva@example.com")

    assert (await lockout.record_attempt("eva@example.com", _HOME)).locked
    assert (await lockout.record_attempt(_EMAIL, _HOME)).failures == 1


async def test_a_network_is_known_for_ninety_days(lockout: LoginLockout, clock: Clock) -> None:
    await _enter(lockout, _HOME)
    await _fail(lockout, _STRANGER, MAX_FAILURES)

    clock.now += KNOWN_FOR - timedelta(seconds=1)
    on_the_last_day = await lockout.record_attempt(_EMAIL, _HOME)
    clock.now += timedelta(seconds=1)
    a_day_later = await lockout.record_attempt(_EMAIL, _HOME)

    assert timedelta(days=90) == KNOWN_FOR
    assert not on_the_last_day.locked
    assert a_day_later.locked


async def test_each_login_extends_the_ninety_days(lockout: LoginLockout, clock: Clock) -> None:
    await _enter(lockout, _HOME)
    clock.now += timedelta(days=80)
    await _enter(lockout, _HOME)
    await _fail(lockout, _STRANGER, MAX_FAILURES)

    clock.now += timedelta(days=80)

    assert not (await lockout.record_attempt(_EMAIL, _HOME)).locked
    assert await KnownNetwork.all().count() == 2  # the network and the device


async def test_a_login_resets_the_failures_of_its_own_networks_only(lockout: LoginLockout) -> None:
    await _enter(lockout, _HOME)
    await _fail(lockout, _HOME, 49)
    await _fail(lockout, _STRANGER, 49)

    await _enter(lockout, _HOME)

    assert (await lockout.record_attempt(_EMAIL, _HOME)).failures == 1
    assert (await lockout.record_attempt(_EMAIL, _STRANGER)).failures == 50


async def test_a_strangers_network_is_known_after_a_login(lockout: LoginLockout) -> None:
    await _fail(lockout, _STRANGER, 49)

    attempt = await _enter(lockout, _STRANGER)
    next_one = await lockout.record_attempt(_EMAIL, _STRANGER)

    assert next_one.failures == 1
    assert next_one.bucket != attempt.bucket


async def test_a_reset_ends_both_lockouts(lockout: LoginLockout) -> None:
    await _enter(lockout, _HOME)
    await _fail(lockout, _HOME, MAX_FAILURES + 1)
    await _fail(lockout, _STRANGER, MAX_FAILURES + 1)

    await lockout.reset(_EMAIL)

    assert (await lockout.record_attempt(_EMAIL, _HOME)).failures == 1
    assert (await lockout.record_attempt(_EMAIL, _STRANGER)).failures == 1


async def test_a_reset_does_not_affect_other_emails(lockout: LoginLockout) -> None:
    await _fail(lockout, _STRANGER, MAX_FAILURES, email="eva@example.com")

    await lockout.reset(_EMAIL)

    assert (await lockout.record_attempt("eva@example.com", _STRANGER)).locked


async def test_a_caller_is_familiar_once_the_network_and_the_device_have_signed_in(
    lockout: LoginLockout, clock: Clock
) -> None:
    first = await lockout.record_attempt(_EMAIL, _HOME)
    await lockout.record_success(first, _EMAIL, _HOME)
    callers = (_HOME, replace(_HOME, user_agent="curl/8"), replace(_HOME, address=_STRANGER.address))
    others = [(await lockout.record_attempt(_EMAIL, caller)).familiar for caller in callers]
    clock.now += KNOWN_FOR

    assert (first.familiar, others) == (False, [True, False, False])
    assert not (await lockout.record_attempt(_EMAIL, _HOME)).familiar


async def test_of_two_successes_at_once_one_is_after_failures_and_from_a_new_device(lockout: LoginLockout) -> None:
    await _fail(lockout, _HOME, 7)
    attempts = [await lockout.record_attempt(_EMAIL, _HOME) for _ in range(2)]

    successes = [await lockout.record_success(attempt, _EMAIL, _HOME) for attempt in attempts]

    assert [(success.failures, success.familiar) for success in successes] == [(7, False), (0, True)]


async def test_forgetting_an_account_forgets_its_devices_and_networks(lockout: LoginLockout) -> None:
    await _enter(lockout, _HOME)
    known = await lockout.known_devices(_EMAIL)
    await lockout.forget(_EMAIL, [_HOME.address])

    assert list(known) == [Device("Chrome", "Windows")]
    assert await KnownNetwork.all().count() == 0


async def test_failures_are_counted_in_the_database_for_every_process(clock: Clock) -> None:
    await _fail(LoginLockout(_KEYS, clock), _STRANGER, MAX_FAILURES)
    rotated = LoginLockout(
        Keys(b"a newer key of thirty-two bytes", naming_key=b"a key of thirty-two bytes or more"), clock
    )

    attempt = await rotated.record_attempt(_EMAIL, _STRANGER)

    assert attempt.locked


async def test_no_row_names_an_email_or_a_network(lockout: LoginLockout) -> None:
    await _enter(lockout, _HOME)
    await _fail(lockout, _STRANGER, 1)
    await _fail(lockout, _HOME, 1)

    streaks, networks = await FailureStreak.all(), await KnownNetwork.all()
    keys = [streak.key for streak in streaks] + [network.key for network in networks]

    assert len(keys) == 4
    assert not any(part in key for key in keys for part in ("ana", "example", "@", "203.0", "198.51", "Chrome"))
    assert max(map(len, keys)) <= 80


async def _fail(lockout: LoginLockout, caller: Caller, times: int, email: str = _EMAIL) -> None:
    """Counts so many failures at once; tests of the counting itself make each attempt."""
    attempt = await lockout.record_attempt(email, caller)
    await FailureStreak.filter(key=attempt.bucket).update(count=attempt.failures + times - 1)


async def _enter(lockout: LoginLockout, caller: Caller) -> LoginAttempt:
    attempt = await lockout.record_attempt(_EMAIL, caller)
    await lockout.record_success(attempt, _EMAIL, caller)
    return attempt
