"""Answers /probe: how many hops X-Forwarded-For has when it arrives, for `doctor` to compare with TRUSTED_PROXIES.

The question is signed with SECRET_KEY and dated. To others, the path does not exist.
"""

import hmac
import time

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.caller import hops
from app.http import not_found
from app.negotiation import JSON
from services.common.secrets import Keys

PATH = "/probe"
HEADER = "x-probe"
MAX_AGE = 300
"""For how many seconds a question counts: more than two clocks differ."""

_PURPOSE = "probe"


def question(keys: Keys, now: int) -> str:
    """Returns the header's value, for the time in Unix seconds."""
    return f"{now}.{_mac(keys.signing(_PURPOSE), now)}"


class Probe:
    def __init__(self, keys: Keys, trusted_proxies: int) -> None:
        self._keys = keys.verifying(_PURPOSE)
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method != "GET" or not self._is_genuine(request.headers.get(HEADER, "")):
            response = await not_found(request, Exception())
        else:
            body = {"hops": len(hops(request)), "trusted_proxies": self._trusted_proxies}
            response = Response(orjson.dumps(body), media_type=JSON)
        await response(scope, receive, send)

    def _is_genuine(self, asked: str) -> bool:
        seconds, _, mac = asked.partition(".")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12 and mac.isascii()):
            return False
        if abs(time.time() - int(seconds)) > MAX_AGE:
            return False
        return any(hmac.compare_digest(_mac(key, int(seconds)), mac) for key in self._keys)


def _mac(key: bytes, seconds: int) -> str:
    return hmac.digest(key, str(seconds).encode(), "sha256").hex()
