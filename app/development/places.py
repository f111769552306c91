"""The page that says where things are, and the files of all development pages."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import StaticFiles

from app.composition import ROOT
from app.development.pages import FOLDER, not_here, render
from app.settings import Settings


class Places:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def routes(self) -> list[BaseRoute]:
        files = StaticFiles(directory=FOLDER / "static")

        async def send_file(request: Request) -> Response:
            response = await files.get_response(request.path_params["name"], request.scope)
            response.headers["Cache-Control"] = "no-cache"
            return response

        return [
            Route("/development", self.show),
            Route("/development/docs/{name}", _send_document),
            Route("/development/{name}", send_file),
        ]

    async def show(self, _: Request) -> Response:
        return render(
            "places.html",
            app_is_built=(self._settings.web_app_dir / "index.html").exists(),
            settings=self._settings,
            documents=[path.name for path in _documents()],
        )


async def _send_document(request: Request) -> Response:
    document = next((path for path in _documents() if path.name == request.path_params["name"]), None)
    if document is None:
        return not_here("document")
    return FileResponse(document, media_type=PlainTextResponse.media_type)


def _documents() -> list[Path]:
    return sorted((ROOT / "docs").glob("*.md"))
