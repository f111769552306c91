"""Servers that are down, hang, are slow or disconnect: the mail is deferred, and the next one goes through."""

import asyncio
from email.message import EmailMessage

import pytest

from services.mail.transport import DeferredError
from tests.smtp_servers import ScriptedServer, Stage, Trouble, scripted_server, transport_to, write

RECIPIENT = "ana@example.com"
STAGES = [Stage.GREETING, Stage.EHLO, Stage.AUTH, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT]


async def test_a_server_that_hangs_defers_the_mail_when_the_command_times_out() -> None:
    async def hang(stage: Stage) -> int:
        async with scripted_server() as server:
            transport = transport_to(server.port, credentials="ana:secret@", timeout=0.2)
            server.script[stage] = Trouble.HANG
            with pytest.raises(DeferredError, match="Timeout"):
                await transport.deliver(RECIPIENT, write)

            server.script.clear()
            await transport.deliver(RECIPIENT, write)
            await transport.close()
            return len(server.contents)

    assert await asyncio.gather(*map(hang, STAGES)) == [1] * len(STAGES)


async def test_a_server_that_disconnects_defers_the_mail(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port, credentials="ana:secret@")

    for number, stage in enumerate(STAGES, 1):
        scripted.script[stage] = Trouble.DISCONNECT
        with pytest.raises(DeferredError):
            await transport.deliver(RECIPIENT, write)

        scripted.script.clear()
        await transport.deliver(RECIPIENT, write)
        await transport.close()
        assert len(scripted.contents) == number


async def test_a_server_that_disconnects_while_the_mail_is_composed_defers_it(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port)

    async def write_during_a_disconnect() -> bytes:
        await scripted.hang_up(b"421 4.4.2 bye\r\n")
        return await write()

    with pytest.raises(DeferredError, match="DATA"):
        await transport.deliver(RECIPIENT, write_during_a_disconnect)

    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(scripted.contents) == 1


async def test_a_stopped_server_defers_the_mail_until_it_runs_again(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port)
    await scripted.stop()

    with pytest.raises(DeferredError, match="SMTPConnectError"):
        await transport.deliver(RECIPIENT, write)

    await scripted.start()
    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(scripted.contents) == 1


async def test_a_slow_server_gets_the_mail(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port)
    scripted.delay = 0.05

    await transport.deliver(RECIPIENT, write)

    await transport.close()
    assert len(scripted.contents) == 1


async def test_a_callers_deadline_ends_a_hanging_mail_and_the_next_goes_through(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port)
    scripted.script[Stage.CONTENT] = Trouble.HANG

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await transport.deliver(RECIPIENT, write)

    scripted.script.clear()
    await transport.deliver(RECIPIENT, write)
    await transport.close()
    assert len(scripted.contents) == 1


async def test_mails_share_a_connection(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port, credentials="ana:secret@")

    for _ in range(3):
        await transport.deliver(RECIPIENT, write)

    await transport.close()
    assert (len(scripted.contents), scripted.conversations) == (3, 1)
    assert sum(command.startswith("AUTH") for command in scripted.commands) == 1


@pytest.mark.parametrize("last_words", [b"", b"421 4.4.2 idle for too long\r\n"], ids=["silently", "with 421"])
async def test_a_connection_that_the_server_has_ended_is_reopened(scripted: ScriptedServer, last_words: bytes) -> None:
    transport = transport_to(scripted.port)
    await transport.deliver(RECIPIENT, write)
    await scripted.hang_up(last_words)

    await transport.deliver(RECIPIENT, write)

    await transport.close()
    assert (len(scripted.contents), scripted.conversations) == (2, 2)


async def test_closing_sends_quit_and_ends_the_connection(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port)
    await transport.deliver(RECIPIENT, write)

    await transport.close()

    assert scripted.commands[-1] == "QUIT"
    await scripted.ended()
    await transport.close()  # twice does no harm


async def test_closing_does_not_depend_on_the_server(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port, timeout=0.1)
    troubles: list[Trouble | str] = [Trouble.HANG, Trouble.DISCONNECT, "500 5.5.1 what", "nonsense"]

    for number, trouble in enumerate(troubles, 1):
        await transport.deliver(RECIPIENT, write)
        scripted.script[Stage.QUIT] = trouble

        await transport.close()

        scripted.script.clear()
        assert (len(scripted.contents), scripted.conversations) == (number, number)


async def test_dots_and_long_lines_arrive_as_they_are(scripted: ScriptedServer) -> None:
    transport = transport_to(scripted.port)
    lines = ".\r\n..\r\n.QUIT\r\n" + "ñ" * 2000 + "\r\n"

    async def write_lines() -> bytes:
        message = EmailMessage()
        message.set_content(lines, cte="quoted-printable")
        return message.as_bytes()

    await transport.deliver(RECIPIENT, write_lines)

    await transport.close()
    (content,) = scripted.contents
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\r\n..\r\n" in content  # the only dot, doubled (RFC 5321, 4.5.2)
