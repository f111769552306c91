"""Rate limits: fixed windows, in the notation of the package `limits`.

If the storage is unavailable, counting raises StorageError, so that nothing is done uncounted.
"""

import hmac
import math
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.aio.storage import Storage
from limits.errors import StorageError

from services.common.caller import Caller
from services.common.limit_storage import Counters, DatabaseStorage, OneByOne, Window
from services.common.measures import IGNORED, Measures
from services.common.outcomes import TooManyAttempts
from services.common.secrets import Keys

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
    """Every limit: per client first, then per e-mail, per account, per API client and per payment."""

    create_account: Limit
    create_account_captcha: Limit
    resend: Limit
    resend_captcha: Limit
    confirm_account: Limit
    login: Limit
    login_captcha: Limit
    recover_password: Limit
    download_export: Limit
    create_captcha: Limit
    passkey_options: Limit
    paypal_webhook: Limit
    create_account_email: Limit
    create_account_email_client: Limit
    login_failures: Limit
    recover_password_email: Limit
    resend_email: Limit
    mail_email: Limit
    current_password: Limit
    second_factor: Limit
    change_email: Limit
    export_account: Limit
    access_token: Limit
    api_client: Limit
    payment: Limit
    paypal_webhook_payment: Limit


@dataclass(frozen=True, slots=True)
class Hit:
    """What was counted by `since` (Unix seconds), to be refunded if nothing happened."""

    counted: tuple[Window, ...]
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
        self._storage = storage
        self._counters: Counters = storage if isinstance(storage, DatabaseStorage) else OneByOne(storage)
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
        return (await self.count(limit, caller)).throttled

    async def count(self, limit: Limit, subject: str | Caller) -> Hit:
        """Like `hit` and `hit_client`, for a count that may be refunded."""
        (hit,) = await self.count_all((limit, subject))
        return hit

    async def count_all(self, *counted: tuple[Limit, str | Caller]) -> list[Hit]:
        """Counts one for each subject of a limit, all of them at once.

        If a window denies, longer ones are not counted, nor is the /48 around a client.
        """
        chains = [self._chain(limit, subject) for limit, subject in counted]
        since = time.time()
        counts = iter(await self._counters.count([window for chain in chains for window, _, _ in chain]))
        hits: list[Hit] = []
        surplus: list[Window] = []
        for chain in chains:
            denied = [next(counts) > amount for _, amount, _ in chain]
            last = denied.index(True) if any(denied) else len(chain) - 1
            windows = tuple(window for window, _, _ in chain)
            throttled = None
            if denied[last]:
                self._measures.limit_exceeded(chain[last][2])
                ends_at = await self._storage.get_expiry(windows[last].key)
                throttled = TooManyAttempts(retry_after_seconds=max(1, math.ceil(ends_at - time.time())))
            hits.append(Hit(windows[: last + 1], throttled, since))
            surplus += windows[last + 1 :]
        if surplus:
            await self._counters.take_back(surplus, since)
        return hits

    async def refund(self, *hits: Hit) -> None:
        """Takes back exactly what was counted, except from a window that began later and never counted it.

        If the storage is unavailable, the hits stay; that is not a failure, because the request is over.
        """
        windows = [window for hit in hits for window in hit.counted]
        if windows:
            with suppress(StorageError):
                await self._counters.take_back(windows, max(hit.since for hit in hits))

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

    def _chain(self, limit: Limit, subject: str | Caller) -> list[tuple[Window, int, str]]:
        """Returns the windows to count, with how often each allows and the name of its limit."""
        named = [(limit, subject.client if isinstance(subject, Caller) else subject)]
        if isinstance(subject, Caller) and subject.site:
            named.append((widened(limit), subject.site))
        return [
            (Window(window.key_for(each.name, self._pseudonym(name)), window.get_expiry()), window.amount, each.name)
            for each, name in named
            for window in each.windows
        ]

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
        (throttled,) = await self.hit_all((limit, subject))
        return throttled

    async def hit_all(self, *counted: tuple[Limit, str | Caller]) -> list[TooManyAttempts | None]:
        """See `Limiter.count_all`."""
        hits = await self._limiter.count_all(*counted)
        self.hits += hits
        return [hit.throttled for hit in hits]

    @property
    def is_repeat(self) -> bool:
        """Whether the last hit was denied because of another one within the last minute, such as a double click."""
        if not self.hits or not self.hits[-1].throttled:
            return False
        return self.hits[-1].counted[-1].seconds <= _MINUTE_SECONDS

    async def refund(self, after: int = 0) -> None:
        """Takes back what was counted after the first `after` hits, and forgets it; by default everything."""
        hits, self.hits = self.hits[after:], self.hits[:after]
        if not self._rolled_back:
            await self._limiter.refund(*hits)


def widened(limit: Limit) -> Limit:
    """Returns a client's limit as it applies to the /48 around it."""
    windows = tuple(type(window)(window.amount * _SITE_FACTOR, window.multiples) for window in limit.windows)
    return Limit(f"{limit.name}_site", windows)
