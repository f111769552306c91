"""Serves /exports: GET shows a page, and POST answers the zip of a mailed link, once.

A GET spends nothing, since mail scanners and previews open links.
"""

import asyncio
import errno
import tempfile
from datetime import timedelta
from urllib.parse import parse_qs

import structlog
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.bodies import RefusedRequestError, read_body
from app.caller import caller_of
from app.errors import formatted, internal_error, unavailable_error
from app.exports.page import ExportPage
from app.http import not_found, refusal
from app.observation import current_request
from app.requests import ALLOW_RESPONSE, is_disconnected
from services.common.caller import Caller
from services.common.outages import Outages
from services.common.outcomes import TooManyAttempts
from services.common.translations import Translations
from services.support.data_export import (
    SENDING_SECONDS,
    DataExport,
    ExportBusy,
    ExportFile,
    ExportLinkInvalid,
)

log = structlog.get_logger(__name__)

PATH = "/exports"
_MAX_FORM_BYTES = 10_000
_CHUNK = 65_536
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


class Exports:
    """The ASGI application at /exports and below."""

    def __init__(
        self,
        exports: DataExport,
        page: ExportPage,
        translations: Translations,
        trusted_proxies: int,
        outages: Outages,
    ) -> None:
        self._exports = exports
        self._page = page
        self._translations = translations
        self._trusted_proxies = trusted_proxies
        self._outages = outages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        caller = caller_of(request, None, self._trusted_proxies)
        sending = _Sending(scope, send)
        try:
            response = await self._answer(request, caller, sending)
        except ClientDisconnect:
            return
        except RefusedRequestError as refused:
            response = self._refused(request, caller, refused.status, "unreadable", refused.headers)
        except Exception as error:
            if sending.begun:
                raise
            response = self._failed(request, caller, error)
        if response:
            await response(scope, receive, send)

    async def _answer(self, request: Request, caller: Caller, sending: "_Sending") -> Response | None:
        """Returns None if the file was sent."""
        if request.url.path != PATH:
            return self._page.file(request.url.path.rpartition("/")[2]) or await not_found(request, Exception())
        match request.method:
            case "GET" | "HEAD":
                return self._page.render(caller.language)
            case "POST":
                return await self._download(request, caller, sending)
            case _:
                raise RefusedRequestError(405, "Send the form with POST.", {"Allow": "GET, HEAD, POST"})

    async def _download(self, request: Request, caller: Caller, sending: "_Sending") -> Response | None:
        token = _token(await read_body(request, _MAX_FORM_BYTES))
        current_request().client = caller.client
        sending.allow(SENDING_SECONDS)
        async with self._exports.open(caller, token) as opened:
            match opened:
                case ExportFile():
                    await sending.send(opened)
                    return None
                case ExportLinkInvalid():
                    return self._refused(request, caller, 410, "invalid")
                case ExportBusy(retry_after):
                    return self._wait(request, caller, 409, "busy", retry_after)
                case TooManyAttempts(seconds):
                    return self._wait(request, caller, 429, "throttled", timedelta(seconds=seconds))

    def _wait(self, request: Request, caller: Caller, status: int, key: str, wait: timedelta) -> Response:
        headers = {"Retry-After": str(max(1, round(wait.total_seconds())))}
        return self._refused(request, caller, status, key, headers, wait)

    def _refused(
        self,
        request: Request,
        caller: Caller,
        status: int,
        key: str,
        headers: dict[str, str] | None = None,
        wait: timedelta | None = None,
    ) -> Response:
        """A page for browsers, and JSON for others."""
        sentence = self._translations.format(caller.language, f"page.export.{key}", {"wait": wait})
        if "text/html" not in request.headers.get("accept", ""):
            error = unavailable_error(sentence) if status == 503 else formatted(GraphQLError(sentence), "BAD_REQUEST")
            return refusal(request, error, status, headers)
        response = self._page.render(caller.language, sentence)
        response.status_code = status
        response.headers.update(headers or {})
        return response

    def _failed(self, request: Request, caller: Caller, error: Exception) -> Response:
        if part := self._failed_part(error):
            current_request().failure = f"{part}: {type(error).__name__}"
            return self._refused(request, caller, 503, "unavailable", {"Retry-After": "5"})
        return refusal(request, internal_error(error, GraphQLError("")), 500)

    def _failed_part(self, error: Exception) -> str | None:
        """Returns None for a bug."""
        if isinstance(error, TimeoutError):
            return "deadline"
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            log.error("no space for an export", folder=tempfile.gettempdir())
            return "disk"
        return self._outages.report(error)


class _Sending:
    """Sends a file that may take longer than other responses."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.begun = False

    def allow(self, seconds: float) -> None:
        if extend := self._scope.get(ALLOW_RESPONSE):
            extend(seconds)

    async def send(self, opened: ExportFile) -> None:
        """Raises ClientDisconnect unless all of the file was handed to the system."""
        headers = [
            (b"content-type", b"application/zip"),
            (b"content-length", b"%d" % opened.size),
            (b"content-disposition", f'attachment; filename="account-data-{opened.at:%Y-%m-%d}.zip"'.encode()),
        ]
        self.begun = True
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        while chunk := opened.file.read(_CHUNK):
            await self._send_body(chunk, more=True)
        await self._send_body(b"", more=False)

    async def _send_body(self, chunk: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})
        await asyncio.sleep(0)  # in which the loop reports a connection that turned out to be lost
        if is_disconnected(self._scope):
            raise ClientDisconnect


def _token(form: bytes) -> str:
    """Returns the form's token, or a text that is none."""
    try:
        return parse_qs(form.decode(), max_num_fields=10).get("token", [""])[0]
    except ValueError:
        raise RefusedRequestError(400, "Send a form.") from None
