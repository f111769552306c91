"""An OpenTelemetry collector on 127.0.0.1, in threads. It keeps what it gets over OTLP/HTTP, and fails on demand."""

import contextlib
import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Exported:
    """A span as it arrived; ids are in hex, the parent's is empty without one."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    process: str  # which exported it
    service: str


@dataclass
class Collector:
    """`status` is what it answers, and while `held` is cleared, it does not answer at all."""

    port: int = 0
    status: int = 200
    refused: int = 0
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spans(self) -> list[Exported]:
        return [
            _exported(span, resource)
            for body in list(self.bodies)
            for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for resource in [{each.key: each.value.string_value for each in of_resource.resource.attributes}]
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]


@contextlib.contextmanager
def collecting(collector: Collector) -> Iterator[Collector]:
    """Listens at its port, by default any free one."""
    collector.held.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.held.wait()
            if collector.status != 200:
                collector.refused += 1
            else:
                collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                compressed = self.headers.get("content-encoding") == "gzip"
                collector.bodies.append(gzip.decompress(body) if compressed else body)
            with contextlib.suppress(ConnectionError):
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", collector.port), Handler) as server:
        collector.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield collector
        finally:
            collector.held.set()
            server.shutdown()
            thread.join()


def _exported(span: Span, resource: dict[str, str]) -> Exported:
    return Exported(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        attributes={each.key: _value(each.value) for each in span.attributes},
        process=resource["service.instance.id"],
        service=resource["service.name"],
    )


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)
