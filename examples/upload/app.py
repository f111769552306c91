"""The service: its routes, what lives as long as the process, and the headers of every answer."""

import contextlib
import html
from collections.abc import AsyncIterator
from pathlib import Path
from string import Template

import httpx2
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import cfdi, webhooks
from .accounts import Accounts
from .changes import Changes
from .invoices import FAILURES, Invoices
from .journal import Journal
from .provider import Provider
from .settings import Settings
from .stamping import Stamping
from .tokens import Tokens

_STATIC = Path(__file__).parent / "static"


def build(settings: Settings, changes: Changes) -> Starlette:
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    http = httpx2.AsyncClient(timeout=10, trust_env=False)
    journal = Journal(settings.folder / "journal.sqlite3")
    provider = Provider(settings.folder / "provider.sqlite3")
    accounts = Accounts(http, settings.accounts_url, settings.client_secret)
    stamping = Stamping(journal, accounts, provider, changes, settings.provider_seconds)
    tokens = Tokens(http, settings.accounts_url, settings.audience)
    invoices = Invoices(tokens, accounts, journal, changes, stamping)
    receiver = webhooks.Receiver(journal, changes, settings.webhook_secret)
    page = HTMLResponse(_page(settings))

    async def show(_: Request) -> Response:
        return page

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        stamping.resume()
        try:
            yield
        finally:
            await stamping.stop()
            await http.aclose()
            journal.close()
            provider.close()

    return Starlette(
        routes=[
            Route("/", show),
            Route("/invoices", invoices.list),
            Route("/invoices/{id:uuid}", invoices.upload, methods=["PUT"], max_body_size=cfdi.MAX_BYTES),
            Route("/invoices/{id:uuid}.xml", invoices.download),
            Route("/webhooks/accounts", receiver.receive, methods=["POST"], max_body_size=webhooks.MAX_BYTES),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(_Headers, accounts_url=settings.accounts_url)],
        exception_handlers=FAILURES,
        lifespan=lifespan,
    )


def _page(settings: Settings) -> str:
    template = Template((_STATIC / "page.html").read_text("utf-8"))
    return template.substitute(accounts_url=html.escape(settings.accounts_url), audience=html.escape(settings.audience))


class _Headers:
    """Lets the page run its own script alone, and talk to this service and the accounts service."""

    def __init__(self, app: ASGIApp, accounts_url: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
                f"connect-src 'self' {accounts_url}; "
                "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
            ),
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)
