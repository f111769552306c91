"""Checks that a worker that is killed leaves each account whole or deletes all of it.

    .venv/bin/python -m audits.deletion_crashes [--kills N] [--seed N] [--database postgres://USER@HOST/NAME]

N times (30), accounts that are due for deletion are made, and the workers are killed while they delete them. After each
kill and at the end, the audit checks that an account either has all its rows and left nothing behind, or has none and
left one of each: the payment that tax law keeps, the event of the trail, that of the feed, and the last mail. At the
end, after another turn, all accounts are gone.

The exit status is 0 if so. There is one worker on SQLite, and two on a PostgreSQL server, if one is given, in a new
database.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from app.database import connected, tortoise_configuration
from audits.fleet import fleet
from audits.kills import run_audit
from models.account import Account
from models.audit_event import AuditEvent
from models.company import Company
from models.delivery import Delivery
from models.event import Event
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.retained_payment import RetainedPayment
from models.series import Series
from services.common.clock import utc_now
from tests.invoices import CLIENT, active_account, series_of

_ACCOUNTS = 4  # made for each kill
_RESERVATIONS = 1_500  # of each, which are deleted in two batches
_DELAY = (0.0, 0.03)  # seconds until the kill once a deletion has begun, which takes about 0.05
_TIMEOUT = 60.0
_NO_SMTP = 9  # the last mails stay in the outbox


def main() -> int:
    return run_audit(_crash, __doc__, kills=30, fault="half deleted")


@dataclass(frozen=True, slots=True)
class _Made:
    id: UUID
    email_key: str


async def _crash(folder: Path, url: str, kills: int, chance: random.Random) -> list[str]:
    """Runs the audit. Returns a sentence for each fault."""
    workers = 2 if url.startswith("postgres") else 1
    made: list[_Made] = []
    interrupted = 0
    async with connected(tortoise_configuration(url)), fleet(folder, url, _NO_SMTP) as nodes:
        for _ in range(kills):
            made += [await _due() for _ in range(_ACCOUNTS)]
            await Account.all().update(deletion_turn_at=utc_now())
            there = await Account.all().count()
            started = [await nodes.start("worker") for _ in range(workers)]
            async with asyncio.timeout(_TIMEOUT):
                await _begun(there - chance.randrange(_ACCOUNTS))
            await asyncio.sleep(chance.uniform(*_DELAY))
            for node in started:
                node.kill()
            await asyncio.gather(*(node.process.wait() for node in started))
            await asyncio.sleep(0.2)  # until the database has noticed
            interrupted += await _claimed()
            if wrong := [sentence async for sentence in _wrong(made)]:
                return wrong
        await Account.all().update(deletion_turn_at=utc_now())
        survivor = await nodes.join("worker")
        async with asyncio.timeout(_TIMEOUT):
            while await Account.exists():
                await asyncio.sleep(0.05)
        await survivor.leave()
        print(f"{kills} kills, {len(made)} accounts, {interrupted} deletions interrupted")
        wrong = [sentence async for sentence in _wrong(made)]
        return wrong if interrupted else [*wrong, "No kill interrupted a deletion, so this shows nothing."]


async def _begun(left: int) -> None:
    """Waits until at most that many accounts are left and a worker deletes one of them, or none is left."""
    while (there := await Account.all().count()) > left or (there and not await _claimed()):
        await asyncio.sleep(0.002)


async def _claimed() -> int:
    """How many accounts a worker deletes, or was deleting when it was killed."""
    return await Account.filter(deletion_turn_at__gt=utc_now()).count()


async def _due() -> _Made:
    now = utc_now()
    due: dict[str, Any] = {"deletion_requested_at": now - timedelta(days=7), "deletion_due_at": now}
    account = await active_account(**due)
    series_id = await series_of(account)
    await InvoiceReservation.bulk_create(
        InvoiceReservation(
            id=uuid4(),
            client_id=CLIENT,
            request_id=uuid4(),
            account_id=account.id,
            series_id=series_id,
            series_name="A",
            folio=number,
            payment_id=series_id,
            stamps_left=0,
            reserved_at=now,
            released_at=now,
        )
        for number in range(_RESERVATIONS)
    )
    return _Made(account.id, account.email_key)


async def _wrong(made: Iterable[_Made]) -> AsyncIterator[str]:
    whole, gone = ((1, 1, 1, 1, _RESERVATIONS), (0, 0, 0)), ((0, 0, 0, 0, 0), (1, 1, 1))
    deleted = 0
    for each in made:
        of_account = {"account_id": each.id}
        kept = (
            await Account.filter(id=each.id).count(),
            await Company.filter(**of_account).count(),
            await Series.filter(**of_account).count(),
            await Payment.filter(**of_account).count(),
            await InvoiceReservation.filter(**of_account).count(),
        )
        left = (
            await AuditEvent.filter(kind="account_deleted", **of_account).count(),
            await Event.filter(type="account.deleted", **of_account).count(),
            await Delivery.filter(kind="account_deleted", email_key=each.email_key).count(),
        )
        deleted += left[0]
        if (kept, left) not in (whole, gone):
            yield f"{each.id}: {kept} of {whole[0]} rows are there, and {left} of {gone[1]} of a deletion."
    if (retained := await RetainedPayment.all().count()) != deleted:
        yield f"{retained} payments were retained of {deleted} deleted accounts."


if __name__ == "__main__":
    sys.exit(main())
