"""Exports spans over OTLP, in a separate thread: no request waits for the collector.

The SDK reads its variables (OTEL_EXPORTER_OTLP_… and OTEL_BSP_…) itself.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Any

import requests
import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from services.common.outages import Outages

log = structlog.get_logger(__name__)

PART = "collector"
"""The name of the collector among the parts that may be away."""

_FLUSH_SECONDS = 3.0  # for what is left when the process ends
_EXPORTER_LOG = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_QUEUE_LOG = "opentelemetry.sdk._shared_internal"
_HEADERS_LOG = "opentelemetry.util.re"


class _Session(requests.Session):
    """Remembers how the last request ended, which the exporter does not say."""

    last = ""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        try:
            response = super().request(*arguments, **options)
        except Exception as error:
            self.last = type(error).__name__  # its text has the URL
            raise
        self.last = f"status {response.status_code}"
        return response


class _WatchedExporter(SpanExporter):
    """Reports once that the collector is away, and once that it is back."""

    def __init__(self, outages: Outages) -> None:
        self._session = _Session()
        self._exporter = OTLPSpanExporter(session=self._session)
        self._outages = outages

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self._outages.end(PART)
        else:
            self._outages.begin(PART, self._session.last)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def exports(outages: Outages) -> SpanProcessor:
    """Returns what exports spans in batches. It starts its thread, so call this in the process that exports."""
    logging.getLogger(_EXPORTER_LOG).addFilter(_nothing)
    logging.getLogger(_QUEUE_LOG).addFilter(_is_error)
    logging.getLogger(_HEADERS_LOG).addFilter(_without_values)
    return BatchSpanProcessor(_WatchedExporter(outages))


async def flush(provider: TracerProvider) -> None:
    """Exports the remaining spans, but waits only a few seconds for the collector."""
    ending = threading.Thread(target=provider.shutdown, daemon=True)  # which ends with the process
    ending.start()
    await asyncio.to_thread(ending.join, _FLUSH_SECONDS)
    if ending.is_alive():
        log.warning("spans lost", reason="the collector does not answer")


def _nothing(_: logging.LogRecord) -> bool:
    """Drops the exporter's lines, of which there are several for each export."""
    return False


def _is_error(record: logging.LogRecord) -> bool:
    """Drops the warning that the queue is full, which is repeated as long as the collector is away."""
    return record.levelno >= logging.ERROR


def _without_values(record: logging.LogRecord) -> bool:
    """Removes the header from the line that says that OTEL_EXPORTER_OTLP_HEADERS is malformed: it may be a key."""
    record.args = ("…",)
    return True
