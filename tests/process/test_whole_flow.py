"""The main job, end to end: the real server, a real SMTP server that demands STARTTLS and AUTH, and nothing else."""

from pathlib import Path

import httpx2

from tests.process.client import Client, found
from tests.process.conftest import SMTP_PASSWORD, Mailbox
from tests.process.serving import serving

EMAIL = "ana@example.com"
OLD, NEW = "una frase larga", "otra frase larga"


def test_a_person_can_register_confirm_log_in_and_recover_the_password(
    migrated: Path, smtp: dict[str, str], mailbox: Mailbox
) -> None:
    secrets = [OLD, NEW, SMTP_PASSWORD.decode()]
    settings = {"LOG_LEVEL": "DEBUG", "LIMIT_RECOVER_PASSWORD_EMAIL": "2/day", **smtp}
    with serving(migrated, **settings) as (url, _), httpx2.Client(base_url=url) as http:
        client = Client(http)
        form = {"rfc": "EKU9003173C9", "email": EMAIL, "password": OLD, "passwordConfirmation": OLD}
        assert client.run("CreateAccount", **form)["__typename"] == "CreateAccountSuccess"
        mail = mailbox.next()
        assert EMAIL in mail
        assert "EKU9003173C9" in mail
        code = found(r"\b[2-9A-Z]{40}\b", mail)
        assert client.run("Login", email=EMAIL, password=OLD)["__typename"] == "AccountNotConfirmedError"
        assert client.run("ConfirmAccount", code=code)["__typename"] == "ConfirmAccountSuccess"
        token = client.run("Login", email=EMAIL, password=OLD)["token"]
        assert client.run("Me", token)["email"] == EMAIL

        mailed = ""
        for captcha in client.solved(migrated):
            requested = client.run("RecoverPassword", email=EMAIL, captcha=captcha)
            assert requested["__typename"] == "RecoverPasswordSuccess"
            mailed = found(r"\b([2-9A-Z]{6}-){3}[2-9A-Z]{6}\b", mailbox.next())
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

    _assert_nowhere(secrets, migrated)


def _assert_nowhere(secrets: list[str], folder: Path) -> None:
    """None of them is in the database file, its log, or the logs at DEBUG."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pem"]
    assert any(path.suffix == ".sqlite3" for path in files)
    log = (folder / "serve.log").read_text("utf-8")
    assert log.count("operation=") > 10
    assert "@" not in log  # no e-mail, and no URL with a password
    found = [(path.name, secret) for path in files for secret in secrets if secret.encode() in path.read_bytes()]
    assert found == []
