"""Chooses the next mail to send: those that somebody waits for before notices, and none of an unknown kind."""

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tortoise.connection import get_connection

from models.sql import as_datetime, as_uuid, fetch
from services.mail.outbox import LEASE, Claim, MailKind, database_now

AWAITED = (MailKind.CONFIRMATION, MailKind.RECOVERY)
NOTICES = tuple(kind for kind in MailKind if kind not in AWAITED)
NOTICES_FIRST = 8  # once per this many claims, so that a rush of codes does not starve notices
_LATE = timedelta(seconds=15)  # how long after its due time a row may become visible: slow commits, late clocks
_AFRESH = 60.0  # seconds after which all due mails are queried again, for any that were missed
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# In pairs, so that no index on `due_at` alone is used: for a rare kind, it would scan all pending mails.
_DUE = """
  FROM delivery
  WHERE (kind, due_at) >= ($3, $4) AND (kind, due_at) <= ($3, $5) AND NOT "pending_key" IS NULL
  ORDER BY kind, due_at LIMIT 1
"""
_TAKE = "UPDATE delivery SET lease = $1, due_at = $2, attempts = attempts + 1"
_TAKEN = "RETURNING delivery.id, email_key, registration_id, requested_at, attempts, counted"

# One statement each. On PostgreSQL, workers neither wait for each other nor claim the same row.
_CLAIM = {
    "postgres": f"WITH due AS MATERIALIZED (SELECT id, due_at {_DUE} FOR UPDATE SKIP LOCKED)"  # noqa: S608  # constants
    f" {_TAKE} FROM due WHERE delivery.id = due.id {_TAKEN}, due.due_at AS was_due_at",
    "sqlite": f"{_TAKE} WHERE id = (SELECT id {_DUE}) {_TAKEN}, $4 AS was_due_at",
}


class Claims:
    """Claims pending mails for a worker; its senders share one instance.

    While any snapshot is open, PostgreSQL keeps the index entries of mails claimed since, in front of the next mail. So
    a query begins where the last one of that kind ended, and only from time to time at the beginning.
    """

    def __init__(self) -> None:
        self._reached: dict[MailKind, datetime] = {}
        self._began: dict[MailKind, float] = {}
        self._turns = itertools.count(1)

    async def claim(self) -> Claim | None:
        """Claims the next mail for LEASE. Returns None if nothing is due or other workers have it.

        Codes and recoveries precede notices, kinds alternate, and within a kind the mail due first comes first.
        """
        now = await database_now()
        for kind in self._order():
            if claim := await self._claim(kind, now):
                return claim
        return None

    def _order(self) -> Iterator[MailKind]:
        turn = next(self._turns)
        for kinds in (AWAITED, NOTICES) if turn % NOTICES_FIRST else (NOTICES, AWAITED):
            first = turn % len(kinds)
            yield from kinds[first:] + kinds[:first]

    async def _claim(self, kind: MailKind, now: datetime) -> Claim | None:
        lease = uuid4()
        statement = _CLAIM[get_connection("default").capabilities.dialect]
        rows = await fetch(statement, str(lease), now + LEASE, kind.value, self._since(kind, now), now)
        self._reached[kind] = as_datetime(rows[0]["was_due_at"]) if rows else now
        if not rows:
            return None
        registration_id = rows[0]["registration_id"]
        return Claim(
            id=as_uuid(rows[0]["id"]),
            lease=lease,
            kind=kind,
            email_key=rows[0]["email_key"],
            registration_id=registration_id and as_uuid(registration_id),
            requested_at=as_datetime(rows[0]["requested_at"]),
            attempts=rows[0]["attempts"],
            counted=bool(rows[0]["counted"]),
        )

    def _since(self, kind: MailKind, now: datetime) -> datetime:
        if time.monotonic() - self._began.get(kind, -_AFRESH) >= _AFRESH:
            self._began[kind] = time.monotonic()  # before the query, so that a slow one is not repeated
            return _BEGINNING
        return min(self._reached.get(kind, _BEGINNING), now - _LATE)
