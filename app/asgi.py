"""The ASGI application: its routes, its middleware and its lifespan."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from app import jwks, probe
from app.caller import caller_of
from app.composition import Composition, compose, make_health, make_keys
from app.cookies import RequestCookie
from app.cors import Cors
from app.database import connected
from app.development.routes import development_routes
from app.documents import PinnedDocuments, pin
from app.execution import Executor, record_outcomes
from app.exports import endpoint as exports
from app.exports.page import ExportPage
from app.graphiql import Page, graphiql_routes
from app.health import LIVE, READY, HealthPaths
from app.http import PATHS, Endpoint, not_found
from app.logs import log_request, running
from app.manifests import digest, read_manifests
from app.metrics_port import MetricsPort
from app.middleware import AllowedHosts, Middleware, SecurityHeaders
from app.observation import REFUSALS, RefusalObserver, current_request
from app.observer import Observer, refusal_observer
from app.operations import OPERATIONS
from app.passkey_apps import well_known_files
from app.requests import Request
from app.schema_file import schema_route
from app.settings import InvalidSettingsError, Settings
from app.trusted_documents import TrustedDocuments
from app.webhooks import PayPalWebhook
from schema.context import Context
from schema.root import schema
from services.common.measures import IGNORED
from services.common.tracing import UNTRACED

if TYPE_CHECKING:
    from app.traces.spans import Traces

# Made once per process, for all of its apps, and before worker processes are forked, so that these share it.
_SCHEMA = record_outcomes(schema._schema)
_PINNED = PinnedDocuments(_SCHEMA, OPERATIONS.values())


def load_trusted_documents(settings: Settings) -> TrustedDocuments:
    """Returns those of TRUSTED_DOCUMENTS, by default our operations. Raises InvalidSettingsError."""
    if not settings.trusted_documents:
        return TrustedDocuments(_PINNED, OPERATIONS, {})
    try:
        texts = read_manifests(settings.trusted_documents)
        pinned = pin(_SCHEMA, texts)
    except ValueError as error:
        raise InvalidSettingsError(f"TRUSTED_DOCUMENTS: {error}") from None
    operations = [prepared.operation(None) for prepared in pinned.values()]
    names = [operation.name.value for operation in operations if operation and operation.name]
    return TrustedDocuments(pinned, names, {name: digest(text) for name, text in texts.items()})


def create_app(
    settings: Settings,
    trusted: TrustedDocuments | None = None,
    port: MetricsPort | None = None,
    traces: "Traces | None" = None,
    composition: Composition | None = None,
) -> Starlette:
    """Creates the app, which serves metrics at `port`.

    Loads the trusted documents and composes the services unless they are given. Closes the composition at its end.
    """
    if composition is None:
        composition = compose(settings, port.metrics if port else IGNORED, traces or UNTRACED)
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

    origins = settings.origins

    def open_cookie(request: Request) -> RequestCookie:
        return RequestCookie(request, origins, secure=not settings.development)

    def open_context(request: Request, cookie: RequestCookie) -> Context:
        caller = caller_of(request, cookie.credential, settings.trusted_proxies)
        current_request().client = caller.client
        return Context(caller, composition.services, cookie)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, RefusalObserver]]:
        composed = contextlib.aclosing(composition)
        worker = _working(composition) if settings.worker_in_serve else contextlib.nullcontext()
        metrics = port.serving() if port else contextlib.nullcontext()
        exporting = traces.exporting(composition.outages) if traces else contextlib.nullcontext()
        with running("serve", settings):
            async with exporting, connected(settings.database), contextlib.aclosing(health), composed, worker, metrics:
                yield {REFUSALS: refusal_observer(observers, composition.pseudonyms)}

    endpoint: ASGIApp = open_endpoint(trusted_only=settings.trusted_documents_only)
    events = composition.paypal.events if composition.paypal else None
    page = ExportPage(composition.services.translations, composition.site)
    download = exports.Exports(
        composition.services.data_export,
        page,
        composition.services.translations,
        settings.trusted_proxies,
        composition.outages,
    )
    routes: list[BaseRoute] = [
        Route("/webhooks/paypal", PayPalWebhook(events, settings.trusted_proxies, composition.outages)),
        Route(exports.PATH, download),
        Route(exports.PATH + "/{name}", download),
        Route(probe.PATH, probe.Probe(make_keys(settings), settings.trusted_proxies)),
    ]
    if settings.development:
        endpoint = Page(endpoint)
        plan = composition.services.plans.all()[0]
        pages = graphiql_routes(OPERATIONS, plan.id, open_endpoint(trusted_only=False))
        routes += [*pages, schema_route()]
        routes += development_routes(settings, composition, [*routes, *(Route(path, endpoint) for path in PATHS)])
    observers = [log_request, port.metrics.observe] if port else [log_request]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: not_found})
    app.router.redirect_slashes = False  # a redirect would contain the host and scheme that the client sent
    app.middleware_stack = Middleware(
        ExceptionMiddleware(app.router, app.exception_handlers),
        direct=dict.fromkeys(PATHS, endpoint),
        public={
            jwks.PATH: jwks.key_set_path(composition.published_keys),
            **well_known_files(settings.passkey_origins, settings.passkey_android_apps, settings.passkey_apple_apps),
        },
        health=dict.fromkeys((LIVE, READY), HealthPaths(health)),
        observer=Observer(observers, composition.pseudonyms, settings.trusted_proxies, traces),
        security=SecurityHeaders(hsts=not settings.development),
        cors=Cors(origins, settings.allowed_request_headers),
        hosts=AllowedHosts(settings.allowed_hosts) if settings.development or settings.allowed_hosts else None,
    )
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
