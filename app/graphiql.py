"""Serves GraphiQL in development: its page at GET /graphql, with its scripts and data."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Scope

from app.graphiql_tabs import tabs
from app.http import PATHS
from app.negotiation import GRAPHQL_RESPONSE, JSON, weight

_FOLDER = Path(__file__).parent / "static/graphiql"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}

# 'unsafe-inline': GraphiQL's dialogs use inline styles.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; media-src data:; font-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def graphiql_routes(operations: Mapping[str, str], plan_id: str, endpoint: ASGIApp) -> list[BaseRoute]:
    """Returns GraphiQL's routes, which must come before the endpoint's. `plan_id` is a plan that is for sale.

    The page sends its operations to `endpoint`, which accepts any text: TRUSTED_DOCUMENTS_ONLY is for apps.

    On the endpoint's paths, they match only a browser's visit: a GET or HEAD that prefers text/html and has no query.
    """

    async def send_tabs(_: Request) -> Response:
        return JSONResponse(tabs(operations, plan_id))

    page = _file(_FOLDER / "index.html", "text/html", {"Content-Security-Policy": _POLICY, "Vary": "Accept"})
    return [
        *(_Visit(path, page) for path in PATHS),
        Route("/graphiql/graphql", endpoint),
        Route("/graphiql/operations.json", send_tabs),
        *(
            Route(f"/graphiql/{path.relative_to(_FOLDER).as_posix()}", _file(path, _MEDIA_TYPES[path.suffix]))
            for path in sorted(_FOLDER.rglob("*"))
            if path.suffix in _MEDIA_TYPES
        ),
    ]


class _Visit(Route):
    """Matches only a browser's visit."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        request = QueryParams(scope["query_string"]).keys() & {"query", "documentId", "extensions"}
        visit = not request and _prefers_a_page(Headers(scope=scope))
        return super().matches(scope) if visit else (Match.NONE, {})


def _prefers_a_page(headers: Headers) -> bool:
    """Whether Accept gives text/html more weight than both GraphQL response types."""
    accept = ",".join(headers.getlist("accept"))
    return weight(accept, "text/html") > max(weight(accept, JSON), weight(accept, GRAPHQL_RESPONSE))


def _file(
    path: Path, media_type: str, headers: Mapping[str, str] | None = None
) -> Callable[[Request], Awaitable[Response]]:
    async def send_file(_: Request) -> Response:
        return FileResponse(path, media_type=media_type, headers=headers)

    return send_file
