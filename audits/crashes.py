"""Checks that crashes lose nothing that a client was told.

    .venv/bin/python -m audits.crashes [--kills N] [--seed N] [--database postgres://USER@HOST/NAME]

Clients keep creating accounts, a mail server sometimes refuses, hangs or hangs up, and N processes (100) are killed,
one after another, and restarted. When the load has ended and the pending mails are sent, the audit checks that

- for each account that a client was told of, there are a registration and a mail, and any of its codes confirms it;
- at most the mails in progress at a kill, one for each sender, were sent twice.

The exit status is 0 if so. On SQLite, there is one `serve` with its worker; on a PostgreSQL server, if one is given,
there are two `serve` and two `worker` processes in a new database.
"""

import asyncio
import enum
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2

from app.database import connected, tortoise_configuration
from audits.fleet import Command, Node, Slot, fleet, form, run, send
from audits.kills import run_audit
from models.delivery import Delivery
from models.registration import Registration
from services.common.clock import utc_now
from tests.api import found
from tests.smtp_servers import Received, SoundServer, make_due, sound_server

_CLIENTS = 6
_CLIENT_PAUSE = (0.2, 1.0)  # seconds between two accounts of a client
_KILL_PAUSE = (0.2, 3.5)  # seconds between two kills; a process takes one or two seconds to start
_MAIL_SECONDS = 5.0  # to wait for a mail before a kill
_TIMEOUT = 120.0  # seconds for what must happen eventually
_SENDERS = 2  # mails that a process sends at once
_ONCE = "1/hour"  # LIMIT_CREATE_ACCOUNT_EMAIL, so that a retry after a minute does not queue a second mail
_ACCEPTED, _REFUSED = "250 OK", "451 4.3.0 later"


class _Mood(enum.Enum):
    ACCEPTS = enum.auto()
    REFUSES = enum.auto()
    HANGS = enum.auto()
    HANGS_UP = enum.auto()


_MOODS = {_Mood.ACCEPTS: 0.95, _Mood.REFUSES: 0.03, _Mood.HANGS: 0.01, _Mood.HANGS_UP: 0.01}


def main() -> int:
    return run_audit(_crash, __doc__, kills=100, fault="lost")


async def _crash(folder: Path, url: str, kills: int, chance: random.Random) -> list[str]:
    """Runs the audit. Returns a sentence for each loss."""
    commands: list[Command] = ["serve", "serve", "worker", "worker"] if url.startswith("postgres") else ["serve"]
    changes = {"WORKER_IN_SERVE": str("worker" not in commands), "LIMIT_CREATE_ACCOUNT_EMAIL": _ONCE}
    async with (
        connected(tortoise_configuration(url)),
        sound_server() as smtp,
        fleet(folder, url, smtp.port, **changes) as nodes,
        httpx2.AsyncClient(verify=False, timeout=30) as http,
    ):
        mail_server = _MailServer(smtp, chance)
        slots = [Slot(nodes, command, await nodes.start(command)) for command in commands]
        clients = _Clients(http, slots, chance)
        async with asyncio.TaskGroup() as group:
            group.create_task(_shorten_backoffs(clients))
            for _ in range(_CLIENTS):
                group.create_task(clients.run())
            for _ in range(kills):
                await asyncio.sleep(chance.uniform(*_KILL_PAUSE))
                if chance.random() < 0.5:  # the worst moment for a crash: a mail was sent but not yet recorded
                    await mail_server.sent()
                await chance.choice(slots).crash()
            clients.stopped = True
        mail_server.calm.set()
        await asyncio.gather(*(slot.leave() for slot in slots))
        await make_due()  # the remaining leases belong to killed processes
        survivors = await asyncio.gather(*(nodes.join(command) for command in commands))
        with suppress(TimeoutError):
            await _until_all_is_sent()
        extra = len(smtp.mails) - len({mail.recipients for mail in smtp.mails})
        print(f"{kills} kills, {len(clients.created)} accounts, {len(smtp.mails)} mails, {extra} of them extra")
        return [sentence async for sentence in _lost(http, survivors[0], smtp.mails, clients.created, kills, chance)]


class _MailServer:
    """A mail server that fails at random until it is `calm`."""

    def __init__(self, smtp: SoundServer, chance: random.Random) -> None:
        smtp.on_recipient, smtp.on_content = self._reply, self._accept
        self._chance = chance
        self._sent = asyncio.Event()
        self.calm = asyncio.Event()

    async def sent(self) -> None:
        """Returns when the next mail was accepted, or after `_MAIL_SECONDS`."""
        self._sent.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sent.wait(), _MAIL_SECONDS)

    async def _accept(self, _: bytes) -> str:
        reply = await self._reply()
        if reply == _ACCEPTED:
            self._sent.set()
        return reply

    async def _reply(self, _: str = "") -> str:
        moods = None if self.calm.is_set() else self._chance.choices(list(_MOODS), list(_MOODS.values()))
        match moods:
            case [_Mood.REFUSES]:
                return _REFUSED
            case [_Mood.HANGS]:
                await self.calm.wait()
                return _REFUSED
            case [_Mood.HANGS_UP]:
                raise asyncio.CancelledError  # makes aiosmtpd close the connection
        return _ACCEPTED


@dataclass
class _Clients:
    http: httpx2.AsyncClient
    slots: list[Slot]
    chance: random.Random
    created: list[str] = field(default_factory=list)
    stopped: bool = False
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(self) -> None:
        """Creates one account after another; without an answer, tries again on another node."""
        while not self.stopped:
            email = f"user{next(self._numbers)}@example.com"
            async with asyncio.timeout(_TIMEOUT):
                while (answer := await self._answer(email)) is None:
                    await asyncio.sleep(0.1)
            assert answer == "CreateAccountSuccess", answer  # even if an earlier attempt succeeded
            self.created.append(email)
            await asyncio.sleep(self.chance.uniform(*_CLIENT_PAUSE))

    async def _answer(self, email: str) -> str | None:
        serving = [slot.node for slot in self.slots if slot.node.url]
        if not serving:
            return None
        try:
            response = await send(self.http, self.chance.choice(serving), "CreateAccount", **form(email))
        except httpx2.TransportError:
            return None
        if response.status_code == 503:
            return None
        assert response.status_code == 200, response.text
        return str(response.json()["data"]["createAccount"]["__typename"])


async def _shorten_backoffs(clients: _Clients) -> None:
    """Makes mails that wait for a retry due at once, except those with a lease."""
    while not clients.stopped:
        waiting = Delivery.filter(pending_key__isnull=False, lease__isnull=True, due_at__gt=utc_now())
        await waiting.update(due_at=utc_now())
        await asyncio.sleep(1)


async def _until_all_is_sent() -> None:
    async with asyncio.timeout(_TIMEOUT):
        while await Delivery.filter(pending_key__isnull=False).exists():
            await asyncio.sleep(0.1)


async def _lost(
    http: httpx2.AsyncClient, node: Node, mails: list[Received], created: list[str], kills: int, chance: random.Random
) -> AsyncIterator[str]:
    registered = set(await Registration.all().values_list("email", flat=True))
    mails_to: dict[str, list[Received]] = defaultdict(list)
    for mail in mails:
        mails_to[mail.recipients[0]].append(mail)
    if pending := await Delivery.filter(pending_key__isnull=False).count():
        yield f"{pending} mails are still pending."
    if missing := set(created) - registered:
        yield f"{len(missing)} created accounts do not exist, such as {min(missing)}."
    if missing := set(created) - set(mails_to):
        yield f"{len(missing)} created accounts got no mail, such as {min(missing)}."
    if (extra := len(mails) - len(mails_to)) > kills * _SENDERS:
        yield f"{extra} mails were sent twice, more than {kills} kills explain."
    if doubled := [email for email, several in mails_to.items() if len({m.message["message-id"] for m in several}) > 1]:
        yield f"{len(doubled)} accounts got mails with different Message-IDs, such as {min(doubled)}."
    for email in sorted(set(created) & set(mails_to)):
        code = found(r"\b[2-9A-Z]{40}\b", chance.choice(mails_to[email]).message)
        answer = await run(http, node, "ConfirmAccount", code=code)
        if answer.get("email") != email:
            yield f"A code mailed to {email} confirmed nothing: {answer['message']}"


if __name__ == "__main__":
    sys.exit(main())
