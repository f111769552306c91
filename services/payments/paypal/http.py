"""HTTP for PayPal's REST API: tokens, deadlines, retries and size limits."""

import asyncio
import base64
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2
import orjson
import structlog

from services.common.tracing import Tracer
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError, read_debug_id, read_refusal

log = structlog.get_logger(__name__)

_MAX_ANSWER_BYTES = 262_144
_MARGIN_SECONDS = 60.0  # before its expiry at which a token is no longer used, at most half its life
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_TOKEN_PATH = "/v1/oauth2/token"  # noqa: S105


class _LostError(PayPalUnavailableError):
    """No response, or one that says to retry later."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request that may be repeated: it changes nothing, or PayPal recognizes its `request_id`.

    The `route` is the path, with `{id}` in the place of `id`.
    """

    method: str
    route: str
    body: bytes | None = field(default=None, repr=False)
    request_id: str | None = None
    id: str = ""

    @property
    def path(self) -> str:
        return self.route.replace("{id}", self.id)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    status: int
    content: bytes
    debug_id: str


@dataclass(frozen=True, slots=True, repr=False)
class _Token:
    value: str
    good_until: float  # seconds on the monotonic clock


class HttpClient:
    """Connections to PayPal, kept until `aclose`.

    Uses the environment's proxies, since a server behind a firewall needs HTTPS_PROXY; TLS still ends at PayPal.
    Follows no redirects.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        timeout: float,
        monotonic: Callable[[], float],
        tracer: Tracer,
    ) -> None:
        """`timeout` is for one whole try, in seconds; there are at most two. Fetching a token gets half of it."""
        self._base_url = base_url.rstrip("/")
        self._basic = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._timeout = timeout
        self._monotonic = monotonic
        self._tracer = tracer
        self._http: httpx2.AsyncClient | None = None
        self._cached: _Token | None = None
        self._fetching: asyncio.Task[_Token] | None = None

    async def request(self, request: ApiRequest) -> object:
        """Returns the JSON of PayPal's response. Raises PayPalRefusedError and PayPalUnavailableError."""
        try:
            try:
                return await self._try(request)
            except _LostError as error:
                log.info("paypal asked again", call=str(request), reason=str(error))
                return await self._try(request)
        except PayPalRefusedError as error:
            log.info("paypal refused", call=str(request), issue=error.issue, debug_id=error.debug_id)
            raise
        except PayPalUnavailableError as error:
            log.warning("paypal away", call=str(request), reason=str(error))
            raise

    async def authenticate(self) -> None:
        """Fetches a token, which shows whether PayPal takes the credentials. Raises as `request` does."""
        await self._token()

    async def aclose(self) -> None:
        if self._fetching:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        if self._http:
            await self._http.aclose()

    async def _try(self, request: ApiRequest) -> object:
        try:
            async with asyncio.timeout(self._timeout):
                token = await self._token()
                answer = await self._send_with(token, request)
                if answer.status == 401:  # revoked early
                    if self._cached is token:
                        self._cached = None
                    answer = await self._send_with(await self._token(), request)
        except TimeoutError:
            raise _LostError("no answer in time") from None
        return _parse(answer)

    async def _token(self) -> _Token:
        """Fetches the token once for all callers that wait for it."""
        if self._cached and self._monotonic() < self._cached.good_until:
            return self._cached
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._end_fetching)
        return await asyncio.shield(self._fetching)  # a caller that gives up leaves it to the others

    def _end_fetching(self, fetching: asyncio.Task[_Token]) -> None:
        self._fetching = None
        if (
            not fetching.cancelled() and fetching.exception() is None
        ):  # retrieved, since nobody may be waiting for it any more
            self._cached = fetching.result()

    async def _fetch(self) -> _Token:
        asked_at = self._monotonic()
        headers = {"Authorization": self._basic, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            # Half a try, so that it has ended when the retry of the same request needs another token.
            async with asyncio.timeout(self._timeout / 2):
                request = ApiRequest("POST", _TOKEN_PATH, b"grant_type=client_credentials")
                answer = await self._send(request, headers)
        except TimeoutError:
            raise _LostError("no token in time") from None
        return _read_token(_parse(answer), asked_at)

    async def _send_with(self, token: _Token, request: ApiRequest) -> _Answer:
        headers = {"Authorization": f"Bearer {token.value}", "Prefer": "return=representation"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.request_id is not None:
            headers["PayPal-Request-Id"] = request.request_id
        return await self._send(request, headers)

    def _connections(self) -> httpx2.AsyncClient:
        """Makes the client when it is first needed: reading the certificate authorities would delay each start."""
        if self._http is None:
            # No timeout: the deadlines here cover the whole request. No proxy reaches this machine's own addresses.
            direct = {"all://127.0.0.1": None, "all://[::1]": None}
            self._http = httpx2.AsyncClient(timeout=None, follow_redirects=False, mounts=direct)
        return self._http

    async def _send(self, request: ApiRequest, headers: dict[str, str]) -> _Answer:
        with self._tracer.call(request.method, self._base_url, request.route) as call:
            answer = await self._exchange(request, {**headers, **call.headers})
            call.answered(answer.status)
        return answer

    async def _exchange(self, request: ApiRequest, headers: dict[str, str]) -> _Answer:
        headers |= {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }  # so that the size limit applies to the response
        content, url = bytearray(), self._base_url + request.path
        try:
            async with (
                self._connections().stream(request.method, url, headers=headers, content=request.body) as response,
                contextlib.aclosing(response.aiter_raw()) as parts,
            ):
                async for part in parts:
                    content += part
                    if len(content) > _MAX_ANSWER_BYTES:
                        raise PayPalUnavailableError(f"an answer of more than {_MAX_ANSWER_BYTES} bytes")
        except httpx2.HTTPError as error:
            raise _LostError(type(error).__name__) from None
        return _Answer(response.status_code, bytes(content), read_debug_id(response.headers.get("Paypal-Debug-Id")))


def _parse(answer: _Answer) -> object:
    summary = f"status {answer.status}, debug id {answer.debug_id or 'unknown'}"
    if answer.status >= 500:
        raise _LostError(summary)
    # 429: not now. 409: an earlier request for the same thing is in progress and may still succeed.
    if answer.status in (408, 409, 429) or not (200 <= answer.status < 300 or 400 <= answer.status < 500):
        raise PayPalUnavailableError(summary)
    try:
        body = orjson.loads(answer.content)
        if answer.status < 300:
            return body
        refusal = read_refusal(body)
    except ValueError:
        raise PayPalUnavailableError(f"not PayPal's JSON, {summary}") from None
    if not refusal.debug_id:
        refusal = PayPalRefusedError(refusal.issue, answer.debug_id, refusal.approval_url)
    raise refusal


def _read_token(body: object, asked_at: float) -> _Token:
    token, life = (body.get("access_token"), body.get("expires_in")) if isinstance(body, dict) else (None, None)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or type(life) is not int or life < 0:
        raise PayPalUnavailableError("an answer without a token")
    return _Token(token, asked_at + life - min(_MARGIN_SECONDS, life / 2))
