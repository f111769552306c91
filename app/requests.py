"""A request whose headers are decoded once, since a dozen places ask for them."""

from typing import Any, Protocol

from starlette import requests
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

EXCHANGE = "exchange"
"""The key of the scope under which the server puts the Exchange."""
ALLOW_RESPONSE = "allow_response"
"""The key of the scope under which the server puts a function that gives the response that many seconds from now on."""

_HEADERS = "headers_indexed"


class Exchange(Protocol):
    """What the server knows of a request and its response."""

    disconnected: bool
    more_body: bool


class IndexedHeaders(Headers):
    """Headers that are found without a search through all of them."""

    def __init__(self, scope: Scope) -> None:
        self._list = scope["headers"]
        self._values: dict[str, list[str]] = {}
        for name, value in self._list:
            self._values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))

    def getlist(self, key: str) -> list[str]:
        return self._values.get(key.lower(), [])

    def get(self, key: str, default: Any = None) -> Any:
        values = self._values.get(key.lower())
        return values[0] if values else default

    def __getitem__(self, key: str) -> str:
        return self._values[key.lower()][0]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._values


class Request(requests.Request):
    def __init__(self, scope: Scope, receive: Receive = requests.empty_receive) -> None:
        super().__init__(scope, receive)
        self._headers = headers_of(scope)

    @property
    def headers(self) -> Headers:
        return self._headers


def headers_of(scope: Scope) -> Headers:
    """Returns the headers of the request, the same object to all who ask."""
    headers: Headers | None = scope.get(_HEADERS)
    if headers is None:
        headers = scope[_HEADERS] = IndexedHeaders(scope)
    return headers


def is_disconnected(scope: Scope) -> bool:
    """Whether the client has closed the connection; False under a server that does not say."""
    exchange: Exchange | None = scope.get(EXCHANGE)
    return exchange is not None and exchange.disconnected


def has_whole_body(scope: Scope) -> bool:
    """Whether the whole body has arrived; False under a server that does not say."""
    exchange: Exchange | None = scope.get(EXCHANGE)
    return exchange is not None and not exchange.more_body
