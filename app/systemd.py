"""What systemd and its services say to each other: sockets that it passes, and messages to its notification socket.

The protocols are those of sd_listen_fds(3) and sd_notify(3). Outside systemd, every function does nothing.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, MutableMapping

_FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START


class PassedSocketError(Exception):
    """The unit passes something other than one listening TCP socket. The message is for the operator."""


def passed_socket(environment: MutableMapping[str, str] = os.environ) -> socket.socket | None:
    """Returns the socket that a unit of type socket passes to this process, if there is one.

    It takes the variables away, so that children do not take the socket for theirs. Raises PassedSocketError.
    """
    pid, number = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()):
        return None
    if number != "1":
        raise PassedSocketError("the unit must pass one socket: use one ListenStream= and no other socket")
    try:
        passed = socket.socket(fileno=_FIRST_DESCRIPTOR)
    except OSError as error:
        raise PassedSocketError(f"the passed socket cannot be used: {os.strerror(error.errno or 0)}") from None
    listens = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if passed.family not in {socket.AF_INET, socket.AF_INET6} or passed.type != socket.SOCK_STREAM or not listens:
        raise PassedSocketError("the passed socket must be a TCP socket: use ListenStream= with a port, and Accept=no")
    passed.set_inheritable(False)
    passed.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return passed


class Notifier:
    """Tells systemd about the state of a service of Type=notify."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Takes the variables away, so that other programs which this one starts do not speak for it."""
        path = environment.pop("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        microseconds, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        watched = microseconds.isdecimal() and pid in {"", str(os.getpid())}
        self._watchdog_seconds = int(microseconds) / 1_000_000 if watched else 0.0

    @property
    def watchdog_seconds(self) -> float:
        """The seconds within which `alive` must be called, or systemd restarts the service; 0 without a watchdog."""
        return self._watchdog_seconds

    def ready(self) -> None:
        self._send("READY=1")

    def alive(self) -> None:
        self._send("WATCHDOG=1")

    def stopping(self, seconds: float = 0.0) -> None:
        """Reports that the service is stopping, and asks for that many seconds, in case the unit allows fewer."""
        extend = f"\nEXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}" if seconds else ""
        self._send(f"STOPPING=1{extend}")

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Reports to the watchdog that the event loop runs."""
        async with repeating(self.alive, self._watchdog_seconds / 2):
            yield

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to_systemd:
            to_systemd.setblocking(False)
            try:
                to_systemd.sendto(message.encode(), self._address)
            except OSError:  # a service that works must not end because nobody listens
                return


@contextlib.asynccontextmanager
async def repeating(report: Callable[[], None], seconds: float) -> AsyncIterator[None]:
    """Calls the function at once and then every `seconds`, from this event loop; never if they are 0."""

    async def repeat() -> None:
        while seconds:
            report()
            await asyncio.sleep(seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
