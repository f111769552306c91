"""The interface of mail transports."""

from collections.abc import Awaitable, Callable
from typing import Protocol

Write = Callable[[], Awaitable[bytes]]
"""Returns a mail in RFC 5322's form, with lines that end in LF."""


class RefusedError(Exception):
    """The server will never take this mail for this recipient. The text is its reply."""


class DeferredError(Exception):
    """A later try may work. The text explains the failure to the operator."""


class ServerAwayError(DeferredError):
    """The server takes no mail at all from us now, for whatever recipient."""


class Transport(Protocol):
    async def deliver(self, recipient: str, write: Write) -> None:
        """Sends one mail. Calls `write`, which issues the secret, only after the recipient is accepted.

        Raises RefusedError, DeferredError (ServerAwayError), OSError or TimeoutError, and any exception of `write`.
        """

    async def close(self) -> None:
        """Closes the connection."""
