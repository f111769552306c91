"""What a server answers, stage by stage, and what that means for the mail at hand and for the next."""

from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest

from services.mail.smtp import SmtpTransport
from services.mail.transport import DeferredError, RefusedError
from tests.smtp_servers import ScriptedServer, Stage, scripted_server, transport_to

RECIPIENT = "ana@example.com"
SECRET = "K7QWERTYK7QWERTYK7QWERTYK7QWERTYK7QWERTY"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


class Writer:
    """Writes a mail with a secret, and counts how often."""

    def __init__(self) -> None:
        self.written = 0

    async def __call__(self) -> EmailMessage:
        self.written += 1
        message = EmailMessage()
        message.set_content(SECRET)
        return message


@pytest.mark.parametrize(
    ("stage", "reply", "expected"),
    [
        (Stage.GREETING, "421 4.3.2 too busy", DeferredError("SMTPConnectResponseError: 421 4.3.2 too busy")),
        (Stage.GREETING, "554 5.3.2 no service", DeferredError("SMTPConnectResponseError: 554 5.3.2 no service")),
        (Stage.EHLO, "421 4.3.2 too busy", DeferredError("SMTPHeloError: 421 4.3.2 too busy")),
        (Stage.EHLO, "550 5.7.1 who are you", DeferredError("SMTPHeloError: 550 5.7.1 who are you")),
        (Stage.MAIL, "451 4.3.0 later", DeferredError("SMTPSenderRefused: 451 4.3.0 later")),
        (Stage.MAIL, "550 5.7.1 not you", DeferredError("SMTPSenderRefused: 550 5.7.1 not you")),
        (Stage.RCPT, "421 4.3.2 going down", DeferredError("421 4.3.2 going down")),
        (Stage.RCPT, "450 4.2.1 greylisted", DeferredError("450 4.2.1 greylisted")),
        (Stage.RCPT, "452 4.2.2 mailbox full", DeferredError("452 4.2.2 mailbox full")),
        (Stage.RCPT, "550 5.1.1 nobody here", RefusedError("550 5.1.1 nobody here")),
        (Stage.RCPT, "550-5.1.1 nobody\r\n550 5.1.1 here", RefusedError("550 5.1.1 nobody\n5.1.1 here")),
        (Stage.RCPT, "553 5.1.3 bad address", RefusedError("553 5.1.3 bad address")),
    ],
    ids=lambda value: value.name if isinstance(value, Stage) else str(value)[:20],
)
async def test_before_the_recipient_is_accepted_a_failure_keeps_the_reply_and_writes_nothing(
    server: ScriptedServer, stage: Stage, reply: str, expected: Exception
) -> None:
    transport, write = transport_to(server.port), Writer()
    server.script[stage] = reply

    with pytest.raises(type(expected)) as raised:
        await transport.deliver(RECIPIENT, write)

    assert str(raised.value) == str(expected)
    assert write.written == 0
    await goes_through(server, transport)


@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "535 5.7.8 wrong"])
async def test_a_refused_login_defers_the_mail(server: ScriptedServer, reply: str) -> None:
    transport, write = transport_to(server.port, credentials="ana:hunter2@"), Writer()
    server.script[Stage.AUTH] = reply

    with pytest.raises(DeferredError, match=reply[:3]):
        await transport.deliver(RECIPIENT, write)

    assert write.written == 0
    await goes_through(server, transport)


@pytest.mark.parametrize("stage", [Stage.DATA, Stage.CONTENT])
@pytest.mark.parametrize(
    ("code", "kept", "expected"),
    [
        ("421", "421", DeferredError),
        ("451 4.3.0", "451 4.3.0", DeferredError),
        ("552 5.3.4", "552 5.3.4", RefusedError),
        ("554", "554", RefusedError),
    ],
)
async def test_from_then_on_a_failure_keeps_the_codes_alone_since_the_text_may_quote_a_secret(
    server: ScriptedServer, stage: Stage, code: str, kept: str, expected: type[Exception]
) -> None:
    transport, write = transport_to(server.port), Writer()
    server.script[stage] = f"{code} your text says {SECRET}"

    with pytest.raises(expected) as raised:
        await transport.deliver(RECIPIENT, write)

    assert str(raised.value) == kept
    assert write.written == 1
    await goes_through(server, transport)


@pytest.mark.parametrize("stage", [Stage.GREETING, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT])
@pytest.mark.parametrize(
    "reply",
    [f"nonsense {SECRET}", f"250{'-x' * 20_000}", "", "999 what", "150 what"],
    ids=["text", "endless", "blank", "999", "150"],
)
async def test_a_reply_that_makes_no_sense_defers_the_mail(server: ScriptedServer, stage: Stage, reply: str) -> None:
    transport = transport_to(server.port, timeout=0.3)
    server.script[stage] = reply

    with pytest.raises(DeferredError) as raised:
        await transport.deliver(RECIPIENT, Writer())

    assert stage not in {Stage.DATA, Stage.CONTENT} or SECRET not in str(raised.value)
    await goes_through(server, transport)


@pytest.mark.parametrize("error", [LookupError, ConnectionError])
async def test_a_failure_to_write_is_passed_on_and_sends_nothing(
    server: ScriptedServer, error: type[Exception]
) -> None:
    transport = transport_to(server.port)

    async def fail() -> EmailMessage:
        raise error

    with pytest.raises(error):
        await transport.deliver(RECIPIENT, fail)

    assert not [command for command in server.commands if command.startswith("DATA")]
    await goes_through(server, transport)


async def goes_through(server: ScriptedServer, transport: SmtpTransport) -> None:
    """The next mail does, once the server is well."""
    before = len(server.contents)
    server.script.clear()

    await transport.deliver(RECIPIENT, Writer())
    await transport.close()

    assert len(server.contents) == before + 1
