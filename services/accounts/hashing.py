"""Argon2id (RFC 9106) in threads under one limiter, so that a burst of logins delays nothing else."""

from functools import partial

import anyio
from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.common.cpus import usable_cpus
from services.common.outcomes import TooManyAttempts
from services.common.secrets import generate_token

_QUEUE_PER_CPU = 64  # at 25 ms a hash, the last one waits 1.6 s
_BUSY = TooManyAttempts(retry_after_seconds=2)


class Hasher:
    """Takes normalized passwords. If the queue is full, it returns TooManyAttempts at once."""

    def __init__(
        self, *, time_cost: int = 2, memory_kib: int = 19456, parallelism: int = 1, cpus: float | None = None
    ) -> None:
        """`cpus` is this process's share; by default, all that it may use."""
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        cpus = usable_cpus() if cpus is None else cpus
        at_once = max(1, int(cpus / parallelism))
        self._limiter = anyio.CapacityLimiter(at_once)
        self._free = at_once + max(1, int(cpus * _QUEUE_PER_CPU))
        self._decoy = self._argon2.hash(generate_token())

    async def hash(self, password: str, salt: bytes | None = None) -> str | TooManyAttempts:
        """Uses a random salt unless one is given, which makes the hash reproducible."""
        if not self._free:
            return _BUSY
        self._free -= 1
        try:
            hash_it = partial(self._argon2.hash, password, salt=salt)
            return await to_thread.run_sync(hash_it, limiter=self._limiter)
        finally:
            self._free += 1

    async def verify(self, password_hash: str | None, password: str) -> bool | TooManyAttempts:
        """Costs the same if there is no hash: a decoy is verified, and the result is False."""
        if not self._free:
            return _BUSY
        self._free -= 1
        try:
            return await to_thread.run_sync(self._matches, password_hash, password, limiter=self._limiter)
        finally:
            self._free += 1

    def is_outdated(self, password_hash: str) -> bool:
        return self._argon2.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str | None, password: str) -> bool:
        try:
            self._argon2.verify(password_hash or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None
