"""The outbox: mails that are owed, claimed by workers, and finished once."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.transactions import in_transaction

from models.delivery import Delivery
from services.common.clock import utc_now
from services.mail import outbox
from services.mail.claims import AWAITED, NOTICES, NOTICES_FIRST_EVERY, Claims
from services.mail.issuing import Issue
from services.mail.outbox import Claim, DeliveryStatus, MailKind
from services.mail.recording import Sent, record
from tests.smtp_servers import claim_one, make_account, make_due
from tests.statements import statements_run

pytestmark = pytest.mark.usefixtures("database")

EMAIL = "ana@example.com"
_DAY = timedelta(days=1)


async def claimed() -> Claim:
    claim = await claim_one(Claims())
    assert claim
    return claim


async def row() -> Delivery:
    return await Delivery.get()


async def test_a_requested_mail_can_be_claimed() -> None:
    await outbox.enqueue(MailKind.RECOVERY, EMAIL)

    claim = await claimed()

    owed = await row()
    assert claim.lease == owed.lease
    assert claim == Claim(
        owed.id, claim.lease, MailKind.RECOVERY, EMAIL, None, owed.requested_at, attempts=1, counted=False
    )


async def test_an_empty_outbox_has_nothing_to_claim() -> None:
    assert await claim_one(Claims()) is None


async def test_fifty_requests_at_once_result_in_one_mail() -> None:
    await asyncio.gather(*(outbox.enqueue(MailKind.CONFIRMATION, EMAIL) for _ in range(50)))

    assert await Delivery.all().count() == 1


async def test_each_kind_and_each_email_has_its_own_row() -> None:
    for kind, email in (
        (MailKind.CONFIRMATION, EMAIL),
        (MailKind.RECOVERY, EMAIL),
        (MailKind.RECOVERY, "eva@example.com"),
    ):
        await outbox.enqueue(kind, email)

    assert await Delivery.all().count() == 3


async def test_a_finished_mail_can_be_requested_again() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    await outbox.finish(await claimed(), DeliveryStatus.DELIVERED)

    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    assert await Delivery.filter(pending_key__isnull=True).count() == 1
    assert await Delivery.filter(pending_key__isnull=False).count() == 1


async def test_a_second_request_makes_a_postponed_mail_due_and_resets_its_attempts() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    first = await claimed()
    await outbox.mark_counted([first])
    await outbox.release(first, timedelta(hours=1), "451 later")
    await Delivery.all().update(requested_at=utc_now() - timedelta(hours=20))

    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    second = await claimed()
    assert (second.id, second.attempts, second.counted) == (first.id, 1, False)
    assert utc_now() - second.requested_at < timedelta(minutes=1)


async def test_a_second_request_takes_the_mail_from_the_worker_that_holds_it() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    first = await claimed()

    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    assert not await outbox.holds_lease(first)
    await outbox.finish(first, DeliveryStatus.DELIVERED)
    second = await claimed()
    assert (second.id, second.lease != first.lease) == (first.id, True)


async def test_many_workers_at_once_claim_each_mail_once() -> None:
    for number in range(15):
        await outbox.enqueue(MailKind.CONFIRMATION, f"user{number}@example.com")

    async def claim_all() -> list[Claim]:
        claims = []
        while claim := await claim_one(Claims()):
            claims.append(claim)
        return claims

    claims = [claim for claims in await asyncio.gather(*(claim_all() for _ in range(8))) for claim in claims]

    assert len(claims) == 15
    assert len({claim.id for claim in claims}) == 15


async def test_many_claims_of_one_mail_get_it_once() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    claims = await asyncio.gather(*(claim_one(Claims()) for _ in range(20)))

    assert sum(claim is not None for claim in claims) == 1


async def test_the_mail_that_has_been_due_longest_is_claimed_first() -> None:
    for minutes, email in ((5, "second@example.com"), (9, "first@example.com"), (-9, "not_yet@example.com")):
        await outbox.enqueue(MailKind.CONFIRMATION, email)
        await Delivery.filter(email_key=email).update(due_at=utc_now() - timedelta(minutes=minutes))

    claims = [await claim_one(Claims()) for _ in range(3)]

    assert [claim and claim.email_key for claim in claims] == ["first@example.com", "second@example.com", None]


async def _owe_all(kinds: Iterable[MailKind], *, minutes_ago: int) -> None:
    for kind in kinds:
        email = f"{minutes_ago}@example.com"
        await outbox.enqueue(kind, email)
        due_at = utc_now() - timedelta(minutes=minutes_ago)
        await Delivery.filter(kind=kind.value, email_key=email).update(due_at=due_at)


async def test_codes_and_recoveries_precede_notices_however_long_those_have_been_due() -> None:
    await _owe_all(NOTICES, minutes_ago=60)
    await _owe_all(AWAITED, minutes_ago=1)
    claims = Claims()

    kinds = [claim.kind for _ in range(len(AWAITED) + 2) if (claim := await claim_one(claims))]

    assert set(kinds[: len(AWAITED)]) == set(AWAITED)
    assert len(set(kinds[len(AWAITED) :]) & set(NOTICES)) == 2


async def test_a_rush_of_codes_does_not_starve_notices() -> None:
    for minutes in range(20):
        await _owe_all([MailKind.CONFIRMATION], minutes_ago=minutes)
    await _owe_all([MailKind.PAYMENT_RECEIVED], minutes_ago=30)
    claims = Claims()

    kinds = [claim.kind for _ in range(NOTICES_FIRST_EVERY) if (claim := await claim_one(claims))]

    assert kinds == [MailKind.CONFIRMATION] * (NOTICES_FIRST_EVERY - 1) + [MailKind.PAYMENT_RECEIVED]


async def test_to_find_that_nothing_is_due_takes_one_look_at_all_kinds_and_no_write() -> None:
    with statements_run() as statements:
        assert await claim_one(Claims()) is None

    (look,) = [each.text for each in statements if "now()" not in each.text]
    assert look.startswith("SELECT")


async def test_a_mail_of_an_unknown_kind_is_left_alone_and_delays_no_other() -> None:
    await outbox.enqueue(MailKind.RECOVERY, "newer@example.com")
    await Delivery.all().update(kind="invoice_ready", pending_key="invoice_ready:x", due_at=utc_now() - _DAY)
    before = await Delivery.all().values()
    await outbox.enqueue(MailKind.RECOVERY, EMAIL)
    claims = Claims()

    claim = await claim_one(claims)

    assert claim
    assert claim.email_key == EMAIL
    assert await claim_one(claims) is None
    assert await Delivery.filter(kind="invoice_ready").values() == before


async def test_a_worker_finds_a_mail_that_arrives_late_with_an_earlier_due_time() -> None:
    claims = Claims()
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    assert await claim_one(claims)
    assert await claim_one(claims) is None

    await outbox.enqueue(MailKind.CONFIRMATION, "late@example.com")
    late = Delivery.filter(email_key="late@example.com")
    await late.update(due_at=utc_now() - timedelta(seconds=10))

    assert await claim_one(claims)


async def test_a_claim_is_a_lease_of_two_minutes() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    await claimed()

    assert timedelta(seconds=110) < (await row()).due_at - utc_now() <= timedelta(seconds=120)
    assert await claim_one(Claims()) is None


async def test_a_crashed_workers_mail_is_claimed_again_after_its_lease() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    crashed = await claimed()

    await make_due()

    claim = await claimed()
    assert (claim.id, claim.attempts) == (crashed.id, 2)
    assert claim.requested_at == crashed.requested_at
    assert not await outbox.holds_lease(crashed)
    assert await outbox.holds_lease(claim)


async def test_finishing_keeps_the_outcome_and_its_reason() -> None:
    for outcome in DeliveryStatus:
        await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

        await outbox.finish(await claimed(), outcome, "550 5.1.1 nobody here")

        finished = await row()
        assert (finished.outcome, finished.reason) == (outcome.value, "550 5.1.1 nobody here")
        assert (finished.pending_key, finished.lease) == (None, None)
        assert finished.finished_at
        await make_due()
        assert await claim_one(Claims()) is None
        await finished.delete()


async def test_only_the_holder_of_the_lease_finishes_or_releases_a_mail() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    late = await claimed()
    await make_due()
    holder = await claimed()
    before = await Delivery.all().values()

    await outbox.finish(late, DeliveryStatus.REFUSED, "550")
    await outbox.release(late, timedelta(hours=1), "451")
    await outbox.mark_counted([late])

    assert await Delivery.all().values() == before
    assert await outbox.holds_lease(holder)


async def test_a_released_mail_waits_as_long_as_it_was_told() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    await outbox.release(await claimed(), timedelta(minutes=10), "451 4.7.1 greylisted")

    waiting = await row()
    assert (waiting.lease, waiting.reason, waiting.outcome) == (None, "451 4.7.1 greylisted", None)
    assert timedelta(minutes=9) < waiting.due_at - utc_now() <= timedelta(minutes=10)


async def test_a_mail_released_without_a_wait_can_be_claimed_at_once() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    await outbox.release(await claimed())

    assert (await claimed()).attempts == 2


async def test_a_long_reason_is_truncated() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    await outbox.finish(await claimed(), DeliveryStatus.REFUSED, "550 " + "x" * 10_000)

    assert (await row()).reason == "550 " + "x" * 496


async def test_a_cancelled_mail_is_lost_to_the_worker_that_holds_it() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    await outbox.enqueue(MailKind.RECOVERY, EMAIL)
    await outbox.enqueue(MailKind.RECOVERY, "eva@example.com")
    claims = [await claimed() for _ in range(3)]

    await outbox.cancel((MailKind.CONFIRMATION, MailKind.RECOVERY), EMAIL)

    held = [claim.email_key for claim in claims if await outbox.holds_lease(claim)]
    assert held == ["eva@example.com"]
    assert await Delivery.all().count() == 1


async def test_cancelling_does_not_affect_sent_mails() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    await outbox.finish(await claimed(), DeliveryStatus.DELIVERED)

    await outbox.cancel((MailKind.CONFIRMATION,), EMAIL)

    assert (await row()).outcome == "delivered"


async def test_a_rolled_back_transaction_requests_no_mail() -> None:
    async with in_transaction() as transaction:
        await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
        await transaction.rollback()

    assert await Delivery.all().count() == 0


async def test_a_rolled_back_transaction_cancels_no_mail() -> None:
    await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)
    holder = await claimed()

    async with in_transaction() as transaction:
        await outbox.cancel((MailKind.CONFIRMATION,), EMAIL)
        await transaction.rollback()

    assert await outbox.holds_lease(holder)


async def test_requests_and_claims_at_once_lose_no_request() -> None:
    last_request = datetime.min.replace(tzinfo=UTC)

    async def ask() -> None:
        for _ in range(5):
            await outbox.enqueue(MailKind.CONFIRMATION, EMAIL)

    async def work() -> None:
        nonlocal last_request
        for _ in range(10):
            if claim := await claim_one(Claims()):
                await outbox.finish(claim, DeliveryStatus.DELIVERED)
                last_request = max(last_request, claim.requested_at)

    await asyncio.gather(*(ask() for _ in range(5)), *(work() for _ in range(5)))
    await work()

    assert await Delivery.filter(pending_key__isnull=False).count() == 0
    newest = await Delivery.all().order_by("-requested_at").first()
    assert newest
    assert newest.requested_at == last_request


async def test_a_claim_that_was_lost_does_not_count_beside_one_of_the_lease_that_replaced_it() -> None:
    claims = Claims()
    for name in ("ana", "eva"):
        await make_account(f"{name}@example.com")
    await outbox.enqueue(MailKind.RECOVERY, "ana@example.com")
    (lost,) = await claims.claim(1)
    for name in ("ana", "eva"):
        await outbox.enqueue(MailKind.RECOVERY, f"{name}@example.com")
    again, other = sorted(await claims.claim(2), key=lambda claim: claim.id != lost.id)
    assert (again.id, again.lease) == (lost.id, other.lease)

    issued = await record([Issue(lost, None, None, None), Issue(other, None, None, None)])
    await record([Sent(lost), Sent(other)])
    both = await record([Issue(lost, None, None, None), Issue(again, None, None, None)])

    assert (issued, both) == ([False, True], [False, True])
    assert [row.email_key for row in await Delivery.filter(outcome="delivered")] == ["eva@example.com"]
    assert await record([Issue(again, None, None, None)]) == [True]
