"""People who pay with PayPal and by deposit, before and after the backup from which the database is restored."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from audits.fleet import Node, run
from models.payment import Payment
from services.common.clock import utc_now
from tests.forms import COMPANY
from tests.paypal.payers import BANK, PLAN, TOTAL, takes_paypal
from tests.paypal.server import PayPalServer
from tests.process.serving import run_command

PAID, APPROVED, DEPOSITED = "pagada@example.com", "aprobada@example.com", "deposito@example.com"
LATE, LATE_DEPOSIT = "tarde@example.com", "deposito-tarde@example.com"
EMAILS = (PAID, APPROVED, DEPOSITED, LATE, LATE_DEPOSIT)
_CLABE = "002180000000000012"  # production refuses the example's
_TIMEOUT = 60.0


def settings(paypal: PayPalServer) -> dict[str, str]:
    own = {**takes_paypal(paypal), **BANK, "bank_deposit_clabe": _CLABE}
    return {name.upper(): str(value) for name, value in own.items()}


@dataclass
class Payers:
    """`tokens` are their sessions, by e-mail. `statement` is what the bank shows, as a file."""

    http: httpx2.AsyncClient
    paypal: PayPalServer
    tokens: Mapping[str, str]
    statement: Path
    orders: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)

    async def before_the_backup(self, node: Node) -> None:
        """Completes one payment, and only starts others."""
        for token in self.tokens.values():
            await self._succeed(node, "ConfigureCompany", token, **COMPANY)
            await self._succeed(node, "CreateSeries", token, name="A")
        for email in (PAID, APPROVED):
            await self._start(node, email)
        await self._complete(node, PAID)
        await self._request(node, DEPOSITED)

    async def after_the_backup(self, node: Node, environment: Mapping[str, str]) -> None:
        """Completes those, and also payments that the backup does not have."""
        await self._start(node, LATE)
        for email in (APPROVED, LATE):
            await self._complete(node, email)
        await self._request(node, LATE_DEPOSIT)
        rows = [f"{reference},{TOTAL}\n" for reference in self.references.values()]
        self.statement.write_text("".join(["Referencia,Abono\n", *rows]), "utf-8")
        assert await self.import_statement(environment) == (0, "")
        assert await self.active(node) == set(EMAILS)

    async def make_due(self) -> None:
        """Lets a worker that starts ask PayPal about its open payments at once, not half a minute later."""
        await Payment.filter(method="paypal", open_key__isnull=False).update(due_at=utc_now())

    async def until_active(self, node: Node, email: str) -> None:
        """Returns once the worker has activated this account."""
        async with asyncio.timeout(_TIMEOUT):
            while email not in await self.active(node):
                await asyncio.sleep(0.1)

    async def import_statement(self, environment: Mapping[str, str]) -> tuple[int, str]:
        """Returns the exit status of `deposit import` and what it reports to a person."""
        done = await asyncio.to_thread(run_command, "deposit", "import", str(self.statement), **environment)
        return done.returncode, done.stderr

    async def active(self, node: Node) -> set[str]:
        accounts = {email: await run(self.http, node, "Me", token=token) for email, token in self.tokens.items()}
        return {email for email, me in accounts.items() if me["activation"] and me["activation"]["active"]}

    async def unknown_invoices(self) -> list[str]:
        """Returns the e-mails whose captures at PayPal have an invoice number that no payment in the database has."""
        known = {str(each) for each in await Payment.all().values_list("id", flat=True)}
        return [email for email in self.orders if self._invoice(email) not in known]

    def taken(self) -> dict[str, str]:
        """Returns what PayPal took of each, over all captures."""
        return {email: str(self.paypal.paid(self._invoice(email))) for email in self.orders}

    async def _start(self, node: Node, email: str) -> None:
        started = await self._succeed(node, "StartPayPalPayment", self.tokens[email], planId=PLAN)
        self.orders[email] = started["orderId"]
        self.paypal.approve(started["orderId"])

    async def _complete(self, node: Node, email: str) -> None:
        await self._succeed(node, "CompletePayPalPayment", self.tokens[email], orderId=self.orders[email])

    async def _request(self, node: Node, email: str) -> None:
        requested = await self._succeed(node, "RequestBankDeposit", self.tokens[email], planId=PLAN)
        self.references[email] = requested["deposit"]["reference"]

    async def _succeed(self, node: Node, operation: str, token: str, **input: Any) -> Any:
        answer = await run(self.http, node, operation, token=token, **input)
        assert answer["__typename"] == f"{operation}Success", answer
        return answer

    def _invoice(self, email: str) -> str:
        (unit,) = self.paypal.books.orders[self.orders[email]]["purchase_units"]
        return str(unit["invoice_id"])
