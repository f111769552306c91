"""The session's cookie: when it counts, and how it is set. Origins guard it, beside SameSite."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http.cookies import SimpleCookie

from graphql import GraphQLError
from starlette.requests import Request

from app.bodies import RefusedRequestError
from app.origins import Origins, origin_of, own_origin

_FOREIGN = "This origin may not use cookies here: list it in ALLOWED_ORIGINS, or use transport BEARER."
_HIDDEN = (
    "This page hides its origin, as a file or a sandboxed frame does, and may not use cookies here: serve it from an "
    "origin that ALLOWED_ORIGINS lists, or use transport BEARER."
)
_EMBEDDED = (
    "A link, an image or a script of another page may not use cookies here: fetch from a page of the service's own "
    "origin or of one that ALLOWED_ORIGINS lists."
)
_UNNAMED = (
    "Nothing says which page this cookie comes from. A server sends the app's own Origin along, or the token as "
    "Authorization: Bearer instead of the cookie; a page without Sec-Fetch-Site uses POST."
)
_OTHER_SITE = (
    "This page is of another site than the service, where browsers do not send the cookie (SameSite=Lax): use "
    "transport BEARER, or serve both from one site; on one machine, under one name, localhost or 127.0.0.1."
)


class OriginNotAllowedError(GraphQLError):
    """A page wants to act with the person's cookie, and may not. The message says what its developer can do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "ORIGIN_NOT_ALLOWED"})


def refusal_reason(origin: str | None, site: str | None, *, allowed: bool) -> str | None:
    """Why a cookie does not count by the Origin and the Sec-Fetch-Site that came with it; None where it does.

    `allowed` says that the Origin is the service's own or listed. Browsers send none with a GET to their page's own
    origin, some send null with a POST to it, and a proxy may have changed the Host that it is compared with; but
    Sec-Fetch-Site, which no script can set, says so. It also says that the person typed the address.
    The table is in docs/decisions/0012-when-a-cookie-counts.md.
    """
    if allowed or site == "same-origin" or (origin is None and site == "none"):
        return None
    if origin:
        return _HIDDEN if origin == "null" else _FOREIGN
    return _EMBEDDED if site else _UNNAMED


class RequestCookie:
    """The cookie of one request and its answer; `secure` where the service is reached over https alone.

    Making it raises OriginNotAllowedError or RefusedRequestError where a cookie came that does not count.
    """

    def __init__(self, request: Request, origins: Origins, *, secure: bool) -> None:
        self._name = "__Host-session" if secure else "session"
        self._secure = secure
        self._site = request.headers.get("sec-fetch-site")
        origin = origin_of(request.headers)
        own = own_origin("https" if secure else request.url.scheme, request.headers.get("host", ""))
        allowed = origin is not None and (origin.lower() == own or origins.allows(origin))
        self._why_not = refusal_reason(origin, self._site, allowed=allowed)
        self.header: str | None = None  # for Set-Cookie
        self.held = None if bearer_token(request) else _only_cookie(request, self._name)
        if self.held and self._why_not:
            raise OriginNotAllowedError(self._why_not)

    def require_own_origin(self) -> None:
        if reason := self._why_not or (_OTHER_SITE if self._site == "cross-site" else None):
            raise OriginNotAllowedError(reason)

    def keep(self, token: str, ends_at: datetime) -> None:
        self._set(token, max(0, int((ends_at - datetime.now(UTC)).total_seconds())))

    def extend(self, ends_at: datetime) -> None:
        if self.held:
            self.keep(self.held, ends_at)

    def drop(self) -> None:
        if self.held:
            self._set("", 0)

    def _set(self, value: str, max_age: int) -> None:
        cookie: SimpleCookie = SimpleCookie({self._name: value})
        morsel = cookie[self._name]
        morsel["path"] = "/"
        morsel["max-age"] = max_age
        morsel["httponly"] = True
        morsel["samesite"] = "Lax"
        if self._secure:
            morsel["secure"] = True
        self.header = morsel.OutputString()


def credential_of(request: Request, cookie: RequestCookie) -> str | None:
    """The token of `Authorization: Bearer`, which counts alone even when it is bad; else the cookie's."""
    token = bearer_token(request)
    return cookie.held if token is None else token


def bearer_token(request: Request) -> str | None:
    """None also for what clients send that have no token: an empty one, or what they make of null.

    Other schemes are for a proxy in front of the service: a browser adds its password for that by itself.
    """
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token not in {"", "null", "undefined"} else None


def nobody_signed_in(outcomes: Mapping[str, str]) -> bool:
    """Whether an operation looked for the session of its credential, and there was none."""
    return outcomes.get("me") == "NoneType" or "NotAuthenticatedError" in outcomes.values()


def _only_cookie(request: Request, name: str) -> str | None:
    """The cookie of exactly that name. Raises RefusedRequestError where two of it differ.

    Browsers let other hosts of the site set cookies whose names begin with what str.strip() takes for a blank. The
    value is as it was set: to unquote every cookie, as Starlette does, may take quadratic time.
    """
    pairs = [pair.strip(" \t").partition("=") for line in request.headers.getlist("cookie") for pair in line.split(";")]
    values = {value for key, _, value in pairs if key == name}
    if len(values) > 1:
        sentence = f"Several cookies are named {name}, and none counts: delete the cookies of this site in the browser."
        raise RefusedRequestError(400, sentence)
    return values.pop() if values else None
