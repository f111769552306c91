"""What is known about a request once it has ended, for the log and every other observer. It holds nothing secret.

A request is observed as a whole: GraphQL over HTTP has one operation a request.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from app.traces.spans import RequestSpan
    from services.access.clients import ApiClient
    from services.accounts.sessions import Principal

CLIENT_GONE = 499
"""The status, as nginx has it, of a request whose client closed the connection before the response."""
REFUSALS = "refusals"
"""The key of the lifespan's state under which the server finds the RefusalObserver."""

_ID_BITS = 64
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_REASONS_BY_CODE = {
    "ORIGIN_NOT_ALLOWED": "origin",
    "PARSE_FAILED": "invalid document",
    "VALIDATION_FAILED": "invalid document",
    "TOO_COMPLEX": "too complex",
    "PERSISTED_DOCUMENT_REQUIRED": "untrusted document",
    "PERSISTED_DOCUMENT_NOT_FOUND": "untrusted document",
    "PERSISTED_QUERY_NOT_SUPPORTED": "untrusted document",
    "INTERNAL": None,
    "UNAVAILABLE": None,
}
_REASONS_BY_STATUS = {
    403: "origin",
    404: "path",
    405: "method",
    406: "media type",
    408: "slow",
    413: "too large",
    415: "media type",
    421: "host",
    429: "limit",
    431: "too large",
    501: "tunnel",
    505: "version",
}


@dataclass(slots=True)
class CurrentRequest:
    """What is noted about a request while it is answered. `client` is what limits count, if there was a Caller."""

    id: str
    client: str | None = None
    operation: str | None = None
    operation_type: str | None = None
    digest: str | None = None
    outcomes: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    failure: str | None = None
    account: UUID | None = None
    session: UUID | None = None
    api_client: str | None = None
    span: "RequestSpan | None" = None


class FinishedRequest(NamedTuple):
    """A request that has ended: a tuple, since a frozen dataclass of so many fields would take 3 % of `me` to make.

    `id` is also in the response. `kind` is one of a few words, such as "graphql": a path may hold anything.
    `client`, `account` and `session` are pseudonyms. `digest` is that of the document's shape, `outcomes` maps root
    fields to the GraphQL types of their results, and `code` is that of the first error. `failure` names the part of
    ours that failed. `operation_type` is "query" or "mutation", and `trace_id` is set if the request is traced.
    `api_client` is the name of the API client whose secret was used.
    """

    id: str
    method: str
    kind: str
    status: int
    seconds: float
    client: str
    account: str | None
    session: str | None
    operation: str | None
    digest: str | None
    outcomes: Mapping[str, str]
    code: str | None
    failure: str | None
    operation_type: str | None = None
    trace_id: str | None = None
    api_client: str | None = None

    @property
    def refused(self) -> str | None:
        """Why the request was refused before anything was executed, in a word or two, or None."""
        if self.code in _REASONS_BY_CODE:
            return _REASONS_BY_CODE[self.code]
        if self.status in _REASONS_BY_STATUS:
            return _REASONS_BY_STATUS[self.status]
        if self.method == "OPTIONS" and self.status == 400:
            return "origin"
        return "malformed" if self.code == "BAD_REQUEST" else None


RequestObserver = Callable[[FinishedRequest], None]
RefusalObserver = Callable[[int, str | None, str, float], str]
"""Takes status, code, the peer's address and seconds of a request that the server refused. Returns the request's id."""

_current: ContextVar[CurrentRequest | None] = ContextVar("request", default=None)


def begin(given_ids: Sequence[str]) -> CurrentRequest:
    """Makes a request the current one of this task, with the id that our proxy gave it, or else a new one."""
    is_given = len(given_ids) == 1 and _WELL_FORMED.fullmatch(given_ids[0])
    request = CurrentRequest(given_ids[0] if is_given else new_id())
    _current.set(request)
    return request


def observed_request() -> CurrentRequest | None:
    """Returns the request that this task answers, if it answers one."""
    return _current.get()


def current_request() -> CurrentRequest:
    """Returns the request that this task answers; outside of one, an empty one that nobody observes."""
    return _current.get() or CurrentRequest(new_id())


def note_principal(principal: "Principal") -> None:
    if request := _current.get():
        request.account, request.session = principal.id, principal.session_id


def note_api_client(client: "ApiClient") -> None:
    if request := _current.get():
        request.api_client = client.name


def new_id() -> str:
    """Returns an id that is unique, and no secret: asking the system for its bits would take 2 % of `me`."""
    return f"{random.getrandbits(_ID_BITS):016x}"
