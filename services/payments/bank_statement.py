"""Deposits from the CSV file that a bank exports."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from services.money import Money
from services.payments.reference import parse_reference

_REFERENCE = ("referencia", "referencia numerica", "reference")
_AMOUNT = ("abono", "abonos", "deposito", "depositos", "importe", "monto", "amount")
_CONCEPT = ("concepto", "concepto de pago", "descripcion", "concept", "description")
_NOTHING = ("", "-", "0", "0.00", "$0.00")
_DELIMITERS = (",", ";", "\t", "|")
_DECORATION = re.compile(r"[$\s]|MXN")
_TEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{10}(?![0-9])")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class StatementRow:
    """`line` is the row's in the file; `amount` is None where none can be read."""

    line: int
    reference: str
    amount: Money | None


def read_statement(content: bytes) -> list[StatementRow]:
    """The rows with a deposit: those of charges, whose amount is empty or nothing, are left out.

    The first line that names a column for the reference and one for the amount is the head; what banks write above it
    is skipped. A reference that is none is looked for in the concept, where it stands after a transfer. UTF-8 or
    Windows-1252. Raises ValueError with a sentence for a file without such a head, and for what is no table.
    """
    text = _decoded(content)
    for delimiter in _DELIMITERS:
        rows = _table(text, delimiter)
        for place, (_, cells) in enumerate(rows):
            names = [_plain(cell) for cell in cells]
            reference, amount, concept = (_column(names, wanted) for wanted in (_REFERENCE, _AMOUNT, _CONCEPT))
            if reference is not None and amount is not None:
                return list(_deposits(rows[place + 1 :], reference, amount, concept))
    raise ValueError(f"no line names a column {_REFERENCE[0]} and a column {_AMOUNT[0]} or {_AMOUNT[4]}")


def parse_amount(text: str) -> Money | None:
    """From `1160`, `1160.00`, `1,160.00` or `$ 1,160.00`."""
    typed = _DECORATION.sub("", text[:40])
    if _GROUPED.fullmatch(typed):
        typed = typed.replace(",", "")
    try:
        return Money.parse(typed)
    except ValueError:
        return None


def _table(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The rows, each with the number of the line that it ends in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} is no table: {error}") from None


def _deposits(
    rows: list[tuple[int, list[str]]], reference: int, amount: int, concept: int | None
) -> Iterator[StatementRow]:
    for line, cells in rows:
        paid = _cell(cells, amount)
        if paid not in _NOTHING:
            named = _cell(cells, reference)
            if parse_reference(named) is None:
                named = _reference_in(_cell(cells, concept)) or named
            yield StatementRow(line, named, parse_amount(paid))


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _reference_in(concept: str) -> str | None:
    """The only one that stands there."""
    found = {digits for digits in _TEN_DIGITS.findall(concept) if parse_reference(digits)}
    return found.pop() if len(found) == 1 else None


def _column(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _plain(cell: str) -> str:
    """In lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", cell.strip().lower())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
