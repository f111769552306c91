"""Databases and an in-process API for every test; no code of ours is mocked.

Service and API tests run on SQLite, and on PostgreSQL if TEST_DATABASE_URL names a server (any database of it that may
create others); there the GraphQL API counts its limits in the Redis of TEST_REDIS_URL, under a prefix for each test.
With CI set, a missing server is a failure.
"""

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection

from app.database import connected, tortoise_configuration
from app.logs import configure_logs
from models.engines.traced import StatementTracer, Traced
from models.migrator import upgrade
from services.payments.paypal.client import PayPalClient
from tests.api import Api, GivenSettings, api_of
from tests.captcha_providers import ProviderServer, provider_server
from tests.databases import copied, database_on, unsynced
from tests.paypal.clients import api_to
from tests.paypal.server import PayPalServer, paypal_server
from tests.prepared_models import keep_prepared_models
from tests.spans import Spans

if TYPE_CHECKING:
    from app.traces.spans import Traces

_WITHOUT_A_PORT = {"paypal_stand_in": False}  # the service cannot reach itself in a test's process
_CHEAP_ARGON2 = {"argon2_time_cost": 1, "argon2_memory_kib": 64}

keep_prepared_models()  # here, since the audits import these fixtures


def pytest_configure() -> None:
    """Logs as `serve` does: structlog's own default takes a second or more for a traceback if Rich is installed."""
    gc.disable()  # until everything is loaded: it would walk through it again and again
    configure_logs("info", as_json=False)
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # HTTPX's client looks for it in each request, in vain


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of whole processes begin first: some take long, and no process of pytest-xdist is to end with one.

    Those on PostgreSQL come last, since the models are prepared again whenever the kind of database changes.
    """
    items.sort(key=lambda item: ("process" not in item.path.parts, "postgresql" in item.name))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk through it in every test."""
    gc.enable()
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    file = folder / "accounts.sqlite3"
    asyncio.run(upgrade(tortoise_configuration(f"sqlite://{file}")))
    return file


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A migrated database of this run's own, dropped at its end."""
    with database_on(_server("TEST_DATABASE_URL", "postgres://USER@HOST/NAME", "PostgreSQL")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> str:
    """The URL of the tests' Redis."""
    return _server("TEST_REDIS_URL", "redis://HOST:PORT/NUMBER", "Redis")


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest) -> str:
    """What keeps the service's state: its database, and Redis where it is named."""
    return str(request.param)


@pytest.fixture
def database_url(stores: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database."""
    if "postgresql" in stores:
        url: str = request.getfixturevalue("postgresql_url")
        return url
    return copied(request.getfixturevalue("sqlite_template"), tmp_path)


@pytest.fixture
def limits_in(stores: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings that say where limits are counted, if not in the database."""
    if "redis" not in stores:
        return {}
    return {"redis_url": request.getfixturevalue("redis_server"), "redis_key_prefix": f"test-{uuid4().hex}"}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[dict[str, Any]]:
    """The models' connection to an empty database."""
    configuration = unsynced(tortoise_configuration(database_url))
    async with connected(configuration):
        try:
            yield configuration
        finally:
            await _empty()


MakeApi = Callable[..., Awaitable[Api]]


@pytest.fixture
async def make_api(database_url: str, limits_in: dict[str, Any], tmp_path: Path) -> AsyncIterator[MakeApi]:
    """Makes the API with some settings changed; at most one a test."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(traces: "Traces | None" = None, **changes: Any) -> Api:
            settings = GivenSettings(
                data_dir=tmp_path,
                database_url=database_url,
                worker_in_serve=False,
                **{**_WITHOUT_A_PORT, **limits_in, **_CHEAP_ARGON2, **changes},
            )
            api = await stack.enter_async_context(api_of(settings, traces))
            stack.push_async_callback(_empty)
            if limits_in:
                stack.push_async_callback(api.forget_limits)
            return api

        yield make


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    """The API as it is in development, with the worker in the test's hands."""
    return await make_api()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Spans:
    """What the test's API traces, if it is made with the `settings` of these."""
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(Traced, "tracer", StatementTracer())  # which the next line replaces
    return Spans()


@pytest.fixture
def no_authorities(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Clients over plain HTTP need no certificate authorities: loading the machine's takes each of them 20 ms."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
async def paypal(no_authorities: None) -> AsyncIterator[PayPalServer]:
    """A PayPal of the test's own, over plain HTTP."""
    async with paypal_server() as server:
        yield server


@pytest.fixture
async def captcha_provider(no_authorities: None) -> AsyncIterator[ProviderServer]:
    """A provider of captchas of the test's own, over plain HTTP."""
    async with provider_server() as server:
        yield server


@pytest.fixture
async def paypal_client(paypal: PayPalServer) -> AsyncIterator[PayPalClient]:
    async with api_to(paypal) as api:
        yield api


async def _empty() -> None:
    """For PostgreSQL, where the next test uses the same database."""
    connection = get_connection("default")
    if connection.capabilities.dialect == "postgres":
        await connection.execute_script(_deletions())


@cache
def _deletions() -> str:
    """A script that empties every table, those that refer to others first."""
    parents = {
        model: {model._meta.fields_map[name].related_model for name in model._meta.fk_fields}
        for model in Tortoise.apps["accounts"].values()
    }
    children_first = reversed([*TopologicalSorter(parents).static_order()])
    return ";".join(model.all().delete().sql() for model in children_first)


def _server(variable: str, example: str, name: str) -> str:
    url = os.environ.get(variable)
    if not url:
        if os.environ.get("CI"):
            pytest.fail(f"{variable} must be set in CI")
        pytest.skip(f"set {variable}={example} to run this on {name}")
    return url
