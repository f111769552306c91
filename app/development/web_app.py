"""Serves a built single-page app from the service's own origin; `make app` builds it."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.development.pages import Page
from app.negotiation import weight

# data: and blob: are for captchas, which the API answers as data, and for workers that solve them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "media-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_HASHED = "assets/"  # Vite puts the hash of each file into its name there
_FOREVER = "public, max-age=31536000, immutable"


class Visits(Route):
    """Matches GET and HEAD only; other methods get the 404 that names the endpoint."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(scope) if scope.get("method") in {"GET", "HEAD"} else (Match.NONE, {})


def web_app_route(reserved: frozenset[str], home: Page, folder: str) -> Route:
    """Returns the last route: the app in `folder`, or `home` at / as long as no app is built.

    The app gets its index for its own paths; those that begin with a `reserved` segment are the service's.
    """
    files = StaticFiles(directory=folder, check_dir=False)

    async def send(request: Request) -> Response:
        path = request.path_params["path"]
        index, _ = files.lookup_path("index.html")
        if not index:
            if not path:
                return await home(request)
            raise HTTPException(404)
        if path.partition("/")[0] in reserved:
            raise HTTPException(404)
        try:
            response = await files.get_response(path or "index.html", request.scope)
        except HTTPException:
            if not _is_page_of_app(request, path):
                raise
            response = FileResponse(index)
        response.headers["Cache-Control"] = _FOREVER if path.startswith(_HASHED) else "no-cache"
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return Visits("/{path:path}", send)


def _is_page_of_app(request: Request, path: str) -> bool:
    """Whether a browser asks for a page, and not for a file that is missing."""
    accept = ",".join(request.headers.getlist("accept"))
    return bool(weight(accept, "text/html")) and "." not in path.rpartition("/")[2]
