"""Folios are issued in order and each once, whatever happens at the same time."""

import asyncio
from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.transactions import in_transaction

from models.account import Account
from models.series import Series
from services.accounts.sessions import SessionLife, SessionService
from services.common.caller import Caller
from services.common.outcomes import FieldErrorCode, FieldProblem, InvalidInput
from services.company.series import SeriesService
from services.company.series_form import SeriesForm
from services.company.series_outcomes import (
    LastSeries,
    SeriesCreated,
    SeriesDeleted,
    SeriesExhausted,
    SeriesInUse,
    SeriesNotFound,
    SeriesUpdated,
)
from services.invoices.outcomes import InvoiceReserved
from tests.actors import ACTORS
from tests.invoices import active_account, series_of, try_to_reserve

pytestmark = pytest.mark.usefixtures("database")

MAX_BIG_INT = 2**63 - 1
SESSIONS = SessionService(SessionLife(), ACTORS)
SERIES = SeriesService(SESSIONS, ACTORS)


async def _signed_in(account: Account) -> Caller:
    address = ip_address("127.0.0.1")
    opened = await SESSIONS.open(Caller(address), account)
    return Caller(address, credential=opened.token)


async def _take(account_id: UUID, series_id: UUID) -> Any:
    """Returns the name of the series and the folio, or the failure."""
    outcome = await try_to_reserve(account_id, series_id)
    if not isinstance(outcome, InvoiceReserved):
        return outcome
    return outcome.reservation.series_name, outcome.reservation.folio


def _folios(outcomes: list[Any]) -> list[int]:
    return sorted(outcome[1] for outcome in outcomes if isinstance(outcome, tuple))


async def test_folios_are_taken_in_order() -> None:
    account = await active_account()
    series = await series_of(account, first=7)

    outcomes = [await _take(account.id, series) for _ in range(3)]

    assert outcomes == [("A", 7), ("A", 8), ("A", 9)]


async def test_many_at_once_take_folios_without_a_gap_while_the_series_is_changed() -> None:
    account = await active_account()
    series, caller = await series_of(account), await _signed_in(account)
    await _take(account.id, series)
    forms = [SeriesForm("A", "1", None if number % 2 else "1000") for number in range(6)]

    outcomes = await asyncio.gather(
        *(_take(account.id, series) for _ in range(25)),
        *(SERIES.update(caller, str(series), form) for form in forms),
        *(_take(account.id, series) for _ in range(25)),
    )

    assert _folios(outcomes) == list(range(2, 52))
    assert sum(isinstance(outcome, SeriesUpdated) for outcome in outcomes) == 6


async def test_the_last_folio_of_a_range_is_taken_once_and_no_other_follows() -> None:
    account = await active_account()
    series = await series_of(account, first=11, last=30)

    outcomes = await asyncio.gather(*(_take(account.id, series) for _ in range(50)))

    assert _folios(outcomes) == list(range(11, 31))
    assert outcomes.count(SeriesExhausted()) == 30
    assert (await Series.get(id=series)).last_taken == 30


async def test_the_largest_folio_is_reached_and_not_passed() -> None:
    for last in (None, MAX_BIG_INT):
        account = await active_account()
        series = await series_of(account, first=MAX_BIG_INT - 1, last=last)

        outcomes = [await _take(account.id, series) for _ in range(3)]

        assert outcomes == [("A", MAX_BIG_INT - 1), ("A", MAX_BIG_INT), SeriesExhausted()]
        assert (await Series.get(id=series)).last_taken == MAX_BIG_INT


async def test_the_list_shows_the_largest_folio_as_the_next_and_none_after_it() -> None:
    account = await active_account()
    series = await series_of(account, first=MAX_BIG_INT)
    (before,) = await SERIES.list_for(account.id)

    await _take(account.id, series)

    (after,) = await SERIES.list_for(account.id)
    assert (before.next_folio, before.remaining) == (MAX_BIG_INT, None)
    assert (after.next_folio, after.remaining) == (None, None)


async def test_a_folio_is_taken_again_if_its_transaction_was_rolled_back() -> None:
    account = await active_account()
    series = await series_of(account)

    with pytest.raises(KeyError):
        await _take_and_fail(account.id, series, asyncio.Event())

    assert await _take(account.id, series) == ("A", 1)


async def test_a_second_taker_waits_for_the_end_of_the_transaction() -> None:
    account = await active_account()
    series, taken = await series_of(account), asyncio.Event()

    failed, second = await asyncio.gather(
        _take_and_fail(account.id, series, taken), _take_after(account.id, series, taken), return_exceptions=True
    )

    assert isinstance(failed, KeyError)
    assert second == ("A", 1)


async def test_no_folio_is_taken_of_another_accounts_series_or_of_an_unknown_one() -> None:
    ana, eva = await active_account(), await active_account()
    series = await series_of(ana)

    outcomes = [await _take(eva.id, series), await _take(ana.id, uuid4())]

    assert outcomes == [SeriesNotFound(), SeriesNotFound()]
    assert (await Series.get(id=series)).last_taken == 0


async def test_a_series_in_use_keeps_its_name_so_that_no_other_repeats_its_folios() -> None:
    account = await active_account()
    caller = await _signed_in(account)
    series = await series_of(account)
    taken = await _take(account.id, series)

    renamed = await SERIES.update(caller, str(series), SeriesForm("B", "1"))
    deleted = await SERIES.delete(caller, str(series))
    namesake = await SERIES.create(caller, SeriesForm("A", "1"))

    assert taken == ("A", 1)
    assert renamed == InvalidInput((FieldProblem("name", FieldErrorCode.FOLIOS_TAKEN, maximum=25),))
    assert deleted == SeriesInUse()
    assert namesake == InvalidInput((FieldProblem("name", FieldErrorCode.ALREADY_USED, maximum=25),))


async def test_no_folio_of_a_name_is_taken_twice_while_series_are_renamed_and_made() -> None:
    for earlier in range(5):
        await _race_with_a_namesake(earlier)


async def _race_with_a_namesake(earlier: int) -> None:
    account = await active_account()
    series, caller = await series_of(account), await _signed_in(account)

    outcomes = await asyncio.gather(
        *(_take(account.id, series) for _ in range(earlier)),
        SERIES.update(caller, str(series), SeriesForm("B", "1")),
        SERIES.create(caller, SeriesForm("A", "1")),
        *(_take(account.id, series) for _ in range(3)),
    )
    for created in (outcome for outcome in outcomes if isinstance(outcome, SeriesCreated)):
        outcomes.append(await _take(account.id, created.series.id))

    taken = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
    assert len(taken) == len(set(taken)) >= earlier + 3
    assert {outcome[0] for outcome in taken[: earlier + 3]} in ({"A"}, {"B"})


async def test_a_first_folio_changed_in_a_race_is_taken_or_refused() -> None:
    for earlier in range(5):
        await _race_with_a_first_folio(earlier)


async def _race_with_a_first_folio(earlier: int) -> None:
    account = await active_account()
    series, caller = await series_of(account), await _signed_in(account)

    outcomes = await asyncio.gather(
        *(_take(account.id, series) for _ in range(earlier)),
        SERIES.update(caller, str(series), SeriesForm("A", "500")),
        *(_take(account.id, series) for _ in range(10)),
    )

    first = (await Series.get(id=series)).first_folio
    refused = InvalidInput((FieldProblem("firstFolio", FieldErrorCode.FOLIOS_TAKEN, 1, 1),))
    assert _folios(list(outcomes)) == list(range(first, first + 10 + earlier))
    assert (refused in outcomes) == (first == 1)


async def test_a_last_folio_changed_in_a_race_is_not_below_one_that_was_taken() -> None:
    for earlier in range(5):
        await _race_with_a_last_folio(earlier)


async def _race_with_a_last_folio(earlier: int) -> None:
    account = await active_account()
    series, caller = await series_of(account), await _signed_in(account)

    outcomes = await asyncio.gather(
        *(_take(account.id, series) for _ in range(earlier)),
        SERIES.update(caller, str(series), SeriesForm("A", "1", "6")),
        *(_take(account.id, series) for _ in range(10)),
    )

    kept = await Series.get(id=series)
    folios = _folios(list(outcomes))
    assert folios == list(range(1, kept.last_taken + 1))
    assert kept.last_taken <= (kept.last_folio or MAX_BIG_INT)


async def test_no_folio_is_taken_of_a_series_deleted_in_a_race() -> None:
    for earlier in range(5):
        await _race_with_a_deletion(earlier)


async def _race_with_a_deletion(earlier: int) -> None:
    account = await active_account()
    series, caller = await series_of(account), await _signed_in(account)
    await series_of(account, name="B")

    outcomes = await asyncio.gather(
        *(_take(account.id, series) for _ in range(earlier)),
        SERIES.delete(caller, str(series)),
        _take(account.id, series),
    )

    deleted = any(isinstance(outcome, SeriesDeleted) for outcome in outcomes)
    assert deleted != (SeriesInUse() in outcomes)
    assert deleted == (_folios(list(outcomes)) == []) == (not await Series.exists(id=series))


async def test_of_many_series_deleted_at_once_one_is_left() -> None:
    account = await active_account()
    caller = await _signed_in(account)
    ids = [await series_of(account, name=f"A{number}") for number in range(10)]

    outcomes = await asyncio.gather(*(SERIES.delete(caller, str(series)) for series in ids))

    assert outcomes.count(LastSeries()) == 1
    assert await Series.filter(account_id=account.id).count() == 1


async def _take_and_fail(account_id: UUID, series_id: UUID, taken: asyncio.Event) -> None:
    async with in_transaction():
        assert await _take(account_id, series_id) == ("A", 1)
        taken.set()
        await asyncio.sleep(0.05)  # time for the others
        raise KeyError


async def _take_after(account_id: UUID, series_id: UUID, taken: asyncio.Event) -> object:
    await taken.wait()
    return await _take(account_id, series_id)
