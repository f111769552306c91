"""Servers that are stopped, hang, are slow or hang up: the mail is deferred, and the next one goes through."""

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest

from services.mail.transport import DeferredError
from tests.smtp_servers import ScriptedServer, Stage, Trouble, scripted_server, transport_to

RECIPIENT = "ana@example.com"
STAGES = [Stage.GREETING, Stage.EHLO, Stage.AUTH, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as server:
        yield server


async def write() -> EmailMessage:
    message = EmailMessage()
    message.set_content("hello")
    return message


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
async def test_a_server_that_hangs_defers_the_mail_when_the_command_times_out(
    server: ScriptedServer, stage: Stage
) -> None:
    transport = transport_to(server.port, credentials="ana:secret@", timeout=0.2)
    server.script[stage] = Trouble.HANG

    with pytest.raises(DeferredError, match="Timeout"):
        await transport.deliver(RECIPIENT, write)

    server.script.clear()
    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(server.contents) == 1


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
async def test_a_server_that_disconnects_defers_the_mail(server: ScriptedServer, stage: Stage) -> None:
    transport = transport_to(server.port, credentials="ana:secret@")
    server.script[stage] = Trouble.DISCONNECT

    with pytest.raises(DeferredError):
        await transport.deliver(RECIPIENT, write)

    server.script.clear()
    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(server.contents) == 1


async def test_a_server_that_disconnects_while_the_mail_is_written_defers_it(server: ScriptedServer) -> None:
    transport = transport_to(server.port)

    async def write_while_it_hangs_up() -> EmailMessage:
        await server.hang_up(b"421 4.4.2 bye\r\n")
        return await write()

    with pytest.raises(DeferredError, match="DATA"):
        await transport.deliver(RECIPIENT, write_while_it_hangs_up)

    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(server.contents) == 1


async def test_a_stopped_server_defers_the_mail_until_it_runs_again(server: ScriptedServer) -> None:
    transport = transport_to(server.port)
    await server.stop()

    with pytest.raises(DeferredError, match="SMTPConnectError"):
        await transport.deliver(RECIPIENT, write)

    await server.start()
    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(server.contents) == 1


async def test_a_slow_server_gets_the_mail(server: ScriptedServer) -> None:
    transport = transport_to(server.port)
    server.delay = 0.05

    await transport.deliver(RECIPIENT, write)

    await transport.close()
    assert len(server.contents) == 1


async def test_a_deadline_from_outside_ends_a_hanging_mail_and_the_next_goes_through(server: ScriptedServer) -> None:
    transport = transport_to(server.port)
    server.script[Stage.CONTENT] = Trouble.HANG

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await transport.deliver(RECIPIENT, write)

    server.script.clear()
    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(server.contents) == 1


async def test_mails_share_a_connection(server: ScriptedServer) -> None:
    transport = transport_to(server.port, credentials="ana:secret@")

    for _ in range(3):
        await transport.deliver(RECIPIENT, write)

    await transport.close()
    assert (len(server.contents), server.conversations) == (3, 1)
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


@pytest.mark.parametrize("last_words", [b"", b"421 4.4.2 idle for too long\r\n"], ids=["silently", "with 421"])
async def test_a_connection_that_the_server_ended_meanwhile_is_opened_again(
    server: ScriptedServer, last_words: bytes
) -> None:
    transport = transport_to(server.port)
    await transport.deliver(RECIPIENT, write)
    await server.hang_up(last_words)

    await transport.deliver(RECIPIENT, write)

    await transport.close()
    assert (len(server.contents), server.conversations) == (2, 2)


async def test_closing_says_good_bye_and_ends_the_connection(server: ScriptedServer) -> None:
    transport = transport_to(server.port)
    await transport.deliver(RECIPIENT, write)

    await transport.close()

    assert server.commands[-1] == "QUIT"
    await server.ended()
    await transport.close()  # twice does no harm


@pytest.mark.parametrize("trouble", [Trouble.HANG, Trouble.DISCONNECT, "500 5.5.1 what", "nonsense"])
async def test_closing_does_not_depend_on_the_server(server: ScriptedServer, trouble: Trouble | str) -> None:
    transport = transport_to(server.port, timeout=0.2)
    await transport.deliver(RECIPIENT, write)
    server.script[Stage.QUIT] = trouble

    await transport.close()

    server.script.clear()
    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert (len(server.contents), server.conversations) == (2, 2)


async def test_dots_and_long_lines_arrive_as_they_are(server: ScriptedServer) -> None:
    transport = transport_to(server.port)
    lines = ".\r\n..\r\n.QUIT\r\n" + "ñ" * 2000 + "\r\n"

    async def write_lines() -> EmailMessage:
        message = EmailMessage()
        message.set_content(lines, cte="quoted-printable")
        return message

    await transport.deliver(RECIPIENT, write_lines)

    await transport.close()
    (content,) = server.contents
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\r\n..\r\n" in content  # the only dot, doubled (RFC 5321, 4.5.2)
