"""The API in this process, driven over ASGI with the documents of graphql/operations/."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from app.asgi import create_app
from app.settings import Settings

OPERATIONS = Path(__file__).parent.parent / "graphql/operations"


@dataclass(frozen=True)
class Api:
    http: httpx2.AsyncClient

    async def send(
        self, operation: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The raw response to one of our operations."""
        query = (OPERATIONS / f"{operation}.graphql").read_text("utf-8")
        body = {"query": query, "variables": dict(variables or {})}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def run(
        self, operation: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The value of the operation's only root field."""
        response = await self.send(operation, variables, headers)
        body = response.json()
        assert response.status_code == 200, body
        assert "errors" not in body, body
        (value,) = body["data"].values()
        return value


@contextlib.asynccontextmanager
async def api_of(settings: Settings) -> AsyncIterator[Api]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
            yield Api(http)
