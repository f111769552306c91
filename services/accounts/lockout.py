"""NIST's cap of 100 wrong passwords in a row (SP 800-63B-4, 3.2.2), without a lock in strangers' hands.

An e-mail has two lockout, each with a streak of its own and half of the cap: one for networks that signed in to it in
the last 90 days, one for all others. Strangers can close only the strangers' bucket. Unknown e-mails have lockout too.
"""

import hmac
import time
from dataclasses import dataclass
from datetime import timedelta

from models.failure_streak import FailureStreak
from models.known_network import KnownNetwork
from models.sql import fetch
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.secrets import Keys

MAX_FAILURES = 50  # at each bucket
KNOWN_FOR = timedelta(days=90)

_COUNT = """
INSERT INTO failure_streak (key, count, touched_at) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE SET count = failure_streak.count + 1, touched_at = EXCLUDED.touched_at
RETURNING count
"""
_UNCOUNT = "UPDATE failure_streak SET count = count - 1 WHERE key = $1 AND count > 0 RETURNING count"


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """One attempt at a bucket, counted as a failure until it turns out to be none."""

    bucket: str
    failures: int

    @property
    def locked(self) -> bool:
        return self.failures > MAX_FAILURES

    @property
    def locks(self) -> bool:
        """Whether the bucket closes behind this attempt if it fails."""
        return self.failures == MAX_FAILURES


class LoginLockout:
    def __init__(self, keys: Keys, clock: Clock = utc_now) -> None:
        self._key = keys.lasting("lockout")
        self._clock = clock

    async def record_attempt(self, email_key: str, caller: Caller) -> LoginAttempt:
        """Counts first and verifies afterwards, so that parallel guesses count one by one."""
        known_since = self._clock() - KNOWN_FOR
        known = await KnownNetwork.exists(key=self._network(email_key, caller), last_seen_at__gt=known_since)
        bucket = self._bucket(email_key, known=known)
        rows = await fetch(_COUNT, bucket, time.time())
        return LoginAttempt(bucket, int(rows[0]["count"]))

    async def withdraw(self, attempt: LoginAttempt) -> None:
        """The password was not verified, or it was right."""
        await fetch(_UNCOUNT, attempt.bucket)

    async def record_success(self, attempt: LoginAttempt, email_key: str, caller: Caller) -> None:
        """The streak ends, and the caller's network is known from now on."""
        await FailureStreak.filter(key=attempt.bucket).delete()
        network = KnownNetwork(key=self._network(email_key, caller), last_seen_at=self._clock())
        await KnownNetwork.bulk_create([network], on_conflict=["key"], update_fields=["last_seen_at"])

    async def reset(self, email_key: str) -> None:
        """Both lockout: whoever does this has proved to own the mailbox or the password."""
        lockout = [self._bucket(email_key, known=True), self._bucket(email_key, known=False)]
        await FailureStreak.filter(key__in=lockout).delete()

    def _bucket(self, email_key: str, *, known: bool) -> str:
        return f"{self._pseudonym(email_key)}:{'known' if known else 'others'}"

    def _network(self, email_key: str, caller: Caller) -> str:
        return self._pseudonym(f"{email_key}\0{caller.network}")

    def _pseudonym(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()
