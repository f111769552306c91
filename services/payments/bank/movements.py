"""Identifies movements of bank statements, so that one is recognized in another export."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_DAY = re.compile(r"(fecha|dia|date)\b.*")
_FOLIO = re.compile(
    r"(clave|numero|no\.?|num\.?)? ?(de )?(rastreo|folio|movimiento|operacion|autorizacion|tracking)"
    r"( (interno|unico|de operacion|spei|del banco))?"
)
_CHANGING = re.compile(r"saldo.*|balance.*")
_CODE = re.compile(r"[A-Za-z0-9-]{1,40}")
_NOT_PLAIN = re.compile(r"[\W_]+")
_BETWEEN = r"\W{1,3}(?:de )?"
_PARTS = re.compile(
    rf"([0-9]{{1,4}}){_BETWEEN}([0-9]{{1,2}}|[a-z]{{3}})[a-z]*{_BETWEEN}([0-9]{{1,4}})(?![0-9]).*", re.DOTALL
)
_DIGITS = re.compile(r"([0-9]{8})(?![0-9]).*", re.DOTALL)
_MONTHS = ("ene jan", "feb", "mar", "abr apr", "may", "jun", "jul", "ago aug", "sep", "oct", "nov", "dic dec")
_MAX_DATE_CHARS = 40
_MAX_BARE_DATE_CHARS = len("02/mar/2026")


@dataclass(frozen=True, slots=True)
class Movement:
    """`day` is the bank's date, if given; `key` is the bank's folio or, without one, the text of the row."""

    day: date | None
    key: str


@dataclass(frozen=True, slots=True)
class SeenMovement:
    """A movement with a reference; `id` identifies it across files."""

    id: str
    day: date | None


class MovementCounter:
    """Numbers equal movements with the same reference in one file."""

    def __init__(self) -> None:
        self._seen = Counter[str]()

    def next(self, reference: str, movement: Movement) -> SeenMovement:
        """Returns the file's next movement with the reference found for it."""
        identity = "\n".join((reference, movement.day.isoformat() if movement.day else "", movement.key))
        self._seen[identity] += 1
        text = f"{self._seen[identity]}\n{identity}"
        return SeenMovement(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(), movement.day)


def movement_of(names: Sequence[str], cells: Sequence[str]) -> Movement:
    """Builds the movement of a row; the column names are in lower case without accents.

    A folio is a word with a digit other than zero. Balances are ignored: they depend on the rest of the file.
    """
    columns = list(zip(names, cells, strict=False))
    days = (parse_day(cell) for name, cell in columns if _DAY.fullmatch(name))
    day = next((each for each in days if each), None)
    folio = next((_plain(cell) for name, cell in columns if _FOLIO.fullmatch(name) and _is_folio(cell)), None)
    if folio:
        return Movement(day, folio.lstrip("0"))
    changing = {place for place, name in enumerate(names) if _CHANGING.fullmatch(name)}
    parts = [_normalized(cell) for place, cell in enumerate(cells) if place not in changing]
    return Movement(day, "\t".join(each for each in parts if each))


def parse_day(text: str) -> date | None:
    """Parses `02/03/2026`, `2-3-26`, `02/mar/2026`, `2026-03-02`, `02032026` or `20260302`, with or without a time."""
    typed = folded(text[:_MAX_DATE_CHARS])
    if found := _PARTS.fullmatch(typed):
        return _date(*found.groups())
    if found := _DIGITS.fullmatch(typed):
        digits = found[1]
        return _date(digits[:4], digits[4:6], digits[6:]) or _date(digits[:2], digits[2:4], digits[4:])
    return None


def _date(first: str, month: str, last: str) -> date | None:
    year, day = (first, last) if len(first) == len("2026") else (last, first)
    number = next((place for place, names in enumerate(_MONTHS, 1) if month in names.split()), None)
    try:
        return date(int({2: "20", 4: ""}[len(year)] + year), number or int(month), int(day))
    except (KeyError, ValueError):
        return None


def _is_folio(cell: str) -> bool:
    return bool(_CODE.fullmatch(cell.strip())) and any(sign in "123456789" for sign in cell)


def _normalized(cell: str) -> str:
    """Normalizes a date, whatever its format; a time is kept, since it may distinguish two movements."""
    day = parse_day(cell) if len(cell.strip()) <= _MAX_BARE_DATE_CHARS else None
    return day.isoformat() if day else _plain(cell)


def _plain(cell: str) -> str:
    """Returns the letters and digits: banks and spreadsheets punctuate the same text differently."""
    return _NOT_PLAIN.sub("", folded(cell))


def folded(text: str) -> str:
    """Returns the text in lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
