"""Serves GraphiQL in development: its page at GET /graphql, with its scripts and data."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.graphiql_tabs import tabs
from app.negotiation import GRAPHQL_RESPONSE, JSON, weight
from app.requests import headers_of

_FOLDER = Path(__file__).parent / "static/graphiql"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}

# 'unsafe-inline': GraphiQL's dialogs use inline styles.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; media-src data:; font-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class Page:
    """Answers a browser's visit with GraphiQL's page, and leaves every other request to `endpoint`.

    A visit is a GET or HEAD that prefers text/html and has no query.
    """

    def __init__(self, endpoint: ASGIApp) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (_page() if _is_visit(scope) else self._endpoint)(scope, receive, send)


def graphiql_routes(operations: Mapping[str, str], plan_id: str, endpoint: ASGIApp) -> list[BaseRoute]:
    """Returns the routes of what the page loads. `plan_id` is a plan that is for sale.

    The page sends its operations to `endpoint`, which accepts any text: TRUSTED_DOCUMENTS_ONLY is for apps.
    """

    async def send_tabs(_: Request) -> Response:
        return JSONResponse(tabs(operations, plan_id))

    return [
        Route("/graphiql/graphql", endpoint),
        Route("/graphiql/operations.json", send_tabs),
        *(
            Route(f"/graphiql/{path.relative_to(_FOLDER).as_posix()}", _file(path, _MEDIA_TYPES[path.suffix]))
            for path in sorted(_FOLDER.rglob("*"))
            if path.suffix in _MEDIA_TYPES
        ),
    ]


def _is_visit(scope: Scope) -> bool:
    if scope["method"] not in {"GET", "HEAD"}:
        return False
    request = QueryParams(scope["query_string"]).keys() & {"query", "documentId", "extensions"}
    return not request and _prefers_a_page(headers_of(scope))


def _prefers_a_page(headers: Headers) -> bool:
    """Whether Accept gives text/html more weight than both GraphQL response types."""
    accept = ",".join(headers.getlist("accept"))
    return weight(accept, "text/html") > max(weight(accept, JSON), weight(accept, GRAPHQL_RESPONSE))


def _file(path: Path, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def send_file(_: Request) -> Response:
        return FileResponse(path, media_type=media_type)

    return send_file


def _page() -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Vary": "Accept"}
    return FileResponse(_FOLDER / "index.html", media_type="text/html", headers=headers)
