"""Three `serve` and two `worker` processes with one PostgreSQL and one Redis are one service, and may come and go."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from typing import Any

import asyncpg
import httpx2
import pytest
import pytest_asyncio
from limits.aio.storage import MemoryStorage

from audits.fleet import Fleet, Node, fleet, form, run, send
from services.captcha.service import CaptchaService
from services.common.limits import Limit, Limiter
from services.common.secrets import Keys
from tests.actors import ACTORS
from tests.api import found
from tests.databases import database_on
from tests.forms import PASSWORD
from tests.smtp_servers import Received, SoundServer, sound_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNTS = 60
CLIENTS = 5
PAUSE = 0.2  # seconds between two requests of a client
TIMEOUT = 60.0  # seconds, half of a lease


@dataclass
class Site:
    fleet: Fleet
    database_url: str
    smtp: SoundServer
    http: httpx2.AsyncClient
    serves: list[Node]
    workers: list[Node]

    async def mails_to(self, emails: set[str]) -> list[Received]:
        """Returns the mails to these addresses, once no mail is pending."""
        await self.until_no_mail_is_pending()
        return [mail for mail in self.smtp.mails if mail.recipients[0] in emails]

    async def until_no_mail_is_pending(self) -> None:
        connection = await asyncpg.connect(self.database_url)
        async with asyncio.timeout(TIMEOUT):
            while await connection.fetchval("SELECT count(*) FROM delivery WHERE pending_key IS NOT NULL"):
                await asyncio.sleep(0.05)
        await connection.close()

    @contextlib.asynccontextmanager
    async def blocked(self) -> AsyncIterator[None]:
        """Blocks every request that reads accounts."""
        connection = await asyncpg.connect(self.database_url)
        async with connection.transaction():
            await connection.execute("LOCK TABLE account IN ACCESS EXCLUSIVE MODE")
            yield
        await connection.close()

    async def register(self, node: Node, email: str) -> None:
        assert (await run(self.http, node, "CreateAccount", **form(email)))["__typename"] == "CreateAccountSuccess"

    async def sign_in(self, node: Node, email: str) -> str:
        return str((await run(self.http, node, "Login", email=email, password=PASSWORD))["token"])


@pytest.fixture(scope="module")
def database_of_the_site(postgresql_url: str) -> Iterator[str]:
    with database_on(postgresql_url) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(
    redis_server: str, database_of_the_site: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    changes = {"REDIS_URL": redis_server, "WORKER_IN_SERVE": "false", "LIMIT_LOGIN_FAILURES": "5/15 minutes"}
    folder = tmp_path_factory.mktemp("site")
    async with (
        sound_server() as smtp,
        fleet(folder, database_of_the_site, smtp.port, **changes) as nodes,
        httpx2.AsyncClient(verify=False, timeout=60) as http,
    ):
        serves = list(await asyncio.gather(*(nodes.join("serve") for _ in range(3))))
        workers = list(await asyncio.gather(*(nodes.join("worker") for _ in range(2))))
        yield Site(nodes, database_of_the_site, smtp, http, serves, workers)


async def test_a_captcha_drawn_at_one_node_is_solved_at_another_and_then_spent_at_all(site: Site) -> None:
    drawing, solving, last = site.serves
    captcha_id = (await run(site.http, drawing, "CreateCaptcha"))["captcha"]["id"]
    captcha = {"id": captcha_id, "answer": _digits(captcha_id, site.fleet.environment["SECRET_KEY"])}

    answers = [
        await run(site.http, node, "RecoverPassword", email=email, captcha=captcha)
        for node, email in (
            (solving, "nadie@example.com"),
            (last, "otra@example.com"),
            (drawing, "nadie@example.com"),
            (solving, "otra@example.com"),
        )
    ]

    names = [answer["__typename"] for answer in answers]
    assert names == ["RecoverPasswordSuccess", "CaptchaMismatchError"] * 2


async def test_five_wrong_passwords_in_all_lead_to_a_captcha_at_every_node(site: Site) -> None:
    wrong = {"email": "nadie@example.com", "password": "no es mi clave"}

    answers = [await run(site.http, node, "Login", **wrong) for node in islice(cycle(site.serves), 8)]

    names = [answer["__typename"] for answer in answers]
    assert names == ["InvalidCredentialsError"] * 5 + ["CaptchaRequiredError"] * 3


async def test_a_session_that_is_revoked_at_one_node_is_dead_at_the_others_at_once(site: Site) -> None:
    first, second, third = site.serves
    await site.register(first, "sara@example.com")
    (mail,) = await site.mails_to({"sara@example.com"})
    await run(site.http, second, "ConfirmAccount", code=_code(mail))
    lost, kept = await site.sign_in(first, "sara@example.com"), await site.sign_in(second, "sara@example.com")
    before = [await run(site.http, node, "Me", token=lost) for node in site.serves]
    (session,) = (each["id"] for each in before[0]["sessions"] if each["current"])

    revoked = await run(site.http, third, "RevokeSession", token=kept, id=session)

    after = [await run(site.http, node, "Me", token=lost) for node in site.serves]
    assert [me["email"] for me in before] == ["sara@example.com"] * 3
    assert revoked["__typename"] == "RevokeSessionSuccess"
    assert after == [None] * 3


async def test_two_workers_send_every_mail_once_and_every_code_confirms(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    emails = {f"user{number}@example.com" for number in range(ACCOUNTS)}
    monkeypatch.setattr(site.smtp, "on_content", _accept_slowly)  # so that one worker cannot have sent all of them

    await asyncio.gather(*(site.register(node, email) for node, email in zip(cycle(site.serves), emails, strict=False)))
    mails = await site.mails_to(emails)

    confirmed = [
        await run(site.http, node, "ConfirmAccount", code=_code(mail))
        for node, mail in zip(cycle(site.serves), mails, strict=False)
    ]
    assert Counter(mail.recipients for mail in mails) == Counter((email,) for email in emails)
    assert [answer.get("email") for answer in confirmed] == [mail.recipients[0] for mail in mails]
    assert all("mail delivered" in worker.log.read_text("utf-8") for worker in site.workers)


async def test_nodes_join_and_leave_under_load_without_a_failed_request(site: Site) -> None:
    load = Load(site.http, site.serves)
    clients = [asyncio.create_task(load.run()) for _ in range(CLIENTS)]
    statuses = []

    for leaving in list(site.serves):
        site.serves.append(await site.fleet.join("serve"))
        await load.until_answered_by(site.serves[-1])
        async with site.blocked():
            clients.append(asyncio.create_task(load.ask(leaving)))
            await load.until_all_is_sent_to(leaving)
            site.serves.remove(leaving)
            leave = asyncio.create_task(leaving.leave())
            await asyncio.sleep(1)  # enough for it to end, if it did not wait for requests
        statuses.append(await leave)
    load.stopped = True
    await asyncio.gather(*clients)

    assert load.failures == []
    assert statuses == [0] * 3


async def test_a_worker_that_leaves_hands_its_mails_to_the_others(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    emails = {"lea@example.com", "leo@example.com"}
    (leaving, other), held = site.workers, asyncio.Semaphore(0)
    await site.until_no_mail_is_pending()  # of earlier ones, which would hang, too
    assert await other.leave() == 0

    async def dawdle(_: str) -> str:
        held.release()
        await asyncio.sleep(9)  # within a command's time-out; with the next one more than a worker's last 15 s
        return "250 OK"

    async def hang(_: bytes) -> str:
        await asyncio.Event().wait()
        return "250 OK"

    with monkeypatch.context() as patience:
        patience.setattr(site.smtp, "on_recipient", dawdle)
        patience.setattr(site.smtp, "on_content", hang)
        for email in emails:
            await site.register(site.serves[0], email)
        for _ in emails:
            await asyncio.wait_for(held.acquire(), TIMEOUT)
        leave = asyncio.create_task(leaving.leave())
        site.workers = [await site.fleet.join("worker")]

        status = await leave

    mails = await site.mails_to(emails)
    assert status == 0
    assert "mail deferred" not in leaving.log.read_text("utf-8")
    assert Counter(mail.recipients for mail in mails) == Counter((email,) for email in emails)


@dataclass
class Load:
    """Clients that keep sending requests to one of `nodes` after another, each after the last answer."""

    http: httpx2.AsyncClient
    nodes: list[Node]
    failures: list[str] = field(default_factory=list)
    stopped: bool = False
    requests: int = 0
    sending: Counter[Node] = field(default_factory=Counter)
    waiting: Counter[Node] = field(default_factory=Counter)  # sent but not yet answered
    answered: Counter[Node] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(self) -> None:
        while not self.stopped:
            self.requests += 1
            await self.ask(self.nodes[self.requests % len(self.nodes)])
            await asyncio.sleep(PAUSE)

    async def until_answered_by(self, node: Node) -> None:
        async with asyncio.timeout(TIMEOUT):
            while not self.answered[node]:
                await asyncio.sleep(0.01)

    async def until_all_is_sent_to(self, node: Node) -> None:
        """Returns when there are requests to the node and all of them are sent."""
        async with asyncio.timeout(TIMEOUT):
            while self.sending[node] or not self.waiting[node]:
                await asyncio.sleep(0)

    async def ask(self, node: Node) -> None:
        number, stage = next(self._numbers), self.sending

        async def notice(event: str, _: Any) -> None:
            nonlocal stage
            if event == "http11.send_request_body.complete":
                self.sending[node] -= 1
                self.waiting[node] += 1
                stage = self.waiting

        email = f"load{number}@example.com"
        self.sending[node] += 1
        try:
            if number % 2:
                response = await send(self.http, node, "CreateAccount", trace=notice, **form(email))
            else:
                response = await send(self.http, node, "Login", trace=notice, email=email, password=PASSWORD)
        except httpx2.TransportError as error:
            self.failures.append(repr(error))
        else:
            self.answered[node] += 1
            if response.status_code != 200 or "errors" in response.json():
                self.failures.append(response.text)
        finally:
            stage[node] -= 1


async def _accept_slowly(_: bytes) -> str:
    await asyncio.sleep(0.2)
    return "250 OK"


def _code(mail: Received) -> str:
    return found(r"\b[2-9A-Z]{40}\b", mail.message)


def _digits(captcha_id: str, secret_key: str) -> str:
    keys = Keys(secret_key.encode())
    captchas = CaptchaService(keys, Limiter(MemoryStorage(), keys), Limit.parse("any", "1/second"), ACTORS)
    solution = captchas.solution(captcha_id)
    assert solution
    return solution.digits
