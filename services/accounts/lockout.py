"""The cap on consecutive wrong passwords: 100 an account (NIST SP 800-63B-4, 3.2.2), without letting strangers use it.

An e-mail address has two buckets of failures, and each locks at half of the cap: one for networks that signed in
within the last 90 days, one for all others. So strangers lock out only strangers. Addresses without an account have
both buckets, too, so that their answers are the same.

An attempt is counted as a failure before its password is verified, so that parallel guesses cannot overrun the cap.
"""

import hmac
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from models.outage import DATABASE_ERRORS
from models.sql import fetch
from services.common.caller import Address, Caller
from services.common.clock import Clock, utc_now
from services.common.devices import DEVICES, Device, device_of
from services.common.secrets import Keys

MAX_FAILURES = 50  # in each bucket
KNOWN_FOR = timedelta(days=90)

_INCREMENT = """
INSERT INTO failure_streak (key, count, touched_at) VALUES (
  CASE WHEN EXISTS (SELECT 1 FROM known_network WHERE key = $1 AND last_seen_at > $2) THEN $3 ELSE $4 END, 1, $5
)
ON CONFLICT (key) DO UPDATE SET count = failure_streak.count + 1, touched_at = EXCLUDED.touched_at
RETURNING key, count, EXISTS (SELECT 1 FROM known_network WHERE key = $6 AND last_seen_at > $2) AS device_known
"""
_EMPTY = "DELETE FROM failure_streak WHERE key = $1 RETURNING count"
_REMEMBER = """
INSERT INTO known_network (key, last_seen_at) VALUES ($1, $3), ($2, $3)
ON CONFLICT (key) DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at
"""
_DECREMENT = "UPDATE failure_streak SET count = count - 1 WHERE key = $1 AND count > 0 RETURNING count"


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """An attempt that is counted as a failure. `failures` is the bucket's count with this attempt.

    `familiar` means that both the network and the device have signed in before.
    """

    bucket: str
    failures: int
    familiar: bool

    @property
    def locked(self) -> bool:
        """The bucket was locked before this attempt: its password must not be accepted."""
        return self.failures > MAX_FAILURES

    @property
    def locks(self) -> bool:
        """This attempt locks the bucket if its password is wrong."""
        return self.failures == MAX_FAILURES


@dataclass(frozen=True, slots=True)
class Success:
    """`failures` in a row came before it, from networks like its own."""

    failures: int
    familiar: bool


@dataclass(frozen=True, slots=True)
class Failures:
    """How many logins in a row have failed, from known networks and from others. MAX_FAILURES lock."""

    known_networks: int
    other_networks: int


class LoginLockout:
    """Keeps e-mail addresses, networks and kinds of devices as keyed digests."""

    def __init__(self, keys: Keys, clock: Clock = utc_now) -> None:
        self._key = keys.lasting("lockout")
        self._clock = clock

    @asynccontextmanager
    async def attempt(self, email_key: str, caller: Caller) -> AsyncIterator[LoginAttempt]:
        """Records an attempt, and withdraws it if the block raises: a failure of ours is no wrong password."""
        attempt = await self.record_attempt(email_key, caller)
        try:
            yield attempt
        except BaseException:  # a deadline, too
            with suppress(*DATABASE_ERRORS):
                await self.withdraw(attempt)
            raise

    async def record_attempt(self, email_key: str, caller: Caller) -> LoginAttempt:
        """Counts a failure in the bucket of the caller's network."""
        buckets = [self._bucket(email_key, known=known) for known in (True, False)]
        network, device = self._network(email_key, caller), self._device(email_key, device_of(caller.user_agent))
        (row,) = await fetch(_INCREMENT, network, self._clock() - KNOWN_FOR, *buckets, time.time(), device)
        familiar = row["key"] == buckets[0] and bool(row["device_known"])
        return LoginAttempt(str(row["key"]), int(row["count"]), familiar)

    async def withdraw(self, attempt: LoginAttempt) -> None:
        """Takes the attempt's own failure back, and leaves all others."""
        await fetch(_DECREMENT, attempt.bucket)

    async def record_success(self, attempt: LoginAttempt, email_key: str, caller: Caller) -> Success:
        """Empties the attempt's bucket and remembers the caller's network and device.

        With the account locked, of two attempts at once only the first one is after failures, or unfamiliar.
        """
        now = self._clock()
        network, device = self._network(email_key, caller), self._device(email_key, device_of(caller.user_agent))
        familiar = attempt.familiar or await self._are_known([network, device], now)
        emptied = await fetch(_EMPTY, attempt.bucket)
        await fetch(_REMEMBER, network, device, now)
        return Success(attempt.failures - 1 if emptied else 0, familiar)

    async def reset(self, *email_keys: str) -> None:
        """Empties both buckets, for a caller who has proved to own the mailbox or the password."""
        buckets = [self._bucket(email_key, known=known) for email_key in email_keys for known in (True, False)]
        await FailureStreak.filter(key__in=buckets).delete()

    async def failures(self, email_key: str) -> Failures:
        known, others = (self._bucket(email_key, known=known) for known in (True, False))
        counts = {streak.key: streak.count for streak in await FailureStreak.filter(key__in=[known, others])}
        return Failures(counts.get(known, 0), counts.get(others, 0))

    async def known_among(self, email_key: str, addresses: Iterable[Address]) -> dict[str, datetime]:
        """Returns the networks of these addresses that the account knows, and when each was last seen.

        All others stay unknown, since only a keyed digest is stored.
        """
        networks = {self._network(email_key, caller): caller.network for caller in map(Caller, addresses)}
        known = await KnownNetwork.filter(key__in=list(networks)).order_by("key")
        return {networks[each.key]: each.last_seen_at for each in known}

    async def known_devices(self, email_key: str) -> dict[Device, datetime]:
        """Returns the devices that the account knows, and when each was last seen."""
        devices = {self._device(email_key, device): device for device in DEVICES}
        known = await KnownNetwork.filter(key__in=list(devices)).order_by("key")
        return {devices[each.key]: each.last_seen_at for each in known}

    async def forget(self, email_key: str, addresses: Iterable[Address]) -> None:
        """Deletes all devices, and the networks of these addresses; those of other addresses expire."""
        keys = [self._network(email_key, Caller(address)) for address in addresses]
        keys += [self._device(email_key, device) for device in DEVICES]
        await KnownNetwork.filter(key__in=keys).delete()

    async def _are_known(self, keys: Sequence[str], now: datetime) -> bool:
        known = KnownNetwork.filter(key__in=keys, last_seen_at__gt=now - KNOWN_FOR)
        return await known.count() == len(keys)

    def _bucket(self, email_key: str, *, known: bool) -> str:
        return f"{self._pseudonym(email_key)}:{'known' if known else 'others'}"

    def _network(self, email_key: str, caller: Caller) -> str:
        return self._pseudonym(f"{email_key}\0{caller.network}")

    def _device(self, email_key: str, device: Device) -> str:
        return self._pseudonym(f"{email_key}\0{device.browser} {device.system}")

    def _pseudonym(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()
