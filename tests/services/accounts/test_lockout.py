"""The cap of a hundred wrong passwords in a row, with a door for the owner's networks and one for everybody else."""

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from services.accounts.lockout import KNOWN_FOR, MOST_FAILURES, Doors, Knock
from services.common.caller import Caller
from services.common.secrets import Keys

pytestmark = pytest.mark.usefixtures("database")

_KEYS = Keys((b"a key of thirty-two bytes or more",))
_EMAIL = "ana@example.com"
_HOME = Caller(ip_address("203.0.113.9"))
_STRANGER = Caller(ip_address("198.51.100.1"))


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def doors(clock: _Clock) -> Doors:
    return Doors(_KEYS, clock)


async def test_each_knock_counts_one(doors: Doors) -> None:
    knocks = [await doors.knock(_EMAIL, _STRANGER) for _ in range(3)]

    assert [knock.failures for knock in knocks] == [1, 2, 3]
    assert not any(knock.closed or knock.closes for knock in knocks)


async def test_the_fiftieth_failure_closes_the_door_behind_itself(doors: Doors) -> None:
    knocks = [await doors.knock(_EMAIL, _STRANGER) for _ in range(MOST_FAILURES + 2)]

    assert [knock.failures for knock in knocks if knock.closes] == [50]
    assert [knock.failures for knock in knocks if knock.closed] == [51, 52]


async def test_a_knock_that_is_taken_back_does_not_count(doors: Doors) -> None:
    await _fail(doors, _STRANGER, 49)
    knock = await doors.knock(_EMAIL, _STRANGER)

    await doors.take_back(knock)

    assert (await doors.knock(_EMAIL, _STRANGER)).failures == 50


async def test_a_knock_that_is_taken_back_twice_is_no_credit(doors: Doors) -> None:
    knock = await doors.knock(_EMAIL, _STRANGER)

    await doors.take_back(knock)
    await doors.take_back(knock)

    assert (await doors.knock(_EMAIL, _STRANGER)).failures == 1


async def test_of_two_hundred_knocks_at_once_each_is_counted(doors: Doors) -> None:
    knocks = await asyncio.gather(*(doors.knock(_EMAIL, _STRANGER) for _ in range(200)))

    assert sorted(knock.failures for knock in knocks) == list(range(1, 201))
    assert len([knock for knock in knocks if knock.closes]) == 1
    assert len([knock for knock in knocks if not knock.closed]) == MOST_FAILURES


async def test_strangers_close_only_their_own_door(doors: Doors) -> None:
    await _enter(doors, _HOME)
    await _fail(doors, _STRANGER, MOST_FAILURES + 1)

    at_home, elsewhere = await doors.knock(_EMAIL, _HOME), await doors.knock(_EMAIL, _STRANGER)

    assert (at_home.failures, at_home.closed) == (1, False)
    assert elsewhere.closed


async def test_strangers_share_one_door_wherever_they_are(doors: Doors) -> None:
    await _fail(doors, _STRANGER, MOST_FAILURES)

    knock = await doors.knock(_EMAIL, Caller(ip_address("2001:db8::1")))

    assert knock.closed


async def test_a_network_is_closed_out_by_its_own_failures_only(doors: Doors) -> None:
    await _enter(doors, _HOME)
    await _fail(doors, _HOME, MOST_FAILURES)

    at_home, elsewhere = await doors.knock(_EMAIL, _HOME), await doors.knock(_EMAIL, _STRANGER)

    assert at_home.closed
    assert elsewhere.failures == 1


@pytest.mark.parametrize(
    ("home", "neighbour", "stranger"),
    [
        ("203.0.113.9", "203.0.113.200", "203.0.114.9"),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::1", "2001:db8:2:2::3"),
    ],
)
async def test_a_network_is_a_24_or_a_48(doors: Doors, home: str, neighbour: str, stranger: str) -> None:
    await _enter(doors, Caller(ip_address(home)))
    await _fail(doors, _STRANGER, 30)

    near = await doors.knock(_EMAIL, Caller(ip_address(neighbour)))
    far = await doors.knock(_EMAIL, Caller(ip_address(stranger)))

    assert (near.failures, far.failures) == (1, 31)


async def test_a_network_is_known_to_one_email_alone(doors: Doors) -> None:
    await _enter(doors, _HOME)
    await _fail(doors, _STRANGER, MOST_FAILURES, email="eva@example.com")

    assert (await doors.knock("eva@example.com", _HOME)).closed
    assert (await doors.knock(_EMAIL, _HOME)).failures == 1


async def test_a_network_is_known_for_ninety_days(doors: Doors, clock: _Clock) -> None:
    await _enter(doors, _HOME)
    await _fail(doors, _STRANGER, MOST_FAILURES)

    clock.now += KNOWN_FOR - timedelta(seconds=1)
    on_the_last_day = await doors.knock(_EMAIL, _HOME)
    clock.now += timedelta(seconds=1)
    a_day_later = await doors.knock(_EMAIL, _HOME)

    assert timedelta(days=90) == KNOWN_FOR
    assert not on_the_last_day.closed
    assert a_day_later.closed


async def test_each_time_somebody_enters_the_ninety_days_begin_anew(doors: Doors, clock: _Clock) -> None:
    await _enter(doors, _HOME)
    clock.now += timedelta(days=80)
    await _enter(doors, _HOME)
    await _fail(doors, _STRANGER, MOST_FAILURES)

    clock.now += timedelta(days=80)

    assert not (await doors.knock(_EMAIL, _HOME)).closed
    assert await KnownNetwork.all().count() == 1


async def test_who_enters_ends_the_streak_of_their_own_door(doors: Doors) -> None:
    await _enter(doors, _HOME)
    await _fail(doors, _HOME, 49)
    await _fail(doors, _STRANGER, 49)

    await _enter(doors, _HOME)

    assert (await doors.knock(_EMAIL, _HOME)).failures == 1
    assert (await doors.knock(_EMAIL, _STRANGER)).failures == 50


async def test_who_enters_as_a_stranger_is_known_from_then_on(doors: Doors) -> None:
    await _fail(doors, _STRANGER, 49)

    knock = await _enter(doors, _STRANGER)
    next_one = await doors.knock(_EMAIL, _STRANGER)

    assert next_one.failures == 1
    assert next_one.door != knock.door


async def test_reopening_opens_both_doors(doors: Doors) -> None:
    await _enter(doors, _HOME)
    await _fail(doors, _HOME, MOST_FAILURES + 1)
    await _fail(doors, _STRANGER, MOST_FAILURES + 1)

    await doors.reopen(_EMAIL)

    assert (await doors.knock(_EMAIL, _HOME)).failures == 1
    assert (await doors.knock(_EMAIL, _STRANGER)).failures == 1


async def test_reopening_leaves_other_emails_doors_alone(doors: Doors) -> None:
    await _fail(doors, _STRANGER, MOST_FAILURES, email="eva@example.com")

    await doors.reopen(_EMAIL)

    assert (await doors.knock("eva@example.com", _STRANGER)).closed


async def test_the_streak_is_in_the_database_for_every_process(clock: _Clock) -> None:
    await _fail(Doors(_KEYS, clock), _STRANGER, MOST_FAILURES)
    rotated = Doors(Keys((b"a newer key of thirty-two bytes", b"a key of thirty-two bytes or more")), clock)

    knock = await rotated.knock(_EMAIL, _STRANGER)

    assert knock.closed


async def test_no_row_names_an_email_or_a_network(doors: Doors) -> None:
    await _enter(doors, _HOME)
    await _fail(doors, _STRANGER, 1)
    await _fail(doors, _HOME, 1)

    streaks, networks = await FailureStreak.all(), await KnownNetwork.all()
    keys = [streak.key for streak in streaks] + [network.key for network in networks]

    assert len(keys) == 3
    assert not any(part in key for key in keys for part in ("ana", "example", "@", "203.0", "198.51"))
    assert max(map(len, keys)) <= 80


async def _fail(doors: Doors, caller: Caller, times: int, email: str = _EMAIL) -> None:
    """As if so many knocks had failed; those that are about counting knock themselves."""
    knock = await doors.knock(email, caller)
    await FailureStreak.filter(key=knock.door).update(count=knock.failures + times - 1)


async def _enter(doors: Doors, caller: Caller) -> Knock:
    knock = await doors.knock(_EMAIL, caller)
    await doors.enter(knock, _EMAIL, caller)
    return knock
