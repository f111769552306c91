"""The ASGI application: routes, middleware and what starts and stops with the process."""

import contextlib
from collections.abc import AsyncIterator

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import Route

from app.caller import caller_of
from app.composition import ROOT, compose
from app.database import connected
from app.execution import Executor, Observation
from app.http import Endpoint
from app.middleware import LOOPBACK_HOSTS, KnownHosts, SecurityHeaders
from app.settings import Settings
from schema.context import Context
from schema.root import schema

log = structlog.get_logger(__name__)

_PREFLIGHT_SECONDS = 86_400


def create_app(settings: Settings) -> Starlette:
    services = compose(settings)
    operations = [path.read_text("utf-8") for path in sorted((ROOT / "graphql/operations").glob("*.graphql"))]
    executor = Executor(schema._schema, operations, [_log], exploring=settings.development)

    def open_context(request: Request) -> Context:
        return Context(caller=caller_of(request, settings.trusted_proxies), services=services)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with connected(settings.database):
            yield

    middleware = [
        Middleware(SecurityHeaders, hsts=not settings.development),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_credentials=True,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            max_age=_PREFLIGHT_SECONDS,
        ),
    ]
    if settings.development or settings.allowed_hosts:
        middleware.insert(0, Middleware(KnownHosts, hosts={*LOOPBACK_HOSTS, *settings.allowed_hosts}))
    return Starlette(
        routes=[Route("/graphql", Endpoint(executor, open_context))], middleware=middleware, lifespan=lifespan
    )


def _log(observation: Observation) -> None:
    log.info(
        "operation",
        name=observation.operation,
        digest=observation.digest,
        outcomes=observation.outcomes,
        code=observation.code,
        ms=round(observation.seconds * 1000, 1),
    )
