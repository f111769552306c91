"""Takes each invoice to its end: reserved, stamped and confirmed; or refused and released.

One task goes on with one invoice, and every step may be repeated: the accounts service and the provider answer the
same request in the same way. So whatever is lost, an answer or this process, the next step is to ask again.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field

from .accounts import Accounts, AccountsUnavailableError, Done, Failure, Reserved
from .cfdi import numbered
from .changes import Changes
from .journal import Invoice, Journal, State
from .provider import Provider, Refused, Stamped

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5  # seconds; each further one is twice as long
_LONGEST_PAUSE = 30.0


@dataclass
class Stamping:
    """`provider_seconds` is how long to wait for an answer of the provider before asking again."""

    journal: Journal
    accounts: Accounts
    provider: Provider
    changes: Changes
    provider_seconds: float
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def resume(self) -> None:
        """Goes on with what an earlier process has left."""
        for invoice in self.journal.open():
            self.begin(invoice)
        self._start("comparison", self._compare())

    def begin(self, invoice: Invoice) -> None:
        """Goes on with the invoice, unless a task is at it already."""
        if invoice.request_id not in self._tasks:
            self._start(invoice.request_id, self._finish(invoice))

    async def wait(self, request_id: str, seconds: float) -> None:
        """Waits until the invoice has come to its end, at most for so long."""
        if task := self._tasks.get(request_id):
            await asyncio.wait([task], timeout=seconds)

    async def stop(self) -> None:
        """Ends all tasks, wherever they are: what they were at is in the journal."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, name: str, work: Coroutine[None, None, None]) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            del self._tasks[name]
            if not task.cancelled() and (error := task.exception()):
                log.error("%s stops until the next start", name, exc_info=error)

        self._tasks[name] = asyncio.create_task(work)
        self._tasks[name].add_done_callback(ended)

    async def _finish(self, invoice: Invoice) -> None:
        pause = _FIRST_PAUSE
        while invoice.is_open:
            try:
                invoice = await self._step(invoice)
            except (AccountsUnavailableError, TimeoutError) as error:
                log.warning("%s waits in %s: %s", invoice.request_id, invoice.state, error or "the provider is silent")
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                self.changes.tell(invoice.account_id)

    async def _step(self, invoice: Invoice) -> Invoice:
        match invoice.state:
            case State.RECEIVED:
                return await self._reserve(invoice)
            case State.RESERVED:
                return await self._stamp(invoice)
            case State.STAMPED:
                return self._end(
                    invoice, State.CONFIRMED, await self.accounts.confirm(invoice.request_id, invoice.uuid or "")
                )
            case _:
                return self._end(invoice, State.RELEASED, await self.accounts.release(invoice.request_id))

    async def _reserve(self, invoice: Invoice) -> Invoice:
        match await self.accounts.reserve(invoice.account_id, invoice.series_id, invoice.request_id):
            case Reserved(released=True):
                return self.journal.move(
                    invoice, State.FAILED, reason="Esta solicitud ya terminó. Sube el borrador de nuevo."
                )
            case Reserved(series, folio):
                return self.journal.move(invoice, State.RESERVED, series=series, folio=folio)
            case Failure(_, message):
                return self.journal.move(invoice, State.FAILED, reason=message)

    async def _stamp(self, invoice: Invoice) -> Invoice:
        """Raises TimeoutError without an answer: whether there is a stamp, only the provider can say."""
        document = numbered(self.journal.draft(invoice.request_id), invoice.series or "", invoice.folio or "")
        async with asyncio.timeout(self.provider_seconds):
            answer = await self.provider.stamp(invoice.request_id, document)
        match answer:
            case Stamped(uuid, stamped):
                return self.journal.move(invoice, State.STAMPED, uuid=uuid, document=stamped)
            case Refused(reason):
                return self.journal.move(invoice, State.REFUSED, reason=reason)

    def _end(self, invoice: Invoice, state: State, answer: Done | Failure) -> Invoice:
        """If the accounts service refuses, asking again changes nothing, as after an operator ended the reservation."""
        if isinstance(answer, Failure):
            log.error("%s cannot become %s: %s", invoice.request_id, state, answer.name)
            state = State.DISPUTED
        return self.journal.move(invoice, state)

    async def _compare(self) -> None:
        """Reports reservations that the journal does not know, as after restoring it: only a person can decide them."""
        try:
            requests = await self.accounts.open_requests()
        except AccountsUnavailableError:
            return
        for request_id in sorted(requests):
            if self.journal.find(request_id) is None:
                log.error("the reservation of %s is open, and the journal does not know it", request_id)
