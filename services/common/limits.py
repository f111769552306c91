"""Rate limits: fixed windows, in the notation of the package `limits`.

If the storage is unavailable, counting raises StorageError, so that nothing is done uncounted.
"""

import hmac
import math
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from services.common.caller import Caller
from services.common.limit_storage import DatabaseStorage
from services.common.measures import IGNORED, Measures
from services.common.outcomes import TooManyAttempts
from services.common.secrets import Keys

_ROUNDING_SECONDS = 1.0  # Redis returns whole seconds
_MAX_WINDOW_SECONDS = 366 * 86_400  # so that a client's waiting time fits into GraphQL's Int
_MINUTE_SECONDS = 60
_SITE_FACTOR = 8  # how many times the limit of a /64 applies to its IPv6 /48


@dataclass(frozen=True, slots=True)
class Limit:
    """A named limit with one or more windows, shortest first."""

    name: str
    windows: tuple[RateLimitItem, ...]

    @classmethod
    def parse(cls, name: str, notation: str) -> "Limit":
        """Parses notation such as `1/minute;10/day`. Raises ValueError for anything else."""
        if ":" in notation or re.search(r"(/|per)\s*0", notation, re.IGNORECASE):  # which parse_many would misread
            raise ValueError("not in the notation of limits")
        windows = sorted(parse_many(notation), key=lambda window: window.get_expiry())
        if windows[-1].get_expiry() > _MAX_WINDOW_SECONDS:
            raise ValueError("a window of more than a year")
        return cls(name, tuple(windows))


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit: per client first, then per e-mail, per account and per payment."""

    create_account: Limit
    create_account_captcha: Limit
    resend: Limit
    resend_captcha: Limit
    confirm_account: Limit
    login: Limit
    login_captcha: Limit
    recover_password: Limit
    create_captcha: Limit
    paypal_webhook: Limit
    create_account_email: Limit
    create_account_email_client: Limit
    login_failures: Limit
    recover_password_email: Limit
    resend_email: Limit
    mail_email: Limit
    change_password: Limit
    payment: Limit
    paypal_webhook_payment: Limit


@dataclass(frozen=True, slots=True)
class Hit:
    """What was counted by `since` (Unix seconds), to be refunded if nothing happened."""

    counted: tuple[tuple[str, RateLimitItem], ...]  # keys of the storage, and their windows
    throttled: TooManyAttempts | None
    since: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a subject has counted in one window of a limit, which ends at `ends_at` (Unix seconds)."""

    limit: str
    window: str
    count: int
    allowed: int
    ends_at: float


class Limiter:
    """Counts in a storage that all processes share and that wraps its errors. Subjects are stored as keyed digests."""

    def __init__(self, storage: Storage, keys: Keys, measures: Measures = IGNORED) -> None:
        self._windows = FixedWindowRateLimiter(storage)
        self._storage = storage
        self._key = keys.lasting("limits")
        self._measures = measures

    @asynccontextmanager
    async def tally(self, *, in_transaction: bool = False) -> AsyncIterator["Tally"]:
        """Refunds what was counted with it if the block raises: such a failure is ours, not the caller's.

        With `in_transaction`, everything is counted in one transaction, and the error rolls back what the database
        has counted.
        """
        tally = Tally(self, rolled_back=in_transaction and isinstance(self._storage, DatabaseStorage))
        try:
            yield tally
        except BaseException:  # a deadline, too
            await tally.refund()
            raise

    async def hit(self, limit: Limit, subject: str) -> TooManyAttempts | None:
        """Counts one for a client, an e-mail's key or an account's id. TooManyAttempts if the limit is exceeded."""
        return (await self.count(limit, subject)).throttled

    async def hit_client(self, limit: Limit, caller: Caller) -> TooManyAttempts | None:
        """Counts one for the caller's client, and for the /48 around an IPv6 client."""
        return (await self.count_client(limit, caller)).throttled

    async def count(self, limit: Limit, subject: str) -> Hit:
        """Like `hit`, for a count that may be refunded. If a window denies, longer ones are not counted."""
        identifiers = (limit.name, self._pseudonym(subject))
        async with self.tally() as tally:
            for window in limit.windows:
                throttled = await self._hit(window, *identifiers)
                tally.hits.append(Hit(((window.key_for(*identifiers), window),), throttled, time.time()))
                if throttled:
                    self._measures.limit_exceeded(limit.name)
                    break
        return _joined(tally.hits)

    async def count_client(self, limit: Limit, caller: Caller) -> Hit:
        async with self.tally() as tally:
            if not await tally.hit(limit, caller.client) and caller.site:
                await tally.hit(widened(limit), caller.site)
        return _joined(tally.hits)

    async def refund(self, *hits: Hit) -> None:
        """Takes back exactly what was counted, except from a window that began later and never counted it.

        If the storage is unavailable, the hits stay; that is not a failure, because the request is over.
        """
        with suppress(StorageError):
            for hit in hits:
                for key, window in hit.counted:
                    began = await self._storage.get_expiry(key) - window.get_expiry()
                    if began <= hit.since + _ROUNDING_SECONDS and await self._storage.get(key) > 0:
                        await self._storage.incr(key, window.get_expiry(), -1)

    async def clear(self, limit: Limit, subject: str) -> None:
        """Deletes what was counted. It stays if the storage is unavailable, as in `refund`."""
        with suppress(StorageError):
            await self.reset(limit, subject)

    async def reset(self, limit: Limit, subject: str) -> None:
        """Deletes what was counted. Raises StorageError if the storage is unavailable."""
        for window in limit.windows:
            await self._storage.clear(window.key_for(limit.name, self._pseudonym(subject)))

    async def usage(self, limit: Limit, subject: str) -> list[Usage]:
        """Returns the windows in which the subject has counted anything. Counts nothing."""
        found = []
        for window in limit.windows:
            key = window.key_for(limit.name, self._pseudonym(subject))
            if (count := await self._storage.get(key)) > 0:
                ends_at = await self._storage.get_expiry(key)
                found.append(Usage(limit.name, str(window), count, window.amount, ends_at))
        return found

    async def _hit(self, window: RateLimitItem, *identifiers: str) -> TooManyAttempts | None:
        if await self._windows.hit(window, *identifiers):
            return None
        ends_at = await self._storage.get_expiry(window.key_for(*identifiers))
        return TooManyAttempts(retry_after_seconds=max(1, math.ceil(ends_at - time.time())))

    def _pseudonym(self, subject: str) -> str:
        return hmac.digest(self._key, subject.encode(), "sha256").hex()[:32]


class Tally:
    """What one request has counted so far. Create it with `Limiter.tally`."""

    def __init__(self, limiter: Limiter, *, rolled_back: bool) -> None:
        self._limiter = limiter
        self._rolled_back = rolled_back
        self.hits: list[Hit] = []

    async def hit(self, limit: Limit, subject: str) -> TooManyAttempts | None:
        """See `Limiter.hit`."""
        self.hits.append(await self._limiter.count(limit, subject))
        return self.hits[-1].throttled

    async def hit_client(self, limit: Limit, caller: Caller) -> TooManyAttempts | None:
        """See `Limiter.hit_client`."""
        self.hits.append(await self._limiter.count_client(limit, caller))
        return self.hits[-1].throttled

    @property
    def is_repeat(self) -> bool:
        """Whether the last hit was denied because of another one within the last minute, such as a double click."""
        if not self.hits or not self.hits[-1].throttled:
            return False
        _, window = self.hits[-1].counted[-1]
        return bool(window.get_expiry() <= _MINUTE_SECONDS)

    async def refund(self) -> None:
        """Takes everything back, once."""
        hits, self.hits = self.hits, []
        if not self._rolled_back:
            await self._limiter.refund(*hits)


def _joined(hits: Sequence[Hit]) -> Hit:
    """Joins one or more hits, the last of which may be throttled."""
    return Hit(tuple(counted for hit in hits for counted in hit.counted), hits[-1].throttled, hits[-1].since)


def widened(limit: Limit) -> Limit:
    """Returns a client's limit as it applies to the /48 around it."""
    windows = tuple(type(window)(window.amount * _SITE_FACTOR, window.multiples) for window in limit.windows)
    return Limit(f"{limit.name}_site", windows)
