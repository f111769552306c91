"""What a way of sending mail promises."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Protocol

Write = Callable[[], Awaitable[EmailMessage]]


class RefusedError(Exception):
    """The server will never take this mail for this recipient. The text is its reply."""


class DeferredError(Exception):
    """It may work later. The text says what happened, for the operator."""


class Transport(Protocol):
    async def deliver(self, recipient: str, write: Write) -> None:
        """Sends one mail; `write` is called once the recipient is accepted, and no later than then is a secret made.

        Raises RefusedError, DeferredError, OSError or TimeoutError, and whatever `write` raises.
        """

    async def close(self) -> None:
        """Ends a kept connection."""
