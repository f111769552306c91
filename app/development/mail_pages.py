"""The mails that were "sent" in development, at /mail, and as JSON for tests at /mail.json."""

import re
from asyncio import to_thread
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.development.mailbox import Mailbox
from app.development.pages import not_here, render

_SHOWN = 50
_MAX_COUNT = 1000
# A mail runs no script and loads nothing. Its links open new windows, since this page is never its frame's parent.
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_NEW_WINDOW = '<base target="_blank">'


class MailPages:
    """With `by_smtp`, mails leave, and the folder holds only earlier ones."""

    def __init__(self, folder: Path, *, by_smtp: bool) -> None:
        self._mailbox = Mailbox(folder)
        self._folder = folder
        self._by_smtp = by_smtp

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/mail", self._list),
            Route("/mail.json", self._json),
            Route("/mail/{id}", self._show),
            Route("/mail/{id}/html", self._html),
        ]

    async def _list(self, request: Request) -> Response:
        before = request.query_params.get("before", "")
        mails = await to_thread(self._mailbox.newest, _SHOWN + 1, before=before)
        return render(
            "mails.html",
            mails=mails[:_SHOWN],
            next=mails[_SHOWN - 1].id if len(mails) > _SHOWN else None,
            before=before,
            folder=self._folder,
            by_smtp=self._by_smtp,
        )

    async def _show(self, request: Request) -> Response:
        mail = await to_thread(self._mailbox.get, request.path_params["id"])
        return render("mail.html", mail=mail) if mail else not_here("mail")

    async def _html(self, request: Request) -> Response:
        mail = await to_thread(self._mailbox.get, request.path_params["id"])
        if mail is None:
            return not_here("mail")
        head = _HEAD.search(mail.html)
        place = head.end() if head else 0
        content = mail.html[:place] + _NEW_WINDOW + mail.html[place:]
        return HTMLResponse(content, headers={"Content-Security-Policy": _MAIL_POLICY})

    async def _json(self, request: Request) -> Response:
        """`to` and `count` are optional."""
        asked = request.query_params.get("count", str(_SHOWN))
        count = min(int(asked), _MAX_COUNT) if re.fullmatch(r"[0-9]{1,9}", asked) else _SHOWN
        mails = await to_thread(self._mailbox.newest, count, to=request.query_params.get("to", ""))
        return JSONResponse([mail.to_json() for mail in mails])
