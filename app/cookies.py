"""The session's cookie: when it counts, and how it is set. Origins guard it, beside SameSite."""

from datetime import UTC, datetime
from http.cookies import SimpleCookie

from graphql import GraphQLError
from starlette.requests import Request

from app.origins import Origins


class OriginNotAllowedError(GraphQLError):
    """A page of another origin wants to act with the person's cookie."""

    def __init__(self) -> None:
        super().__init__(
            "This origin may not use cookies here: list it in ALLOWED_ORIGINS.",
            extensions={"code": "ORIGIN_NOT_ALLOWED"},
        )


class RequestCookie:
    """The cookie of one request and its answer; `secure` where the service is reached over https alone.

    Making it raises OriginNotAllowedError where a cookie came with a foreign Origin.
    """

    def __init__(self, request: Request, origins: Origins, *, secure: bool) -> None:
        self._name = "__Host-session" if secure else "session"
        self._secure = secure
        self._own_origin = _is_own(request, origins, "https" if secure else request.url.scheme)
        self.header: str | None = None  # for Set-Cookie
        self.held: str | None = None
        if request.method == "POST" and "authorization" not in request.headers:
            self.held = self._token(request)

    def require_own_origin(self) -> None:
        if not self._own_origin:
            raise OriginNotAllowedError

    def keep(self, token: str, ends_at: datetime) -> None:
        self._set(token, max(0, int((ends_at - datetime.now(UTC)).total_seconds())))

    def prolong(self, ends_at: datetime) -> None:
        if self.held:
            self.keep(self.held, ends_at)

    def drop(self) -> None:
        if self.held:
            self._set("", 0)

    def _token(self, request: Request) -> str | None:
        """None without a cookie, and where nothing says which page sent it."""
        token = _only_cookie(request, self._name)
        if not token or "origin" not in request.headers:
            return None
        self.require_own_origin()
        return token

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
    """The token of the Authorization header, which counts alone even when it is bad; else the cookie's."""
    authorization = request.headers.get("authorization")
    if authorization is None:
        return cookie.held
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _only_cookie(request: Request, name: str) -> str | None:
    """The cookie of exactly that name, if there is one and no second.

    Browsers let other hosts of the site set cookies whose names begin with what str.strip() takes for a blank. The
    value is as it was set: to unquote every cookie, as Starlette does, may take quadratic time.
    """
    pairs = [pair.strip(" \t").partition("=") for line in request.headers.getlist("cookie") for pair in line.split(";")]
    values = [value for key, _, value in pairs if key == name]
    return values[0] if len(values) == 1 else None


def _is_own(request: Request, origins: Origins, scheme: str) -> bool:
    origin = request.headers.get("origin", "").lower()
    return origins.allows(origin) or origin == f"{scheme}://{request.headers.get('host', '').lower()}"
