"""graphql-core's executor, without what a known document does not need.

It leaves out two things that would take a fifth of the CPU time of `me`: collecting the fields again in each request,
and the resolver call, path and info of a field that only reads an attribute. All else is graphql-core's, including
every failure: `tests/app/test_field_executor.py` compares the results with those of Strawberry's own `schema.execute`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import CORO_CREATED, getcoroutinestate
from types import CoroutineType
from typing import Any, NoReturn, TypeGuard, TypeVar, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    default_field_resolver,
    default_type_resolver,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FragmentDetails, GroupedFieldSet, collect_fields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, Undefined
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.types.field import StrawberryField

T = TypeVar("T")
_Readers = list[tuple[str, Callable[[Any], Any] | None]]

_UNREAD = object()
_CACHED_FIELDS = 4_096  # more than a schema has


def _unused(_: object) -> NoReturn:
    raise NotImplementedError("resolvers here use none of graphql-core's helpers")


_NO_HELPERS = GraphQLResolveInfoHelpers(gather=_unused, track=_unused)


@dataclass(slots=True)
class Selections:
    """The fields of an operation, by type. They are kept between requests if no variable decides what is selected."""

    root_type: GraphQLObjectType | None = None
    root: GroupedFieldSet = field(default_factory=dict)
    sub_fields: dict[Any, Any] = field(default_factory=dict)
    readers: dict[int, _Readers] = field(default_factory=dict)

    def readers_of(self, parent: GraphQLObjectType, fields: GroupedFieldSet) -> _Readers:
        """Returns the names of the fields in a response, and what reads each one that is plain."""
        key = id(fields)  # which are kept here, too, and have one parent
        if key not in self.readers:
            named = [(name, _reader(parent, details[0].node.name.value)) for name, details in fields.items()]
            self.readers[key] = named
        return self.readers[key]


class FieldExecutor(Executor[None]):
    """Executes one operation whose variables have been coerced."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDetails],
        operation: OperationDefinitionNode,
        variables: VariableValues,
        context: object,
        selections: Selections,
        *,
        hide_suggestions: bool,
    ) -> None:
        self._coroutines: list[Any] = []
        super().__init__(
            schema,
            {name: details.definition for name, details in fragments.items()},
            fragments,
            None,
            context,
            operation,
            variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            hide_suggestions=hide_suggestions,
            is_awaitable=_collecting(self._coroutines),
        )
        # graphql-core's own refer back to the executor, and to collect such a cycle takes 2 % of `me`.
        self.async_helpers = _NO_HELPERS
        if selections.root_type is None:
            # Validation refuses operations that the schema does not have.
            root_type = selections.root_type = cast(GraphQLObjectType, schema.get_root_type(operation.operation))
            collected = collect_fields(schema, self.fragments, variables, root_type, operation, hide_suggestions)
            selections.root = collected.grouped_field_set
        self._selections = selections
        self._root_type = selections.root_type
        self._root = selections.root
        self._relevant_sub_fields = selections.sub_fields

    @property
    def root_fields(self) -> int:
        """How many root fields the operation selects, besides `__typename`."""
        return sum(fields[0].node.name.value in self._root_type.fields for fields in self._root.values())

    async def run(self) -> ExecutionResult:
        serially = self.operation.operation is OperationType.MUTATION
        data: dict[str, Any] | None
        try:
            executed = self.execute_root_grouped_field_set(self._root_type, None, self._root, serially, None)
            data = executed if isinstance(executed, dict) else await executed
        except GraphQLError as error:
            self.collected_errors.add(error, None)
            data = None
        except asyncio.CancelledError:
            self._close_unstarted()
            raise
        if self.collected_errors.errors:
            self._close_unstarted()
        return ExecutionResult(data, self.collected_errors.errors or None)

    def _close_unstarted(self) -> None:
        """Closes the coroutines of fields that never began, as the operation was cancelled or another field failed.

        Python would warn about each of them.
        """
        for each in self._coroutines:
            if getcoroutinestate(each) == CORO_CREATED:
                each.close()

    def with_abort_signal(self, awaitable: Awaitable[T]) -> Awaitable[T]:  # type: ignore[override]  # is awaited, too
        """Returns the awaitable: no operation has an abort signal."""
        return awaitable

    def complete_list_item_value(self, item: Any, complete_results: list[Any], *details: Any) -> bool:
        """Also adds the coroutine of the item, about which graphql-core does not ask."""
        is_awaitable = super().complete_list_item_value(item, complete_results, *details)
        if is_awaitable:
            self._coroutines.append(complete_results[-1])
        return is_awaitable

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """Reads the plain fields, and leaves those that fail, and all others, to graphql-core."""
        results: dict[str, Any] = {}
        others: GroupedFieldSet = {}
        for name, read in self._selections.readers_of(parent_type, grouped_field_set):
            value = results[name] = read(source_value) if read else _UNREAD
            if value is _UNREAD:
                others[name] = grouped_field_set[name]
        if not others:
            return results
        if len(others) == len(grouped_field_set):
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        executed = super().execute_fields(parent_type, source_value, path, others, position_context)
        if isinstance(executed, dict):
            return results | executed
        self._coroutines.append(executed)
        return _merged(results, executed)


def _collecting(coroutines: list[Any]) -> Callable[[Any], TypeGuard[Awaitable[Any]]]:
    """Returns a predicate to use as graphql-core's `is_awaitable`, which adds the coroutines it sees to the list."""

    def is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
        if isinstance(value, CoroutineType):
            coroutines.append(value)
            return True
        return hasattr(value, "__await__")

    return is_awaitable


async def _merged(results: dict[str, Any], others: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Returns both in the order of `results`, which holds places for the others."""
    return results | await others


@lru_cache(_CACHED_FIELDS)
def _reader(parent: GraphQLObjectType, name: str) -> Callable[[Any], Any] | None:
    """Returns a function that reads and serializes a field's attribute, or None if the field needs more than that.

    The function returns `_UNREAD` for an invalid value, so that graphql-core reports it.
    """
    if name == "__typename":
        return lambda _: parent.name
    graphql_field = parent.fields.get(name)
    definition = graphql_field and graphql_field.extensions.get("strawberry-definition")
    if not (graphql_field and isinstance(definition, StrawberryField) and definition.is_basic_field):
        return None
    type_ = graphql_field.type
    nullable = not isinstance(type_, GraphQLNonNull)
    leaf = type_ if nullable else type_.of_type
    if not is_leaf_type(leaf) or graphql_field.args or definition.extensions:
        return None
    return _read(definition.python_name, leaf, nullable=nullable)


def _read(attribute: str, leaf: GraphQLLeafType, *, nullable: bool) -> Callable[[Any], Any]:
    coerce = leaf.coerce_output_value

    def read(source: Any) -> Any:
        try:
            value = getattr(source, attribute)
            if value is None:
                return None if nullable else _UNREAD
            serialized = coerce(value)
        except Exception:
            return _UNREAD
        return _UNREAD if serialized is None or serialized is Undefined else serialized

    return read
