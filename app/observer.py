"""Gives each request an id, and reports how the request ended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import Scope

from app.caller import address_of, peer
from app.http import PATHS
from app.observation import CurrentRequest, FinishedRequest, RefusalObserver, RequestObserver, begin, new_id
from app.requests import Request
from services.common.caller import Caller
from services.common.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from app.traces.spans import RequestSpan, Traces

_KINDS = {**dict.fromkeys(PATHS, "graphql"), "/webhooks/paypal": "webhook", "/exports": "export"}
_HEALTH = "/health/"
_TRACE_HEADERS = ("traceparent", "tracestate")  # https://www.w3.org/TR/trace-context/
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Observer:
    """Begins a request, and reports to the observers how it ended."""

    def __init__(
        self,
        observers: Sequence[RequestObserver],
        pseudonyms: Pseudonyms,
        trusted_proxies: int,
        traces: "Traces | None" = None,
    ) -> None:
        self._observers = observers
        self._pseudonyms = pseudonyms
        self._trusted_proxies = trusted_proxies
        self._traces = traces

    def begin(self, scope: Scope, headers: Headers) -> CurrentRequest:
        request = begin(headers.getlist("x-request-id") if self._trusted_proxies else [])
        if self._traces:
            request.span = self._trace(self._traces, scope, headers)
        return request

    def _trace(self, traces: "Traces", scope: Scope, headers: Headers) -> "RequestSpan | None":
        """Continues our proxy's trace. A stranger's does not count, since it decides whether the request is sampled."""
        trusted = self._trusted_proxies and len(headers.getlist("traceparent")) == 1
        given = {name: ",".join(headers.getlist(name)) for name in _TRACE_HEADERS} if trusted else {}
        return traces.request(_method(scope), _kind(scope["path"]), given)

    def finish(self, request: CurrentRequest, scope: Scope, status: int, seconds: float) -> None:
        client = request.client or Caller(address_of(Request(scope), self._trusted_proxies)).client
        finished = FinishedRequest(
            id=request.id,
            method=_method(scope),
            kind=_kind(scope["path"]),
            status=status,
            seconds=seconds,
            client=self._pseudonyms.of("client", client),
            account=self._pseudonyms.of("account", request.account) if request.account else None,
            session=self._pseudonyms.of("session", request.session) if request.session else None,
            operation=request.operation,
            digest=request.digest,
            outcomes=request.outcomes,
            code=request.code,
            failure=request.failure,
            operation_type=request.operation_type,
            trace_id=request.span.trace_id if request.span else None,
            api_client=request.api_client,
        )
        for observe in self._observers:
            observe(finished)
        if request.span:
            request.span.end(finished)


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def refusal_observer(observers: Sequence[RequestObserver], pseudonyms: Pseudonyms) -> RefusalObserver:
    """Returns the observer of requests that the server itself refuses, such as bytes that are not HTTP.

    Their client is the peer, even behind proxies: X-Forwarded-For may not have been read.
    """

    def observe_refusal(status: int, code: str | None, peer_address: str, seconds: float) -> str:
        finished = FinishedRequest(
            id=new_id(),
            method="other",
            kind="other",
            status=status,
            seconds=seconds,
            client=pseudonyms.of("client", Caller(peer(peer_address)).client),
            account=None,
            session=None,
            operation=None,
            digest=None,
            outcomes={},
            code=code,
            failure=None,
        )
        for observe in observers:
            observe(finished)
        return finished.id

    return observe_refusal


def _kind(path: str) -> str:
    return "health" if path.startswith(_HEALTH) else _KINDS.get(path, "other")
