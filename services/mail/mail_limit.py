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
        """Counts mails that were not counted yet, and postpones those above the limit to the end of its window.

        Returns the ids of the others. Raises StorageError.
        """
        throttled = await self._count(claims) if claims else {}
        for claim in claims:
            if denied := throttled[claim.id]:
                await self.postpone(claim, denied)
        return {claim.id for claim in claims if not throttled[claim.id]}

    async def count_registration(self, claim: Claim) -> TooManyAttempts | None:
        """Counts a mail to one of the registrations that a claim refers to.

        They have a count of their own, so that strangers' requests do not use up a later account's mails.
        """
        return await self.limiter.hit(self.limit, f"registrations of {claim.email_key}")

    async def postpone(self, claim: Claim, denied: TooManyAttempts) -> None:
        await outbox.postpone(claim, timedelta(seconds=denied.retry_after_seconds), "mail limit")

    async def _count(self, claims: Sequence[Claim]) -> dict[UUID, TooManyAttempts | None]:
        throttled: dict[UUID, TooManyAttempts | None] = {}
        async with self.limiter.tally(in_transaction=True) as tally, in_transaction():
            while rest := [claim for claim in claims if claim.id not in throttled]:
                one_for_each = {outbox.counted_as(claim.kind, claim.email_key): claim for claim in rest}
                hits = await tally.hit_all(*((self.limit, subject) for subject in one_for_each))
                throttled |= {claim.id: hit for claim, hit in zip(one_for_each.values(), hits, strict=True)}
            if allowed := [claim for claim in claims if not throttled[claim.id]]:
                await outbox.mark_counted(allowed)
        return throttled
