"""The ASGI application: its routes, its middleware and its lifespan."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from app import probe
from app.caller import caller_of
from app.composition import Composition, compose, make_health, make_keys
from app.cookies import RequestCookie, credential_of
from app.cors import Cors
from app.database import connected
from app.development.routes import development_routes
from app.documents import pin
from app.execution import Executor, record_outcomes
from app.graphiql import graphiql_routes
from app.health import HealthPaths
from app.http import PATHS, Endpoint, not_found
from app.logs import log_request, running
from app.manifests import digest, read_manifests
from app.metrics_port import MetricsPort
from app.middleware import AllowedHosts, SecurityHeaders
from app.observer import Observer
from app.operations import OPERATIONS
from app.schema_file import schema_route
from app.settings import InvalidSettingsError, Settings
from app.trusted_documents import TrustedDocuments
from app.webhooks import PayPalWebhook
from schema.context import Context
from schema.root import schema

# Made once per process, for all of its apps, and before worker processes are forked, so that these share them.
_SCHEMA = record_outcomes(schema._schema)
_PINNED = pin(_SCHEMA, OPERATIONS)


def load_trusted_documents(settings: Settings) -> TrustedDocuments:
    """Returns those of TRUSTED_DOCUMENTS, by default our operations. Raises InvalidSettingsError."""
    if not settings.trusted_documents:
        return TrustedDocuments(_PINNED)
    try:
        texts = read_manifests(settings.trusted_documents)
        pinned = pin(_SCHEMA, texts)
    except ValueError as error:
        raise InvalidSettingsError(f"TRUSTED_DOCUMENTS: {error}") from None
    return TrustedDocuments({name: pinned[digest(text)] for name, text in texts.items()})


def create_app(
    settings: Settings, trusted: TrustedDocuments | None = None, port: MetricsPort | None = None
) -> Starlette:
    """Creates the app, which loads the trusted documents unless they are given, and serves metrics at `port`."""
    composition = compose(settings, port.metrics) if port else compose(settings)
    health = make_health(settings)
    trusted = trusted or load_trusted_documents(settings)

    def open_endpoint(*, trusted_only: bool) -> Endpoint:
        executor = Executor(
            _SCHEMA,
            _PINNED,
            trusted,
            composition.outages,
            introspection=settings.development,
            trusted_only=trusted_only,
        )
        return Endpoint(executor, open_cookie, open_context)

    def open_cookie(request: Request) -> RequestCookie:
        return RequestCookie(request, settings.origins, secure=not settings.development)

    def open_context(request: Request, cookie: RequestCookie) -> Context:
        caller = caller_of(request, credential_of(request, cookie), settings.trusted_proxies)
        return Context(caller, composition.services, cookie)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        composed = contextlib.aclosing(composition)
        worker = _working(composition) if settings.worker_in_serve else contextlib.nullcontext()
        metrics = port.serving() if port else contextlib.nullcontext()
        with running("serve", settings):
            async with connected(settings.database), contextlib.aclosing(health), composed, worker, metrics:
                yield

    observers = [log_request, port.metrics.observe] if port else [log_request]
    middleware = [
        Middleware(Observer, observers, composition.pseudonyms, settings.trusted_proxies),
        Middleware(SecurityHeaders, hsts=not settings.development),
        Middleware(HealthPaths, health),
        Middleware(Cors, settings.origins, settings.allowed_request_headers),
    ]
    if settings.development or settings.allowed_hosts:
        # Inside Cors, so that pages can read a refusal.
        middleware.append(Middleware(AllowedHosts, hosts=settings.allowed_hosts))
    development: list[BaseRoute] = []
    if settings.development:
        plan = composition.services.plans.all()[0]
        pages_endpoint = open_endpoint(trusted_only=False)
        development = [*graphiql_routes(OPERATIONS, plan.id, pages_endpoint), schema_route()]
    events = composition.paypal.events if composition.paypal else None
    endpoint = open_endpoint(trusted_only=settings.trusted_documents_only)
    routes = [
        *development,
        *(Route(path, endpoint) for path in PATHS),
        Route("/webhooks/paypal", PayPalWebhook(events, settings.trusted_proxies, composition.outages)),
        Route(probe.PATH, probe.Probe(make_keys(settings), settings.trusted_proxies)),
    ]
    if settings.development:
        routes += development_routes(settings, composition, routes)
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan, exception_handlers={404: not_found})
    app.router.redirect_slashes = False  # a redirect would contain the host and scheme that the client sent
    return app


@contextlib.asynccontextmanager
async def _working(composition: Composition) -> AsyncIterator[None]:
    """Runs the workers in the same process as the API."""
    stopped = asyncio.Event()
    worker = asyncio.create_task(composition.work(stopped))
    try:
        yield
    finally:
        stopped.set()
        await worker
