"""The stamps that payments bring: one for each invoice. docs/onboarding.md has the rules as a table.

Stamps are counted on their payment. Whoever changes them has locked the account.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from models.sql import among, as_datetime, as_uuid, fetch
from services.common.clock import Clock, utc_now
from services.events.facts import Details, EventType
from services.events.publishing import publish
from services.mail.outbox import MailKind, cancel, enqueue
from services.payments.periods import PaidPeriod, active_periods
from services.payments.queries import PaymentStatus

_SELECT_PAID = """
SELECT id, paid_at, period_months, stamps, stamps_used FROM payment
WHERE account_id = $1 AND status = $2 ORDER BY paid_at, id
"""
_SELECT_PAID_OF_ALL = """
SELECT account_id, id, paid_at, period_months, stamps, stamps_used FROM payment
WHERE account_id = ANY($1) AND status = $2 ORDER BY paid_at, id
"""
_USE = "UPDATE payment SET stamps_used = stamps_used + 1 WHERE id = $1"
_RETURN = "UPDATE payment SET stamps_used = stamps_used - 1 WHERE id = $1"
_NOTE_NOTICE = "UPDATE account SET stamps_notice = $2 WHERE id = $1"


class StampNotice(enum.Enum):
    """What a mail says: 10 % or less are left, or none."""

    LOW = "low"
    USED_UP = "used_up"


NOTICES = {StampNotice.LOW: MailKind.STAMPS_LOW, StampNotice.USED_UP: MailKind.STAMPS_USED_UP}


@dataclass(frozen=True, slots=True)
class PaidStamps:
    """The stamps of a paid payment, which are good until `ends_at` (excluded), the end of the period that it bought."""

    payment_id: UUID
    total: int
    used: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Stamps:
    """The stamps that are good now. `ends_at` is when the first of those left end; None if none are left."""

    total: int
    used: int
    ends_at: datetime | None

    @property
    def left(self) -> int:
        return self.total - self.used

    def less_one(self) -> "Stamps":
        """Returns them after another one is used."""
        return replace(self, used=self.used + 1)


class StampService:
    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock

    async def of(self, account_id: UUID) -> Stamps:
        return count(await good_stamps(account_id, self._clock()))

    async def of_all(self, account_ids: Iterable[UUID]) -> dict[UUID, Stamps]:
        """Returns the stamps of each account, with one statement."""
        rows: dict[UUID, list[Mapping[str, Any]]] = {account_id: [] for account_id in account_ids}
        for row in await fetch(_SELECT_PAID_OF_ALL, among(rows), PaymentStatus.PAID.value):
            rows[as_uuid(row["account_id"])].append(row)
        now = self._clock()
        return {account_id: count(in_order_of_use(_with_ends(paid), now)) for account_id, paid in rows.items()}


async def good_stamps(account_id: UUID, now: datetime) -> list[PaidStamps]:
    """Returns what is good now of each payment, in the order in which stamps are used."""
    rows = await fetch(_SELECT_PAID, str(account_id), PaymentStatus.PAID.value)
    return in_order_of_use(_with_ends(rows), now)


def in_order_of_use(paid: Iterable[PaidStamps], now: datetime) -> list[PaidStamps]:
    """Leaves out what has ended. What ends first is used first, or of the same end what was paid first."""
    return sorted((each for each in paid if each.ends_at > now), key=lambda each: each.ends_at)


def count(good: Iterable[PaidStamps]) -> Stamps:
    good = list(good)
    ends = [each.ends_at for each in good if each.used < each.total]
    return Stamps(sum(each.total for each in good), sum(each.used for each in good), min(ends, default=None))


def notice_due(stamps: Stamps, last: StampNotice | None) -> StampNotice | None:
    """Returns what to write to the taxpayer, once until stamps are added. The mail that none are left is the last."""
    if stamps.left <= 0:
        return None if last is StampNotice.USED_UP else StampNotice.USED_UP
    return StampNotice.LOW if last is None and stamps.left * 10 <= stamps.total else None


async def use(payment_id: UUID) -> None:
    """Takes a stamp of the payment, in the caller's transaction."""
    await fetch(_USE, str(payment_id))


async def give_back(payment_id: UUID) -> None:
    """Gives a stamp back to the payment that it was taken from, in the caller's transaction.

    It can be used again while that payment is paid and its period lasts.
    """
    await fetch(_RETURN, str(payment_id))


async def notify(account_id: UUID, email_key: str, last: StampNotice | None, stamps: Stamps) -> None:
    """Enqueues the mail that is due, if any, and publishes it, in a transaction that has locked the account."""
    notice = notice_due(stamps, last)
    if notice is None:
        return
    await fetch(_NOTE_NOTICE, str(account_id), notice.value)
    await cancel_notices(email_key)
    await enqueue(NOTICES[notice], email_key)
    await publish(account_id, EventType.STAMPS_LOW, Details(stamps_left=max(stamps.left, 0)))


async def cancel_notices(email_key: str) -> None:
    """Cancels the mails that wait, in the caller's transaction."""
    await cancel(NOTICES.values(), email_key)


def _with_ends(rows: Iterable[Mapping[str, Any]]) -> Iterable[PaidStamps]:
    rows = list(rows)
    periods = active_periods(PaidPeriod(as_datetime(row["paid_at"]), row["period_months"]) for row in rows)
    for row, period in zip(rows, periods, strict=True):
        yield PaidStamps(as_uuid(row["id"]), row["stamps"], row["stamps_used"], period.until)
