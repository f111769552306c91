"""A reservation takes one folio and one stamp, whatever happens at the same time, and answers a request once."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from models.account import Account
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.series import Series
from services.access.records import AccountNotFound
from services.common.clock import utc_now
from services.company.series_outcomes import CompanyNotConfigured, SeriesExhausted, SeriesNotFound
from services.invoices import queries, reservations
from services.invoices.outcomes import (
    AccountNotActive,
    InvoiceAlreadyConfirmed,
    InvoiceAlreadyReleased,
    InvoiceConfirmed,
    InvoiceReleased,
    InvoiceReserved,
    NoStampsLeft,
    RequestIdReused,
    ReservationNotFound,
    ReservationStatus,
    ReservationView,
    UuidInUse,
)
from services.payments import lifecycle
from services.payments.queries import PaymentView
from tests.actors import OPERATOR
from tests.clocks import Clock
from tests.invoices import CLIENT, active_account, reserve, series_of, stamps_used, try_to_reserve
from tests.paypal.payers import keep_payment
from tests.stored_accounts import store_account

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHER_CLIENT = UUID("7b1b3f0e-16f7-4a43-9a39-6c2a1f5f0c02")


async def confirm(request_id: UUID, uuid: UUID | None = None, client: UUID = CLIENT) -> reservations.Confirmed:
    return await reservations.confirm(client, request_id, uuid or uuid4(), Clock(NOW))


async def release(request_id: UUID, client: UUID = CLIENT) -> reservations.Released:
    return await reservations.release(client, request_id, Clock(NOW))


async def last_taken(series_id: UUID) -> int:
    last: int = (await Series.get(id=series_id)).last_taken
    return last


async def skipped(series_id: UUID) -> list[int]:
    return (await queries.skipped_folios([series_id]))[series_id]


async def test_two_hundred_at_once_take_two_hundred_consecutive_folios_and_stamps() -> None:
    account = await active_account(stamps=300)
    series = await series_of(account, first=41)

    taken = await asyncio.gather(*(_until_answered(account.id, series) for _ in range(200)))

    assert sorted(each.folio for each in taken) == list(range(41, 241))
    assert sorted(each.stamps_left for each in taken) == list(range(100, 300))
    assert await stamps_used(account.id) == [200]
    assert await last_taken(series) == 240


async def test_the_last_stamp_is_taken_once() -> None:
    account = await active_account(stamps=7)
    series = await series_of(account)

    outcomes = await asyncio.gather(*(try_to_reserve(account.id, series) for _ in range(20)))

    assert Counter(map(type, outcomes)) == {InvoiceReserved: 7, NoStampsLeft: 13}
    assert await stamps_used(account.id) == [7]
    assert await last_taken(series) == 7


async def test_an_exhausted_series_takes_no_stamp() -> None:
    account = await active_account()
    series = await series_of(account, first=3, last=4)

    outcomes = await asyncio.gather(*(try_to_reserve(account.id, series) for _ in range(5)))

    assert Counter(map(type, outcomes)) == {InvoiceReserved: 2, SeriesExhausted: 3}
    assert await stamps_used(account.id) == [2]


async def test_the_same_request_gets_the_same_answer_whatever_became_of_it() -> None:
    clock = Clock(NOW)
    account = await active_account(NOW)
    series = await series_of(account)
    request = uuid4()
    first = await reserve(account.id, series, request, clock=clock)
    await reserve(account.id, series, clock=clock)

    again = [await reserve(account.id, series, request, clock=clock)]
    uuid = uuid4()
    await confirm(request, uuid)
    clock.now += timedelta(days=1000)
    confirmed = await reserve(account.id, series, request, clock=clock)

    assert again == [first]
    assert (confirmed.folio, confirmed.stamps_left) == (first.folio, first.stamps_left) == (1, 499)
    assert (confirmed.status, confirmed.uuid) == (ReservationStatus.CONFIRMED, uuid)
    assert await stamps_used(account.id) == [2]


async def test_the_same_request_many_times_at_once_is_one_reservation() -> None:
    account = await active_account()
    series, request = await series_of(account), uuid4()

    taken = await asyncio.gather(*(reserve(account.id, series, request) for _ in range(20)))

    assert len(set(taken)) == 1
    assert (await stamps_used(account.id), await last_taken(series)) == ([1], 1)


async def test_a_request_is_for_one_account_and_series() -> None:
    ana, eva = await active_account(), await active_account()
    of_ana, of_eva, another = await series_of(ana), await series_of(eva), await series_of(ana, name="B")
    request = uuid4()
    await reserve(ana.id, of_ana, request)

    outcomes = [await try_to_reserve(eva.id, of_eva, request), await try_to_reserve(ana.id, another, request)]

    assert outcomes == [RequestIdReused(), RequestIdReused()]
    assert [await last_taken(series) for series in (of_ana, of_eva, another)] == [1, 0, 0]
    assert await stamps_used(eva.id) == [0]


async def test_a_request_for_two_accounts_at_once_is_for_one_of_them() -> None:
    for _ in range(5):
        ana, eva = await active_account(), await active_account()
        of_ana, of_eva, request = await series_of(ana), await series_of(eva), uuid4()

        outcomes = await asyncio.gather(
            *(try_to_reserve(each, series, request) for each, series in ((ana.id, of_ana), (eva.id, of_eva)) * 3)
        )

        assert Counter(map(type, outcomes)) == {InvoiceReserved: 3, RequestIdReused: 3}
        assert await last_taken(of_ana) + await last_taken(of_eva) == 1


async def test_another_client_has_requests_of_its_own() -> None:
    account = await active_account()
    series, request = await series_of(account), uuid4()
    first = await reserve(account.id, series, request)

    unknown = [await confirm(request, client=OTHER_CLIENT), await release(request, client=OTHER_CLIENT)]
    second = await reserve(account.id, series, request, client=OTHER_CLIENT)

    assert unknown == [ReservationNotFound(), ReservationNotFound()]
    assert (first.folio, second.folio) == (1, 2)
    assert await queries.find(OTHER_CLIENT, request) == second
    assert await queries.find(CLIENT, request) == first


async def test_only_an_active_account_reserves() -> None:
    clock = Clock(NOW)
    active = await active_account(NOW)
    series = await series_of(active)
    stored = await store_account()
    of_stored = await series_of(stored)

    unpaid = await try_to_reserve(stored.id, of_stored, clock=clock)
    unknown = await try_to_reserve(uuid4(), series, clock=clock)
    assert active.active_until
    clock.now = active.active_until - timedelta(microseconds=1)
    at_the_end = await try_to_reserve(active.id, series, clock=clock)
    clock.now += timedelta(microseconds=1)
    lapsed = await try_to_reserve(active.id, series, clock=clock)

    assert (unpaid, unknown, lapsed) == (AccountNotActive(), AccountNotFound(), AccountNotActive())
    assert isinstance(at_the_end, InvoiceReserved)
    assert await last_taken(of_stored) == 0


async def test_a_company_of_another_type_of_taxpayer_is_configured_first() -> None:
    account = await active_account(company_outdated=True)

    assert await try_to_reserve(account.id, await series_of(account)) == CompanyNotConfigured()


async def test_a_series_of_another_account_is_unknown() -> None:
    ana, eva = await active_account(), await active_account()

    outcomes = [await try_to_reserve(ana.id, series) for series in (await series_of(eva), uuid4())]

    assert outcomes == [SeriesNotFound(), SeriesNotFound()]
    assert await stamps_used(ana.id) == [0]


async def test_confirming_twice_is_confirming_once_and_no_other_uuid_counts() -> None:
    account = await active_account()
    reserved = await reserve(account.id, await series_of(account))
    uuid = uuid4()

    first = await confirm(reserved.request_id, uuid)
    again = await confirm(reserved.request_id, uuid)
    other = await confirm(reserved.request_id, uuid4())
    released = await release(reserved.request_id)

    assert isinstance(first, InvoiceConfirmed)
    assert again == first
    assert first.reservation.status is ReservationStatus.CONFIRMED
    assert await queries.find(CLIENT, reserved.request_id) == first.reservation
    assert other == released == InvoiceAlreadyConfirmed(uuid)


async def test_releasing_twice_is_releasing_once_and_it_cannot_be_confirmed() -> None:
    account = await active_account()
    series = await series_of(account)
    reserved = await reserve(account.id, series)

    first = await release(reserved.request_id)
    again = await release(reserved.request_id)
    confirmed = await confirm(reserved.request_id)

    assert isinstance(first, InvoiceReleased)
    assert again == first
    assert first.reservation.status is ReservationStatus.RELEASED
    assert await queries.find(CLIENT, reserved.request_id) == first.reservation
    assert confirmed == InvoiceAlreadyReleased()
    assert (await stamps_used(account.id), await last_taken(series)) == ([0], 0)


async def test_what_was_never_reserved_is_neither_confirmed_nor_released() -> None:
    assert await confirm(uuid4()) == ReservationNotFound()
    assert await release(uuid4()) == ReservationNotFound()
    assert await queries.find(CLIENT, uuid4()) is None


async def test_two_invoices_never_have_the_same_uuid() -> None:
    account = await active_account()
    series, uuid = await series_of(account), uuid4()
    first, second = await reserve(account.id, series), await reserve(account.id, series)
    await confirm(first.request_id, uuid)

    assert await confirm(second.request_id, uuid) == UuidInUse()
    kept = await queries.find(CLIENT, second.request_id)
    assert kept == second
    assert isinstance(await confirm(second.request_id), InvoiceConfirmed)


async def test_the_last_folio_returns_and_an_earlier_one_is_skipped() -> None:
    account = await active_account()
    series = await series_of(account)
    first, second, third = [await reserve(account.id, series) for _ in range(3)]

    released = [await release(each.request_id) for each in (second, third)]
    after = await last_taken(series)
    next_one = await reserve(account.id, series)
    await release(first.request_id)

    assert [each.reservation.folio_skipped for each in released if isinstance(each, InvoiceReleased)] == [True, False]
    assert (after, next_one.folio) == (2, 3)
    assert await skipped(series) == [2, 1]
    assert await stamps_used(account.id) == [1]


async def test_skipped_folios_are_the_highest_fifty_of_each_series() -> None:
    account = await active_account()
    many, none = await series_of(account), await series_of(account, name="B")
    taken = [await reserve(account.id, many) for _ in range(53)]
    for each in taken[:-1]:
        await release(each.request_id)

    assert await queries.skipped_folios([none, many]) == {many: list(range(52, 2, -1)), none: []}
    assert await queries.skipped_folios([]) == {}


async def test_a_release_and_a_confirmation_at_once_are_one_of_both() -> None:
    account = await active_account()
    series = await series_of(account)
    for _ in range(5):
        reserved = await reserve(account.id, series)

        outcomes = await asyncio.gather(
            *(release(reserved.request_id), confirm(reserved.request_id), release(reserved.request_id))
        )

        kinds = {type(outcome) for outcome in outcomes}
        assert kinds in (
            {InvoiceReleased, InvoiceAlreadyReleased},
            {InvoiceConfirmed, InvoiceAlreadyConfirmed},
        )
    confirmed = await InvoiceReservation.filter(uuid__isnull=False).count()
    assert await stamps_used(account.id) == [confirmed]
    assert await last_taken(series) == confirmed + len(await skipped(series))


async def test_reservations_and_releases_at_once_neither_lose_nor_double_a_folio() -> None:
    account = await active_account()
    series = await series_of(account)

    async def one(number: int) -> ReservationView:
        reserved = await reserve(account.id, series)
        if number % 2:
            await release(reserved.request_id)
        return reserved

    await asyncio.gather(*(one(number) for number in range(40)))

    kept = [each.folio for each in await InvoiceReservation.filter(released_at=None)]
    assert sorted([*kept, *await skipped(series)]) == list(range(1, await last_taken(series) + 1))
    assert await stamps_used(account.id) == [20]


async def test_a_refund_at_the_same_time_comes_before_or_after() -> None:
    for _ in range(3):
        clock = Clock(NOW)
        account = await active_account(NOW, stamps=50)
        series = await series_of(account)
        second = await keep_payment(account.id, NOW, stamps=50)
        assert await lifecycle.settle(OPERATOR, PaymentView.of(second), NOW, None)

        outcomes = await asyncio.gather(
            *(try_to_reserve(account.id, series, clock=clock) for _ in range(60)),
            lifecycle.refund(OPERATOR, PaymentView.of(second), NOW),
            *(try_to_reserve(account.id, series, clock=clock) for _ in range(60)),
        )

        taken = sum(isinstance(outcome, InvoiceReserved) for outcome in outcomes)
        counted = {each.id: each.stamps_used for each in await Payment.filter(account_id=account.id)}
        of_payment = Counter(each.payment_id for each in await InvoiceReservation.filter(account_id=account.id))
        assert {payment: of_payment[payment] for payment in counted} == counted
        assert sum(counted.values()) == taken == await last_taken(series)
        assert max(counted.values()) <= 50


@pytest.mark.parametrize("stores", ["postgresql"])  # SQLite has one writer at a time
async def test_a_thousand_accounts_do_not_wait_for_one_that_is_locked(database_url: str) -> None:
    held, series_of_held = (await _many_accounts(1))[0]
    others = await _many_accounts(1000)
    holder = await asyncpg.connect(database_url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT id FROM account WHERE id = $1 FOR UPDATE", held)
            waiting = asyncio.create_task(_until_answered(held, series_of_held))
            taken = await asyncio.gather(*(_until_answered(account, series) for account, series in others))
            blocked = not waiting.done()
    finally:
        await holder.close()

    assert [each.folio for each in taken] == [1] * 1000
    assert blocked
    assert (await waiting).folio == 1


async def test_open_ones_are_listed_in_order_and_by_client() -> None:
    clock = Clock(NOW)
    account = await active_account(NOW)
    series = await series_of(account)
    taken = []
    for hours in range(5):
        clock.now = NOW + timedelta(hours=hours)
        taken.append(await reserve(account.id, series, clock=clock))
    await confirm(taken[0].request_id)
    await release(taken[4].request_id)
    of_other = await reserve(account.id, series, clock=Clock(NOW), client=OTHER_CLIENT)

    everything = await queries.open_reservations(NOW + timedelta(hours=9), 9)
    older = await queries.open_reservations(NOW + timedelta(hours=2), 9, client_id=CLIENT)
    after = (taken[1].reserved_at, taken[1].id)
    page = await queries.open_reservations(NOW + timedelta(hours=9), 1, client_id=CLIENT, after=after)

    assert everything == [of_other, *taken[1:4]]
    assert older == taken[1:3]
    assert page == [taken[2]]


async def _until_answered(account_id: UUID, series_id: UUID) -> ReservationView:
    """As a product does: no request waits for longer than five seconds for a connection or for a lock."""
    request = uuid4()
    while True:
        with suppress(TimeoutError, asyncpg.QueryCanceledError):
            return await reserve(account_id, series_id, request)


async def _many_accounts(count: int) -> list[tuple[UUID, UUID]]:
    """Active accounts, each with its series."""
    now = utc_now()
    account, made = await active_account(), []
    columns = {name: getattr(account, name) for name in account._meta.db_fields}
    payment = await Payment.get(account_id=account.id)
    terms = {name: getattr(payment, name) for name in payment._meta.db_fields}
    accounts, payments, series = [], [], []
    for _ in range(count):
        account_id, series_id = uuid4(), uuid4()
        email = f"{account_id}@example.com"
        accounts.append(Account(**{**columns, "id": account_id, "email": email, "email_key": email}))
        payments.append(Payment(**{**terms, "id": uuid4(), "account_id": account_id}))
        row = {"name": "A", "first_folio": 1, "last_taken": 0, "created_at": now}
        series.append(Series(id=series_id, account_id=account_id, **row))
        made.append((account_id, series_id))
    await Account.bulk_create(accounts)
    await Payment.bulk_create(payments)
    await Series.bulk_create(series)
    return made
