"""Measures a document's cost by the schema, in one linear pass before validation.

Each fragment is measured once and multiplied by its uses, so a document of nested spreads is cheap to refuse.
"""

from collections import Counter
from collections.abc import Mapping
from functools import reduce

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    do_types_overlap,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from app.cost import Cost
from schema.list_size import assumed_size

# How many fields an object in a list counts as, since it is read from the database.
_FIELDS_PER_OBJECT = 3
# How many values without fields of their own, such as folios, count as one field.
_VALUES_PER_FIELD = 10

_IMAGE = ("Captcha", "image")
_AUDIO = ("Captcha", "audio")

# How many aliases an alias of these fields counts as, since the response repeats the whole value. Four are allowed.
_HEAVY_FIELDS = {("CaptchaImage", "dataUri"): 7, ("CaptchaAudio", "dataUri"): 7}

# The lists of introspection. Inside another one, each counts several times, and an alias twice. GraphiQL's query comes
# to 17 and has no alias.
_INTROSPECTED_LISTS = frozenset(
    {
        ("__Schema", "types"),
        ("__Type", "fields"),
        ("__Type", "interfaces"),
        ("__Type", "possibleTypes"),
        ("__Type", "inputFields"),
    }
)
_LISTS_PER_NESTED_LIST = 4
_ALIASES_PER_NESTED_ALIAS = 2


def measure(document: DocumentNode, schema: GraphQLSchema) -> Cost:
    """Returns the cost of a document that may still be invalid: unknown and circular spreads count nothing."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measurement = _Measurement(fragments, schema)
    costs = [measurement.of_definition(definition) for definition in document.definitions]
    worst = Cost(*(max(column) for column in zip(Cost(), *costs, strict=True)))
    return worst._replace(overlaps=sum(n * (n - 1) // 2 for n in measurement.names.values()))


class _Measurement:
    """Visits every node once; `names` counts the response names.

    Selections on an unknown type are visited without a type; validation refuses them.
    """

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], schema: GraphQLSchema) -> None:
        self._fragments = fragments
        self._schema = schema
        self._measured: dict[int, Cost] = {}  # by identity: before validation, several fragments may share a name
        self.names: Counter[str] = Counter()

    def of_definition(self, definition: DefinitionNode) -> Cost:
        """Measures an operation or a fragment; fragments count even if unused, since they are validated."""
        match definition:
            case FragmentDefinitionNode():
                return self._of_fragment(definition)._replace(root_fields=0)
            case OperationDefinitionNode():
                cost = self._of(definition.selection_set, self._schema.get_root_type(definition.operation))
                return cost._replace(directives=cost.directives + len(definition.directives or ()))
            case _:
                return Cost()

    def _of(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Cost:
        """Adds up the parts, except captcha media under different types if no object has both."""
        parts: dict[str | None, Cost] = {None: Cost()}
        uncounted: set[str] = set()
        for selection in selection_set.selections:
            name = self._automatic(selection, parent)
            if name and name not in uncounted:
                type_name, cost = None, Cost()
                uncounted.add(name)
            else:
                type_name, cost = self._part(selection, parent)
            if selection.directives:
                cost = cost._replace(directives=cost.directives + len(selection.directives))
            parts[type_name] = parts.get(type_name, Cost()).beside(cost)
        return reduce(Cost.beside, parts.values())._replace(
            images=self._of_one_object({name: part.images for name, part in parts.items()}),
            audios=self._of_one_object({name: part.audios for name, part in parts.items()}),
        )

    def _of_one_object(self, counts: Mapping[str | None, int]) -> int:
        """Returns the most that any object adds up to, given the counts under each type."""
        by_type: Counter[str] = Counter()
        for name, count in counts.items():
            type_ = self._schema.type_map[name] if name and count else None
            possible = self._schema.get_possible_types(type_) if is_abstract_type(type_) else (type_,)
            by_type.update({each.name: count for each in possible if each})
        return counts[None] + max(by_type.values(), default=0)

    def _automatic(self, selection: SelectionNode, parent: GraphQLNamedType | None) -> str | None:
        """Returns the response name of a `__typename` that clients add on their own, which is free once per set.

        Relay aliases it, for example as `__isUserError`, if a fragment is on that interface or union.
        """
        if not isinstance(selection, FieldNode) or selection.name.value != "__typename":
            return None
        if selection.alias is None:
            return "__typename"
        alias = selection.alias.value
        abstract = self._schema.type_map.get(alias[4:]) if alias.startswith("__is") else None
        if is_abstract_type(abstract) and is_composite_type(parent):
            return alias if do_types_overlap(self._schema, abstract, parent) else None
        return None

    def _part(self, selection: SelectionNode, parent: GraphQLNamedType | None) -> tuple[str | None, Cost]:
        """Returns the type that a selection names, if it names one, and its cost."""
        match selection:
            case FieldNode():
                return None, self._field(selection, parent)
            case InlineFragmentNode(type_condition=NamedTypeNode() as condition):
                type_ = self._type(condition)
                return _composite_name(type_), self._of(selection.selection_set, type_)
            case InlineFragmentNode():
                return None, self._of(selection.selection_set, parent)
            case FragmentSpreadNode(name=name) if fragment := self._fragments.get(name.value):
                return _composite_name(self._type(fragment.type_condition)), self._of_fragment(fragment)
            case _:
                return None, Cost()

    def _field(self, field: FieldNode, parent: GraphQLNamedType | None) -> Cost:
        name = field.name.value
        self.names[field.alias.value if field.alias else name] += 1
        definition = self._definition(parent, name)
        type_ = get_named_type(definition.type) if definition else None
        inner = self._of(field.selection_set, type_) if field.selection_set else Cost()
        place = (parent.name if parent else "", name)
        listed, size = place in _INTROSPECTED_LISTS, assumed_size(definition) if definition else None
        is_page = name == "edges" and place[0].endswith("Connection")
        if is_page:
            size = 1
        return Cost(
            depth=inner.depth + 1,
            fields=_listed(field, inner, size) if size else inner.fields + 1,
            root_fields=1,
            aliases=inner.aliases * (_ALIASES_PER_NESTED_ALIAS if listed else 1)
            + (_HEAVY_FIELDS.get(place, 1) if field.alias else 0),
            directives=inner.directives,
            images=inner.images + (place == _IMAGE),
            audios=inner.audios + (place == _AUDIO),
            lists=inner.lists * _LISTS_PER_NESTED_LIST + 1 if listed else inner.lists,
            pages=inner.pages + is_page,
        )

    def _definition(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        return self._schema.get_field(parent, name) if is_composite_type(parent) else None

    def _of_fragment(self, fragment: FragmentDefinitionNode) -> Cost:
        key = id(fragment)
        if key not in self._measured:
            self._measured[key] = Cost()  # for a circular spread, which validation refuses
            cost = self._of(fragment.selection_set, self._type(fragment.type_condition))
            self._measured[key] = cost._replace(fields=max(cost.fields, 1))  # so that no spread is free
        return self._measured[key]

    def _type(self, condition: NamedTypeNode) -> GraphQLNamedType | None:
        return self._schema.type_map.get(condition.name.value)


def _composite_name(type_: GraphQLNamedType | None) -> str | None:
    return type_.name if is_composite_type(type_) else None


def _listed(field: FieldNode, inner: Cost, size: int) -> int:
    if field.selection_set is None:
        return 1 + size // _VALUES_PER_FIELD
    return (inner.fields + _FIELDS_PER_OBJECT) * size
