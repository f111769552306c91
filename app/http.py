"""GraphQL over HTTP, following the draft at https://graphql.github.io/graphql-over-http/draft/."""

import codecs
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.requests import Request as AnyRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app import negotiation
from app.bodies import RefusedRequestError, read_body, too_large
from app.cookies import OriginNotAllowedError, RequestCookie, nobody_signed_in
from app.document_ids import document_of
from app.errors import formatted, internal_error
from app.execution import Executor, Operation
from app.negotiation import GRAPHQL_RESPONSE, JSON
from app.observation import current_request
from app.requests import Request, headers_of
from schema.context import Context
from services.common.translations import Language

PATHS = ("/graphql", "/graphql/")
MAX_BODY = 20_000  # bytes; also of a GET's query string
_MAX_JSON_DEPTH = 32
_CACHED = 256  # Content-Types, of which real clients send few
_CONTENT_HEADERS = {
    media_type: [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"vary", b"Accept, Accept-Language"),
    ]
    for media_type in (JSON, GRAPHQL_RESPONSE)
}
_LANGUAGE_HEADERS = {language: (b"content-language", language.value.encode()) for language in Language}
# The media types of requests. A page of another origin cannot send any of them without a preflight.
_JSON_TYPES = frozenset({JSON, GRAPHQL_RESPONSE, "application/graphql+json"})


class _Json(Response):
    """A response whose headers are encoded already, which Starlette would take 2 % of `me` for."""

    def __init__(
        self, body: dict[str, Any], status: int, media_type: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> None:
        self.status_code = status
        self.body = orjson.dumps(body)
        self.background = None
        length = (b"content-length", b"%d" % len(self.body))
        self.raw_headers = [*headers, length, *_CONTENT_HEADERS[media_type]]


class Endpoint:
    """The ASGI application at /graphql. `open_context` creates the resolvers' context for a request."""

    def __init__(
        self,
        executor: Executor,
        open_cookie: Callable[[Request], RequestCookie],
        open_context: Callable[[Request, RequestCookie], Context],
    ) -> None:
        self._executor = executor
        self._open_cookie = open_cookie
        self._open_context = open_context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except OriginNotAllowedError as error:
            response = refusal(request, formatted(error, "ORIGIN_NOT_ALLOWED"), 403)
        except RefusedRequestError as refused:
            error_body = formatted(GraphQLError(refused.message), "BAD_REQUEST")
            response = refusal(request, error_body, refused.status, refused.headers)
        except Exception as error:
            error_body = internal_error(error, GraphQLError(""))
            response = refusal(request, error_body, _status(500, _media_type(request)))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        media_type = _media_type(request)
        if media_type is None:
            raise RefusedRequestError(406, f"Accept {GRAPHQL_RESPONSE} or {JSON}.")
        match request.method:
            case "GET" | "HEAD":
                if len(request.scope["query_string"]) > MAX_BODY:
                    raise too_large(MAX_BODY)
                operation = _from_query(request.query_params)
            case "POST":
                operation = await _from_body(request)
            case _:
                raise RefusedRequestError(405, "Send GraphQL requests with POST.", {"Allow": "GET, HEAD, POST"})
        cookie = self._open_cookie(request)
        context = self._open_context(request, cookie)
        answer = await self._executor.run(operation, context, read_only=request.method != "POST")
        if nobody_signed_in(context.outcomes):
            cookie.drop()
        headers = [_LANGUAGE_HEADERS[context.caller.language]]
        match answer.status:
            case 405:
                headers.append((b"allow", b"POST"))
            case 503:
                headers.append((b"retry-after", b"5"))
        headers += [(b"set-cookie", header.encode("latin-1")) for header in cookie.headers]
        return _Json(answer.body, _status(answer.status, media_type), media_type, headers)


def _status(status: int, media_type: str | None) -> int:
    """Returns 200 in application/json: legacy clients take another status of that type for a network failure.

    Those that a client or proxy must act on stay: 403, 405 and 503.
    """
    return 200 if media_type == JSON and status in {400, 500} else status


def _media_type(request: AnyRequest) -> str | None:
    return negotiation.media_type(", ".join(headers_of(request.scope).getlist("accept")))


def refusal(
    request: AnyRequest, error: dict[str, Any], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Returns a response that holds only an error, in a media type that the client accepts, if there is one."""
    current_request().code = error["extensions"]["code"]
    media_type = _media_type(request) or GRAPHQL_RESPONSE
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return _Json({"errors": [error]}, status, media_type, raw)


async def not_found(request: AnyRequest, _: Exception) -> Response:
    """Starlette's handler for paths without a route."""
    return refusal(request, formatted(GraphQLError("The endpoint is /graphql."), "BAD_REQUEST"), 404)


async def _from_body(request: Request) -> Operation:
    if not _is_json(request.headers.get("content-type", "").lower()):
        raise RefusedRequestError(415, f"Send {JSON} in UTF-8.", {"Accept-Post": JSON})
    return _operation(_parsed(await read_body(request, MAX_BODY)))


@lru_cache(_CACHED)
def _is_json(content_type: str) -> bool:
    """Whether the media type is JSON in UTF-8, perhaps twice: fetch joins the headers of a client and its library."""
    types = {part.partition(";")[0].strip() for part in content_type.split(",")}
    charsets = set(re.findall(r"\bcharset\s*=\s*\"?([^\s;,\"]*)", content_type))
    return types <= _JSON_TYPES and charsets <= {"utf-8", "utf8"}


def _from_query(parameters: QueryParams) -> Operation:
    fields: dict[str, Any] = dict(parameters)
    if len(parameters.multi_items()) != len(fields):
        raise RefusedRequestError(400, "Send each parameter only once.")
    for name in ("variables", "extensions"):
        if text := fields.get(name):
            fields[name] = _parsed(text.encode())
        else:
            fields.pop(name, None)
    return _operation(fields)


def _parsed(body: bytes) -> Any:
    """Parses strict JSON (RFC 8259) in UTF-8, with or without a byte order mark.

    Refuses NaN, lone surrogates, numbers that are too large, and deep nesting.
    """
    try:
        value = orjson.loads(body.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError:
        raise RefusedRequestError(400, "This is not valid JSON in UTF-8.") from None
    if body.count(b"{") + body.count(b"[") > _MAX_JSON_DEPTH and _too_deep(value):
        raise RefusedRequestError(400, "The JSON is nested too deeply.")
    return value


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MAX_JSON_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _operation(parameters: Any) -> Operation:
    if not isinstance(parameters, dict):
        raise RefusedRequestError(400, "A request must be a JSON object.")
    document = document_of(parameters)
    operation_name = parameters.get("operationName")
    variables = parameters.get("variables")
    extensions = parameters.get("extensions")
    if operation_name is not None and not isinstance(operation_name, str):
        raise RefusedRequestError(400, "operationName must be a string.")
    if variables is not None and not isinstance(variables, dict):
        raise RefusedRequestError(400, "variables must be an object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise RefusedRequestError(400, "extensions must be an object.")
    return Operation(document, operation_name or None, variables or {})
