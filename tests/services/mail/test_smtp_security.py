"""TLS, STARTTLS and AUTH. OpenSSL's SSL_CERT_FILE names the trusted authorities, in tests as in production."""

import base64
import ssl
from pathlib import Path

import pytest

from services.mail.transport import DeferredError
from tests.smtp_servers import SENDER, ScriptedServer, Stage, make_authority, sound_server, transport_to, write

RECIPIENT = "ana@example.com"
CREDENTIALS = ("ana@example.com", "a:b/c#ñ")
IN_URL = "ana%40example.com:a%3Ab%2Fc%23%C3%B1@"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return make_authority(tmp_path_factory.mktemp("authority"), "localhost", "127.0.0.1")


@pytest.fixture
def shown(authority: tuple[Path, ssl.SSLContext]) -> ssl.SSLContext:
    """What a server shows."""
    return authority[1]


@pytest.fixture
def trusted(authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))


async def send(port: int, scheme: str, credentials: str = "") -> None:
    transport = transport_to(port, scheme=scheme, credentials=credentials)
    try:
        await transport.deliver(RECIPIENT, write)
    finally:
        await transport.close()


async def test_a_mail_goes_in_clear_if_the_operator_wants_that() -> None:
    async with sound_server() as server:
        await send(server.port, "smtp")

    (mail,) = server.mails
    assert (mail.sender, mail.recipients, mail.text.strip()) == (SENDER, (RECIPIENT,), "hello")


@pytest.mark.usefixtures("trusted")
async def test_a_mail_goes_over_starttls_with_credentials(shown: ssl.SSLContext) -> None:
    async with sound_server(start_tls=shown, credentials=CREDENTIALS) as server:
        await send(server.port, "smtp+starttls", IN_URL)

    assert len(server.mails) == 1


@pytest.mark.usefixtures("trusted")
async def test_a_mail_goes_over_tls(shown: ssl.SSLContext) -> None:
    async with sound_server(tls=shown) as server:
        await send(server.port, "smtps")

    assert len(server.mails) == 1


async def test_credentials_are_sent_in_clear_if_the_operator_wants_that() -> None:
    async with sound_server(credentials=CREDENTIALS) as server:
        await send(server.port, "smtp", IN_URL)

    assert len(server.mails) == 1


async def test_a_server_that_wants_credentials_gets_no_mail_without_them() -> None:
    async with sound_server(credentials=CREDENTIALS) as server:
        with pytest.raises(DeferredError, match="530"):
            await send(server.port, "smtp")

    assert server.mails == []


async def test_wrong_credentials_defer_the_mail() -> None:
    async with sound_server(credentials=CREDENTIALS) as server:
        with pytest.raises(DeferredError, match="535") as raised:
            await send(server.port, "smtp", "ana:hunter2@")

    assert server.mails == []
    assert "hunter2" not in str(raised.value)


async def test_a_servers_reply_to_credentials_is_not_repeated_since_it_may_quote_them(
    scripted: ScriptedServer,
) -> None:
    quoted = base64.b64encode(b"\0ana\0hunter2").decode()
    scripted.script[Stage.AUTH] = f"535 5.7.8 cannot make sense of {quoted}"

    with pytest.raises(DeferredError, match="535") as raised:
        await send(scripted.port, "smtp", "ana:hunter2@")

    assert quoted not in str(raised.value)


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
async def test_an_untrusted_certificate_is_refused(scheme: str, shown: ssl.SSLContext) -> None:
    start_tls, tls = (shown, None) if scheme == "smtp+starttls" else (None, shown)
    async with sound_server(start_tls=start_tls, tls=tls) as server:
        with pytest.raises(DeferredError, match=r"(?i)certificate"):
            await send(server.port, scheme)

    assert (server.recipients, server.mails) == ([], [])


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, shown = make_authority(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))

    async with sound_server(start_tls=shown) as server:
        with pytest.raises(DeferredError, match=r"(?i)certificate"):
            await send(server.port, "smtp+starttls")

    assert (server.recipients, server.mails) == ([], [])


@pytest.mark.parametrize(
    "extensions",
    ["250-scripted.example\r\n250 AUTH PLAIN LOGIN", "250 scripted.example", "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN"],
)
async def test_nothing_is_sent_in_clear_to_a_server_that_has_no_starttls(
    scripted: ScriptedServer, extensions: str
) -> None:
    scripted.script = {Stage.EHLO: extensions, Stage.STARTTLS: "454 4.7.0 not now"}

    with pytest.raises(DeferredError):
        await send(scripted.port, "smtp+starttls", IN_URL)

    assert {command.split()[0].upper() for command in scripted.commands} <= {"EHLO", "STARTTLS"}
    assert scripted.contents == []


async def test_a_server_that_speaks_no_tls_at_all_gets_nothing_over_smtps(scripted: ScriptedServer) -> None:
    with pytest.raises(DeferredError):
        await send(scripted.port, "smtps", IN_URL)

    assert scripted.contents == []
