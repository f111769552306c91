"""What the page may do with an access token: upload a draft, list what became of it, and download the CFDI."""

import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import cfdi
from .accounts import Account, Accounts, AccountsUnavailableError, Failure
from .changes import Changes
from .journal import Invoice, Journal
from .stamping import Stamping
from .tokens import InvalidTokenError, KeysUnavailableError, Tokens

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 5.0  # for which an upload waits for its end; the page hears of a later one
_POLL_SECONDS = 25.0
_MAX_OPEN = 20  # invoices of one account that have not come to their end
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Invoices:
    tokens: Tokens
    accounts: Accounts
    journal: Journal
    changes: Changes
    stamping: Stamping

    async def list(self, request: Request) -> Response:
        """Answers at once, or with `?after=VERSION` when something has changed since, or after 25 seconds."""
        account_id = await self._account_id(request)
        if after := request.query_params.get("after"):
            await self.changes.wait(account_id, after, _POLL_SECONDS)
        version = self.changes.version(account_id)  # before what it stands for
        account = await self._account(account_id)
        return JSONResponse(
            {
                "version": version,
                "account": asdict(account),
                "invoices": [_shown(invoice) for invoice in self.journal.of_account(account_id)],
                "notices": [asdict(notice) for notice in self.journal.notices(account_id)],
            }
        )

    async def upload(self, request: Request) -> Response:
        """Takes a draft under an id that the page chose. The same again says what became of it."""
        account_id = await self._account_id(request)
        request_id, body = str(request.path_params["id"]), await request.body()
        series_id = request.query_params.get("series", "")
        if self.journal.find(request_id) is None:
            draft = cfdi.read(body)
            if isinstance(draft, cfdi.Problem):
                return _refusal(422, draft)
            account = await self._account(account_id)
            if problems := cfdi.mismatches(draft, account):
                return _refusal(422, *problems)
            if not account.company or series_id not in {series.id for series in account.company.series}:
                return _refusal(422, cfdi.Problem("series", "Elige una de tus series."))
            if self.journal.count_open(account_id) >= _MAX_OPEN:
                return _refusal(429, cfdi.Problem("archivo", "Espera a que terminen las facturas que ya enviaste."))
            self.journal.add(
                request_id=request_id,
                account_id=account_id,
                series_id=series_id,
                draft=body,
                receiver=draft.receiver,
                total=draft.total,
            )
        invoice = self._same(request_id, account_id, series_id, body)
        if invoice is None:
            return _refusal(409, cfdi.Problem("id", "Ese número de solicitud ya se usó. Sube el borrador de nuevo."))
        if invoice.is_open:
            self.stamping.begin(invoice)
            self.changes.tell(account_id)
            await self.stamping.wait(request_id, _ANSWER_SECONDS)
            invoice = self.journal.find(request_id) or invoice
        return JSONResponse(_shown(invoice), 202 if invoice.is_open else 200)

    async def download(self, request: Request) -> Response:
        account_id = await self._account_id(request)
        invoice = self.journal.find(str(request.path_params["id"]))
        document = invoice and invoice.account_id == account_id and self.journal.document(invoice.request_id)
        if not document:
            return Response(status_code=404)
        return Response(document, headers={"Content-Disposition": "attachment"}, media_type="application/xml")

    async def _account_id(self, request: Request) -> str:
        """Raises InvalidTokenError or KeysUnavailableError. No cookie counts, so no other site's page can act here."""
        match = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if match is None:
            raise InvalidTokenError
        return await self.tokens.verify(match[1])

    async def _account(self, id: str) -> Account:
        """Raises InvalidTokenError if the account is deleted: its tokens count for five minutes more."""
        account = await self.accounts.account(id)
        if isinstance(account, Failure):
            raise InvalidTokenError
        return account

    def _same(self, request_id: str, account_id: str, series_id: str, body: bytes) -> Invoice | None:
        """Returns the invoice, unless the id stands for something else, or for somebody else's."""
        invoice = self.journal.find(request_id)
        if invoice is None or (invoice.account_id, invoice.series_id) != (account_id, series_id):
            return None
        return invoice if self.journal.draft(request_id) == body else None


def _shown(invoice: Invoice) -> dict[str, Any]:
    hidden = {"account_id", "series_id"}
    return {name: value for name, value in asdict(invoice).items() if name not in hidden}


def _refusal(status: int, *problems: cfdi.Problem) -> Response:
    return JSONResponse({"problems": [asdict(problem) for problem in problems]}, status)


async def _unauthorized(_: Request, __: Exception) -> Response:
    return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})


async def _unavailable(_: Request, error: Exception) -> Response:
    log.warning("%s: %s", type(error).__name__, error)
    return Response(status_code=503, headers={"Retry-After": "5"})


FAILURES: dict[Any, Callable[[Request, Exception], Any]] = {
    InvalidTokenError: _unauthorized,
    KeysUnavailableError: _unavailable,
    AccountsUnavailableError: _unavailable,
}
