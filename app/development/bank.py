"""Plays the bank in development, at /bank: lets deposits arrive, as `python -m app deposit` does."""

from decimal import Decimal
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.deposit_reports import described
from app.development.pages import read_form, render
from services.accounts.onboarding import PaymentMethod
from services.audit.actors import Actor
from services.common.money import Money
from services.payments import queries
from services.payments.bank.amounts import parse_amount
from services.payments.bank.deposits import DepositService
from services.payments.queries import PaymentStatus

_BANK = Actor("development")
_SHOWN = 50
_OPEN = frozenset({PaymentStatus.OPEN})
_ENDED = frozenset(PaymentStatus) - _OPEN
_PESO = Money(Decimal(1))


class Bank:
    def __init__(self, deposits: DepositService) -> None:
        self._deposits = deposits

    def routes(self) -> list[BaseRoute]:
        return [Route("/bank", self._list), Route("/bank", self._receive, methods=["POST"])]

    async def _list(self, request: Request) -> Response:
        """Shows the answer to the last form, which the redirect after it carries."""
        return await self._page(request.query_params.get("reference", ""), request.query_params.get("outcome", ""))

    async def _receive(self, request: Request) -> Response:
        """Redirects after what was done. What was not done is status 409, so that programs see it, too."""
        form = await read_form(request)
        reference = form.get("reference", "")
        match form.get("action"):
            case "arrive" | "differ":
                done, outcome = await self._arrive(reference, form.get("amount", ""), wrong=form["action"] == "differ")
            case "undo":
                done = await self._deposits.undo(_BANK, reference)
                outcome = "taken back" if done else "not a confirmed deposit; nothing was done"
            case _:
                raise HTTPException(400, "There is no such action.")
        if not done:
            return await self._page(reference, outcome, status=409)
        return RedirectResponse(f"/bank?{urlencode({'reference': reference, 'outcome': outcome})}", 303)

    async def _page(self, reference: str, outcome: str, *, status: int = 200) -> Response:
        return render(
            "bank.html",
            status=status,
            account=self._deposits.account,
            open=await queries.latest(PaymentMethod.BANK_DEPOSIT, _OPEN, _SHOWN),
            ended=await queries.latest(PaymentMethod.BANK_DEPOSIT, _ENDED, _SHOWN),
            reference=reference,
            outcome=outcome,
        )

    async def _arrive(self, reference: str, text: str, *, wrong: bool) -> tuple[bool, str]:
        amount = parse_amount(text)
        if amount is None:
            raise HTTPException(400, "This is not an amount.")
        paid = amount + _PESO if wrong else amount
        done, sentences = described(paid, await self._deposits.confirm(_BANK, reference, paid))
        return done, "; ".join(sentences)
