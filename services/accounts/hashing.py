"""Argon2id (RFC 9106) in threads with a bounded queue, so that a burst of logins delays nothing else.

A hash with other parameters, or of another system, is outdated: a login verifies it and makes a new one.
"""

import asyncio
import math
import time
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from secrets import token_bytes
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from services.accounts.password_hashes import PasswordHash, parse_hash
from services.common.cpus import usable_cpus
from services.common.measures import IGNORED, Measures
from services.common.outcomes import TooManyAttempts
from services.common.tracing import UNTRACED, Tracer

_QUEUE_PER_CPU = 64  # at 25 ms a hash, the last one waits 1.6 s
_MAX_PLACES = 40  # in the queue, of the hash of another system that takes longest: 40 times as long as ours
_BUSY = TooManyAttempts(retry_after_seconds=2)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, repr=False)
class Verification:
    """Whether the password is right and, if it is and its hash is outdated, a new hash of it."""

    right: bool
    new_hash: str | None = None


class Hasher:
    """Takes normalized passwords. If the queue is full, it returns TooManyAttempts at once."""

    def __init__(
        self,
        *,
        time_cost: int = 2,
        memory_kib: int = 19456,
        parallelism: int = 1,
        cpus: float | None = None,
        measures: Measures = IGNORED,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """`cpus` is this process's share; by default, all that it may use."""
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        cpus = usable_cpus() if cpus is None else cpus
        at_once = max(1, int(cpus / parallelism))
        self._threads = ThreadPoolExecutor(at_once, "argon2")
        self._room = self._free = at_once + max(1, int(cpus * _QUEUE_PER_CPU))
        self._decoy = _decoy(f"m={memory_kib},t={time_cost},p={parallelism}")
        self._measures = measures
        self._tracer = tracer

    async def hash(self, password: str, salt: bytes | None = None, *, like: str | None = None) -> str | TooManyAttempts:
        """Uses a random salt unless one is given, which makes the hash reproducible.

        Costs the same as `renew` costs for the hash `like`.
        """
        outdated = like if like and self.is_outdated(like) else None

        def hash_both() -> str:
            if outdated:
                self._matches(outdated, password)
            return self._argon2.hash(password, salt=salt)

        return await self._run(hash_both, 1 + _places(outdated))

    async def verify(self, password_hash: str | None, password: str) -> bool | TooManyAttempts:
        """Costs the same if there is no hash: a decoy is verified, and the result is False."""
        outdated = password_hash if password_hash and self.is_outdated(password_hash) else None
        return await self._run(partial(self._matches, password_hash, password), max(1, _places(outdated)))

    async def renew(self, password_hash: str | None, password: str) -> Verification | TooManyAttempts:
        """Verifies like `verify`, and makes a new hash of an outdated one, whether or not the password is right."""
        if password_hash is None or not self.is_outdated(password_hash):
            verified = await self.verify(password_hash, password)
            return verified if isinstance(verified, TooManyAttempts) else Verification(verified)

        def verify_and_hash() -> Verification:
            right, new_hash = self._matches(password_hash, password), self._argon2.hash(password)
            return Verification(right, new_hash if right else None)

        return await self._run(verify_and_hash, 1 + _places(password_hash))

    def is_outdated(self, password_hash: str) -> bool:
        try:
            return self._argon2.check_needs_rehash(password_hash)
        except InvalidHashError:
            return True

    async def _run(self, work: Callable[[], _Result], places: int = 1) -> _Result | TooManyAttempts:
        """`places` is how many of our hashes take as long."""
        places = min(places, self._room)
        if self._free < places:
            self._measures.hash_refused()
            return _BUSY
        queued = started = time.perf_counter()

        def timed() -> _Result:
            nonlocal started
            started = time.perf_counter()
            return work()

        # The threads take the next hash by themselves: a turn of the event loop in between would keep a CPU waiting.
        job = self._threads.submit(timed)
        self._free -= places
        self._measures.hash_queued()
        try:
            return await asyncio.wrap_future(job)
        finally:
            waited, ran = started - queued, time.perf_counter() - started
            self._measures.hash_finished(waited, ran)
            self._tracer.hash_finished(waited, ran)
            self._free_after(job, places)

    def _free_after(self, job: Future[_Result], places: int) -> None:
        """Frees the places of a hash, now or when it ends if its caller was cancelled meanwhile."""
        loop = asyncio.get_running_loop()

        def free() -> None:
            self._free += places

        def free_in_loop(_: Future[_Result]) -> None:
            with suppress(RuntimeError):  # the loop has ended, too
                loop.call_soon_threadsafe(free)

        if job.done():
            free()
        else:
            job.add_done_callback(free_in_loop)

    def _matches(self, password_hash: str | None, password: str) -> bool:
        if password_hash and self.is_outdated(password_hash):
            parsed = parse_hash(password_hash)
            return isinstance(parsed, PasswordHash) and parsed.matches(password.encode())
        try:
            self._argon2.verify(password_hash or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None


def _places(outdated: str | None) -> int:
    parsed = parse_hash(outdated) if outdated else None
    return math.ceil(min(parsed.cost, 1) * _MAX_PLACES) if isinstance(parsed, PasswordHash) else 0


def _decoy(parameters: str) -> str:
    """Returns a hash with these parameters that no password has, without the work of hashing one."""
    salt, tag = (b64encode(token_bytes(length)).decode().rstrip("=") for length in (16, 32))
    return f"$argon2id$v={ARGON2_VERSION}${parameters}${salt}${tag}"
