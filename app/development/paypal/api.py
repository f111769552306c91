"""PayPal's REST API over the books: what it answers to each call, whatever carries it."""

import base64
import enum
import functools
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from app.development.paypal.books import Books
from app.development.paypal.events import Events
from app.development.paypal.replies import Reply, error, invalid, not_found

_UNAUTHORIZED = "Authentication failed due to missing authorization header, or invalid authentication credentials."


class Call(enum.Enum):
    """What is asked of PayPal."""

    TOKEN = "token"  # noqa: S105
    CREATE = "create"
    SHOW = "show"
    CAPTURE = "capture"
    VERIFY = "verify"
    SHOW_CAPTURE = "show capture"
    APPROVAL_PAGE = "approval page"


@dataclass(frozen=True)
class Received:
    call: Call | None
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def request_id(self) -> str | None:
        return self.headers.get("paypal-request-id")


@dataclass(frozen=True)
class Access:
    """Who may ask: the merchant's credentials, and the tokens issued for them, which last `expires_in` seconds."""

    client_id: str
    client_secret: str
    expires_in: int
    issue: Callable[[], str]
    accepts: Callable[[str], bool]


def call_of(method: str, path: str) -> Call | None:
    match method, path.partition("?")[0].split("/")[1:]:
        case "POST", ["v1", "oauth2", "token"]:
            return Call.TOKEN
        case "POST", ["v1", "notifications", "verify-webhook-signature"]:
            return Call.VERIFY
        case "POST", ["v2", "checkout", "orders"]:
            return Call.CREATE
        case "GET", ["v2", "checkout", "orders", _]:
            return Call.SHOW
        case "POST", ["v2", "checkout", "orders", _, "capture"]:
            return Call.CAPTURE
        case "GET", ["v2", "payments", "captures", _]:
            return Call.SHOW_CAPTURE
        case "GET", ["checkoutnow"]:
            return Call.APPROVAL_PAGE
    return None


def answer(request: Received, access: Access, books: Books, events: Events) -> Reply:
    if request.call is None:
        return error(404, "NOT_FOUND", "No such resource.", "NOT_FOUND", "No such resource.")
    if request.call is Call.TOKEN:
        return _issue_token(request, access)
    if not access.accepts(request.headers.get("authorization", "").removeprefix("Bearer ")):
        return error(401, "AUTHENTICATION_FAILURE", _UNAUTHORIZED, "INVALID_TOKEN", "The token is invalid.")
    if request.call is Call.SHOW:
        return books.show(_id(request.path))
    if request.call is Call.SHOW_CAPTURE:
        capture = books.captures.get(_id(request.path))
        return Reply(200, capture) if capture else not_found()
    if request.headers.get("content-type") != "application/json":
        return error(415, "UNSUPPORTED_MEDIA_TYPE", "Send JSON.", "UNSUPPORTED_MEDIA_TYPE", "Send JSON.")
    return _post(request.call, request, books, events)


def _post(call: Call, request: Received, books: Books, events: Events) -> Reply:
    try:
        body = json.loads(request.body)
    except ValueError:
        return invalid("MALFORMED_REQUEST_JSON", "The request JSON is not well formed.")
    if call is Call.VERIFY:
        verdict = "SUCCESS" if events.verify(request.body) else "FAILURE"
        return Reply(200, {"verification_status": verdict})
    create = functools.partial(books.create, body, request.request_id)
    work = create if call is Call.CREATE else functools.partial(books.capture, _id(request.path))
    reply = books.once(request.path, request.request_id, work)
    whole = "return=representation" in request.headers.get("prefer", "") or reply.status >= 400
    return reply if whole else Reply(reply.status, {name: reply.body[name] for name in ("id", "status", "links")})


def _issue_token(request: Received, access: Access) -> Reply:
    basic = base64.b64encode(f"{access.client_id}:{access.client_secret}".encode()).decode()
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Basic {basic}".encode()):
        return Reply(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})
    if parse_qs(request.body.decode("latin-1")).get("grant_type") != ["client_credentials"]:
        return Reply(400, {"error": "unsupported_grant_type", "error_description": "unsupported grant_type"})
    return Reply(200, {"access_token": access.issue(), "token_type": "Bearer", "expires_in": access.expires_in})


def _id(path: str) -> str:
    return path.split("/")[4]
