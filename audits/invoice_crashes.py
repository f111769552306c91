"""Checks that crashes neither lose nor double a folio or a stamp.

    .venv/bin/python -m audits.invoice_crashes [--kills N] [--seed N] [--database postgres://USER@HOST/NAME]

Clients keep reserving, confirming and releasing invoices of two accounts, and repeat each request until it is
answered, while N processes (100) are killed, one after another, and restarted. Afterwards the audit checks that

- what a client was told of a reservation is what the database has, and repeating the request says the same;
- each folio that was taken belongs to one invoice or is skipped, and each stamp that is used to one invoice.

The exit status is 0 if so. On SQLite, there is one `serve`; on a PostgreSQL server, if one is given, there are two in
a new database.
"""

import asyncio
import random
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2

from app.database import connected, tortoise_configuration
from audits.fleet import Command, Node, Slot, fleet, send
from audits.kills import run_audit
from models.invoice_reservation import InvoiceReservation
from models.payment import Payment
from models.series import Series
from services.access.client_registry import ClientCreated, ClientRegistry
from services.access.clients import Scope
from tests.actors import OPERATOR
from tests.invoices import active_account, series_of

_CLIENTS = 6
_KILL_PAUSE = (0.2, 3.5)  # seconds between two kills; a process takes one or two seconds to start
_TIMEOUT = 120.0  # seconds for what must happen eventually
_NO_SMTP = 9  # no mail leaves before the audit ends


def main() -> int:
    return run_audit(_crash, __doc__, kills=100, fault="lost or doubled")


async def _crash(folder: Path, url: str, kills: int, chance: random.Random) -> list[str]:
    """Runs the audit. Returns a sentence for each fault."""
    serves = 2 if url.startswith("postgres") else 1
    command: Command = "serve"
    async with (
        connected(tortoise_configuration(url)),
        fleet(folder, url, _NO_SMTP, WORKER_IN_SERVE="false") as nodes,
        httpx2.AsyncClient(verify=False, timeout=30) as http,
    ):
        accounts = [await active_account(stamps=1_000_000) for _ in range(2)]
        places = [(str(account.id), str(await series_of(account))) for account in accounts]
        registered = await ClientRegistry().create(OPERATOR, "stamping", [Scope.INVOICES_WRITE])
        assert isinstance(registered, ClientCreated)
        slots = [Slot(nodes, command, await nodes.start(command)) for _ in range(serves)]
        product = _Product(http, slots, chance, registered.secret, places)
        async with asyncio.TaskGroup() as group:
            for _ in range(_CLIENTS):
                group.create_task(product.run())
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(*_KILL_PAUSE))
                await chance.choice(slots).crash()
            product.stopped = True
        wrong = [sentence async for sentence in _wrong(product)]
        await asyncio.gather(*(slot.leave() for slot in slots))
        counts = Counter(answer["reservation"]["status"] for answer in product.told.values())
        print(f"{kills} kills, {product.repeated} requests sent again, {dict(counts)}")
        return wrong


@dataclass
class _Product:
    """A back end that takes invoices to their end, and what it was told last of each."""

    http: httpx2.AsyncClient
    slots: list[Slot]
    chance: random.Random
    secret: str
    places: list[tuple[str, str]]
    told: dict[str, Any] = field(default_factory=dict)
    repeated: int = 0
    stopped: bool = False

    async def run(self) -> None:
        while not self.stopped:
            account, series = self.chance.choice(self.places)
            request = str(uuid4())
            reserve = {"accountId": account, "seriesId": series, "requestId": request}
            reserved = self.told[request] = await self.ask("ReserveInvoice", **reserve)
            match self.chance.choices(["confirm", "release", "nothing"], [45, 45, 10]):
                case ["confirm"]:
                    self.told[request] = await self.ask("ConfirmInvoice", requestId=request, uuid=str(uuid4()))
                case ["release"]:
                    self.told[request] = await self.ask("ReleaseInvoice", requestId=request)
            if self.chance.random() < 0.2:
                again = await self.ask("ReserveInvoice", **reserve)
                assert (again["folio"], again["stampsLeft"]) == (reserved["folio"], reserved["stampsLeft"]), again
                assert again["reservation"] == self.told[request]["reservation"], again

    async def ask(self, operation: str, **input: str) -> Any:
        """Sends the same until it is answered, each time to any node."""
        async with asyncio.timeout(_TIMEOUT):
            while (answer := await self._answer(operation, input)) is None:
                self.repeated += 1
                await asyncio.sleep(0.05)
        assert answer["__typename"] == f"{operation}Success", answer
        return answer

    async def _answer(self, operation: str, input: dict[str, str]) -> Any:
        serving: list[Node] = [slot.node for slot in self.slots if slot.node.url]
        if not serving:
            return None
        try:
            response = await send(self.http, self.chance.choice(serving), operation, token=self.secret, **input)
        except httpx2.TransportError:
            return None
        if response.status_code == 503:
            return None
        assert response.status_code == 200, response.text
        (value,) = response.json()["data"].values()
        return value


async def _wrong(product: _Product) -> AsyncIterator[str]:
    rows = {str(row.request_id): row for row in await InvoiceReservation.all()}
    if set(rows) != set(product.told):
        yield f"{len(set(rows) ^ set(product.told))} reservations are in only one of both places."
    for request, answer in product.told.items():
        row, told = rows[request], answer["reservation"]
        if (str(row.folio), row.uuid) != (told["folio"], UUID(told["uuid"]) if told["uuid"] else None):
            yield f"{request}: {told}, but folio {row.folio} and UUID {row.uuid}"
        if (row.open_since is not None, row.skipped_folio is not None) != (
            told["status"] == "RESERVED",
            told["folioSkipped"],
        ):
            yield f"{request}: {told}, but open since {row.open_since} and skipped {row.skipped_folio}"
    folios: dict[UUID, list[int]] = defaultdict(list)
    stamps: Counter[UUID] = Counter()
    for row in rows.values():
        if row.released_at is None or row.skipped_folio is not None:
            folios[row.series_id].append(row.folio)
        if row.released_at is None:
            stamps[row.payment_id] += 1
    for series in await Series.all():
        if sorted(folios[series.id]) != list(range(1, series.last_taken + 1)):
            yield f"The folios up to {series.last_taken} were not each taken once."
    for payment in await Payment.all():
        if payment.stamps_used != stamps[payment.id]:
            yield f"{payment.stamps_used} stamps are used, by {stamps[payment.id]} invoices."


if __name__ == "__main__":
    sys.exit(main())
