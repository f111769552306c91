"""Argon2id (RFC 9106) in threads under one limiter, so that a burst of logins delays nothing else."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio
from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.common.cpus import usable_cpus
from services.common.measures import IGNORED, Measures
from services.common.outcomes import TooManyAttempts
from services.common.secrets import generate_token

_QUEUE_PER_CPU = 64  # at 25 ms a hash, the last one waits 1.6 s
_BUSY = TooManyAttempts(retry_after_seconds=2)

_Result = TypeVar("_Result")


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
    ) -> None:
        """`cpus` is this process's share; by default, all that it may use."""
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        cpus = usable_cpus() if cpus is None else cpus
        at_once = max(1, int(cpus / parallelism))
        self._limiter = anyio.CapacityLimiter(at_once)
        self._free = at_once + max(1, int(cpus * _QUEUE_PER_CPU))
        self._decoy = self._argon2.hash(generate_token())
        self._measures = measures

    async def hash(self, password: str, salt: bytes | None = None) -> str | TooManyAttempts:
        """Uses a random salt unless one is given, which makes the hash reproducible."""
        return await self._run(partial(self._argon2.hash, password, salt=salt))

    async def verify(self, password_hash: str | None, password: str) -> bool | TooManyAttempts:
        """Costs the same if there is no hash: a decoy is verified, and the result is False."""
        return await self._run(partial(self._matches, password_hash, password))

    def is_outdated(self, password_hash: str) -> bool:
        return self._argon2.check_needs_rehash(password_hash)

    async def _run(self, work: Callable[[], _Result]) -> _Result | TooManyAttempts:
        if not self._free:
            self._measures.hash_refused()
            return _BUSY
        self._free -= 1
        self._measures.hash_queued()
        queued = started = time.perf_counter()

        def timed() -> _Result:
            nonlocal started
            started = time.perf_counter()
            return work()

        try:
            return await to_thread.run_sync(timed, limiter=self._limiter)
        finally:
            self._free += 1
            self._measures.hash_finished(started - queued, time.perf_counter() - started)

    def _matches(self, password_hash: str | None, password: str) -> bool:
        try:
            self._argon2.verify(password_hash or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None
