"""What the development pages share: templates, a strict policy, and forms that only these pages may send."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.bodies import RefusedRequestError, read_body
from app.origins import origin_of, own_origin

FOLDER = Path(__file__).parent
_MAX_FORM_BYTES = 10_000
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action "
)
_TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Page = Callable[[Request], Awaitable[Response]]


def render(template: str, *, status: int = 200, form_action: str = "'self'", **values: Any) -> Response:
    """`form_action` is for forms whose answer redirects elsewhere, since browsers apply it to redirects, too."""
    html = _TEMPLATES.get_template(template).render(values)
    # Without a referrer, browsers would send the Origin null with our own forms.
    headers = {"Content-Security-Policy": _POLICY + form_action, "Referrer-Policy": "same-origin"}
    return HTMLResponse(html, status, headers)


def not_here(what: str) -> Response:
    return render("missing.html", status=404, what=what)


async def read_form(request: Request) -> dict[str, str]:
    """Returns the fields of a form of our own pages.

    Raises HTTPException for a form of another page, so that no page of the internet can pay or confirm on this machine.
    """
    if _is_foreign(request):
        raise HTTPException(403, "Only the development pages may send this form.")
    try:
        body = await read_body(request, _MAX_FORM_BYTES)
        return dict(parse_qsl(body.decode()))
    except RefusedRequestError as refused:
        raise HTTPException(refused.status, refused.message) from None
    except ValueError:
        raise HTTPException(400, "Send a form.") from None


def _is_foreign(request: Request) -> bool:
    """Whether another page sends the form. `none` is no page, but counts only without another's Origin."""
    site = request.headers.get("sec-fetch-site", "none")
    if site != "none":
        return site != "same-origin"
    origin = origin_of(request.headers)
    return origin is not None and origin != own_origin(request.url.scheme, request.headers.get("host", ""))
