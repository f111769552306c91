"""Access tokens, verified here with the keys that timbrado-accounts publishes."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import jwt

_ALGORITHMS = ["ES256", "RS256"]
_REQUIRED = ["exp", "iat", "jti", "sub", "sid"]
_MAX_LENGTH = 4_096
_FRESH_SECONDS = 300  # what Cache-Control of the keys says
_PAUSE_SECONDS = 60  # between two requests for keys, whatever `kid` the tokens name
_TIMEOUT = 3  # seconds, for which those wait who hold an unknown `kid`
_FIRST_PAUSE_SECONDS = 1  # the same, as long as there are no keys at all


class InvalidTokenError(Exception):
    """The token does not count. Deliberately unspecified."""


class KeysUnavailableError(Exception):
    """No key was published yet, as far as this process knows."""


@dataclass
class Tokens:
    """Keys are asked for when they are five minutes old or one is unknown, and kept while the service is away."""

    http: httpx2.AsyncClient = field(repr=False)
    issuer: str
    audience: str
    clock: Callable[[], float] = time.monotonic
    _keys: dict[str, jwt.PyJWK] = field(default_factory=dict, repr=False)
    _fetched_at: float = float("-inf")
    _asked_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def verify(self, token: str) -> str:
        """Returns the account's id. Raises InvalidTokenError or KeysUnavailableError."""
        if len(token) > _MAX_LENGTH or not token.isascii():
            raise InvalidTokenError
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != "at+jwt" or header.get("alg") not in _ALGORITHMS:
                raise InvalidTokenError
            claims: dict[str, Any] = jwt.decode(
                token,
                await self._key(str(header.get("kid"))),
                algorithms=_ALGORITHMS,
                audience=self.audience,
                issuer=self.issuer,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError:
            raise InvalidTokenError from None
        return str(claims["sub"])

    async def _key(self, kid: str) -> jwt.PyJWK:
        if self._is_wanting(kid):
            async with self._lock:
                pause = _PAUSE_SECONDS if self._keys else _FIRST_PAUSE_SECONDS
                if self._is_wanting(kid) and self.clock() - self._asked_at >= pause:
                    await self._fetch()
        if not self._keys:
            raise KeysUnavailableError
        if kid not in self._keys:
            raise InvalidTokenError
        return self._keys[kid]

    def _is_wanting(self, kid: str) -> bool:
        return kid not in self._keys or self.clock() - self._fetched_at >= _FRESH_SECONDS

    async def _fetch(self) -> None:
        self._asked_at = self.clock()
        try:
            response = await self.http.get(f"{self.issuer}/.well-known/jwks.json", timeout=_TIMEOUT)
            response.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(response.json()).keys
        except (httpx2.HTTPError, jwt.PyJWTError, ValueError, AttributeError):
            return
        self._keys = {key.key_id: key for key in keys if key.key_id}
        self._fetched_at = self.clock()
