"""TRACING, and OpenTelemetry's own variables of which a wrong value would silently lose traces."""

import os
import sys
from pathlib import Path

import grimp
import pytest

from app.operations import OPERATIONS
from app.settings import Settings, collector_host
from app.traces.extra import open_traces
from tests.environment import fault, read

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)


def test_by_default_nothing_is_traced() -> None:
    settings = read()

    assert open_traces(settings, OPERATIONS) is None
    assert _engine(settings) == "models.engines.sqlite"


@pytest.mark.parametrize("url", ["sqlite://x", "postgres://accounts@db/accounts"])
def test_with_tracing_statements_are_traced(url: str) -> None:
    engine = _engine(read(TRACING="true", DATABASE_URL=url))

    assert engine == f"models.engines.traced_{'sqlite' if 'sqlite' in url else 'asyncpg'}"


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto"])
def test_without_the_packages_a_sentence_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)

    assert fault(TRACING="true") == (
        "TRACING: needs OpenTelemetry; install the packages of requirements-tracing.lock, or set TRACING=false"
    )
    assert fault() == ""


def test_only_what_is_imported_for_tracing_needs_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    graph = grimp.build_graph("app", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None)

    users = {name for each in ("opentelemetry", "requests") for name in graph.find_modules_that_directly_import(each)}
    openers = {name for each in users for name in graph.find_modules_that_directly_import(each)} - users

    assert users == {"app.traces.spans", "app.traces.exporting"}
    assert openers == {"app.traces.extra"}


def test_a_wrong_variable_of_opentelemetry_is_named() -> None:
    endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL such as http://collector:4318"
    protocol = "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf, usually at port 4318"
    wrong = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": ("collector:4317", endpoint),
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ("http://collector:port", endpoint),
        "OTEL_EXPORTER_OTLP_PROTOCOL": ("grpc", protocol),
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/json", protocol),
    }

    assert {name: fault(TRACING="true", **{name: value}) for name, (value, _) in wrong.items()} == {
        name: sentence for name, (_, sentence) in wrong.items()
    }
    assert [fault(**{name: value}) for name, (value, _) in wrong.items()] == [""] * len(wrong)


def test_the_log_names_the_collector_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert collector_host() == "localhost:4318"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://ana:hunter2@collector:4318/key")
    assert collector_host() == "collector:4318"


def _engine(settings: Settings) -> str:
    return str(settings.database["connections"]["default"]["engine"])
