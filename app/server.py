"""The ASGI server: uvicorn with the connections of `app/connection.py`, and the parent of several such processes.

No other module imports uvicorn.
"""

import asyncio
import ctypes
import gc
import math
import mmap
import os
import signal
import socket
import struct
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
import uvicorn
from starlette.types import ASGIApp

from app.connection import CLOSING, Connection, is_readable
from app.health import DRAINING
from app.setting_types import EventLoop
from app.systemd import Notifier, repeating

log = structlog.get_logger(__name__)

_GRACEFUL_TIMEOUT = 12  # seconds that running requests get once nothing listens any more
_STOP_SECONDS = 42.0  # that stopping may take after draining, including the worker
_LAST_CONNECTIONS_SECONDS = 0.2  # to accept connections and read requests that were sent before
_MAX_LAST_CONNECTIONS_SECONDS = 5.0  # on a machine that is too busy for that
_MAX_RESTARTS, _RESTART_SECONDS = 5, 60.0  # of processes that end by themselves, before all of them end
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_OBJECTS_BEFORE_COLLECTION = 10_000  # of the youngest generation
_ATTACH_FILTER = 26  # SO_ATTACH_FILTER, which Python does not name
# Drops segments with SYN, and no others: load the flags (byte 13), return 0 if SYN is set, or else the whole segment.
_NO_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


@dataclass(frozen=True, slots=True)
class _Options:
    """`parent` supervises the process, if there is one. `stopping` is memory that its children share with it.

    The process calls `heartbeat` every `heartbeat_seconds` from its event loop, unless they are 0, and `report_stop`
    once it is about to end.
    """

    keep_alive_seconds: int
    drain_seconds: float
    loop: EventLoop
    heartbeat_seconds: float
    heartbeat: Callable[[], None]
    report_stop: Callable[[], None]
    parent: int | None = None
    stopping: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 1))


class _Server(uvicorn.Server):
    """uvicorn's server, which drains before it ends, and resets no connection.

    It also handles a signal during its start.
    """

    stop_requested = False
    _served = False  # whether it was not stopped during its start

    def __init__(self, config: uvicorn.Config, options: _Options) -> None:
        super().__init__(config)
        self._options = options

    def handle_exit(self, sig: int, frame: object) -> None:
        """The second signal ends the process at once. A parent sends SIGKILL for that, and repeats nothing else."""
        if self._options.parent is None and self.should_exit:
            log.warning("stopped at once")
            os._exit(1)
        if self._options.parent is None or sig != signal.SIGINT:  # a terminal sends SIGINT to all processes
            self.should_exit = True

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        async with repeating(self._options.heartbeat, self._options.heartbeat_seconds):
            await super().serve(sockets)

    async def on_tick(self, counter: int) -> bool:
        if self._options.parent and os.getppid() != self._options.parent:
            self.should_exit = True
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is loaded by now stays loaded. Traversing it would take 70 ms in each full collection, during which no
        # request is answered.
        gc.collect()
        gc.freeze()
        # Hardly anything that a request makes is in a cycle. By Python's default of 700, two per cent of `me` would be
        # collections that find nothing.
        gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)

    async def main_loop(self) -> None:
        self._served = not (self.should_exit or self.stop_requested)
        self.should_exit = not self._served
        await super().main_loop()
        self._options.report_stop()
        self.lifespan.state[DRAINING] = True
        if self._served and self._options.drain_seconds:
            await self._drain()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("stopping")
        await self._accept_last_connections(sockets or [])
        for server in self.servers:
            server.close()
        self.lifespan.state[CLOSING] = True
        await asyncio.sleep(0.01)  # asyncio drops connections that it has accepted but not yet set up
        await super().shutdown(sockets)

    async def _accept_last_connections(self, sockets: Sequence[socket.socket]) -> None:
        """Goes on until those that clients have opened are accepted, since to close the sockets would reset them."""
        for listening in sockets:
            if self._is_last:
                _refuse_new_connections(listening)
        end = time.monotonic() + _MAX_LAST_CONNECTIONS_SECONDS
        await asyncio.sleep(_LAST_CONNECTIONS_SECONDS)
        while self._is_last and any(map(is_readable, sockets)) and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def _drain(self) -> None:
        """Goes on serving, so that load balancers notice and send requests elsewhere."""
        log.info("draining", seconds=self._options.drain_seconds)
        end = time.monotonic() + self._options.drain_seconds
        while time.monotonic() < end:
            await self.on_tick(0)
            await asyncio.sleep(0.1)

    @property
    def _is_last(self) -> bool:
        """Whether no other process goes on accepting connections at the same socket, as if only this one ends."""
        return self._options.parent is None or (bool(self._options.stopping[0]) and self._served)


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; port 0 picks a free port.

    Raises OSError if the address is in use, and socket.gaierror if the host does not resolve.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)  # create_server raises another error
    bound = socket.create_server((host, port), family=family, backlog=1024)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Returns a sentence that says why `listen` failed."""
    # strerror of gaierror only: Python's text of every other error repeats the address.
    reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
    return f"Cannot listen on {host}:{port}: {reason}."


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    make_app: Callable[[], ASGIApp],
    bound: socket.socket,
    workers: int = 1,
    keep_alive_seconds: int = 75,
    drain_seconds: float = 0.0,
    loop: EventLoop = "auto",
    notifier: Notifier | None = None,
) -> int:
    """Serves until SIGTERM or SIGINT, and then drains. Returns the exit status.

    `loop` is the event loop: "auto" is uvloop if it is installed, which saves a tenth of the CPU time of `me`.

    Each worker process creates its own app. One that ends by itself is started again, unless that happens too often.
    The `notifier` reports to systemd while the event loops of all of them run, and when they end.
    """
    notifier = notifier or Notifier({})
    options = _Options(
        keep_alive_seconds,
        drain_seconds,
        loop,
        heartbeat_seconds=notifier.watchdog_seconds / 2,
        heartbeat=notifier.alive,
        report_stop=partial(notifier.stopping, drain_seconds + _STOP_SECONDS),
    )
    if workers == 1:
        return _serve(make_app, bound, options)
    return _Supervisor(make_app, bound, options, workers, notifier.watchdog_seconds).run()


class _Supervisor:
    """The parent of the processes that serve."""

    def __init__(
        self,
        make_app: Callable[[], ASGIApp],
        bound: socket.socket,
        options: _Options,
        workers: int,
        watchdog_seconds: float,
    ) -> None:
        """The `options` are those of a process without a parent."""
        self._make_app = make_app
        self._bound = bound
        self._options = options
        self._watchdog_seconds = watchdog_seconds
        self._heartbeats = _Heartbeats(workers)
        self._children: dict[int, int] = {}  # the place of each process in `_heartbeats`
        self._restarts: deque[float] = deque(maxlen=_MAX_RESTARTS)

    def run(self) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)  # until there are children to forward signals to
        for place in range(self._heartbeats.places):
            self._fork(place)
        _on_stop_signal(self._stop)
        signal.signal(signal.SIGALRM, self._report_alive)
        signal.setitimer(signal.ITIMER_REAL, self._watchdog_seconds / 4, self._watchdog_seconds / 4)
        status = 0
        while self._children:
            child, code = os.wait()
            signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
            place = self._children.pop(child)
            status = status or self._replace(child, place, os.waitstatus_to_exitcode(code))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        signal.setitimer(signal.ITIMER_REAL, 0)  # Python no longer handles signals while it exits
        return status

    def _replace(self, child: int, place: int, code: int) -> int:
        """Starts another process, unless all shall end. Returns the exit status that follows, 0 if none does yet."""
        if self._options.stopping[0]:
            return abs(code)
        how = {"signal": signal.Signals(-code).name} if code < 0 else {"status": code}
        if len(self._restarts) == _MAX_RESTARTS and time.monotonic() - self._restarts[0] < _RESTART_SECONDS:
            log.error("processes end too often, so all end", process=child, **how)
            self._stop()
            return abs(code) or 1
        self._restarts.append(time.monotonic())
        log.warning("process ended, another starts", process=child, another=self._fork(place), **how)
        return 0

    def _stop(self, *_: object) -> None:
        """Ends the children: in order, or at once if this is the second time."""
        at_once = bool(self._options.stopping[0])
        if not at_once:
            self._options.report_stop()
        self._options.stopping[0] = 1
        self._bound.close()  # the children's copies are the last
        for child in self._children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL if at_once else signal.SIGTERM)

    def _report_alive(self, *_: object) -> None:
        """Reports to the watchdog, unless the event loop of one of the processes hangs."""
        if self._heartbeats.silence(self._children.values()) < self._watchdog_seconds / 2:
            self._options.heartbeat()

    def _fork(self, place: int) -> int:
        self._heartbeats.beat(place)
        options = self._child_options(place)
        if child := os.fork():
            self._children[child] = place
            return child
        status = 1
        try:
            status = _serve(self._make_app, self._bound, options)
        except BaseException:
            traceback.print_exc()
        os._exit(status)

    def _child_options(self, place: int) -> _Options:
        return replace(
            self._options,
            heartbeat_seconds=self._watchdog_seconds / 4,
            heartbeat=partial(self._heartbeats.beat, place),
            report_stop=lambda: None,
            parent=os.getpid(),
        )


class _Heartbeats:
    """When the event loop of each process last ran, in memory that the processes share with their parent."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._times = memoryview(mmap.mmap(-1, 8 * places)).cast("d")

    def beat(self, place: int) -> None:
        self._times[place] = time.monotonic()

    def silence(self, places: Iterable[int]) -> float:
        """Returns how many seconds the process that has been silent for longest has been silent."""
        return time.monotonic() - min((self._times[place] for place in places), default=math.inf)


def _serve(make_app: Callable[[], ASGIApp], bound: socket.socket, options: _Options) -> int:
    server = _Server(
        uvicorn.Config(
            make_app(),
            http=Connection,
            ws="none",
            loop=options.loop,
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="warning",
            timeout_keep_alive=options.keep_alive_seconds,
            timeout_graceful_shutdown=_GRACEFUL_TIMEOUT,
        ),
        options,
    )

    def stop(*_: object) -> None:
        server.stop_requested = True

    _on_stop_signal(stop)
    server.run(sockets=[bound])
    return 0 if server.started else 1


def _refuse_new_connections(listening: socket.socket) -> None:
    """Lets handshakes that have begun end, and begins no more.

    To close the socket resets connections that were not accepted yet, and clients may already have sent a request on
    them. A client whose SYN is dropped has sent nothing: it tries again, and is refused.
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _NO_SYN))
    with suppress(OSError):  # not on Linux
        fprog = struct.pack("HP", len(_NO_SYN), ctypes.addressof(program))
        listening.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, fprog)


def _on_stop_signal(handle: Callable[..., None]) -> None:
    """Sets the handler, and calls it for a signal that arrived while signals were blocked."""
    for each in _STOP_SIGNALS:
        signal.signal(each, handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
