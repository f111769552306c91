"""Recognizes the columns of a bank's file by the names that banks use."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

_MAX_NAME_CHARS = 60
_WORDS = re.compile(r"[a-z0-9]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


IN = _set(
    "abono abonos deposito depositos credito creditos haber ingreso ingresos entrada entradas credit credits deposit"
)
IN |= _set("deposits")
OUT = _set("cargo cargos retiro retiros debito debitos debe egreso egresos salida salidas debit debits charge charges")
OUT |= _set("withdrawal withdrawals")
_RECEIVED = _set("recibido recibida recibidos recibidas received")
_SENT = _set("enviado enviada enviados enviadas sent")
_AMOUNT = _set("importe importes monto montos cantidad amount")
_DIRECTION = _set("tipo signo naturaleza type sign")
_LETTERS = (_set("c a"), _set("d c"), _set("d h"))
_CURRENCY = _set("moneda divisa currency")
_BALANCE = _set("saldo saldos balance")
_PESOS = _set("mxn mxp mn peso pesos nacional")
_DATE = _set("fecha fechas hora dia date time")
_FILLER_WORDS = _set(
    "de del la el los en por total mxn m n mn pesos movimiento mov operacion transaccion transaction money"
)
_TEXT = _set("referencia referencias ref reference concepto conceptos concept descripcion descripciones description")
_TEXT |= _set("detalle detalles detallada details leyenda motivo observacion observaciones rastreo informacion memo")
_TEXT |= _set("movimiento movimientos comentario comentarios nota notas")
_REFERENCE = _set("referencia referencias ref reference")


class Role(Enum):
    """The content of a column. DIRECTION gives the direction of the money as a sign, a letter or a word."""

    MONEY_IN = 1
    MONEY_OUT = 2
    AMOUNT = 3
    DIRECTION = 4
    CURRENCY = 5
    BALANCE = 6
    DATE = 7
    TEXT = 8


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, in order: their names and roles."""

    names: tuple[str, ...]
    roles: tuple[Role | None, ...]

    def place(self, role: Role) -> int | None:
        return self.roles.index(role) if role in self.roles else None

    @property
    def amount(self) -> int:
        """The column of incoming amounts: one only for these precedes one for all movements. -1 if there is none."""
        places = [place for role in (Role.MONEY_IN, Role.AMOUNT) if (place := self.place(role)) is not None]
        return places[0] if places else -1

    @property
    def texts(self) -> list[int]:
        """The columns that may have references, those named so first."""
        places = [place for place, role in enumerate(self.roles) if role is Role.TEXT]
        return sorted(places, key=lambda place: not _REFERENCE & _words(self.names[place]))

    @property
    def complete(self) -> bool:
        return self.amount >= 0 and Role.TEXT in self.roles

    @property
    def known(self) -> int:
        """The number of known names: the more, the more likely this is the header."""
        return sum(role is not None for role in self.roles)

    @property
    def directions(self) -> list[int]:
        """The columns that may give the direction of the money."""
        return [place for place, role in enumerate(self.roles) if role is Role.DIRECTION]

    def decides(self, direction: int) -> bool:
        """Whether the column gives only the direction, as `Cargo/Abono` does and `Tipo` does not."""
        return not _words(self.names[direction]) & _DIRECTION

    def initials(self, direction: int) -> frozenset[str]:
        """The initials in the column's name: C and A for `Cargo/Abono`."""
        words = _words(self.names[direction])
        return frozenset(word[0] for word in words if word in IN | OUT or len(word) == 1)


def columns_of(cells: Sequence[str]) -> Columns:
    """Reads a possible header. A column such as `Cargo/Abono` has signed amounts if no other column has any."""
    roles = [_role(cell) for cell in cells]
    both = [place for place, cell in enumerate(cells) if roles[place] is Role.DIRECTION and _words(cell) & IN]
    if both and not {Role.AMOUNT, Role.MONEY_IN} & set(roles):
        roles[both[0]] = Role.AMOUNT
    return Columns(tuple(cells), tuple(roles))


def direction(text: str, letters: Collection[str]) -> bool | None:
    """Whether money came in, by a sign, a word or a letter; None if the text does not say.

    `letters` are those of the whole column: C is a cargo beside A, and a credit beside D.
    """
    if text in {"+", "-"}:
        return text == "+"
    words = _words(text[:_MAX_NAME_CHARS])
    came_in, went_out = bool(words & (IN | _RECEIVED)), bool(words & (OUT | _SENT))
    if came_in != went_out:
        return came_in
    letter = text.lower()
    if letter == "c" and ("a" in letters) != ("d" in letters):
        return "d" in letters
    return {"a": True, "h": True, "d": False, "r": False}.get(letter)


def is_pesos(currency: str) -> bool:
    """Whether the currency is pesos, or not given."""
    return not currency.strip("$ ") or bool(_words(currency.replace(".", "")) & _PESOS)


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    """Returns the words in lower case, without accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return frozenset(_WORDS.findall("".join(sign for sign in decomposed if not unicodedata.combining(sign))))


def _role(name: str) -> Role | None:
    words: frozenset[str] = _words(name) if len(name) <= _MAX_NAME_CHARS else frozenset()
    if words & _BALANCE:
        return Role.BALANCE
    if words & _DATE:
        return Role.DATE
    if role := _money_role(words - _FILLER_WORDS):
        return role
    return Role.TEXT if words & _TEXT else None


def _money_role(words: frozenset[str]) -> Role | None:
    """Returns a role only if no other word contradicts: `referencia de abono` and `tipo de cambio` are no amounts."""
    if words in _LETTERS:
        return Role.DIRECTION
    if not words or not words <= IN | OUT | _AMOUNT | _DIRECTION | _CURRENCY:
        return None
    if words & _CURRENCY:
        return Role.CURRENCY if words <= _CURRENCY else None
    if words & _DIRECTION or (words & IN and words & OUT and not words & _AMOUNT):
        return Role.DIRECTION
    if words & IN and not words & OUT:
        return Role.MONEY_IN
    return Role.MONEY_OUT if words & OUT and not words & IN else Role.AMOUNT
