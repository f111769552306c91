"""The main job, end to end: the real server, a real SMTP server that demands STARTTLS and AUTH, and nothing else."""

import email
import email.policy
import queue
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.process.serving import ROOT, clean_environment, serving

EMAIL = "ana@example.com"
OLD, NEW = "una frase larga", "otra frase larga"
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


class Client:
    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def run(self, operation: str, token: str | None = None, **input: Any) -> Any:
        query = (ROOT / f"graphql/operations/{operation}.graphql").read_text("utf-8")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        response = self._http.post("/graphql", json={"query": query, "variables": {"input": input}}, headers=headers)
        (value,) = response.json()["data"].values()
        return value

    def solved(self, data_dir: Path) -> list[dict[str, str]]:
        """The answers to two captchas as support would find them: one by its words, one by its digits."""
        ids = [self.run("CreateCaptcha")["captcha"]["id"] for _ in range(2)]
        printed = subprocess.run(
            [sys.executable, "-m", "app", "captcha-answer", *ids],
            cwd=ROOT,
            env=clean_environment(DATA_DIR=str(data_dir)),
            capture_output=True,
            text=True,
            check=True,
        )
        by_words, by_digits = (line.split("\t") for line in printed.stdout.splitlines())
        return [
            {"id": by_words[0], "answer": f"{by_words[1].upper()}  {by_words[2]}"},
            {"id": by_digits[0], "answer": by_digits[3]},
        ]


def test_register_confirm_sign_in_lose_the_password_and_recover_it(
    tmp_path: Path, smtp: dict[str, str], mailbox: Mailbox
) -> None:
    secrets = [OLD, NEW, SMTP_PASSWORD.decode()]
    settings = {"LOG_LEVEL": "DEBUG", "LIMIT_RECOVER_PASSWORD_EMAIL": "2/day", **smtp}
    with serving(tmp_path, **settings) as (url, _), httpx2.Client(base_url=url) as http:
        client = Client(http)
        form = {"rfc": "EKU9003173C9", "email": EMAIL, "password": OLD, "passwordConfirmation": OLD}
        assert client.run("CreateAccount", **form)["__typename"] == "CreateAccountSuccess"
        mail = mailbox.next()
        assert EMAIL in mail
        assert "EKU9003173C9" in mail
        code = _found(r"\b[2-9A-Z]{40}\b", mail)
        assert client.run("Login", email=EMAIL, password=OLD)["__typename"] == "AccountNotConfirmedError"
        assert client.run("ConfirmAccount", code=code)["__typename"] == "ConfirmAccountSuccess"
        token = client.run("Login", email=EMAIL, password=OLD)["token"]
        assert client.run("Me", token)["email"] == EMAIL

        mailed = ""
        for captcha in client.solved(tmp_path):
            requested = client.run("RecoverPassword", email=EMAIL, captcha=captcha)
            assert requested["__typename"] == "RecoverPasswordSuccess"
            mailed = _found(r"\b([2-9A-Z]{6}-){3}[2-9A-Z]{6}\b", mailbox.next())
            secrets += [mailed, mailed.replace("-", ""), captcha["answer"], captcha["answer"].casefold()]
        login = client.run("Login", email=EMAIL, password=mailed)
        assert login["account"]["passwordChangeRequired"] is True
        assert "clave que enviamos" in mailbox.next()
        change = {"currentPassword": mailed, "newPassword": NEW, "newPasswordConfirmation": NEW}
        assert client.run("ChangePassword", login["token"], **change)["__typename"] == "ChangePasswordSuccess"
        assert "cambió" in mailbox.next()
        last = client.run("Login", email=EMAIL, password=NEW)
        assert client.run("Logout", last["token"])["__typename"] == "LogoutSuccess"
        secrets += [code, token, login["token"], last["token"]]

    _assert_nowhere(secrets, tmp_path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match.group()


def _assert_nowhere(secrets: list[str], folder: Path) -> None:
    """None of them is in the database file, its log, or the logs at DEBUG."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pem"]
    assert any(path.suffix == ".sqlite3" for path in files)
    assert (folder / "serve.log").read_text("utf-8").count("operation") > 5
    found = [(path.name, secret) for path in files for secret in secrets if secret.encode() in path.read_bytes()]
    assert found == []
