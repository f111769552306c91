"""The spans of this process, by OpenTelemetry's semantic conventions. docs/monitoring.md lists them.

Nothing secret and nobody's name is in a span: no argument and no literal, of an exception only its type, and of a
person only the pseudonyms that the log has, too.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from time import time_ns
from types import TracebackType
from urllib.parse import urlsplit
from uuid import UUID

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, format_trace_id, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars

from app.observation import FinishedRequest
from app.traces.exporting import exports, flush
from app.traces.statements import described
from app.version import version
from models.engines.traced import StatementTracer, Traced
from services.common.outages import Outages
from services.common.tracing import CallSpan, MailSpan, Tracer

_Attributes = dict[str, str | int]

_NAME = "timbrado-accounts"
_SYSTEMS = {"sqlite": "sqlite", "postgres": "postgresql"}  # by Tortoise's name of the dialect
_ROUTES = {"graphql": "/graphql", "webhook": "/webhooks/paypal"}  # by the kind of path
_FAILED_CODES = frozenset({"INTERNAL", "UNAVAILABLE"})
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_W3C = TraceContextTextMapPropagator()


class RequestSpan:
    """The span of a request, which is current until `end`; for one task."""

    def __init__(self, span: Span, operations: Collection[str]) -> None:
        self._span = span
        self._operations = operations
        self._token = context.attach(set_span_in_context(span))
        self.trace_id = format_trace_id(span.get_span_context().trace_id)

    def end(self, request: FinishedRequest) -> None:
        context.detach(self._token)
        if self._span.is_recording():
            self._describe(request)
        self._span.end()

    def _describe(self, request: FinishedRequest) -> None:
        operation = request.operation if request.operation in self._operations else None
        if request.operation_type:
            self._span.update_name(f"{request.operation_type} {operation}" if operation else request.operation_type)
        found = {
            "http.response.status_code": request.status,
            "graphql.operation.type": request.operation_type,
            "graphql.operation.name": operation,
            "accounts.request": request.id,
            "accounts.client": request.client,
            "accounts.account": request.account,
            "accounts.session": request.session,
            "accounts.outcomes": sorted(set(request.outcomes.values())) or None,
            "accounts.refused": request.refused,
            "accounts.failure": request.failure,
        }
        self._span.set_attributes({name: value for name, value in found.items() if value is not None})
        if request.code in _FAILED_CODES or request.status >= 500:
            self._span.set_attribute("error.type", request.code or str(request.status))
            self._span.set_status(StatusCode.ERROR)


class _Running(AbstractContextManager["_Running"]):
    """A span without children, which ends with what it encloses."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            _fail(self.span, error)
        self.span.end()


class _Mail(MailSpan):
    def __init__(self, span: Span) -> None:
        self._span = span

    def ended(self, result: str, reply: str) -> None:
        self._span.set_attribute("accounts.mail.result", result)
        if reply[:3].isdecimal() and not reply[3:4].isdecimal():
            self._span.set_attribute("accounts.mail.smtp_code", int(reply[:3]))
        if result != "delivered":
            self._span.set_status(StatusCode.ERROR)


class _UntracedCall(CallSpan):
    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers


class _Call(_UntracedCall):
    def __init__(self, span: Span, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self._span = span

    def answered(self, status: int) -> None:
        self._span.set_attribute("http.response.status_code", status)
        if status >= 400:
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(StatusCode.ERROR)


class Traces(Tracer, StatementTracer):
    """Begins the spans. Create one before forking: each process then exports its own.

    Only a request and a mail begin a trace. Whatever runs outside of both, such as a worker's look for mails, leaves no
    span, and neither does what belongs to a trace that is not sampled.
    """

    def __init__(self, operations: Collection[str], process: Callable[[Outages], SpanProcessor] = exports) -> None:
        """`operations` are the names that spans may have; `process` makes what takes the spans that have ended."""
        self._operations = frozenset(operations)
        self._process = process
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._tracer = self._provider.get_tracer(_NAME, version())
        Traced.tracer = self

    @contextlib.asynccontextmanager
    async def exporting(self, outages: Outages) -> AsyncIterator[None]:
        """Exports the spans of this process; the last ones have a few seconds at the end."""
        self._provider.add_span_processor(self._process(outages))
        try:
            yield
        finally:
            await flush(self._provider)

    def request(self, method: str, kind: str, parent: Mapping[str, str]) -> RequestSpan | None:
        """Begins a request's span, in the trace that the headers in `parent` name, if any. Returns None for probes."""
        if kind == "health":
            return None
        attributes = {"http.request.method": method if method != "other" else "_OTHER"}
        name = method if method != "other" else "HTTP"
        if route := _ROUTES.get(kind):
            attributes["http.route"] = route
            name = f"{name} {route}"
        given = _W3C.extract(parent, Context())
        span = self._tracer.start_span(name, given, SpanKind.SERVER, attributes)
        return RequestSpan(span, self._operations)

    def statement(self, text: str, dialect: str) -> AbstractContextManager[object]:
        if not get_current_span().is_recording():
            return contextlib.nullcontext()
        summary, query = described(text)
        attributes = {
            "db.system.name": _SYSTEMS[dialect],
            "db.query.summary": summary,
            "db.query.text": query,
        }
        return _Running(self._tracer.start_span(summary, kind=SpanKind.CLIENT, attributes=attributes))

    def hash_finished(self, waited: float, ran: float) -> None:
        if get_current_span().is_recording():
            end = time_ns()
            attributes = {"accounts.hash.wait_seconds": round(waited, 6)}
            start = end - round((waited + ran) * 1e9)
            self._tracer.start_span("hash password", attributes=attributes, start_time=start).end(end)

    @contextlib.contextmanager
    def mail(self, kind: str, delivery: UUID, attempt: int) -> Iterator[MailSpan]:
        attributes: _Attributes = {
            "accounts.mail.kind": kind,
            "accounts.mail.attempt": attempt,
            "accounts.delivery": str(delivery),
        }
        span = self._tracer.start_span(f"mail {kind}", Context(), SpanKind.CONSUMER, attributes)
        token = context.attach(set_span_in_context(span))
        try:
            with _Running(span), bound_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id)):
                yield _Mail(span)
        finally:
            context.detach(token)

    @contextlib.contextmanager
    def call(self, method: str, url: str, route: str) -> Iterator[CallSpan]:
        """Propagates the trace only to this machine, such as to a gateway: it does not concern anybody else."""
        host, port = _address(url)
        parent = get_current_span()
        if not parent.is_recording():
            yield _UntracedCall(_headers(parent, host))
            return
        attributes: _Attributes = {
            "http.request.method": method,
            "server.address": host,
            "server.port": port,
            "url.template": route,
        }
        with _Running(self._tracer.start_span(f"{method} {route}", kind=SpanKind.CLIENT, attributes=attributes)) as run:
            yield _Call(run.span, _headers(run.span, host))


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _headers(span: Span, host: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    if host in _THIS_MACHINE:
        _W3C.inject(headers, set_span_in_context(span))
    return headers


def _fail(span: Span, error: BaseException) -> None:
    """Notes the type of an error: its text may hold anything. Tortoise wraps the drivers' errors, which say more."""
    cause = next((each for each in (error.__cause__, *error.args) if isinstance(each, BaseException)), error)
    span.set_attribute("error.type", type(cause).__qualname__)
    span.set_status(StatusCode.ERROR)


def _resource() -> Resource:
    """Describes this service; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence."""
    own = Resource.create({"service.name": _NAME, "service.version": version()})
    return own.merge(OTELResourceDetector().detect())
