"""Reads deposits from the CSV file that a bank exports."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from services.common.money import Money
from services.payments.bank.amounts import is_empty_amount, parse_movement
from services.payments.bank.columns import Columns, Role, direction, is_pesos
from services.payments.bank.encoding import decode
from services.payments.bank.movements import Movement, folded, movement_of
from services.payments.bank.reference_search import find_references
from services.payments.bank.table import Row, read_table

_MONEY = {Role.MONEY_IN, Role.MONEY_OUT, Role.AMOUNT, Role.BALANCE}


@dataclass(frozen=True, slots=True)
class StatementRow:
    """An incoming movement, with the line where it begins.

    `text` is the most likely text of its reference, for people to read. `exact` are the references that stand alone in
    the row; `embedded` are those found within longer numbers or across several. If the row cannot be read, `amount` is
    None and `fault` says why. `movement` identifies the row across files.
    """

    line: int
    text: str
    amount: Money | None
    exact: tuple[str, ...] = ()
    embedded: tuple[str, ...] = ()
    fault: str = ""
    movement: Movement = field(default=Movement(None, ""), compare=False)

    def issued_references(self, issued: Collection[str]) -> list[str]:
        """Returns its issued references: those that stand alone or, if there are none, the others."""
        exact = [reference for reference in self.exact if reference in issued]
        return exact or [reference for reference in self.embedded if reference in issued]


def read_statement(content: bytes) -> list[StatementRow]:
    """Returns incoming and unreadable rows; outgoing ones are skipped.

    Detects encoding, delimiter and header of any bank. Raises ValueError with a sentence for a file that is not text or
    has no column for references or for amounts.
    """
    columns, rows = read_table(decode(content))
    return list(_deposits(columns, rows))


def candidates(rows: Iterable[StatementRow]) -> set[str]:
    """Returns all possible references in these rows."""
    return {reference for row in rows for reference in (*row.exact, *row.embedded)}


def _deposits(columns: Columns, rows: list[Row]) -> Iterator[StatementRow]:
    letters = _letters(columns, rows)
    names = [folded(name) for name in columns.names]
    for line, cells in rows:
        if cells is None:
            yield StatementRow(line, "", None, fault="its quotes are broken")
        elif tuple(cells) != columns.names:  # the header, repeated on another page
            try:
                amount, fault = _money_in(columns, cells, letters), ""
            except ValueError as error:
                amount, fault = None, str(error)
            if amount is not None or fault:
                exact, embedded = find_references(_text(columns, cells))
                likely = _likely(columns, cells, exact)
                yield StatementRow(line, likely, amount, exact, embedded, fault, movement_of(names, cells))


def _money_in(columns: Columns, cells: list[str], letters: frozenset[str]) -> Money | None:
    """Returns None if the row is outgoing or has no amount. Raises ValueError with what cannot be read."""
    if any(cells[len(columns.roles) :]):
        raise ValueError("it has more cells than the head")
    if len(cells) <= columns.amount and _names_one(columns, cells):
        raise ValueError("it ends before its amount")
    paid, charged = _cell(cells, columns.amount), _cell(cells, columns.place(Role.MONEY_OUT))
    if is_empty_amount(paid):
        return None
    amount = parse_movement(paid)
    if amount is None:
        raise ValueError("the amount cannot be read")
    if amount.amount < 0:
        return None
    if not is_empty_amount(charged):
        if columns.roles[columns.amount] is Role.MONEY_IN and (
            _names_one(columns, cells) or not parse_movement(charged)
        ):
            raise ValueError("it has an amount that came in and one that went out")
        return None  # a charge, or the totals
    if not _came_in(columns, cells, letters):
        return None
    if not is_pesos(_cell(cells, columns.place(Role.CURRENCY))):
        raise ValueError("it is not in pesos")
    return amount


def _came_in(columns: Columns, cells: list[str], letters: frozenset[str]) -> bool:
    """Whether money came in, by the columns for the direction, unless the amount's column is only for deposits."""
    if columns.roles[columns.amount] is Role.MONEY_IN:
        return True
    said = {place: direction(_cell(cells, place), letters) for place in columns.directions}
    if False in said.values():
        return False
    if True not in said.values() and any(columns.decides(place) or len(_cell(cells, place)) == 1 for place in said):
        raise ValueError("it does not say whether the money came in or went out")
    return True


def _letters(columns: Columns, rows: list[Row]) -> frozenset[str]:
    """Returns the single letters in the columns for directions, and those in their names."""
    found = {_cell(cells, place).lower() for place in columns.directions for _, cells in rows if cells}
    initials = (columns.initials(place) for place in columns.directions)
    return frozenset(letter for letter in found if len(letter) == 1).union(*initials)


def _names_one(columns: Columns, cells: list[str]) -> bool:
    return bool(find_references(_text(columns, cells))[0])


def _text(columns: Columns, cells: list[str]) -> str:
    """Returns all cells except the amounts."""
    roles = columns.roles
    return " | ".join(cell for place, cell in enumerate(cells) if place >= len(roles) or roles[place] not in _MONEY)


def _likely(columns: Columns, cells: list[str], exact: tuple[str, ...]) -> str:
    return exact[0] if exact else next(filter(None, (_cell(cells, place) for place in columns.texts)), "")


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""
