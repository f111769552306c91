"""Traces are an optional extra: OpenTelemetry is imported only if TRACING is on."""

from collections.abc import Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings
    from app.traces.spans import Traces

_PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


def open_traces(settings: "Settings", operations: Collection[str]) -> "Traces | None":
    """Returns what traces this process and those that it forks, if TRACING is on.

    `operations` are the names that a span may have; a client may choose any other.
    """
    if not settings.tracing:
        return None
    from app.traces.spans import Traces

    return Traces(operations)


def is_installed() -> bool:
    """Whether the packages of the extra are installed."""
    try:
        return all(map(find_spec, _PACKAGES))
    except ModuleNotFoundError:  # one of a package's parents
        return False
