"""Counts mails towards the limit of mails to one e-mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from services.common.limits import Limit, Limiter
from services.common.outcomes import TooManyAttempts
from services.mail import outbox
from services.mail.outbox import Claim


@dataclass(frozen=True, slots=True)
class MailLimit:
    limiter: Limiter
    limit: Limit

    async def admit(self, claims: Sequence[Claim]) -> set[UUID]:
        """Counts mails, and postpones those above the limit to the end of its window. Returns the ids of the others.

        One transaction counts all of them. A mail counts once, however often it is tried.
        """
        uncounted = [claim for claim in claims if not claim.counted]
        throttled = await self._count(uncounted) if uncounted else {}
        for claim in uncounted:
            if denied := throttled[claim.id]:
                await self.postpone(claim, denied)
        return {claim.id for claim in claims if not throttled.get(claim.id)}

    async def count_registration(self, claim: Claim) -> TooManyAttempts | None:
        """Counts a mail to one of the registrations that a claim refers to.

        They have a count of their own, so that strangers' requests do not use up a later account's mails.
        """
        return await self.limiter.hit(self.limit, f"registrations of {claim.email_key}")

    async def postpone(self, claim: Claim, denied: TooManyAttempts) -> None:
        await outbox.postpone(claim, timedelta(seconds=denied.retry_after_seconds), "mail limit")

    async def _count(self, claims: Sequence[Claim]) -> dict[UUID, TooManyAttempts | None]:
        throttled: dict[UUID, TooManyAttempts | None] = {}
        async with in_transaction():
            while rest := [claim for claim in claims if claim.id not in throttled]:
                one_for_each = {outbox.counted_as(claim.kind, claim.email_key): claim for claim in rest}
                hits = await self.limiter.count_all(*((self.limit, subject) for subject in one_for_each))
                throttled |= {claim.id: hit.throttled for claim, hit in zip(one_for_each.values(), hits, strict=True)}
            await outbox.mark_counted([claim for claim in claims if not throttled[claim.id]])
        return throttled
