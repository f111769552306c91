"""A stand-in for the provider that stamps (a PAC): what it knows outlives this process, as a real one's knowledge does.

The draft says how it behaves, in CondicionesDePago. A stamp of it has no fiscal validity.
"""

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from .cfdi import conditions_of, with_stamp

REFUSED = "RECHAZAR"
SILENT = "SIN RESPUESTA"  # stamps, but the first answer never comes
LOST = "SIN LLEGAR"  # the first request never arrives


@dataclass(frozen=True, slots=True)
class Stamped:
    uuid: str
    document: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """`reason` is for the taxpayer. The document will never be stamped."""

    reason: str


class Provider:
    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = WAL;"
            "CREATE TABLE IF NOT EXISTS request"
            " (id TEXT PRIMARY KEY, asked INTEGER NOT NULL, uuid TEXT, document BLOB);"
        )

    def close(self) -> None:
        self._database.close()

    async def stamp(self, request_id: str, document: bytes) -> Stamped | Refused:
        """Stamps once for each request: a repeated one gets the same answer. May never return."""
        conditions = conditions_of(document)
        (asked,) = self._database.execute(
            "INSERT INTO request (id, asked) VALUES (?, 1)"
            " ON CONFLICT (id) DO UPDATE SET asked = asked + 1 RETURNING asked",
            (request_id,),
        ).fetchone()
        if conditions == LOST and asked == 1:
            await asyncio.Event().wait()
        if conditions == REFUSED:
            return Refused("El proveedor rechazó el CFDI (CFDI40102: el resultado de la digestión no coincide).")
        stamped = self._stamped(request_id, document)
        if conditions == SILENT and asked == 1:
            await asyncio.Event().wait()
        return stamped

    def _stamped(self, request_id: str, document: bytes) -> Stamped:
        uuid = uuid4()
        self._database.execute(
            "UPDATE request SET uuid = ?, document = ? WHERE id = ? AND uuid IS NULL",
            (str(uuid).upper(), with_stamp(document, uuid, datetime.now(UTC)), request_id),
        )
        row = self._database.execute("SELECT uuid, document FROM request WHERE id = ?", (request_id,)).fetchone()
        return Stamped(*row)
