"""Our operations as clients print them."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_abstract_type,
    parse,
    print_ast,
    strip_ignored_characters,
    visit,
)

from schema.root import schema


class _AddTypename(Visitor):
    """What Apollo Client does, but for the sets that have one already: urql and others do not look."""

    def __init__(self, *, at_the_root: bool = False, in_inline_fragments: bool = True) -> None:
        super().__init__()
        self._spared = (
            *(() if at_the_root else (OperationDefinitionNode,)),
            *(() if in_inline_fragments else (InlineFragmentNode,)),
        )

    def leave_selection_set(self, node: SelectionSetNode, _key: Any, parent: Node, *_: Any) -> SelectionSetNode | None:
        return None if isinstance(parent, self._spared) else _with(node, _field("__typename"))


class _AddRelaysNames(Visitor):
    """`__isUserError: __typename` in each set on an interface or a union, and `__typename` beside it."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        type_ = self._types.get_parent_type()
        if not is_abstract_type(type_):
            return None
        return _with(node, _field("__typename"), _field("__typename", f"__is{type_.name}"))


class _AddInlineFragments(Visitor):
    """Puts what is selected of each field into a fragment on its type, as clients inline a component's fragment."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types

    def leave_selection_set(self, node: SelectionSetNode, _key: Any, parent: Node, *_: Any) -> SelectionSetNode | None:
        type_ = self._types.get_parent_type()
        if not isinstance(parent, FieldNode) or type_ is None:
            return None
        condition = NamedTypeNode(name=NameNode(value=type_.name))
        return SelectionSetNode(selections=(InlineFragmentNode(type_condition=condition, selection_set=node),))


class _NameFragments(Visitor):
    """Moves each inline fragment into a fragment of its own, as generated clients have it."""

    def __init__(self) -> None:
        super().__init__()
        self.fragments: list[FragmentDefinitionNode] = []

    def leave_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> FragmentSpreadNode:
        name = NameNode(value=f"Fragment{len(self.fragments)}")
        condition = node.type_condition
        assert condition
        self.fragments.append(
            FragmentDefinitionNode(name=name, type_condition=condition, selection_set=node.selection_set)
        )
        return FragmentSpreadNode(name=name)


def _with(node: SelectionSetNode, *fields: FieldNode) -> SelectionSetNode:
    return SelectionSetNode(selections=(*fields, *node.selections))


def _field(name: str, alias: str | None = None) -> FieldNode:
    return FieldNode(name=NameNode(value=name), alias=NameNode(value=alias) if alias else None)


def with_typename(text: str) -> str:
    return print_ast(visit(parse(text), _AddTypename()))


def with_typename_in_fields(text: str) -> str:
    return print_ast(visit(parse(text), _AddTypename(in_inline_fragments=False)))


def with_typename_at_the_root(text: str) -> str:
    return print_ast(visit(parse(text), _AddTypename(at_the_root=True)))


def with_the_names_of_relay(text: str) -> str:
    types = TypeInfo(schema._schema)
    return print_ast(visit(parse(text), TypeInfoVisitor(types, _AddRelaysNames(types))))


def with_inline_fragments(text: str) -> str:
    types = TypeInfo(schema._schema)
    return print_ast(visit(parse(text), TypeInfoVisitor(types, _AddInlineFragments(types))))


def with_named_fragments(text: str) -> str:
    naming = _NameFragments()
    document = visit(parse(text), naming)
    return print_ast(DocumentNode(definitions=(*document.definitions, *naming.fragments)))


FORMS: Mapping[str, Callable[[str], str]] = {
    "as written": str,
    "printed": lambda text: print_ast(parse(text)),
    "minified": strip_ignored_characters,
    "with __typename in every set below the root": with_typename,
    "with __typename in every field's set": with_typename_in_fields,
    "with __typename at the root, too": with_typename_at_the_root,
    "with __typename twice": lambda text: with_typename(with_typename(text)),
    "with the names of Relay": with_the_names_of_relay,
    "with inline fragments and __typename": lambda text: with_typename(with_inline_fragments(text)),
    "with named fragments": with_named_fragments,
    "with a named fragment for each field, and __typename at the root": lambda text: with_typename_at_the_root(
        with_named_fragments(with_inline_fragments(text))
    ),
    "minified with everything": lambda text: strip_ignored_characters(
        with_typename_at_the_root(with_the_names_of_relay(with_inline_fragments(text)))
    ),
}
