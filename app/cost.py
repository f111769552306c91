"""The cost of a document, and its bounds; app/measurement.py counts it."""

from operator import add
from typing import NamedTuple


class Cost(NamedTuple):
    """The cost of the most expensive operation or fragment, and of validation.

    `fields` counts a list's selections, and three for each object, once for each object that the list may have; of a
    list of plain values, ten count as one. `images` and `audios` are those of captchas, which are drawn or dictated for
    each selection. `lists` are those of introspection; a list inside a list counts several times. `pages` are those of
    connections, whose objects count once: nobody but an API client gets any. `overlaps` counts the pairs of fields in
    the whole document with the same response name, which determine the time of validation. No count includes a
    `__typename` that clients add on their own.
    """

    depth: int = 0
    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    images: int = 0
    audios: int = 0
    lists: int = 0
    pages: int = 0
    overlaps: int = 0

    def beside(self, other: "Cost") -> "Cost":
        """Adds the cost of another selection in the same set; of the depths, it takes the larger."""
        return Cost(max(self.depth, other.depth), *map(add, self[1:], other[1:]))

    def exceeded_by(self, other: "Cost") -> str | None:
        """Returns the first bound of this cost that the other exceeds, in words such as "30 aliases"."""
        bounds = zip(self._fields, self, other, strict=True)
        return next((f"{bound:,} {_NAMES[name]}" for name, bound, cost in bounds if cost > bound), None)


# Everything that one screen may show comes to 3,500 fields: the account, its hundred series, fifty sessions and fifty
# payments, and the plans.
BOUNDS = Cost(
    depth=15,
    fields=3_800,
    root_fields=10,
    aliases=30,
    directives=30,
    images=1,
    audios=1,
    lists=18,
    pages=1,
    overlaps=700,
)

# What a refusal calls the exceeded bound.
_NAMES = {
    "depth": "levels of selections",
    "fields": "fields, counted once for each entry of a list",
    "root_fields": "root fields",
    "aliases": "aliases",
    "directives": "directives",
    "images": "captcha image",
    "audios": "captcha audio clip",
    "lists": "introspection lists",
    "pages": "page of a connection",
    "overlaps": "pairs of fields with the same response name",
}
