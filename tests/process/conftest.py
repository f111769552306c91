"""The real server with what its tests share, and a real SMTP server that demands STARTTLS and AUTH."""

import email
import email.policy
import queue
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.databases import copied
from tests.process.serving import serving

USER, SMTP_PASSWORD = b"timbrado", b"clave:del/servidor"


class Mailbox:
    """An aiosmtpd handler that keeps what it gets."""

    def __init__(self) -> None:
        self._mails: queue.Queue[EmailMessage] = queue.Queue()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        assert isinstance(envelope.content, bytes)
        self._mails.put(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def next(self) -> str:
        """The text of the next mail, for which it waits."""
        body = self._mails.get(timeout=15).get_body(("plain",))
        assert body
        return str(body.get_content())


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    data_dir: Path

    def log(self) -> str:
        return (self.data_dir / "serve.log").read_text("utf-8")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests that leave it as it is."""
    data_dir = tmp_path_factory.mktemp("server")
    settings = {
        "KEEP_ALIVE_SECONDS": "1",
        "LIMIT_CREATE_CAPTCHA": "3/hour",
        "LOG_LEVEL": "DEBUG",
        "TRUSTED_PROXIES": "1",
    }
    with serving(data_dir, **settings) as (url, _):
        httpx2.get(url, timeout=30)  # some tests wait for a second only, which a start may take
        yield Server(url, data_dir)


@pytest.fixture
def url(server: Server) -> str:
    return server.url


@pytest.fixture
def migrated(sqlite_template: Path, tmp_path: Path) -> Path:
    """A DATA_DIR with a migrated database in it."""
    copied(sqlite_template, tmp_path)
    return tmp_path


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def smtp(mailbox: Mailbox, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings for a server that takes mail only over STARTTLS from whoever signed in."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)

    def authenticate(*arguments: Any) -> AuthResult:
        return AuthResult(success=arguments[-1] == LoginPassword(USER, SMTP_PASSWORD))

    controller = Controller(
        mailbox,
        hostname="localhost",
        port=_free_port(),
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    try:
        url = f"smtp+starttls://timbrado:clave%3Adel%2Fservidor@localhost:{controller.port}"
        yield {"SMTP_URL": url, "SSL_CERT_FILE": str(tmp_path / "ca.pem")}
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port
