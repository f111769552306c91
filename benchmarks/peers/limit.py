"""The limit: a bare ASGI function that answers `me` with one statement, on the same server and drivers as ours.

    STATEMENT='SELECT …' python -m benchmarks.peers.limit DATABASE_URL PORT [asyncio|uvloop]

It checks nothing: no Host, no origin, no limits, no GraphQL, no log. DATABASE_URL is that of a database of ours, on
PostgreSQL or SQLite, and STATEMENT is ours, so that this process loads nothing of ours.
"""

import os
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from hashlib import sha256
from typing import Any

import aiosqlite
import asyncpg
import orjson
import uvicorn

STATEMENT = os.environ["STATEMENT"]
Fetch = Callable[[str], Awaitable[Any]]


class Limit:
    """Reads the session of the bearer token and returns four of its account's columns."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._open = AsyncExitStack()
        self._fetch: Fetch

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        orjson.loads(body)
        token = dict(scope["headers"])[b"authorization"].removeprefix(b"Bearer ")
        row = await self._fetch(sha256(token).hexdigest())
        me = {"id": str(row["account_id"]), **{name: row[name] for name in ("email", "rfc")}}
        me["confirmedAt"] = row["confirmed_at"]
        content = orjson.dumps({"data": {"me": me}})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self._fetch = await (self._sqlite() if self._url.startswith("sqlite://") else self._postgresql())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._open.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _postgresql(self) -> Fetch:
        pool = await self._open.enter_async_context(asyncpg.create_pool(self._url, min_size=1, max_size=10))

        async def fetch(digest: str) -> Any:
            return await pool.fetchrow(STATEMENT, digest)

        return fetch

    async def _sqlite(self) -> Fetch:
        connection = await self._open.enter_async_context(aiosqlite.connect(self._url.removeprefix("sqlite://")))
        connection.row_factory = aiosqlite.Row
        statement = re.sub(r"\$1", "?", STATEMENT)

        async def fetch(digest: str) -> Any:
            rows = await connection.execute_fetchall(statement, [digest])
            return next(iter(rows))

        return fetch


if __name__ == "__main__":
    url, port, loop = sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "asyncio"
    uvicorn.run(
        Limit(url),
        port=port,
        http="httptools",
        loop=loop,
        log_level="warning",
        access_log=False,
    )
