"""How much a document asks for, counted by the schema in one linear pass before it is validated.

A fragment is measured once and multiplied by its uses with arithmetic, so nested spreads cost nothing to refuse.
"""

from collections import Counter
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
    is_object_type,
)

from app.cost import Cost
from schema.list_size import assumed_size

# As how many fields an object of a list counts: it is read from the database and made.
_AN_OBJECT = 3

_IMAGE = ("Captcha", "image")
_AUDIO = ("Captcha", "audio")

# As how many aliases one of these counts: an answer repeats all that they hold. Four of them pass.
_HEAVY = {("CaptchaImage", "dataUri"): 7, ("CaptchaAudio", "dataUri"): 7}

# What introspection walks; inside another list each counts several times, and an alias twice. GraphiQL's query comes
# to 17, and has no alias.
_INTROSPECTED_LISTS = frozenset(
    {
        ("__Schema", "types"),
        ("__Type", "fields"),
        ("__Type", "interfaces"),
        ("__Type", "possibleTypes"),
        ("__Type", "inputFields"),
    }
)
_LISTS_IN_A_LIST = 4
_ALIASES_IN_A_LIST = 2


def measure(document: DocumentNode, schema: GraphQLSchema) -> Cost:
    """The cost of a document that may still be invalid: unknown and circular spreads count nothing."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measurement = _Measurement(fragments, schema)
    costs = [measurement.of_definition(definition) for definition in document.definitions]
    worst = Cost(*(max(column) for column in zip(Cost(), *costs, strict=True)))
    return worst._replace(overlaps=sum(n * (n - 1) // 2 for n in measurement.names.values()))


class _Measurement:
    """Visits every node once; `names` counts the response names on the way.

    What is selected of a type that does not exist is visited without one: validation refuses it.
    """

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], schema: GraphQLSchema) -> None:
        self._fragments = fragments
        self._schema = schema
        self._known: dict[int, Cost] = {}  # by identity: until validation, several fragments may have one name
        self.names: Counter[str] = Counter()

    def of_definition(self, definition: DefinitionNode) -> Cost:
        """An operation, or a fragment, which is validated all the same where no operation uses it."""
        match definition:
            case FragmentDefinitionNode():
                return self._of_fragment(definition)._replace(root_fields=0)
            case OperationDefinitionNode():
                cost = self._of(definition.selection_set, self._schema.get_root_type(definition.operation))
                return cost._replace(directives=cost.directives + len(definition.directives or ()))
            case _:
                return Cost()

    def _of(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Cost:
        """The parts add up, but for pictures and clips under several object types: an object is of one of them."""
        parts: dict[str | None, Cost] = {None: Cost()}
        free: set[str] = set()
        for selection in selection_set.selections:
            name = self._automatic(selection, parent)
            if name and name not in free:
                type_name, cost = None, Cost()
                free.add(name)
            else:
                type_name, cost = self._part(selection, parent)
            if selection.directives:
                cost = cost._replace(directives=cost.directives + len(selection.directives))
            parts[type_name] = parts.get(type_name, Cost()).beside(cost)
        direct = parts.pop(None)
        total = reduce(Cost.beside, parts.values(), direct)
        return total._replace(
            images=direct.images + max((part.images for part in parts.values()), default=0),
            audios=direct.audios + max((part.audios for part in parts.values()), default=0),
        )

    def _automatic(self, selection: SelectionNode, parent: GraphQLNamedType | None) -> str | None:
        """The name of a `__typename` as clients add it by themselves, which is free the first time in a set.

        Relay calls it `__isUserError` where a fragment is on that interface or union.
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
        """The object type that a selection is made on, where it names one, and what it costs."""
        match selection:
            case FieldNode():
                return None, self._field(selection, parent)
            case InlineFragmentNode(type_condition=NamedTypeNode() as condition):
                type_ = self._type(condition)
                return _object_name(type_), self._of(selection.selection_set, type_)
            case InlineFragmentNode():
                return None, self._of(selection.selection_set, parent)
            case FragmentSpreadNode(name=name) if fragment := self._fragments.get(name.value):
                return _object_name(self._type(fragment.type_condition)), self._of_fragment(fragment)
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
        return Cost(
            depth=inner.depth + 1,
            fields=(inner.fields + _AN_OBJECT) * size if size else inner.fields + 1,
            root_fields=1,
            aliases=inner.aliases * (_ALIASES_IN_A_LIST if listed else 1)
            + (_HEAVY.get(place, 1) if field.alias else 0),
            directives=inner.directives,
            images=inner.images + (place == _IMAGE),
            audios=inner.audios + (place == _AUDIO),
            lists=inner.lists * _LISTS_IN_A_LIST + 1 if listed else inner.lists,
        )

    def _definition(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        return self._schema.get_field(parent, name) if is_composite_type(parent) else None

    def _of_fragment(self, fragment: FragmentDefinitionNode) -> Cost:
        key = id(fragment)
        if key not in self._known:
            self._known[key] = Cost()  # what a circle back to it counts; validation refuses the circle
            cost = self._of(fragment.selection_set, self._type(fragment.type_condition))
            self._known[key] = cost._replace(fields=max(cost.fields, 1))  # so that none may be spread without end
        return self._known[key]

    def _type(self, condition: NamedTypeNode) -> GraphQLNamedType | None:
        return self._schema.type_map.get(condition.name.value)


def _object_name(type_: GraphQLNamedType | None) -> str | None:
    return type_.name if is_object_type(type_) else None
