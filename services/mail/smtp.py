"""Sends mail over SMTP (RFC 5321) on a persistent connection."""

import enum
import re
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.mail.transport import DeferredError, RefusedError, ServerAwayError, Write

_STATUS = re.compile(r"^\d\.\d{1,3}\.\d{1,3}\b")


class Security(enum.Enum):
    PLAIN = "smtp"
    STARTTLS = "smtp+starttls"
    TLS = "smtps"


_SHAPE = "give smtp://, smtp+starttls:// or smtps://, with USER:PASSWORD@ percent-encoded, and HOST:PORT"
_PORTS = {Security.PLAIN: 25, Security.STARTTLS: 587, Security.TLS: 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Parses `smtp+starttls://user:password@host:587`. Raises ValueError for anything else."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its text may quote the password
            raise ValueError(_SHAPE) from None
        if parts.scheme not in {security.value for security in Security} or not parts.hostname:
            raise ValueError(_SHAPE)
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("an SMTP URL ends with its host and port")
        security = Security(parts.scheme)
        username = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(parts.hostname, port or _PORTS[security], security, username, password)


class SmtpTransport:
    """One connection, opened on demand and kept until `close` or a failure. For one task at a time."""

    def __init__(self, server: SmtpServer, sender: str, *, timeout: float = 10.0) -> None:
        """`timeout` is per command, in seconds."""
        self._sender = sender
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            local_hostname=sender.rpartition("@")[2],
            timeout=timeout,
        )

    async def deliver(self, recipient: str, write: Write) -> None:
        try:
            await self._begin(recipient)
            await self._send(await write())
        except BaseException:
            self._client.close()  # whatever its state, the next mail opens a new connection
            raise

    async def close(self) -> None:
        if self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit()
        self._client.close()

    async def _begin(self, recipient: str) -> None:
        try:
            if not self._client.is_connected:
                await self._client.connect()
            await self._client.mail(self._sender)
            await self._client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _failure(error.code, _reply(error)) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise ServerAwayError(f"AUTH: {_codes(error)}") from None
        except aiosmtplib.SMTPResponseException as error:
            # The operator must fix a refused sender or greeting; the mail waits for that.
            raise ServerAwayError(f"{type(error).__name__}: {_reply(error)}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ServerAwayError(f"{type(error).__name__}: {error}") from None

    async def _send(self, content: bytes) -> None:
        try:
            await self._client.data(content)
        except aiosmtplib.SMTPDataError as error:
            raise _failure(error.code, _codes(error)) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeferredError(f"DATA: {type(error).__name__}") from None


def _failure(code: int, reply: str) -> RefusedError | DeferredError:
    return RefusedError(reply) if 500 <= code < 600 else DeferredError(reply)


def _reply(error: aiosmtplib.SMTPResponseException) -> str:
    """Returns the code and text, in which a server may send any bytes."""
    text = error.message.encode("utf-8", "replace").decode().replace("\0", "?")
    return f"{error.code} {text}"


def _codes(error: aiosmtplib.SMTPResponseException) -> str:
    """Returns the code and enhanced status (RFC 3463) only: the text may quote the message, which holds a secret."""
    status = _STATUS.match(error.message)
    return f"{error.code} {status.group() if status else ''}".strip()
