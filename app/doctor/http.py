"""Asks a service over HTTP as its clients do."""

import contextlib

import httpx2

_SECONDS = 5.0
_MAX_BYTES = 50_000


async def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Returns the status and the beginning of the body. Follows no redirect.

    Raises httpx2.HTTPError, httpx2.InvalidURL or ValueError.
    """
    # Without the environment's proxies, which are not those of the service.
    async with httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=False) as http:
        content = bytearray()
        async with (
            http.stream("GET", url, headers=headers) as response,
            contextlib.aclosing(response.aiter_raw()) as parts,
        ):
            async for part in parts:
                content += part
                if len(content) > _MAX_BYTES:
                    break
        return response.status_code, bytes(content)
