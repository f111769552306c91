"""How much a document asks for, counted in one linear pass before it is validated.

A fragment is measured once and multiplied by its uses with arithmetic, so nested spreads cost nothing to refuse.
"""

from collections import Counter
from collections.abc import Collection
from functools import reduce
from operator import add
from typing import NamedTuple

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    SelectionSetNode,
)


class Cost(NamedTuple):
    """What the dearest operation or fragment asks for, and what validation has to compare.

    `images` and `audios` are counted by the field's name: each one selected is drawn or dictated. `lists` are those of
    introspection, a list in a list several times. `overlaps` are the pairs of fields in the whole document that write
    to one name: what validation's time goes with.
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
        """The first bound of this cost that the other passes, in words: "400 fields"."""
        bounds = zip(self._fields, self, other, strict=True)
        return next((f"{bound} {_NAMED[name]}" for name, bound, asked in bounds if asked > bound), None)


BOUNDS = Cost(
    depth=15, fields=400, root_fields=10, aliases=30, directives=30, images=1, audios=1, lists=18, overlaps=700
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

# How many objects a list may bring at the most: what is selected of each is multiplied. A hundred series count as
# forty, so that an operation may ask for all of them, whole: they come of one statement, and bring nothing but columns.
_LISTS = {"sessions": 50, "taxRegimes": 19, "series": 40, "plans": 20, "warnings": 2}

# As how many aliases one of these counts: an answer repeats all that they hold. Four of them pass.
_HEAVY = {"dataUri": 7}

# What introspection walks; inside another list each counts several times, and an alias twice. GraphiQL's query comes
# to 17, and has no alias.
_INTROSPECTED_LISTS = frozenset({"types", "fields", "interfaces", "possibleTypes", "inputFields"})
_LISTS_IN_A_LIST = 4
_ALIASES_IN_A_LIST = 2


def measure(document: DocumentNode, object_types: Collection[str]) -> Cost:
    """The cost of a document that may still be invalid: unknown and circular spreads count nothing."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measurement = _Measurement(fragments, object_types)
    costs = [measurement.of_definition(d) for d in document.definitions if isinstance(d, ExecutableDefinitionNode)]
    worst = Cost(*(max(column) for column in zip(Cost(), *costs, strict=True)))
    return worst._replace(overlaps=sum(n * (n - 1) // 2 for n in measurement.names.values()))


class _Measurement:
    """Visits every node once; `names` counts the response names on the way."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], object_types: Collection[str]) -> None:
        self._fragments = fragments
        self._object_types = object_types
        self._known: dict[int, Cost] = {}  # by identity: until validation, several fragments may have one name
        self.names: Counter[str] = Counter()

    def of_definition(self, definition: ExecutableDefinitionNode) -> Cost:
        """An operation, or a fragment, which is validated all the same where no operation uses it."""
        if isinstance(definition, FragmentDefinitionNode):
            return self._of_fragment(definition)._replace(root_fields=0)
        cost = self._of(definition.selection_set)
        return cost._replace(directives=cost.directives + len(definition.directives or ()))

    def _of(self, selection_set: SelectionSetNode) -> Cost:
        """The parts add up, but for pictures and clips under several object types: an object is of one of them."""
        parts: dict[str | None, Cost] = {None: Cost()}
        for selection in selection_set.selections:
            type_name, cost = self._part(selection)
            if selection.directives:
                cost = cost._replace(directives=cost.directives + len(selection.directives))
            parts[type_name] = parts.get(type_name, Cost()).beside(cost)
        direct = parts.pop(None)
        total = reduce(Cost.beside, parts.values(), direct)
        return total._replace(
            images=direct.images + max((part.images for part in parts.values()), default=0),
            audios=direct.audios + max((part.audios for part in parts.values()), default=0),
        )

    def _part(self, selection: SelectionNode) -> tuple[str | None, Cost]:
        """The object type that a selection is made on, where it names one, and what it costs."""
        match selection:
            case FieldNode():
                return None, self._field(selection)
            case InlineFragmentNode(type_condition=condition):
                return self._object_type(condition), self._of(selection.selection_set)
            case FragmentSpreadNode(name=name) if fragment := self._fragments.get(name.value):
                return self._object_type(fragment.type_condition), self._of_fragment(fragment)
            case _:
                return None, Cost()

    def _object_type(self, condition: NamedTypeNode | None) -> str | None:
        return condition.name.value if condition and condition.name.value in self._object_types else None

    def _field(self, field: FieldNode) -> Cost:
        name = field.name.value
        self.names[field.alias.value if field.alias else name] += 1
        inner = self._of(field.selection_set) if field.selection_set else Cost()
        return Cost(
            depth=inner.depth + 1,
            fields=inner.fields * _LISTS.get(name, 1) + 1,
            root_fields=1,
            aliases=inner.aliases * (_ALIASES_IN_A_LIST if name in _INTROSPECTED_LISTS else 1)
            + (_HEAVY.get(name, 1) if field.alias else 0),
            directives=inner.directives,
            images=inner.images + (name == "image"),
            audios=inner.audios + (name == "audio"),
            lists=inner.lists * _LISTS_IN_A_LIST + 1 if name in _INTROSPECTED_LISTS else inner.lists,
        )

    def _of_fragment(self, fragment: FragmentDefinitionNode) -> Cost:
        key = id(fragment)
        if key not in self._known:
            self._known[key] = Cost()  # what a circle back to it counts; validation refuses the circle
            self._known[key] = self._of(fragment.selection_set)
        return self._known[key]
