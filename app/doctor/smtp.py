"""Check of the mail server: a dialogue up to the recipient, after which it is reset, so that no mail is sent."""

from collections.abc import Awaitable, Callable, Sequence

import aiosmtplib

from app.doctor.finding import Deployment, Finding, described, ok, problem, skipped, warning
from services.mail.smtp import Security, SmtpServer

_SECONDS = 5.0  # for each command
_ADVICE = {
    "connect": "Start the mail server, or correct the host, port and scheme in SMTP_URL.",
    "EHLO": "Let the mail server take connections from this machine.",
    "STARTTLS": "Use smtps:// or smtp:// as the server does, and SSL_CERT_FILE for an authority of your own.",
    "AUTH": "Correct the user and password in SMTP_URL.",
    "MAIL FROM": "Let this user send from MAIL_FROM, or set another MAIL_FROM.",
    "RCPT TO": "Let this user send to others, or try an address of yours with --to.",
    "RSET": "See the mail server's log.",
}


async def check_smtp(deployment: Deployment) -> Sequence[Finding]:
    settings = deployment.settings
    if settings.smtp_url is None:
        return [skipped("SMTP_URL is not set: mails are files in DATA_DIR")]
    server = SmtpServer.parse(settings.smtp_url.get_secret_value())
    recipient = deployment.recipient or settings.mail_from
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security is Security.TLS,
        start_tls=False,
        local_hostname=settings.mail_from.rpartition("@")[2],
        timeout=_SECONDS,
    )
    stage = ""
    try:
        for name, step in _dialogue(client, server, settings.mail_from, recipient):
            stage = name
            await step()
    except aiosmtplib.SMTPAuthenticationError as error:
        return [problem(f"{stage}: {error.code}", _ADVICE[stage])]  # without the text, which may quote a password
    except (aiosmtplib.SMTPException, OSError) as error:
        return [problem(f"{stage}: {_reason(error)}", _ADVICE[stage])]
    finally:
        offers_tls = client.supports_extension("starttls")
        client.close()
    if server.security is Security.PLAIN and offers_tls:
        return [warning("works in clear, though the server offers TLS", "Use smtp+starttls:// in SMTP_URL.")]
    return [ok(f"takes mail from MAIL_FROM to {recipient}")]


def _dialogue(
    client: aiosmtplib.SMTP, server: SmtpServer, sender: str, recipient: str
) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
    starts_tls, logs_in = server.security is Security.STARTTLS, server.username is not None
    steps: list[tuple[str, Callable[[], Awaitable[object]], bool]] = [
        ("connect", client.connect, True),
        ("EHLO", client.ehlo, True),
        ("STARTTLS", client.starttls, starts_tls),
        ("EHLO", client.ehlo, starts_tls),
        ("AUTH", lambda: client.login(server.username or "", server.password or ""), logs_in),
        ("MAIL FROM", lambda: client.mail(sender), True),
        ("RCPT TO", lambda: client.rcpt(recipient), True),
        ("RSET", client.rset, True),
        ("RSET", client.quit, True),
    ]
    return [(name, step) for name, step, is_needed in steps if is_needed]


def _reason(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return described(error)
