"""A shop over a real database and the tests' PayPal, with a clock in the audit's hands, and all that happens in it."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from uuid import UUID, uuid4

from app.development.paypal.api import Call
from app.development.paypal.events import Webhook
from models.account import Account
from models.payment import Payment
from services.accounts.onboarding import PaymentMethod, Stage
from services.accounts.sessions import SessionLife, SessionService
from services.common.caller import Caller
from services.common.limit_storage import DatabaseStorage
from services.common.limits import Limit, Limiter, Limits
from services.common.money import Money
from services.common.secrets import Keys
from services.payments.bank.account import BankAccount
from services.payments.bank.deposits import DepositService
from services.payments.bank.movements import SeenMovement
from services.payments.bank.outcomes import DepositRequested
from services.payments.paypal.orders import PayPalOrders, PayPalPage
from services.payments.paypal.outcomes import PayPalStarted
from services.payments.paypal.reconciliation import Reconciler
from services.payments.paypal.service import PayPalService
from services.payments.paypal.webhooks import PayPalWebhooks
from services.payments.plans import BUNDLED, Plans
from services.payments.queries import PaymentStatus, open_key
from services.payments.worker import PaymentWorker
from tests.actors import ACTORS, OPERATOR
from tests.paypal.clients import api_to
from tests.paypal.http import Trouble
from tests.paypal.server import PayPalServer, paypal_server

LOOSE_LIMIT = "1000000/second"
_STRANGER = Caller(ip_address("203.0.113.9"))
_PLANS = ["emprendedor", "negocio", "empresa"]
_UNAPPROVED = {"CREATED", "PAYER_ACTION_REQUIRED"}
_SLOW = 0.02  # seconds
_CALLS = [Call.CREATE, Call.SHOW, Call.CAPTURE, Call.CAPTURE, Call.CAPTURE, Call.VERIFY]
_TROUBLES = [Trouble.LOST, Trouble.LOST, Trouble.DROP, Trouble.GARBAGE, Trouble.INTERNAL_ERROR]
_EVENTS = {"DECLINED": "DENIED", "PARTIALLY_REFUNDED": "COMPLETED", "REFUNDED": "COMPLETED"}  # late, of what was


@dataclass
class Payer:
    """`statement` is what the bank shows of their deposits."""

    id: UUID
    caller: Caller
    statement: list[tuple[str, Money, SeenMovement]] = field(default_factory=list)


@dataclass
class Shop:
    server: PayPalServer
    paypal: PayPalService
    deposits: DepositService
    events: PayPalWebhooks
    worker: PaymentWorker
    now: datetime
    payers: list[Payer] = field(default_factory=list)
    _webhooks: list[Webhook] = field(default_factory=list)
    _reversed: set[str] = field(default_factory=set)

    async def require_account(self, sessions: SessionService) -> None:
        """One more payer, who has done the first three steps."""
        account_id = uuid4()
        account = await Account.create(
            id=account_id,
            email=f"{account_id}@example.com",
            email_key=f"{account_id}@example.com",
            rfc="EKU9003173C9",
            language="es",
            stage=Stage.CONFIGURED.value,
            created_at=self.now,
            confirmed_at=self.now,
        )
        opened = await sessions.open(_STRANGER, account)
        self.payers.append(Payer(account_id, replace(_STRANGER, credential=opened.token)))

    async def pay(self, payer: Payer, chance: random.Random) -> object:
        """The next thing that a payer does who has nothing else in mind."""
        last = await Payment.filter(account_id=payer.id, method="paypal").order_by("-created_at", "-id").first()
        order = self.server.books.orders.get(last.paypal_order_id or "") if last else None
        if order is None or (last and last.status != PaymentStatus.OPEN.value):
            return await self.start(payer, chance)
        if order["status"] not in _UNAPPROVED:
            return await self.paypal.complete(payer.caller, order["id"])
        self.server.approve(order["id"])
        return order["id"]

    async def change_plan(self, payer: Payer, chance: random.Random) -> object:
        """A payer who loses patience pays for another plan."""
        started = await self.paypal.start(payer.caller, chance.choice(_PLANS))
        if not isinstance(started, PayPalStarted):
            return started
        if self.server.books.orders[started.order_id]["status"] in _UNAPPROVED:
            self.server.approve(started.order_id)
        return started.order_id, await self.paypal.complete(payer.caller, started.order_id)

    async def start(self, payer: Payer, chance: random.Random) -> object:
        """Of the same plan, mostly."""
        return await self.paypal.start(payer.caller, chance.choices(_PLANS, [1, 7, 1])[0])

    async def approve(self, payer: Payer, chance: random.Random) -> object:
        if order_id := await self._order(payer, chance):
            order = self.server.books.orders.get(order_id)
            if order and order["status"] in _UNAPPROVED:
                self.server.approve(order_id)
        return order_id

    async def complete(self, payer: Payer, chance: random.Random) -> object:
        order_id = await self._order(payer, chance)
        return (order_id, await self.paypal.complete(payer.caller, order_id)) if order_id else None

    async def webhook(self, payer: Payer, chance: random.Random) -> object:
        """About anything of the payer's that PayPal has."""
        books = self.server.books
        named: list[tuple[str, str]] = []
        for payment in await Payment.filter(account_id=payer.id):
            if payment.paypal_order_id in books.orders:
                named.append(("CHECKOUT.ORDER.APPROVED", payment.paypal_order_id))
            for capture in self.server.captures_of(str(payment.id)):
                event = _EVENTS.get(capture["status"], capture["status"])
                named.append((f"PAYMENT.CAPTURE.{event}", capture["id"]))
                for refund in books.refunds_of(capture["id"]):
                    how = "REVERSED" if refund["id"] in self._reversed else "REFUNDED"
                    named.append((f"PAYMENT.CAPTURE.{how}", refund["id"]))
        if not named:
            return None
        event, subject = chance.choice(named)
        self._webhooks.append(self.server.event_about(event, subject))
        return event, subject, await self.events.receive(_STRANGER, *self._webhooks[-1])

    async def webhook_again(self, _: Payer, chance: random.Random) -> object:
        """Any that came before, as it was then."""
        return await self.events.receive(_STRANGER, *chance.choice(self._webhooks)) if self._webhooks else None

    async def work(self, *_: object) -> object:
        await self.worker.run_once()
        return "done"

    async def request_deposit(self, payer: Payer, chance: random.Random) -> object:
        return await self.deposits.request(payer.caller, chance.choice(_PLANS))

    async def deposit(self, payer: Payer, chance: random.Random) -> object:
        """The payer deposits, once more where they did before: the bank's statement has one more movement."""
        requested = await self.deposits.request(payer.caller, chance.choice(_PLANS))
        if not isinstance(requested, DepositRequested):
            return requested
        movement = SeenMovement(f"{len(payer.statement)}-{payer.id}", self.now.date())
        payer.statement.append((requested.deposit.reference, requested.deposit.amount, movement))
        return movement.id

    async def cancel_deposit(self, payer: Payer, _: random.Random) -> object:
        """The open one, which may be on the bank's statement already."""
        payment = await Payment.get_or_none(open_key=open_key(PaymentMethod.BANK_DEPOSIT, payer.id))
        return await self.deposits.cancel(payer.caller, str(payment.id)) if payment else None

    async def import_statement(self, payer: Payer, chance: random.Random) -> object:
        rows = chance.sample(payer.statement, len(payer.statement))
        return [await self.deposits.receive(OPERATOR, *row) for row in rows] or None

    async def confirm_deposit(self, payer: Payer, chance: random.Random) -> object:
        """An operator's word that one counts which the bank shows."""
        if not payer.statement:
            return None
        reference, amount, movement = chance.choice(payer.statement)
        return await self.deposits.confirm(OPERATOR, reference, amount, late=chance.random() < 0.5, chosen=movement.id)

    async def undo_deposit(self, payer: Payer, chance: random.Random) -> object:
        return await self.deposits.undo(OPERATOR, chance.choice(payer.statement)[0]) if payer.statement else None

    async def refund(self, payer: Payer, chance: random.Random) -> object:
        """The merchant gives a payment or one peso of it back, or PayPal takes it back."""
        for payment in await Payment.filter(account_id=payer.id):
            for capture in self.server.captures_of(str(payment.id)):
                if capture["status"] == "COMPLETED":
                    match chance.choice(["whole", "part", "reversal"]):
                        case "reversal":
                            self._reversed.add(self.server.reverse(capture["id"]))
                        case how:
                            self.server.refund(capture["id"], partial=how == "part")
                    return capture["id"], capture["status"]
        return None

    async def end_review(self, payer: Payer, chance: random.Random) -> object:
        for payment in await Payment.filter(account_id=payer.id):
            for capture in self.server.captures_of(str(payment.id)):
                if capture["status"] == "PENDING":
                    chance.choice([self.server.settle, self.server.deny])(capture["id"])
                    return capture["id"], capture["status"]
        return None

    async def forget(self, payer: Payer, _: random.Random) -> object:
        """PayPal shows no order any more whose time to be approved is over."""
        orders = self.server.books.orders
        over = await Payment.filter(account_id=payer.id, expires_at__lte=self.now)
        ids = {payment.paypal_order_id for payment in over if payment.paypal_order_id} & set(orders)
        unpaid = [order_id for order_id in ids if orders[order_id]["status"] != "COMPLETED"]
        for order_id in unpaid:
            self.server.expire(order_id)
        return unpaid or None

    async def decline_next(self, *_: object) -> object:
        self.server.decline_next()
        return self.server.books.declines

    async def review_next(self, *_: object) -> object:
        self.server.pend_next()
        return self.server.books.pends

    async def trouble(self, _: Payer, chance: random.Random) -> object:
        """A call that goes wrong, or twice, which is as often as it is tried."""
        call, twice = chance.choice(_CALLS), chance.random() < 0.7
        troubles = [chance.choice(_TROUBLES)] * (1 + twice)
        self.server.fail(call, *troubles)
        return call, troubles

    async def slow_answer(self, _: Payer, chance: random.Random) -> object:
        call = chance.choice(_CALLS)
        held = self.server.hold(call)
        try:
            await asyncio.sleep(chance.uniform(0, _SLOW))
        finally:
            held.let_go.set()
        return call

    async def _order(self, payer: Payer, chance: random.Random) -> str | None:
        """One of the payer's, mostly the last."""
        payments = await Payment.filter(account_id=payer.id, paypal_order_id__isnull=False).order_by("created_at", "id")
        if not payments:
            return None
        return (payments[-1] if chance.random() < 0.7 else chance.choice(payments)).paypal_order_id


Operation = Callable[[Shop, Payer, random.Random], Awaitable[object]]
OPERATIONS: dict[Operation, int] = {
    Shop.pay: 14,
    Shop.change_plan: 6,
    Shop.start: 3,
    Shop.approve: 4,
    Shop.complete: 6,
    Shop.webhook: 6,
    Shop.webhook_again: 3,
    Shop.work: 5,
    Shop.request_deposit: 1,
    Shop.deposit: 4,
    Shop.cancel_deposit: 1,
    Shop.import_statement: 4,
    Shop.confirm_deposit: 1,
    Shop.undo_deposit: 2,
    Shop.refund: 4,
    Shop.end_review: 3,
    Shop.forget: 1,
    Shop.decline_next: 2,
    Shop.review_next: 2,
    Shop.trouble: 6,
    Shop.slow_answer: 3,
}
"""How often each happens, relative to the others. What there was nothing to be done for returns None."""


@contextlib.asynccontextmanager
async def open_shop(payers: int) -> AsyncIterator[Shop]:
    """Over the database that is connected."""
    async with paypal_server() as server, api_to(server) as api:
        begin = datetime(2026, 3, 1, 12, tzinfo=UTC)

        def clock() -> datetime:
            return shop.now

        plans = Plans.read(BUNDLED)
        sessions = SessionService(SessionLife(timedelta(days=999), timedelta(days=999)), ACTORS, clock)
        limiter = Limiter(DatabaseStorage(), Keys(b"a key of thirty-two bytes or more"))
        limits = Limits(**{name: Limit.parse(name, LOOSE_LIMIT) for name in Limits.__dataclass_fields__})
        orders = PayPalOrders(api, PayPalPage("Timbrado", "https://example.com/paid", "https://example.com"), clock)
        bank = BankAccount("002010077777777771", "Banco de prueba", "Timbrado")
        deposits = DepositService(
            account=bank,
            plans=plans,
            sessions=sessions,
            limiter=limiter,
            limits=limits,
            life=timedelta(days=5),
            actors=ACTORS,
            clock=clock,
        )
        shop = Shop(
            server=server,
            paypal=PayPalService(
                orders=orders,
                plans=plans,
                sessions=sessions,
                limiter=limiter,
                limits=limits,
                actors=ACTORS,
                clock=clock,
            ),
            deposits=deposits,
            events=PayPalWebhooks(api=api, orders=orders, limiter=limiter, limits=limits, clock=clock),
            worker=PaymentWorker(Reconciler(orders, clock), deposits),
            now=begin,
        )
        for _ in range(payers):
            await shop.require_account(sessions)
        yield shop
