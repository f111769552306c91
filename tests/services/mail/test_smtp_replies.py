"""What each reply of a server means for the mail at hand and for the next."""

import itertools
from email.message import EmailMessage

import pytest

from services.mail.smtp import SmtpTransport
from services.mail.transport import DeferredError, RefusedError
from tests.smtp_servers import ScriptedServer, Stage, transport_to

RECIPIENT = "ana@example.com"
SECRET = "K7QWERTYK7QWERTYK7QWERTYK7QWERTYK7QWERTY"


class Writer:
    """Writes a mail with a secret, and counts how often."""

    def __init__(self) -> None:
        self.written = 0

    async def __call__(self) -> bytes:
        self.written += 1
        message = EmailMessage()
        message.set_content(SECRET)
        return message.as_bytes()


async def test_before_the_recipient_is_accepted_a_failure_keeps_the_reply_and_composes_nothing(
    scripted: ScriptedServer,
) -> None:
    failures: list[tuple[Stage, str, Exception]] = [
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
    ]

    for stage, reply, expected in failures:
        transport, write = transport_to(scripted.port), Writer()
        scripted.script[stage] = reply

        with pytest.raises(type(expected)) as raised:
            await transport.deliver(RECIPIENT, write)

        assert str(raised.value) == str(expected)
        assert write.written == 0
        await goes_through(scripted, transport)


async def test_a_refused_login_defers_the_mail(scripted: ScriptedServer) -> None:
    for reply in ("454 4.7.0 not now", "535 5.7.8 wrong"):
        transport, write = transport_to(scripted.port, credentials="ana:hunter2@"), Writer()
        scripted.script[Stage.AUTH] = reply

        with pytest.raises(DeferredError, match=reply[:3]):
            await transport.deliver(RECIPIENT, write)

        assert write.written == 0
        await goes_through(scripted, transport)


async def test_afterwards_a_failure_keeps_only_the_codes_since_the_text_may_quote_a_secret(
    scripted: ScriptedServer,
) -> None:
    codes: dict[str, type[Exception]] = {
        "421": DeferredError,
        "451 4.3.0": DeferredError,
        "552 5.3.4": RefusedError,
        "554": RefusedError,
    }

    for stage, code in itertools.product((Stage.DATA, Stage.CONTENT), codes):
        transport, write = transport_to(scripted.port), Writer()
        scripted.script[stage] = f"{code} your text says {SECRET}"

        with pytest.raises(codes[code]) as raised:
            await transport.deliver(RECIPIENT, write)

        assert str(raised.value) == code
        assert write.written == 1
        await goes_through(scripted, transport)


async def test_a_reply_that_makes_no_sense_defers_the_mail(scripted: ScriptedServer) -> None:
    stages = [Stage.GREETING, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT]
    replies = [f"nonsense {SECRET}", f"250{'-x' * 20_000}", "", "999 what", "150 what"]

    for stage, reply in itertools.product(stages, replies):
        transport = transport_to(scripted.port, timeout=0.3)
        scripted.script[stage] = reply

        with pytest.raises(DeferredError) as raised:
            await transport.deliver(RECIPIENT, Writer())

        assert stage not in {Stage.DATA, Stage.CONTENT} or SECRET not in str(raised.value)
        await goes_through(scripted, transport)


async def test_a_failure_to_compose_is_passed_on_and_sends_nothing(scripted: ScriptedServer) -> None:
    errors: list[type[Exception]] = [LookupError, ConnectionError]

    for error in errors:
        transport = transport_to(scripted.port)
        before = len(scripted.commands)

        async def fail(error: type[Exception] = error) -> bytes:
            raise error

        with pytest.raises(error):
            await transport.deliver(RECIPIENT, fail)

        assert not [command for command in scripted.commands[before:] if command.startswith("DATA")]
        await goes_through(scripted, transport)


async def goes_through(scripted: ScriptedServer, transport: SmtpTransport) -> None:
    """The next mail does, once the server is well."""
    before = len(scripted.contents)
    scripted.script.clear()

    await transport.deliver(RECIPIENT, Writer())
    await transport.close()

    assert len(scripted.contents) == before + 1
