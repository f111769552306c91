"""What a document may ask for; app/measurement.py counts it."""

from operator import add
from typing import NamedTuple


class Cost(NamedTuple):
    """What the dearest operation or fragment asks for, and what validation has to compare.

    `fields` counts what is selected of a list, and three for each object itself, for as many objects as it may bring.
    `images` and `audios` are those of a captcha: each one selected is drawn or dictated. `lists` are those of
    introspection, a list in a list several times. `overlaps` are the pairs of fields in the whole document that write
    to one name: what validation's time goes with. A `__typename` that a client adds by itself is in none of them.
    """

    depth: int = 0
    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    images: int = 0
    audios: int = 0
    lists: int = 0
    overlaps: int = 0

    def beside(self, other: "Cost") -> "Cost":
        """Two selections of one set: they add up, but for depth."""
        return Cost(max(self.depth, other.depth), *map(add, self[1:], other[1:]))

    def exceeded_by(self, other: "Cost") -> str | None:
        """The first bound of this cost that the other passes, in words: "30 aliases"."""
        bounds = zip(self._fields, self, other, strict=True)
        return next((f"{bound:,} {_NAMED[name]}" for name, bound, asked in bounds if asked > bound), None)


# All that one screen may show comes to 2,200 fields: the account, its hundred series and fifty sessions, and what is on
# sale.
BOUNDS = Cost(
    depth=15, fields=3_000, root_fields=10, aliases=30, directives=30, images=1, audios=1, lists=18, overlaps=700
)

# How a refusal names what was passed.
_NAMED = {
    "depth": "levels of selections",
    "fields": "fields, those of a list counted for each of its entries",
    "root_fields": "root fields",
    "aliases": "aliases",
    "directives": "directives",
    "images": "image of a captcha",
    "audios": "audio clip of a captcha",
    "lists": "lists of introspection",
    "overlaps": "pairs of fields that write to one name",
}
