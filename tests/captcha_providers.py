"""A provider of captchas on 127.0.0.1 in the test's own event loop: its verification, with failures on demand."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from app.development.paypal.api import Received
from services.captcha.provider import CaptchaProvider, ProviderName, Site
from tests.paypal.http import Trouble, read_request, response, troubled

_JSON = "content-type: application/json"


@dataclass
class ProviderServer:
    """`issue` is what a person's widget gets; a token is good once."""

    site_key: str = "a-site-key"
    secret: str = field(default_factory=secrets.token_urlsafe)
    received: list[Received] = field(default_factory=list)
    port: int = 0
    _tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _troubles: list[Trouble | bytes] = field(default_factory=list)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/siteverify"

    def site(self, name: ProviderName = ProviderName.TURNSTILE, **changes: Any) -> Site:
        return Site(**{"name": name, "site_key": self.site_key, "secret": self.secret, "url": self.url, **changes})

    def issue(self, **facts: Any) -> str:
        """A token for somebody who has passed; `facts` are what the provider reports about it."""
        token = f"0.{secrets.token_urlsafe(200)}"
        self._tokens[token] = {"challenge_ts": "2026-03-01T12:00:00Z", **facts}
        return token

    def forms(self) -> list[dict[str, str]]:
        """What was asked, in the order of the requests."""
        return [{name: value for name, (value,) in parse_qs(each.body.decode()).items()} for each in self.received]

    def fail(self, *troubles: Trouble) -> None:
        """The next verifications go wrong, one for each trouble."""
        self._troubles.extend(troubles)

    def answer(self, status: int, body: bytes, headers: str = _JSON) -> None:
        """The next verification gets this."""
        self._troubles.append(response(status, body, headers))

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._running.add(task)
        try:
            while request := await read_request(reader):
                self.received.append(request)
                writer.write(await self._respond())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._running.discard(task)
            writer.close()

    async def stop(self) -> None:
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _respond(self) -> bytes:
        trouble = self._troubles.pop(0) if self._troubles else None
        if isinstance(trouble, bytes):
            return trouble
        if trouble is Trouble.HANG:
            await asyncio.Event().wait()
        if trouble and trouble is not Trouble.LOST:
            return troubled(trouble)
        verdict = self._verdict(self.forms()[-1])
        if trouble is Trouble.LOST:
            raise ConnectionAbortedError
        return response(200, json.dumps(verdict).encode(), _JSON)

    def _verdict(self, form: dict[str, str]) -> dict[str, Any]:
        if form.get("secret") != self.secret:
            return _refusal("invalid-input-secret")
        token = form.get("response", "")
        if token not in self._tokens:
            return _refusal("invalid-input-response")
        if token in self._used:
            return _refusal("timeout-or-duplicate")
        self._used.add(token)
        return {"success": True, "error-codes": [], **self._tokens[token]}


def _refusal(code: str) -> dict[str, Any]:
    return {"success": False, "error-codes": [code]}


@contextlib.asynccontextmanager
async def provider_server() -> AsyncIterator[ProviderServer]:
    server = ProviderServer()
    listening = await asyncio.start_server(server.converse, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await server.stop()
        await listening.wait_closed()


@contextlib.asynccontextmanager
async def asking(site: Site, **options: Any) -> AsyncIterator[CaptchaProvider]:
    """A client of the provider; `options` are CaptchaProvider's."""
    async with contextlib.aclosing(CaptchaProvider(site, **options)) as provider:
        yield provider
