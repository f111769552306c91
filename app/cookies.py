"""The cookies of the session and of a remembered device: when they count, and how they are set.

The check of origins protects them, in addition to SameSite.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from http.cookies import SimpleCookie

from graphql import GraphQLError

from app.bodies import RefusedRequestError
from app.origins import Origins, origin_of, own_origin
from app.requests import Request
from services.common.secrets import API_SECRET_PREFIX

_FOREIGN = "This origin may not use cookies here: list it in ALLOWED_ORIGINS, or use transport BEARER."
_HIDDEN = (
    "This page hides its origin, as files and sandboxed frames do, and may not use cookies here: serve it from an "
    "origin in ALLOWED_ORIGINS, or use transport BEARER."
)
_EMBEDDED = (
    "A link, image or script of another page may not use cookies here: use fetch, from a page of the service's own "
    "origin or of an origin in ALLOWED_ORIGINS."
)
_UNNAMED = (
    "The request does not show which page sent this cookie. From a server, send the app's Origin as well, or the token "
    "as Authorization: Bearer instead of the cookie. From a browser without Sec-Fetch-Site, use POST."
)
_OTHER_SITE = (
    "This page is on a different site from the service, so browsers do not send the cookie (SameSite=Lax): use "
    "transport BEARER, or serve both from the same site. On one machine, use the same name for both, localhost or "
    "127.0.0.1."
)


class OriginNotAllowedError(GraphQLError):
    """The page may not use the person's cookie. The message tells the page's developer what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "ORIGIN_NOT_ALLOWED"})


def refusal_reason(origin: str | None, site: str | None, *, allowed: bool) -> str | None:
    """Returns why a cookie does not count, given the request's Origin and Sec-Fetch-Site, or None if it counts.

    `allowed` means that the Origin is the service's own or listed. Origin alone is not enough: browsers send none with
    a GET to the page's own origin, some send null with a POST to it, and a proxy may have changed the Host that it is
    compared with. Sec-Fetch-Site, which scripts cannot set, identifies these requests, and addresses that a person
    typed. The table is in docs/decisions/0012-when-a-cookie-counts.md.
    """
    if allowed or site == "same-origin" or (origin is None and site == "none"):
        return None
    if origin:
        return _HIDDEN if origin == "null" else _FOREIGN
    return _EMBEDDED if site else _UNNAMED


class RequestCookie:
    """The cookies of a request and its response; `secure` is for a service that is reached only over https.

    The constructor raises OriginNotAllowedError or RefusedRequestError for a session's cookie or a header that does not
    count. A remembered device's is read only at login.
    """

    def __init__(self, request: Request, origins: Origins, *, secure: bool) -> None:
        self._request = request
        self._name = "__Host-session" if secure else "session"
        self._device_name = "__Host-device" if secure else "device"
        self._secure = secure
        self._site = request.headers.get("sec-fetch-site")
        origin = origin_of(request.headers)
        allowed = origin is not None and (origin.lower() == self._own_origin(request) or origins.allows(origin))
        self._refusal_reason = refusal_reason(origin, self._site, allowed=allowed)
        self._set_cookies: dict[str, str] = {}
        self._token = _bearer_token(request)
        self.held = None if self._token else _only_cookie(request, self._name)
        if self.held and self._refusal_reason:
            raise OriginNotAllowedError(self._refusal_reason)

    @property
    def credential(self) -> str | None:
        """The token of `Authorization: Bearer`, even an invalid one, or else the cookie's.

        A cookie never stands for an API client, since a page could not keep its secret.
        """
        if self._token is not None:
            return self._token
        return None if self.held and self.held.startswith(API_SECRET_PREFIX) else self.held

    @property
    def headers(self) -> Collection[str]:
        """The values of Set-Cookie."""
        return self._set_cookies.values()

    @property
    def device_token(self) -> str | None:
        """The remembered device's token. None if it comes twice with different values: the person types a code then."""
        values = set() if self._refusal_reason else _cookies(self._request, self._device_name)
        return values.pop() if len(values) == 1 else None

    def require_own_origin(self) -> None:
        if reason := self._refusal_reason or (_OTHER_SITE if self._site == "cross-site" else None):
            raise OriginNotAllowedError(reason)

    def keep(self, token: str, ends_at: datetime) -> None:
        self._set(self._name, token, _seconds_until(ends_at))

    def keep_device(self, token: str, ends_at: datetime) -> None:
        self._set(self._device_name, token, _seconds_until(ends_at))

    def extend(self, ends_at: datetime) -> None:
        if self.held:
            self.keep(self.held, ends_at)

    def drop(self) -> None:
        if self.held:
            self._set(self._name, "", 0)

    def _own_origin(self, request: Request) -> str:
        return own_origin("https" if self._secure else request.url.scheme, request.headers.get("host", ""))

    def _set(self, name: str, value: str, max_age: int) -> None:
        cookie: SimpleCookie = SimpleCookie({name: value})
        morsel = cookie[name]
        morsel["path"] = "/"
        morsel["max-age"] = max_age
        morsel["httponly"] = True
        morsel["samesite"] = "Lax"
        if self._secure:
            morsel["secure"] = True
        self._set_cookies[name] = morsel.OutputString()


def _seconds_until(moment: datetime) -> int:
    return max(0, int((moment - datetime.now(UTC)).total_seconds()))


def _bearer_token(request: Request) -> str | None:
    """Returns None also for what clients without a token send: nothing after the scheme, `null` or `undefined`.

    Other schemes are for a proxy in front of the service, whose password browsers add on their own. Raises
    RefusedRequestError for several headers that differ, since a proxy may have judged another one.
    """
    headers = request.headers.getlist("authorization")
    if len(headers) > 1 and len(set(headers)) > 1:
        raise RefusedRequestError(400, "The request has several Authorization headers: send one.")
    scheme, _, token = (headers[0] if headers else "").strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token not in {"", "null", "undefined"} else None


def nobody_signed_in(outcomes: Mapping[str, str]) -> bool:
    """Whether an operation needed the session of its credential and did not find it."""
    return outcomes.get("me") == "null" or "NotAuthenticatedError" in outcomes.values()


def _only_cookie(request: Request, name: str) -> str | None:
    """Returns the cookie of exactly that name. Raises RefusedRequestError if it comes twice with different values."""
    values = _cookies(request, name)
    if len(values) > 1:
        sentence = f"The request has several cookies named {name}: delete this site's cookies in the browser."
        raise RefusedRequestError(400, sentence)
    return values.pop() if values else None


def _cookies(request: Request, name: str) -> set[str]:
    """Returns the values of the cookies of exactly that name.

    Browsers let other hosts of the site set cookies whose names begin with characters that str.strip() takes for
    whitespace. A value is not unquoted: Starlette's way of doing so may take quadratic time.
    """
    pairs = [pair.strip(" \t").partition("=") for line in request.headers.getlist("cookie") for pair in line.split(";")]
    return {value for key, _, value in pairs if key == name}
