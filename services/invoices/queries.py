"""Reads reservations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from models.sql import as_uuid, fetch
from services.common.pages import Place
from services.invoices.outcomes import ReservationView

MAX_SKIPPED_FOLIOS = 50
_SERIES_AT_ONCE = 100

_COLUMNS = """
id, client_id, request_id, account_id, series_id, series_name, folio, payment_id, stamps_left, reserved_at, open_since,
confirmed_at, uuid, released_at, skipped_folio
"""
_BY_REQUEST = f"SELECT {_COLUMNS} FROM invoice_reservation WHERE client_id = $1 AND request_id = $2"  # noqa: S608
_BY_ID = f"SELECT {_COLUMNS} FROM invoice_reservation WHERE id = $1"  # noqa: S608
_OPEN = f"""
SELECT {_COLUMNS} FROM invoice_reservation
WHERE NOT "open_since" IS NULL AND open_since <= $1
"""  # noqa: S608
_IN_ORDER = " ORDER BY open_since, id LIMIT $2"
_SKIPPED = f"""
SELECT * FROM (
  SELECT series_id, skipped_folio FROM invoice_reservation
  WHERE series_id = ${{place}} AND NOT "skipped_folio" IS NULL
  ORDER BY skipped_folio DESC LIMIT {MAX_SKIPPED_FOLIOS}
) AS of_series_{{place}}
"""  # noqa: S608


async def find(client_id: UUID, request_id: UUID) -> ReservationView | None:
    rows = await fetch(_BY_REQUEST, str(client_id), str(request_id))
    return ReservationView.of(rows[0]) if rows else None


async def get(id: UUID) -> ReservationView | None:
    rows = await fetch(_BY_ID, str(id))
    return ReservationView.of(rows[0]) if rows else None


async def open_reservations(
    until: datetime, count: int, *, client_id: UUID | None = None, after: Place | None = None
) -> list[ReservationView]:
    """Returns reservations that were neither confirmed nor released since `until` or earlier, the oldest first."""
    statement, values = _OPEN, [until, count]
    if client_id:
        values.append(str(client_id))
        # The cast keeps the database from reading all that the client ever reserved, in the index on client_id.
        statement += f" AND CAST(client_id AS TEXT) = ${len(values)}"
    if after:
        values += [after[0], str(after[1])]
        statement += f" AND (open_since, id) > (${len(values) - 1}, ${len(values)})"
    return [ReservationView.of(row) for row in await fetch(statement + _IN_ORDER, *values)]


async def skipped_folios(series_ids: Sequence[UUID]) -> dict[UUID, list[int]]:
    """Returns for each series the folios that were taken and will never be used, the highest first.

    At most MAX_SKIPPED_FOLIOS of each; one statement reads those of a hundred series.
    """
    found: dict[UUID, list[int]] = {series_id: [] for series_id in series_ids}
    ids = list(map(str, found))
    for some in (ids[start : start + _SERIES_AT_ONCE] for start in range(0, len(ids), _SERIES_AT_ONCE)):
        statement = " UNION ALL ".join(_SKIPPED.format(place=place) for place in range(1, len(some) + 1))
        for row in await fetch(statement, *some):
            found[as_uuid(row["series_id"])].append(row["skipped_folio"])
    return {series_id: sorted(folios, reverse=True) for series_id, folios in found.items()}
