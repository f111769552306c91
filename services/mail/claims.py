"""Chooses the next mail to send: those that somebody waits for before notices, and none of an unknown kind."""

import itertools
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tortoise.connection import get_connection

from models.sql import as_datetime, as_uuid, fetch
from services.mail.outbox import LEASE, Claim, MailKind, database_now
from services.mail.sign_in_facts import SignInFacts

AWAITED = (MailKind.CONFIRMATION, MailKind.RECOVERY, MailKind.EMAIL_CODE, MailKind.DATA_EXPORT)
NOTICES = tuple(kind for kind in MailKind if kind not in AWAITED)
NOTICES_FIRST_EVERY = 8  # once per this many claims, so that a rush of codes does not starve notices
_VISIBILITY_DELAY = timedelta(seconds=15)  # until a due row becomes visible at the latest: slow commits, late clocks
_RESCAN_SECONDS = 60.0  # after which all due mails are queried again, for any that were missed
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# In pairs, so that no index on `due_at` alone is used: for a rare kind, it would scan all pending mails.
_RANGE = (
    "FROM delivery WHERE (kind, due_at) >= ({kind}, {start}) AND (kind, due_at) <= ({kind}, {now}) "
    'AND NOT "pending_key" IS NULL ORDER BY kind, due_at LIMIT {count}'
)
_DUE = _RANGE.format(kind="$3", start="$4", now="$5", count="$6")
# A column for each kind: to claim each kind in vain would take thirty statements, and SQLite's write lock.
_FIRST_DUE = "SELECT " + ", ".join(
    f"(SELECT due_at {_RANGE.format(kind=repr(kind.value), start=f'${place}', now='$1', count=1)}) AS {kind.value}"
    for place, kind in enumerate(MailKind, 2)
)
_UPDATE = "UPDATE delivery SET lease = $1, due_at = $2, attempts = attempts + 1"
_RETURNING = (
    "RETURNING delivery.id, email_key, registration_id, email_change_id, requested_at, attempts, counted, address, "
    "language, facts"
)

# One statement each. On PostgreSQL, workers neither wait for each other nor claim the same row.
_CLAIM = {
    "postgres": f"WITH due AS MATERIALIZED (SELECT id, due_at {_DUE} FOR UPDATE SKIP LOCKED)"  # noqa: S608  # constants
    f" {_UPDATE} FROM due WHERE delivery.id = due.id {_RETURNING}, due.due_at AS was_due_at",
    "sqlite": f"{_UPDATE} WHERE id IN (SELECT id {_DUE}) {_RETURNING}, $4 AS was_due_at",
}


class Claims:
    """Claims pending mails for a worker; its senders share one instance.

    While any snapshot is open, PostgreSQL keeps the index entries of mails claimed since, in front of the next mail. So
    a query of a kind resumes where the last one found mails or ended, and only from time to time at the beginning.
    """

    def __init__(self) -> None:
        self._resume_at: dict[MailKind, datetime] = {}
        self._scanned_at: dict[MailKind, float] = {}
        self._claim_numbers = itertools.count(1)

    async def claim(self, count: int) -> list[Claim]:
        """Claims the next mails for LEASE, of one kind. Returns none if nothing is due or other workers have it.

        Codes and recoveries precede notices, kinds alternate, and within a kind the mails due first come first.
        """
        now = await database_now()
        first_due = await self._first_due(now)
        for kind in self._order():
            if kind in first_due and (claims := await self._claim(kind, first_due[kind], now, count)):
                return claims
        return []

    def _order(self) -> Iterator[MailKind]:
        number = next(self._claim_numbers)
        for kinds in (AWAITED, NOTICES) if number % NOTICES_FIRST_EVERY else (NOTICES, AWAITED):
            first = number % len(kinds)
            yield from kinds[first:] + kinds[:first]

    async def _first_due(self, now: datetime) -> dict[MailKind, datetime]:
        """Returns since when there are mails of a kind to claim, without the kinds of which there are none."""
        (row,) = await fetch(_FIRST_DUE, now, *(self._start(kind, now) for kind in MailKind))
        first_due = {kind: as_datetime(row[kind.value]) for kind in MailKind if row[kind.value]}
        self._resume_at = {kind: first_due.get(kind, now) for kind in MailKind}
        return first_due

    async def _claim(self, kind: MailKind, start: datetime, now: datetime, count: int) -> list[Claim]:
        lease = uuid4()
        statement = _CLAIM[get_connection("default").capabilities.dialect]
        rows = await fetch(statement, str(lease), now + LEASE, kind.value, start, now, count)
        due = [as_datetime(row["was_due_at"]) for row in rows]
        self._resume_at[kind] = max(due, default=now)
        return [_claim(kind, lease, row) for _, row in sorted(zip(due, rows, strict=True), key=lambda pair: pair[0])]

    def _start(self, kind: MailKind, now: datetime) -> datetime:
        if time.monotonic() - self._scanned_at.get(kind, -_RESCAN_SECONDS) >= _RESCAN_SECONDS:
            self._scanned_at[kind] = time.monotonic()  # before the query, so that a slow one is not repeated
            return _EPOCH
        return min(self._resume_at.get(kind, _EPOCH), now - _VISIBILITY_DELAY)


def _claim(kind: MailKind, lease: UUID, row: Mapping[str, Any]) -> Claim:
    registration_id, email_change_id = row["registration_id"], row["email_change_id"]
    return Claim(
        id=as_uuid(row["id"]),
        lease=lease,
        kind=kind,
        email_key=row["email_key"],
        registration_id=registration_id and as_uuid(registration_id),
        email_change_id=email_change_id and as_uuid(email_change_id),
        requested_at=as_datetime(row["requested_at"]),
        attempts=row["attempts"],
        counted=bool(row["counted"]),
        address=row["address"],
        language=row["language"],
        facts=SignInFacts.of_json(row["facts"]) if row["facts"] else None,
    )
