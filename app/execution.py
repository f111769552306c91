"""Runs an operation: prepares its document, executes it within a deadline, masks errors, and notes what came of it."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
import structlog
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_variable_values,
)
from graphql.execution.values import VariableValues

from app.deadline import Deadline
from app.document_ids import DocumentId
from app.documents import MAX_ERRORS, Documents, Prepared, Refused
from app.errors import Redactor, formatted, internal_error, unavailable_error
from app.field_executor import FieldExecutor
from app.observation import CurrentRequest, current_request
from app.trusted_documents import TEXT_REFUSED, TrustedDocuments
from schema.context import Context
from schema.messages import type_name
from services.common.outages import Outages, outage_of

log = structlog.get_logger(__name__)

_MAX_NAME_LENGTH = 60  # of an operation's name, for the log
DEADLINE = 10.0  # seconds that an operation may take


@dataclass(frozen=True, slots=True)
class Operation:
    """The parameters of a GraphQL-over-HTTP request, with checked types. A text and `variables` may hold secrets."""

    document: str | DocumentId = field(repr=False)
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """`status` applies to application/graphql-response+json; a body without `data` means that nothing was executed."""

    body: dict[str, Any]
    status: int = 200
    code: str | None = None


def record_outcomes(schema: GraphQLSchema) -> GraphQLSchema:
    """Makes every root field record the type of its result in the context, for observers. Call once per schema."""
    for root in filter(None, (schema.query_type, schema.mutation_type)):
        for root_field in root.fields.values():
            if root_field.resolve:
                root_field.resolve = _recorded(_without_arguments(root_field) or root_field.resolve)
    return schema


def _without_arguments(field: GraphQLField) -> Callable[..., Any] | None:
    """Returns a function that calls a field's resolver without Strawberry's conversion of arguments, if it has none."""
    definition = field.extensions["strawberry-definition"]
    resolver = definition.base_resolver
    if resolver.arguments or resolver.info_parameter is None or definition.extensions:
        return None
    name, call = resolver.info_parameter.name, resolver.wrapped_func
    return lambda _, info: call(**{name: strawberry.Info(info, definition)})


def _recorded(resolve: Callable[..., Any]) -> Callable[..., Any]:
    async def resolved(source: Any, info: Any, **arguments: Any) -> Any:
        result = resolve(source, info, **arguments)
        if inspect.isawaitable(result):
            result = await result
        info.context.outcomes[info.field_name] = type_name(result)
        return result

    return resolved


class Executor:
    """Executes operations. `pinned` documents stay cached, and requests may name `trusted` ones.

    `introspection` allows introspection and suggestions; `trusted_only` refuses every document that comes as text.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        pinned: Mapping[str, Prepared],
        trusted: TrustedDocuments,
        outages: Outages,
        *,
        introspection: bool,
        trusted_only: bool,
    ) -> None:
        self._schema = schema
        self._redactor = Redactor(schema, introspection=introspection)
        stay_cached = (trusted.by_digest, pinned)
        self._documents = Documents(schema, stay_cached, self._redactor, introspection=introspection)
        self._trusted = trusted
        self._trusted_only = trusted_only
        self._outages = outages
        self._introspection = introspection
        self._deadline = Deadline(DEADLINE)
        self._cancelled: set[asyncio.Future[ExecutionResult]] = set()

    async def run(self, request: Operation, context: Context, *, read_only: bool) -> Response:
        """Executes the operation; with `read_only` (a GET), it refuses all but queries."""
        noted = current_request()
        noted.outcomes = context.outcomes  # which grows while it is executed
        answer = await self._answer(request, noted, context, read_only)
        noted.code = answer.code
        return answer

    def _prepare(self, document: str | DocumentId) -> Prepared | Refused:
        if isinstance(document, DocumentId):
            return self._trusted.find(document)
        return TEXT_REFUSED if self._trusted_only else self._documents.prepare(document)

    async def _answer(self, request: Operation, noted: CurrentRequest, context: Context, read_only: bool) -> Response:
        prepared = self._prepare(request.document)
        if isinstance(prepared, Refused):
            return _refusal(prepared.code, prepared.errors, prepared.status)
        noted.digest = prepared.shape
        operation = prepared.operation(request.operation_name)
        if operation is None:
            return _refusal("BAD_REQUEST", [GraphQLError("operationName must name one of the document's operations.")])
        noted.operation_type = operation.operation.value
        noted.operation = operation.name.value[:_MAX_NAME_LENGTH] if operation.name else None
        if read_only and operation.operation is not OperationType.QUERY:
            return _refusal("BAD_REQUEST", [GraphQLError("Only queries may be sent with GET.")], status=405)
        values = self._coerced(operation, request.variables)
        if isinstance(values, list):
            return _refusal("BAD_REQUEST", values)
        execution = FieldExecutor(
            self._schema,
            prepared.fragments,
            operation,
            values,
            context,
            prepared.selections(operation),
            hide_suggestions=not self._introspection,
        )
        if operation.operation is OperationType.QUERY:
            completed = await self._query_within_deadline(execution.run())
        elif execution.root_fields == 1:
            completed = await self._within_deadline(execution.run())
        else:
            return _refusal("BAD_REQUEST", [GraphQLError("A mutation must have exactly one root field.")])
        if completed is None:
            noted.failure = "deadline"
            self._outages.suspect("database", "deadline exceeded")
            self._outages.suspect("redis", "deadline exceeded")
            return _unavailable()
        return self._completed(completed)

    def _completed(self, result: ExecutionResult) -> Response:
        if not result.errors:
            return Response({"data": result.data})
        if found := next(filter(None, (outage_of(error.original_error) for error in result.errors)), None):
            part, cause = found
            current_request().failure = f"{part}: {type(cause).__name__}"
            self._outages.suspect(part, type(cause).__name__)
            return _unavailable()
        return _with_errors(result, [_masked(error) for error in result.errors[:MAX_ERRORS]])

    async def _query_within_deadline(self, result: Awaitable[ExecutionResult]) -> ExecutionResult | None:
        """Returns None after the deadline.

        It waits for the cleanup, which is short without a transaction. A separate task would take a tenth of `me`.
        """
        try:
            return await self._deadline.within(result)
        except TimeoutError:
            return None

    async def _within_deadline(self, result: Awaitable[ExecutionResult]) -> ExecutionResult | None:
        """Returns None after the deadline: it then cancels the execution and does not wait for its cleanup."""
        task = asyncio.ensure_future(result)
        try:
            await asyncio.wait({task}, timeout=DEADLINE)
            return task.result() if task.done() else None
        finally:
            if task.cancel():
                self._cancelled.add(task)
                task.add_done_callback(self._discard)

    def _discard(self, task: asyncio.Future[ExecutionResult]) -> None:
        self._cancelled.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("operation failed after its deadline", error=type(error).__name__)

    def _coerced(
        self, operation: OperationDefinitionNode, variables: dict[str, Any]
    ) -> VariableValues | list[GraphQLError]:
        """Returns the values of the operation's variables, or what is wrong with those that were sent."""
        values = get_variable_values(
            self._schema,
            operation.variable_definitions or (),
            variables,
            max_errors=MAX_ERRORS - 1,
            hide_suggestions=not self._introspection,
        )
        return [self._redactor.redact(error) for error in values] if isinstance(values, list) else values


def _with_errors(result: ExecutionResult, errors: list[dict[str, Any]]) -> Response:
    codes = [error["extensions"]["code"] for error in errors]
    if codes[0] == "ORIGIN_NOT_ALLOWED":
        return Response({"errors": errors}, 403, codes[0])
    code = "INTERNAL" if "INTERNAL" in codes else codes[0]
    if code == "INTERNAL" and not any(value is not None for value in (result.data or {}).values()):
        return Response({"errors": errors}, 500, code)  # a response with `data`, even null, must not be a 500
    return Response({"data": result.data, "errors": errors}, code=code)


def _masked(error: GraphQLError) -> dict[str, Any]:
    """Returns errors with a code, which are meant for the client; any other becomes a reference to the log."""
    if code := _own_code(error):
        return formatted(error, **{**(error.extensions or {}), "code": code})
    return internal_error(error.original_error or error, GraphQLError("", nodes=error.nodes, path=error.path))


def _unavailable() -> Response:
    error = unavailable_error("The service is busy. Try again in a moment.")
    return Response({"errors": [error]}, 503, "UNAVAILABLE")


def _refusal(code: str, errors: list[GraphQLError], status: int = 400) -> Response:
    return Response({"errors": [formatted(error, _own_code(error) or code) for error in errors]}, status, code)


def _own_code(error: GraphQLError) -> str | None:
    code = (error.extensions or {}).get("code")
    return code if isinstance(code, str) else None
