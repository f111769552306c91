"""What this back end must not forget: each invoice and how far it has come, and each notice that was delivered.

A state is written before the step that follows it, so that a process that is killed goes on from there. SQLite answers
in a millisecond, which is why its calls do not leave the event loop.
"""

import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS invoice (
  request_id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  series_id TEXT NOT NULL,
  draft BLOB NOT NULL,
  receiver TEXT NOT NULL,
  total TEXT NOT NULL,
  created_at TEXT NOT NULL,
  state TEXT NOT NULL,
  series TEXT,
  folio TEXT,
  uuid TEXT,
  document BLOB,
  reason TEXT
);
CREATE INDEX IF NOT EXISTS invoices_of_account ON invoice (account_id, created_at);
CREATE INDEX IF NOT EXISTS open_invoices ON invoice (state)
  WHERE state IN ('received', 'reserved', 'stamped', 'refused');
CREATE TABLE IF NOT EXISTS notice (
  webhook_id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  type TEXT NOT NULL,
  content TEXT NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notices_of_account ON notice (account_id, at);
CREATE INDEX IF NOT EXISTS notices_by_age ON notice (at);
"""
_KEPT = timedelta(days=35)  # the feed keeps events for 30 days, so that none comes again after that
_COLUMNS = "request_id, account_id, series_id, receiver, total, created_at, state, series, folio, uuid, reason"


class State(StrEnum):
    RECEIVED = "received"  # nothing is reserved, or the answer was lost
    RESERVED = "reserved"  # the provider may have been asked
    STAMPED = "stamped"  # to be confirmed
    REFUSED = "refused"  # to be released
    CONFIRMED = "confirmed"
    RELEASED = "released"
    FAILED = "failed"  # nothing was reserved, and nothing will be
    DISPUTED = "disputed"  # the accounts service refused the end: a person has to decide


OPEN = (State.RECEIVED, State.RESERVED, State.STAMPED, State.REFUSED)


@dataclass(frozen=True, slots=True)
class Invoice:
    request_id: str
    account_id: str
    series_id: str
    receiver: str
    total: str
    created_at: str
    state: State
    series: str | None
    folio: str | None
    uuid: str | None
    reason: str | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Notice:
    type: str
    content: dict[str, Any]
    at: str


class Journal:
    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.executescript(_TABLES)

    def close(self) -> None:
        self._database.close()

    def add(
        self, *, request_id: str, account_id: str, series_id: str, draft: bytes, receiver: str, total: str
    ) -> Invoice | None:
        """Notes an invoice before anything is reserved. Returns None if the request is there already."""
        done = self._database.execute(
            "INSERT INTO invoice (request_id, account_id, series_id, draft, receiver, total, created_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (request_id, account_id, series_id, draft, receiver, total, _now(), State.RECEIVED),
        )
        return self.find(request_id) if done.rowcount else None

    def find(self, request_id: str) -> Invoice | None:
        rows = self._invoices("request_id = ?", request_id)
        return rows[0] if rows else None

    def draft(self, request_id: str) -> bytes:
        return bytes(self._only("draft", request_id))

    def document(self, request_id: str) -> bytes | None:
        """Returns the stamped CFDI, if there is one."""
        document = self._only("document", request_id)
        return None if document is None else bytes(document)

    def move(self, invoice: Invoice, state: State, **columns: str | bytes | None) -> Invoice:
        """Notes the next state. Raises RuntimeError if the invoice is in another one than `invoice` says."""
        assignments = ", ".join(f"{name} = ?" for name in ("state", *columns))
        done = self._database.execute(
            f"UPDATE invoice SET {assignments} WHERE request_id = ? AND state = ?",  # noqa: S608  # our own names
            (state, *columns.values(), invoice.request_id, invoice.state),
        )
        moved = self.find(invoice.request_id)
        if done.rowcount != 1 or moved is None:
            raise RuntimeError(f"{invoice.request_id} is not {invoice.state} any more")
        return moved

    def open(self) -> list[Invoice]:
        return self._invoices(f"state IN ({', '.join('?' * len(OPEN))}) ORDER BY created_at", *OPEN)

    def of_account(self, account_id: str, first: int = 50) -> list[Invoice]:
        """Returns the newest ones."""
        return self._invoices("account_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?", account_id, first)

    def count_open(self, account_id: str) -> int:
        return sum(invoice.account_id == account_id for invoice in self.open())

    def note(self, webhook_id: str, account_id: str, type: str, content: dict[str, Any], at: str) -> bool:
        """Notes what was delivered. Returns False if this webhook has come before."""
        oldest = (datetime.now(UTC) - _KEPT).isoformat()
        self._database.execute("DELETE FROM notice WHERE at < ?", (oldest,))
        done = self._database.execute(
            "INSERT INTO notice (webhook_id, account_id, type, content, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (webhook_id, account_id, type, json.dumps(content), at),
        )
        return done.rowcount == 1

    def notices(self, account_id: str, first: int = 5) -> list[Notice]:
        """Returns the newest ones."""
        rows = self._database.execute(
            "SELECT type, content, at FROM notice WHERE account_id = ? ORDER BY at DESC, rowid DESC LIMIT ?",
            (account_id, first),
        )
        return [Notice(name, json.loads(content), at) for name, content, at in rows]

    def _invoices(self, condition: str, *values: str | int) -> list[Invoice]:
        rows = self._database.execute(f"SELECT {_COLUMNS} FROM invoice WHERE {condition}", values)  # noqa: S608  # ours
        return [_invoice(*row) for row in rows]

    def _only(self, column: str, request_id: str) -> Any:
        query = f"SELECT {column} FROM invoice WHERE request_id = ?"  # noqa: S608  # our own names
        return self._database.execute(query, (request_id,)).fetchone()[0]


def _invoice(*row: Any) -> Invoice:
    invoice = Invoice(*row)
    return replace(invoice, state=State(invoice.state))


def _now() -> str:
    return datetime.now(UTC).isoformat()
