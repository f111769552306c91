"""Finds the table in a bank's file: its header, on any line, and its rows."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from services.payments.bank.columns import Columns, columns_of

_DELIMITERS = (",", ";", "\t", "|")
_NAMED_DELIMITER = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_MAX_HEADER_LINE = 500
_MAX_ROW_LINES = 10
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_EDGES = " \t\r\n\v\f\u00a0\u200b\u2007\u202f\ufeff"

Row = tuple[int, list[str] | None]
"""The line number at which a row begins, and its cells; None if they cannot be separated."""


def read_table(text: str) -> tuple[Columns, list[Row]]:
    """Returns the columns, and the non-empty rows below the header. Lines above it are skipped.

    The delimiter is the one that yields most known columns, unless a first line `sep=;` gives it.
    Raises ValueError with the columns found if none of them can have references, or amounts.
    """
    lines = _LINE_END.split(text)
    named = _NAMED_DELIMITER.fullmatch(lines[0].strip(" \ufeff"))
    heads = [head for delimiter in (named[1] if named else _DELIMITERS) for head in _heads(lines, delimiter)]
    best = max(heads, key=_rank, default=None)
    if best is None or not best.columns.complete:
        raise ValueError(_header_problem(best.columns if best else None))
    return best.columns, list(_rows_below(lines, best))


@dataclass(frozen=True, slots=True)
class _Head:
    columns: Columns
    delimiter: str
    end: int


def _rank(head: _Head) -> tuple[bool, int, int]:
    """Ranks headers: the first of the highest rank is used; if none is complete, the widest is reported."""
    columns = head.columns
    return columns.complete, columns.known, 0 if columns.complete else sum(map(bool, columns.names))


def _heads(lines: Sequence[str], delimiter: str) -> Iterator[_Head]:
    """Yields every line that may be a header."""
    top = lines[:_MAX_HEADER_LINE]
    place = 0
    while place < len(top):
        read, place = _row(top, place, delimiter, None)
        cells = read or []
        if len(cells) > 1:
            yield _Head(columns_of(cells), delimiter, place)


def _rows_below(lines: Sequence[str], head: _Head) -> Iterator[Row]:
    width, place = len(head.columns.names), head.end
    while place < len(lines):
        begin = place
        cells, place = _row(lines, begin, head.delimiter, width)
        if cells is None or any(cells):
            yield begin + 1, cells


def _row(lines: Sequence[str], place: int, delimiter: str, width: int | None) -> tuple[list[str] | None, int]:
    """Returns the cells of the row that begins at this line, and the position of the next row.

    An unterminated quote makes one row unreadable, not the following ones.
    """
    if '"' not in lines[place]:
        return _cleaned(lines[place].split(delimiter)), place + 1
    for end in range(place + 1, min(place + _MAX_ROW_LINES, len(lines)) + 1):
        if end > place + 1 and width and lines[end - 1].count(delimiter) >= width - 1:
            break  # a separate row
        if (quoted := _quoted(lines[place:end], delimiter)) is not None:
            return _cleaned(quoted), end
    cells = lines[place].split(delimiter)
    return (_cleaned(cells) if width is None or len(cells) == width else None), place + 1


def _quoted(lines: Sequence[str], delimiter: str) -> list[str] | None:
    reader = csv.reader(["\n".join(lines)], delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        return next(reader, None)
    except csv.Error:
        return None


def _cleaned(cells: list[str]) -> list[str]:
    return [_clean(cell) for cell in cells]


def _clean(cell: str) -> str:
    """Removes what spreadsheets add to keep digits as text: `="0123"` or `'0123`."""
    cell = cell.strip(_EDGES)
    if cell.startswith("="):
        formula = _FORMULA.fullmatch(cell)
        cell = formula[1] if formula else cell
    return cell.strip(_EDGES + "'\"")


def _header_problem(seen: Columns | None) -> str:
    needed = (
        "one for a reference (referencia, concepto or descripción) and one for amounts (abono, depósitos or importe)"
    )
    if seen is None:
        return f"no line names its columns: {needed}"
    missing = "a reference" if seen.amount >= 0 else "an amount of money that came in"
    names = ", ".join(name[:40] for name in islice(filter(None, seen.names), 30))
    return f"none of its columns can hold {missing}: {names} (it needs {needed})"
