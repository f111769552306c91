"""How much a document asks for, counted in one linear pass before it is validated.

A fragment is measured once and multiplied by its uses with arithmetic, so nested spreads cost nothing to refuse.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import reduce

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class Cost:
    """`images` and `audios` are counted by the field's name: each one selected is drawn or dictated."""

    depth: int = 0
    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    images: int = 0
    audios: int = 0

    def beside(self, other: "Cost") -> "Cost":
        """Two selections of one set: they add up, but for depth."""
        return Cost(max(self.depth, other.depth), *(a + b for a, b in zip(_sums(self), _sums(other), strict=True)))

    def exceeded_by(self, other: "Cost") -> str | None:
        """The first bound of this cost that the other passes."""
        return next((f.name for f in fields(self) if getattr(other, f.name) > getattr(self, f.name)), None)


BOUNDS = Cost(depth=15, fields=400, root_fields=10, aliases=30, directives=30, images=1, audios=1)


def measure(document: DocumentNode) -> Cost:
    """The dearest operation of a document that may still be invalid: unknown and circular spreads count nothing."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measurement = _Measurement(fragments)
    worst = Cost()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            cost = measurement.of(definition.selection_set)
            cost = replace(cost, directives=cost.directives + len(definition.directives or ()))
            worst = Cost(*(max(getattr(worst, f.name), getattr(cost, f.name)) for f in fields(Cost)))
    return worst


class _Measurement:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Cost] = {}

    def of(self, selection_set: SelectionSetNode | None) -> Cost:
        """The parts add up, but for pictures and clips under several types: an object is of one type only."""
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
        """The type that a selection is made on, where it names one, and what it costs."""
        match selection:
            case FieldNode():
                return None, self._field(selection)
            case InlineFragmentNode(type_condition=condition):
                return condition.name.value if condition else None, self.of(selection.selection_set)
            case FragmentSpreadNode(name=name) if name.value in self._fragments:
                return self._fragments[name.value].type_condition.name.value, self._fragment(name.value)
            case _:
                return None, Cost()

    def _field(self, field: FieldNode) -> Cost:
        inner = self.of(field.selection_set)
        name = field.name.value
        return Cost(
            depth=inner.depth + 1,
            fields=inner.fields + 1,
            root_fields=1,
            aliases=inner.aliases + (field.alias is not None),
            directives=inner.directives,
            images=inner.images + (name == "image"),
            audios=inner.audios + (name == "audio"),
        )

    def _fragment(self, name: str) -> Cost:
        if name not in self._known:
            self._known[name] = Cost()  # what a circle back to it counts; validation refuses the circle
            self._known[name] = self.of(self._fragments[name].selection_set)
        return self._known[name]


def _sums(cost: Cost) -> Iterable[int]:
    return (cost.fields, cost.root_fields, cost.aliases, cost.directives, cost.images, cost.audios)
