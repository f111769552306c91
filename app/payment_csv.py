"""Writes payments as CSV that a spreadsheet opens as it is meant."""

import csv
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TextIO

from services.common.clock import MEXICO
from services.common.spreadsheets import BYTE_ORDER_MARK, plain_cell
from services.payments.ledger import LedgerEntry

_HEADER = (
    *("paid_at", "refunded_at", "undone_at", "begun_at", "rfc", "company", "method", "reference", "paypal_capture"),
    *("plan", "subtotal", "tax", "total", "currency", "status", "paid_by", "refunded_by", "undone_by", "payment_id"),
)


async def write_csv(file: TextIO, entries: AsyncIterator[LedgerEntry]) -> None:
    """`file` must be in UTF-8 and leave line ends alone."""
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_HEADER)
    async for entry in entries:
        writer.writerow("" if cell is None else plain_cell(cell) for cell in _cells(entry))


def _cells(entry: LedgerEntry) -> tuple[str | None, ...]:
    return (
        *map(_time, (entry.paid_at, entry.refunded_at, entry.undone_at, entry.begun_at)),
        *(entry.rfc, entry.company, entry.method, entry.reference, entry.paypal_capture_id, entry.plan_id),
        *(entry.subtotal.text, entry.tax.text, (entry.subtotal + entry.tax).text, entry.subtotal.currency),
        *(entry.status, entry.paid_by, entry.refunded_by, entry.undone_by, str(entry.id)),
    )


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(MEXICO).strftime("%Y-%m-%d %H:%M:%S") if moment else None
