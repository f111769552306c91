"""A PayPal on 127.0.0.1 in the test's own event loop: its REST API, with failures on demand.

`approve`, `settle`, `refund` and their like are what payers, PayPal and the merchant do there; `fail` and `answer` say
how calls go wrong; `paid` is what each invoice brought in.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from app.development.paypal.api import Access, Call, Received, answer
from app.development.paypal.books import PAYER, Books, counts, return_link
from app.development.paypal.events import Events, Webhook
from app.development.paypal.replies import Json, Reply
from tests.paypal.http import Trouble, read_request, response, troubled, written


@dataclass
class Held:
    """An answer that PayPal has made up its mind about, and that is on its way until it is let go."""

    made: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class PayPalServer:
    client_id: str = "test-client"
    client_secret: str = field(default_factory=secrets.token_urlsafe)
    expires_in: int = 32_400  # seconds, of the tokens to come
    books: Books = field(default_factory=Books)
    events: Events = field(default_factory=Events)
    received: list[Received] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)  # that were issued
    port: int = 0
    _revoked: set[str] = field(default_factory=set)
    _troubles: dict[Call, list[Trouble | bytes]] = field(default_factory=dict)
    _held: dict[Call, Held] = field(default_factory=dict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def webhook_id(self) -> str:
        return self.events.webhook_id

    def asked(self, call: Call) -> list[Received]:
        return [each for each in self.received if each.call is call]

    def fail(self, call: Call, *troubles: Trouble) -> None:
        """The next calls of the kind go wrong, one for each trouble."""
        self._troubles.setdefault(call, []).extend(troubles)

    def hold(self, call: Call) -> Held:
        """The next answer to a call of the kind is held up on its way."""
        return self._held.setdefault(call, Held())

    def answer(self, call: Call, status: int, body: bytes, headers: str = "content-type: application/json") -> None:
        """The next call of the kind does nothing and gets this."""
        self._troubles.setdefault(call, []).append(response(status, body, headers))

    def recover(self) -> None:
        """From now on nothing goes wrong, and nobody's payment is declined or reviewed."""
        self._troubles.clear()
        self._held.clear()
        self.books.declines = self.books.pends = 0

    def revoke_tokens(self) -> None:
        self._revoked |= set(self.tokens)

    def approve(self, order_id: str) -> None:
        self.books.orders[order_id]["status"] = "APPROVED"

    def decline_next(self) -> None:
        self.books.declines += 1

    def pend_next(self) -> None:
        self.books.pends += 1

    def settle(self, capture_id: str) -> None:
        self.books.settle(capture_id, "COMPLETED")

    def deny(self, capture_id: str) -> None:
        self.books.settle(capture_id, "DECLINED")

    def refund(self, capture_id: str, *, partial: bool = False) -> str:
        """The whole of a payment, or one peso of it: the refund's id."""
        whole = Decimal(self.books.captures[capture_id]["amount"]["value"])
        return str(self.books.refund(capture_id, Decimal(1) if partial else whole, "Devolución")["id"])

    def reverse(self, capture_id: str) -> str:
        """What PayPal takes back: its event carries a refund. Which status the capture gets, the reference does not
        say; here it is REFUNDED, the only one that fits.
        """
        whole = Decimal(self.books.captures[capture_id]["amount"]["value"])
        return str(self.books.refund(capture_id, whole, "Payment reversed")["id"])

    def change(
        self, order_id: str, *, amount: str | None = None, custom_id: str | None = None, payee: str | None = None
    ) -> None:
        """An order, and its payments, that are not what was asked for."""
        unit = self.books.orders[order_id]["purchase_units"][0]
        for paid in [unit, *unit.get("payments", {}).get("captures", [])]:
            if amount is not None:
                paid["amount"] = {**paid["amount"], "value": amount}
            if custom_id is not None:
                paid["custom_id"] = custom_id
        if payee is not None:
            unit["payee"]["merchant_id"] = payee

    def expire(self, order_id: str) -> None:
        """Unapproved orders live for 3 hours, by default; then they are not found."""
        del self.books.orders[order_id]

    def captures_of(self, invoice_id: str) -> list[Json]:
        return [each for each in self.books.captures.values() if each["invoice_id"] == invoice_id]

    def paid(self, invoice_id: str) -> Decimal:
        """All that was ever captured for it, even where it was refunded since: more than its price is a second time."""
        counted = (each for each in self.captures_of(invoice_id) if counts(each))
        return sum((Decimal(each["amount"]["value"]) for each in counted), Decimal(0))

    def event(self, event_type: str, resource: Json, event_id: str | None = None) -> Webhook:
        """The headers and the body of a webhook."""
        return self.events.make(event_type, resource, event_id)

    def event_about(self, event_type: str, id: str, event_id: str | None = None) -> Webhook:
        """The same about an order, a capture or a refund as it is now."""
        resource = (self.books.orders | self.books.captures | self.books.refunds)[id]
        return self.event(event_type, resource, event_id)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._running.add(task)
        try:
            while request := await read_request(reader):
                writer.write(await self._respond(request))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._running.discard(task)
            writer.close()

    async def stop(self) -> None:
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _respond(self, request: Received) -> bytes:
        self.received.append(request)
        troubles = self._troubles.get(request.call, []) if request.call else []
        trouble = troubles.pop(0) if troubles else None
        if isinstance(trouble, bytes):
            return trouble
        if trouble is Trouble.HANG:
            await asyncio.Event().wait()
        if trouble and trouble is not Trouble.LOST:
            return troubled(trouble)
        if request.call is Call.APPROVAL_PAGE:
            return self._send_back(request)
        reply = written(self._reply(request))
        if trouble is Trouble.LOST:
            raise ConnectionAbortedError
        if request.call and (held := self._held.pop(request.call, None)):
            held.made.set()
            await held.let_go.wait()
        return reply

    def _reply(self, request: Received) -> Reply:
        access = Access(self.client_id, self.client_secret, self.expires_in, self._issue, self._accepts)
        return answer(request, access, self.books, self.events)

    def _issue(self) -> str:
        self.tokens.append(f"A21AA{secrets.token_urlsafe(48)}")
        return self.tokens[-1]

    def _accepts(self, token: str) -> bool:
        return token in self.tokens and token not in self._revoked

    def _send_back(self, request: Received) -> bytes:
        """The page where a payer approves, and does so at once; then on to `return_url`, as PayPal sends them."""
        approved = parse_qs(urlsplit(request.path).query)["token"][0]
        self.approve(approved)
        back = return_link(self.books.contexts[approved]["return_url"], token=approved, PayerID=PAYER)
        return response(302, b"", f"location: {back}")


@contextlib.asynccontextmanager
async def paypal_server() -> AsyncIterator[PayPalServer]:
    server = PayPalServer()
    listening = await asyncio.start_server(server.converse, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    server.books.url = server.events.url = server.url
    try:
        yield server
    finally:
        listening.close()
        await server.stop()
