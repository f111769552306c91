"""The spans of a test, kept in memory."""

from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from app.operations import OPERATIONS
from app.traces.spans import Traces


@dataclass
class Spans:
    """Pass `settings` to the API, and what it traces is here."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    traces: Traces = field(init=False)

    def __post_init__(self) -> None:
        self.traces = Traces(OPERATIONS, lambda _: SimpleSpanProcessor(self.exporter))

    @property
    def settings(self) -> dict[str, Any]:
        return {"traces": self.traces, "tracing": True}

    def all(self) -> list[ReadableSpan]:
        """Returns those that have ended, in the order in which they began."""
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def named(self, name: str) -> ReadableSpan:
        (span,) = [span for span in self.all() if span.name == name]
        return span

    def within(self, parent: ReadableSpan) -> list[ReadableSpan]:
        return [span for span in self.all() if span.parent and span.parent.span_id == parent.context.span_id]

    def clear(self) -> None:
        self.exporter.clear()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def trace_id(span: ReadableSpan) -> str:
    return format_trace_id(span.context.trace_id)


def traceparent(span: ReadableSpan) -> str:
    """Returns the header that continues the trace from this span."""
    return f"00-{trace_id(span)}-{format_span_id(span.context.span_id)}-{span.context.trace_flags:02x}"


def said(span: ReadableSpan) -> str:
    """Returns everything that a span says."""
    events = [(event.name, dict(event.attributes or {})) for event in span.events]
    links = [(dict(link.attributes or {}), link.context.trace_state) for link in span.links]
    facts = (span.name, attributes(span), span.status.description, events, links, span.context.trace_state)
    return repr((facts, dict(span.resource.attributes), span.instrumentation_scope))
