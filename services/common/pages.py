"""Pages of a list that is read forward by cursors, after https://relay.dev/graphql/connections.htm."""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.common.outcomes import FieldErrorCode, FieldProblem

MAX_PAGE = 100
DEFAULT_PAGE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST_MICROSECOND = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND

Place = tuple[datetime, UUID]
"""After which a page begins, in a list that is ordered by a time and by id."""


@dataclass(frozen=True, slots=True)
class CursorFormat:
    """How a list writes its cursors, which are opaque to clients.

    `kind` is one byte, by which the cursor of another list is refused. `layout` is that of the module `struct`.
    """

    kind: bytes
    layout: str

    def write(self, *values: Any) -> str:
        packed = self.kind + struct.pack(self.layout, *values)
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()

    def read(self, cursor: str) -> tuple[Any, ...] | None:
        """Returns what was written, or None for a text that is not one of this list's cursors, to the letter."""
        size = len(self.kind) + struct.calcsize(self.layout)
        if len(cursor) != (4 * size + 2) // 3 or not cursor.isascii():
            return None
        try:
            packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if not packed.startswith(self.kind) or len(packed) != size:
            return None
        values = struct.unpack(self.layout, packed[len(self.kind) :])
        return values if self.write(*values) == cursor else None


class MomentCursors:
    """The cursors of a list that is ordered by a time and, of the same time, by id."""

    def __init__(self, kind: bytes) -> None:
        self._format = CursorFormat(kind, ">q16s")  # microseconds since 1970, and the id

    def write(self, moment: datetime, id: UUID) -> str:
        return self._format.write((moment - EPOCH) // _MICROSECOND, id.bytes)

    def read(self, cursor: str) -> Place | None:
        """Returns None also for a time that PostgreSQL or Python cannot hold."""
        values = self._format.read(cursor)
        if values is None or not 0 <= values[0] <= _LAST_MICROSECOND:
            return None
        return EPOCH + values[0] * _MICROSECOND, UUID(bytes=values[1])


def first_problem(first: int) -> FieldProblem | None:
    """Returns what is wrong with the size of a page."""
    if 1 <= first <= MAX_PAGE:
        return None
    return FieldProblem("first", FieldErrorCode.OUT_OF_RANGE, 1, MAX_PAGE)


def after_problem() -> FieldProblem:
    return FieldProblem("after", FieldErrorCode.MALFORMED)
