"""How much a document asks for, counted in one linear pass before it is validated.

A fragment is measured once and multiplied by its uses with arithmetic, so nested spreads cost nothing to refuse.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace
from functools import reduce

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the dearest operation asks for, and what validation has to compare.

    `images` and `audios` are counted by the field's name: each one selected is drawn or dictated. `overlaps` are the
    pairs of fields in the whole document that write to one name: what validation's time goes with.
    """

    depth: int = 0
    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    images: int = 0
    audios: int = 0
    overlaps: int = 0

    def beside(self, other: "Cost") -> "Cost":
        """Two selections of one set: they add up, but for depth."""
        return Cost(max(self.depth, other.depth), *(a + b for a, b in zip(_sums(self), _sums(other), strict=True)))

    def exceeded_by(self, other: "Cost") -> str | None:
        """The first bound of this cost that the other passes."""
        return next((f.name for f in fields(self) if getattr(other, f.name) > getattr(self, f.name)), None)


BOUNDS = Cost(depth=15, fields=400, root_fields=10, aliases=30, directives=30, images=1, audios=1, overlaps=3_000)

# How many objects a list may bring at the most: what is selected of each is multiplied.
_LISTS = {"sessions": 50}


def measure(document: DocumentNode, object_types: Collection[str]) -> Cost:
    """The cost of a document that may still be invalid: unknown and circular spreads count nothing."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measurement = _Measurement(fragments, object_types)
    worst = Cost()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            cost = measurement.of(definition.selection_set)
            cost = replace(cost, directives=cost.directives + len(definition.directives or ()))
            worst = Cost(*(max(getattr(worst, f.name), getattr(cost, f.name)) for f in fields(Cost)))
    for name in fragments:  # those that no operation uses are validated all the same
        measurement.of_fragment(name)
    return replace(worst, overlaps=sum(n * (n - 1) // 2 for n in measurement.names.values()))


class _Measurement:
    """Visits every node once; `names` counts the response names on the way."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], object_types: Collection[str]) -> None:
        self._fragments = fragments
        self._object_types = object_types
        self._known: dict[str, Cost] = {}
        self.names: Counter[str] = Counter()

    def of(self, selection_set: SelectionSetNode | None) -> Cost:
        """The parts add up, but for pictures and clips under several object types: an object is of one of them."""
        parts: dict[str | None, Cost] = {None: Cost()}
        for selection in selection_set.selections if selection_set else ():
            type_name, cost = self._part(selection)
            cost = replace(cost, directives=cost.directives + len(selection.directives or ()))
            parts[type_name] = parts.get(type_name, Cost()).beside(cost)
        direct = parts.pop(None)
        total = reduce(Cost.beside, parts.values(), direct)
        return replace(
            total,
            images=direct.images + max((part.images for part in parts.values()), default=0),
            audios=direct.audios + max((part.audios for part in parts.values()), default=0),
        )

    def _part(self, selection: SelectionNode) -> tuple[str | None, Cost]:
        """The object type that a selection is made on, where it names one, and what it costs."""
        match selection:
            case FieldNode():
                return None, self._field(selection)
            case InlineFragmentNode(type_condition=condition):
                return self._object_type(condition), self.of(selection.selection_set)
            case FragmentSpreadNode(name=name) if name.value in self._fragments:
                return self._object_type(self._fragments[name.value].type_condition), self.of_fragment(name.value)
            case _:
                return None, Cost()

    def _object_type(self, condition: NamedTypeNode | None) -> str | None:
        return condition.name.value if condition and condition.name.value in self._object_types else None

    def _field(self, field: FieldNode) -> Cost:
        name = field.name.value
        self.names[field.alias.value if field.alias else name] += 1
        inner = self.of(field.selection_set)
        return Cost(
            depth=inner.depth + 1,
            fields=inner.fields * _LISTS.get(name, 1) + 1,
            root_fields=1,
            aliases=inner.aliases + (field.alias is not None),
            directives=inner.directives,
            images=inner.images + (name == "image"),
            audios=inner.audios + (name == "audio"),
        )

    def of_fragment(self, name: str) -> Cost:
        if name not in self._known:
            self._known[name] = Cost()  # what a circle back to it counts; validation refuses the circle
            self._known[name] = self.of(self._fragments[name].selection_set)
        return self._known[name]


def _sums(cost: Cost) -> Iterable[int]:
    return (cost.fields, cost.root_fields, cost.aliases, cost.directives, cost.images, cost.audios, cost.overlaps)
