"""The mails that a worker has claimed and not yet begun, and what they say."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from limits.errors import StorageError

from services.mail import outbox
from services.mail.claims import Claims
from services.mail.letters import MailContent, contents_for
from services.mail.mail_limit import MailLimit
from services.mail.outbox import Claim

MAX_BATCH = 64  # claims that wait for a sender at most
_QUICK_SECONDS = 0.25  # a batch that lasts longer is too large: codes, and other workers, should not wait for it
_FRESH_SECONDS = 5.0  # after which a claim is returned, because leases end and what a mail says changes


@dataclass(frozen=True, slots=True)
class Mail:
    """A claimed mail. Without `content`, there is nobody to write to; with a `failure`, it could not be counted."""

    claim: Claim
    content: MailContent | None
    failure: StorageError | None = None


class Batches:
    """Hands the mails of one batch after another to a worker's senders.

    A batch has as many mails as the senders manage within `_QUICK_SECONDS`: one if the mail server is slow.
    """

    def __init__(self, limit: MailLimit) -> None:
        self._limit = limit
        self._claims = Claims()
        self._mails: deque[Mail] = deque()
        self._size = 1
        self._claimed_at = 0.0
        self._turn = asyncio.Lock()

    async def next(self) -> Mail | None:
        """Returns the next mail, or None if nothing is due."""
        async with self._turn:
            if self._mails and time.monotonic() - self._claimed_at > _FRESH_SECONDS:
                await self.release()
            while not self._mails:
                if not await self._claim():
                    return None
            return self._mails.popleft()

    async def release(self) -> None:
        """Returns the mails that no sender has begun."""
        claims = [mail.claim for mail in self._mails]
        self._mails.clear()
        if claims:
            await outbox.release_untried(claims)

    async def _claim(self) -> bool:
        """Claims the next mails, and leaves out those above their limit. Returns whether any were due."""
        now = time.monotonic()
        is_quick = now - self._claimed_at < _QUICK_SECONDS
        self._size = min(self._size * 2, MAX_BATCH) if is_quick else max(self._size // 2, 1)
        self._claimed_at = now
        if not (claims := await self._claims.claim(self._size)):
            return False
        try:
            contents = await contents_for(claims)
            self._mails.extend(await self._counted([*map(Mail, claims, contents)]))
        except BaseException:
            await asyncio.shield(outbox.release_untried(claims))
            raise
        return True

    async def _counted(self, mails: Sequence[Mail]) -> list[Mail]:
        """Returns the mails that may be tried: without those above their limit."""
        to_count = {mail.claim.id: mail.claim for mail in mails if mail.content and not mail.claim.counted}
        try:
            admitted = await self._limit.admit([*to_count.values()])
        except StorageError as failure:  # while Redis is away, the others leave
            return [replace(mail, failure=failure) if mail.claim.id in to_count else mail for mail in mails]
        return [mail for mail in mails if mail.claim.id in admitted or mail.claim.id not in to_count]
