"""SMTP servers on 127.0.0.1 in the test's own event loop, and what delivers to them.

`sound_server` is aiosmtpd and works; `ScriptedServer` misbehaves as it is told, at the stage of choice.
"""

import asyncio
import contextlib
import email
import email.policy
import enum
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from models.delivery import Delivery
from models.registration import Registration
from services.common.clock import utc_now
from services.common.limit_storage import DatabaseStorage
from services.common.limits import Limit, Limiter
from services.common.outages import Outages
from services.common.secrets import Keys
from services.common.translations import Language, Translations
from services.mail.claims import Claims
from services.mail.mail_limit import MailLimit
from services.mail.outbox import Claim
from services.mail.rendering import MailRenderer
from services.mail.site import Site
from services.mail.smtp import SmtpServer, SmtpTransport
from services.mail.worker import MailWorker
from tests.stored_accounts import store_account

SENDER = "cuentas@example.com"
SITE = Site("Timbrado", "https://app.example.com", SENDER)
TEXTS = Translations(Path(__file__).parent.parent / "locales")


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def text(self) -> str:
        return body(self.message, "plain")


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part
    return str(part.get_content())


async def _accept(_: Any) -> str:
    return "250 OK"


@dataclass
class SoundServer:
    """aiosmtpd's hooks. `on_recipient` and `on_content` may do something before they answer."""

    mails: list[Received] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    on_recipient: Callable[[str], Awaitable[str]] = _accept
    on_content: Callable[[bytes], Awaitable[str]] = _accept
    port: int = 0

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del server, session, options
        self.recipients.append(address)
        reply = await self.on_recipient(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        del server, session
        reply = await self.on_content(envelope.content)
        if reply.startswith("250"):
            self.mails.append(Received(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        return reply


@contextlib.asynccontextmanager
async def sound_server(
    *,
    start_tls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    credentials: tuple[str, str] | None = None,
) -> AsyncIterator[SoundServer]:
    """Demands STARTTLS and credentials where it is given what for."""
    sound = SoundServer()
    loop = asyncio.get_running_loop()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword) -> AuthResult:
        del server, session, envelope, mechanism
        right = (given.login.decode(), given.password.decode()) == credentials
        return AuthResult(success=right, handled=False)

    def conversation() -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # aiosmtpd's, of passwords in clear
            return SMTP(
                sound,
                loop=loop,
                hostname="sound.example",
                tls_context=start_tls,
                require_starttls=start_tls is not None,
                authenticator=authenticate if credentials else None,
                auth_required=credentials is not None,
                auth_require_tls=start_tls is not None,
            )

    listening = await loop.create_server(conversation, "127.0.0.1", 0, ssl=tls)
    sound.port = listening.sockets[0].getsockname()[1]
    try:
        yield sound
    finally:
        listening.close()


class Stage(enum.Enum):
    """Where in a conversation: what the client has just sent, or nothing yet."""

    GREETING = "220 scripted.example"
    EHLO = "250-scripted.example\r\n250 AUTH PLAIN LOGIN"
    STARTTLS = "500 5.5.1 not offered"
    AUTH = "235 2.7.0 come in"
    MAIL = "250 2.1.0 sender accepted"
    RCPT = "250 2.1.5 recipient accepted"
    RSET = "250 2.0.0 forgotten"
    DATA = "354 go ahead"
    CONTENT = "250 2.0.0 kept"
    QUIT = "221 2.0.0 bye"


class Trouble(enum.Enum):
    HANG = enum.auto()
    DISCONNECT = enum.auto()


class ScriptedServer:
    """Answers a stage as `script` says, in bytes, text or Trouble, and with the stage's own value otherwise."""

    def __init__(self) -> None:
        self.script: dict[Stage, str | bytes | Trouble] = {}
        self.delay = 0.0  # seconds before each reply
        self.commands: list[str] = []
        self.contents: list[bytes] = []
        self.conversations = 0
        self.port = 0
        self._reached = {stage: asyncio.Event() for stage in Stage}
        self._running: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._listening: asyncio.Server | None = None

    async def start(self) -> None:
        """On the port that it had before, if it had one."""
        self._listening = await asyncio.start_server(self._converse, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._listening:
            self._listening.close()
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def hang_up(self, last_words: bytes = b"") -> None:
        """Ends every conversation, and returns when the clients have ended them too."""
        for writer in self._running.values():
            writer.write(last_words)
            writer.write_eof()
        await asyncio.wait_for(asyncio.gather(*self._running), 5)

    async def ended(self) -> None:
        """Returns when no client is connected any more."""
        await asyncio.wait_for(asyncio.gather(*self._running), 5)

    async def reached(self, stage: Stage) -> None:
        await asyncio.wait_for(self._reached[stage].wait(), 5)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._running[task] = writer
        self.conversations += 1
        try:
            await self._reply(writer, Stage.GREETING)
            while line := await reader.readline():
                self.commands.append(line.decode().strip())
                stage = _stage(line)
                own = await self._reply(writer, stage)
                if stage is Stage.QUIT:
                    break
                if own and stage is Stage.DATA:
                    content = await reader.readuntil(b"\r\n.\r\n")
                    if await self._reply(writer, Stage.CONTENT):
                        self.contents.append(content)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # that is how conversations end here
        finally:
            del self._running[task]
            writer.close()

    async def _reply(self, writer: asyncio.StreamWriter, stage: Stage) -> bool:
        """Whether that was the stage's own answer."""
        self._reached[stage].set()
        reply = self.script.get(stage, stage.value)
        if reply is Trouble.HANG:
            await asyncio.Event().wait()
        if isinstance(reply, Trouble):
            raise ConnectionAbortedError
        await asyncio.sleep(self.delay)
        writer.write((reply.encode() if isinstance(reply, str) else reply) + b"\r\n")
        await writer.drain()
        return stage not in self.script


def _stage(line: bytes) -> Stage:
    verb = line.split()[0].decode().upper()
    return Stage.EHLO if verb == "HELO" else Stage[verb]


@contextlib.asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def transport_to(port: int, *, scheme: str = "smtp", credentials: str = "", timeout: float = 10.0) -> SmtpTransport:
    """`timeout` in seconds is that of a command."""
    server = SmtpServer.parse(f"{scheme}://{credentials}127.0.0.1:{port}")
    return SmtpTransport(server, SENDER, timeout=timeout)


def make_authority(folder: Path, *hosts: str) -> tuple[Path, ssl.SSLContext]:
    """A new authority as a file for those who trust it, and a server to which it vouches for `hosts`."""
    authority, file = trustme.CA(), folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*hosts).configure_cert(context)
    return file, context


def make_deliverer(
    port: int,
    *,
    site: Site = SITE,
    mail_limit: str = "15/day",
    senders: int = 2,
    poll_seconds: float = 0.02,
    outages: Outages | None = None,
) -> MailWorker:
    return MailWorker(
        make_transport=lambda: transport_to(port),
        renderer=MailRenderer(TEXTS, site),
        limit=make_mail_limit(mail_limit),
        senders=senders,
        poll_seconds=poll_seconds,
        outages=outages or Outages(),
    )


def make_mail_limit(notation: str = "15/day") -> MailLimit:
    return MailLimit(Limiter(DatabaseStorage(), Keys(b"a key of the tests")), Limit.parse("mail_email", notation))


async def make_registration(address: str, language: Language = Language.ES, *, age: timedelta = timedelta()) -> UUID:
    registration = await Registration.create(
        id=uuid4(),
        email_key=address.lower(),
        email=address,
        rfc="H&E951128469",
        password_hash="none",
        language=language.value,
        created_at=utc_now() - age,
    )
    return registration.id


async def make_account(address: str, language: Language = Language.ES) -> UUID:
    return (await store_account(address, rfc="H&E951128469", language=language.value)).id


async def write() -> bytes:
    """A short mail, for tests of how it is delivered."""
    message = EmailMessage()
    message["To"] = "ana@example.com"
    message.set_content("hello")
    return message.as_bytes()


async def claim_one(claims: Claims) -> Claim | None:
    return next(iter(await claims.claim(1)), None)


async def make_due() -> None:
    """Moves all that is owed to where it is due, as if back-offs and leases had ended."""
    await Delivery.filter(pending_key__isnull=False).update(due_at=utc_now() - timedelta(seconds=1))


async def eventually(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await happened():
            await asyncio.sleep(0.01)
