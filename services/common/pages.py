"""Pages of a list that is read forward by cursors, after https://relay.dev/graphql/connections.htm."""

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import Any

from services.common.outcomes import FieldErrorCode, FieldProblem

MAX_PAGE = 100
DEFAULT_PAGE = 50


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


def first_problem(first: int) -> FieldProblem | None:
    """Returns what is wrong with the size of a page."""
    if 1 <= first <= MAX_PAGE:
        return None
    return FieldProblem("first", FieldErrorCode.OUT_OF_RANGE, 1, MAX_PAGE)


def after_problem() -> FieldProblem:
    return FieldProblem("after", FieldErrorCode.MALFORMED)
