"""Whatever happens at once, and whatever gets lost: charged once, paid means active, and nothing pending for ever.

Each schedule is a seed, which a failure names beside all that happened. It fixes what happens in which round and what
is cut off, as by a process that is killed; what comes first among things that happen at once is left to the event loop
and the database. The clock moves on between two rounds, when nothing is on its way.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, MutableMapping
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from audits.payment_shop import OPERATIONS, Operation, Payer, Shop, open_shop
from models.account import Account
from models.bank_movement import BankMovement
from models.delivery import Delivery
from models.limit_counter import LimitCounter
from models.payment import Payment
from models.session import Session
from services.accounts.onboarding import PaymentMethod, progress_of
from services.payments import lifecycle
from services.payments.paypal.outcomes import PayPalCompleted, PayPalStarted
from services.payments.queries import PaymentStatus

SEEDS = range(4)
_PAYERS = 5
_ROUNDS = 12
_AT_ONCE = (5, 25)
_CROWDS = (1, 2, _PAYERS)  # who has something to do in a round
_SPREAD = 0.01  # seconds within which the operations of a round begin
_CUT_OFF = 0.2  # of all operations
_CALM = 0.003  # seconds until what was cut off is over at PayPal, too
_LATEST = 0.08  # seconds after which one is cut off, mostly before it is done
_PAUSES = {
    timedelta(): 5,
    timedelta(minutes=1): 3,
    timedelta(minutes=3): 8,
    timedelta(hours=1): 2,
    timedelta(hours=4): 1,
}
_PATIENCE = [timedelta(minutes=3), timedelta(hours=1), timedelta(hours=7), timedelta(days=1), *[timedelta(days=8)] * 4]
"""Between the looks of the worker that let everything settle."""
_LIVE = {"COMPLETED", "PARTIALLY_REFUNDED", "PENDING"}
_TAKEN = {"COMPLETED", "PARTIALLY_REFUNDED"}


@pytest.mark.usefixtures("database")
async def test_everybody_is_charged_once_and_gets_what_they_paid_for() -> None:
    outcomes = Counter[str]()
    for seed in SEEDS:
        happened: list[str] = []
        try:
            with capture_logs() as logs:
                outcomes += await _run(random.Random(seed), happened)
            _assert_no_errors(logs)
        except Exception as error:
            raise AssertionError("\n".join([f"schedule {seed}", *happened, repr(error)])) from error

    assert set(outcomes) >= {"paypal paid", "paypal refunded", "paypal declined", "bank_deposit paid"}, outcomes


async def _run(chance: random.Random, happened: list[str]) -> Counter[str]:
    """What became of its payments, by method and status."""
    async with open_shop(_PAYERS) as shop, _emptied():
        for number in range(_ROUNDS):
            happened.append(f"round {number}, {shop.now:%d %H:%M}")
            before = [await _standing(shop, payer) for payer in shop.payers]
            crowd = chance.sample(shop.payers, chance.choice(_CROWDS))
            chances = [random.Random(chance.random()) for _ in range(chance.randint(*_AT_ONCE))]
            doing = [asyncio.ensure_future(_something(shop, crowd, each, happened)) for each in chances]
            await asyncio.wait(doing)  # all of them, also after an error: the next schedule begins without rows
            for done in doing:
                await done
            await asyncio.sleep(_CALM)
            for payer, (covered, captures, refunds) in zip(shop.payers, before, strict=True):
                await _assert_charged_once(shop, payer)
                _, captures_now, refunds_now = await _standing(shop, payer)
                assert not covered or captures_now == captures or refunds_now > refunds, "charged although paid for"
            shop.now += chance.choices(list(_PAUSES), list(_PAUSES.values()))[0]
        happened.append("the end")
        await _settle(shop, chance)
        for payer in shop.payers:
            await _assert_charged_once(shop, payer)
            await _assert_settled(shop, payer)
            await _assert_may_pay(shop, payer)
        return Counter(f"{payment.method} {payment.status}" for payment in await Payment.all())


async def _something(shop: Shop, crowd: list[Payer], chance: random.Random, happened: list[str]) -> None:
    (operation,) = chance.choices(list(OPERATIONS), list(OPERATIONS.values()))
    payer = chance.choice(crowd)
    name = f"{shop.payers.index(payer)} {getattr(operation, '__name__', '')}"
    await asyncio.sleep(chance.uniform(0, _SPREAD))
    task = asyncio.ensure_future(_do(operation, shop, payer, chance))
    if chance.random() < _CUT_OFF:
        await asyncio.wait({task}, timeout=chance.uniform(0, _LATEST))
        if task.cancel():
            happened.append(f"  {name} is cut off")
    with contextlib.suppress(asyncio.CancelledError):
        happened.append(f"  {name}: {await task}")


async def _do(operation: Operation, shop: Shop, payer: Payer, chance: random.Random) -> object:
    done = await operation(shop, payer, chance)
    return await shop.pay(payer, chance) if done is None else done


async def _settle(shop: Shop, chance: random.Random) -> None:
    """Nothing goes wrong any more, PayPal ends its reviews, and the worker looks again and again."""
    shop.server.recover()
    for payer in shop.payers:
        while await shop.end_review(payer, chance):
            pass
        await shop.import_statement(payer, chance)
    for pause in _PATIENCE:
        await shop.work()
        shop.now += pause


async def _standing(shop: Shop, payer: Payer) -> tuple[bool, int, int]:
    """Whether the account is paid for, how often its money was taken, and how many of its payments were refunded."""
    account, payments = await Account.get(id=payer.id), await Payment.filter(account_id=payer.id)
    covered = lifecycle.is_covered(progress_of(account, shop.now).activation, 12, shop.now)
    captures = sum(len(shop.server.captures_of(str(payment.id))) for payment in payments)
    return covered, captures, sum(payment.status == PaymentStatus.REFUNDED.value for payment in payments)


async def _assert_charged_once(shop: Shop, payer: Payer) -> None:
    """By PayPal's own books."""
    payments = await Payment.filter(account_id=payer.id)
    captures = [capture for payment in payments for capture in shop.server.captures_of(str(payment.id))]
    assert sum(capture["status"] in _LIVE for capture in captures) <= 1, "charged twice"
    for payment in payments:
        assert shop.server.paid(str(payment.id)) in {0, payment.subtotal + payment.tax}


async def _assert_settled(shop: Shop, payer: Payer) -> None:
    payments = await Payment.filter(account_id=payer.id)
    statuses = [PaymentStatus(payment.status) for payment in payments]
    progress = progress_of(await Account.get(id=payer.id), shop.now)
    active = bool(progress.activation and progress.activation.active)
    made = {PaymentStatus.PAID.value, PaymentStatus.REFUNDED.value}
    deposits = [each for each in payments if each.method == PaymentMethod.BANK_DEPOSIT.value and each.status in made]

    assert not {PaymentStatus.OPEN, PaymentStatus.PENDING} & set(statuses), "pending for ever"
    assert active == (PaymentStatus.PAID in statuses), "paid means active, and active means paid"
    assert len(deposits) <= len(payer.statement), "more deposits count than were made"
    for payment in payments:
        if payment.method == PaymentMethod.PAYPAL.value:
            taken = [each for each in shop.server.captures_of(str(payment.id)) if each["status"] in _TAKEN]
            assert (payment.status == PaymentStatus.PAID.value) == bool(taken), "what PayPal has counts"


async def _assert_may_pay(shop: Shop, payer: Payer) -> None:
    """Nobody is locked out who is not active."""
    started = await shop.paypal.start(payer.caller, "negocio")
    if await Payment.exists(account_id=payer.id, status=PaymentStatus.PAID.value):
        assert not isinstance(started, PayPalStarted)
        return
    assert isinstance(started, PayPalStarted), started
    shop.server.approve(started.order_id)
    assert isinstance(await shop.paypal.complete(payer.caller, started.order_id), PayPalCompleted)


def _assert_no_errors(logs: list[MutableMapping[str, Any]]) -> None:
    errors: list[Mapping[str, Any]] = [entry for entry in logs if entry["log_level"] in {"error", "critical"}]
    assert not errors, errors


@contextlib.asynccontextmanager
async def _emptied() -> AsyncIterator[None]:
    """Leaves nothing that the next schedule's worker would look at."""
    try:
        yield
    finally:
        for model in (BankMovement, Payment, Session, Delivery, LimitCounter, Account):
            await model.all().delete()
