"""The outbox: mails are enqueued in the same transaction as what they report.

A row has a kind and an e-mail, or one of its registrations, but no text. Workers claim rows with a lease and finish
them only while they hold it.

To avoid deadlocks, transactions lock in one order: outbox rows, then registrations or the account, then rows that
belong to these. STAMPS_LOW, STAMPS_USED_UP and those of second factors and passkeys are an exception, since only the
account's rows show whether one is due: theirs are written with the account locked. Of a deadlock with another change,
one transaction is retried. Those about sign-ins are written so, too: each is a new row, which nobody else can have
locked.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from tortoise.transactions import in_transaction

from models.delivery import Delivery
from models.sql import among, fetch, is_sqlite
from services.common.clock import utc_now
from services.mail.sign_in_facts import SignInFacts

LEASE = timedelta(seconds=120)
GIVE_UP_AFTER = timedelta(hours=24)
_FIRST_BACKOFF_SECONDS = 15.0  # doubled each time
_MAX_BACKOFF_SECONDS = 3600.0
_MAX_REASON_CHARS = 500
_RENEW_AFTER = timedelta(minutes=1)

_ENQUEUE = """
INSERT INTO delivery (id, kind, email_key, registration_id, pending_key, requested_at, due_at, attempts, counted)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, TRUE) ON CONFLICT DO NOTHING RETURNING id
"""


class MailKind(enum.Enum):
    """What a mail is for. CONFIRMATION, RECOVERY, EMAIL_CODE, EMAIL_REPLACED and DATA_EXPORT carry a secret, the others
    are notices.

    When a person changes the e-mail, EMAIL_CODE goes to the new one, and then EMAIL_REPLACED to the old one. When an
    operator does, EMAIL_CHANGED goes to the old one and EMAIL_ASSIGNED to the new one. WEBHOOK_PAUSED goes to the
    operator.
    """

    CONFIRMATION = "confirmation"
    RECOVERY = "recovery"
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    MAILED_PASSWORD_USED = "mailed_password_used"  # noqa: S105
    SIGN_IN_CLOSED = "sign_in_closed"
    NEW_DEVICE = "new_device"
    SIGN_IN_AFTER_FAILURES = "sign_in_after_failures"
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_ENDS = "second_factor_ends"
    SECOND_FACTOR_FAILED = "second_factor_failed"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_REPLACED = "recovery_codes_replaced"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_REFUSED = "passkey_refused"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REFUNDED = "payment_refunded"
    PAYMENT_DECLINED = "payment_declined"
    STAMPS_LOW = "stamps_low"
    STAMPS_USED_UP = "stamps_used_up"
    ACCOUNT_CONFIRMED = "account_confirmed"
    EMAIL_CODE = "email_code"
    EMAIL_REPLACED = "email_replaced"
    EMAIL_RESTORED = "email_restored"
    EMAIL_CHANGED = "email_changed"
    EMAIL_ASSIGNED = "email_assigned"
    RFC_CHANGED = "rfc_changed"
    DATA_EXPORT = "data_export"
    DELETION_REQUESTED = "deletion_requested"
    DELETION_DUE = "deletion_due"
    DELETION_CANCELED = "deletion_canceled"
    ACCOUNT_DELETED = "account_deleted"
    WEBHOOK_PAUSED = "webhook_paused"


ADDRESSED = frozenset({MailKind.EMAIL_CHANGED, MailKind.ACCOUNT_DELETED, MailKind.WEBHOOK_PAUSED})
"""Notices to an e-mail that has no account any more, or to the operator; their rows bear address and language."""


OF_EMAIL_CHANGES = frozenset({MailKind.EMAIL_CODE, MailKind.EMAIL_REPLACED})
"""Mails with the code of a change of e-mail, whose rows bear its id."""


ABOUT_SIGN_INS = frozenset({MailKind.NEW_DEVICE, MailKind.SIGN_IN_AFTER_FAILURES})
"""Notices about one sign-in each, whose rows bear its facts."""


BEFORE_DELETION = frozenset({MailKind.DELETION_REQUESTED, MailKind.DELETION_DUE})
"""Mails about a deletion that is to come, which are void once it is taken back."""


BEFORE_PASSWORD_CHANGE = frozenset({MailKind.RECOVERY, MailKind.DATA_EXPORT})
"""Mails with a secret of an account, which are void once its owner changes or recovers the password."""


_ASKED_FOR = frozenset({MailKind.RECOVERY, MailKind.EMAIL_CODE})


def counted_as(kind: MailKind, email_key: str) -> str:
    """Returns the subject of the limit of mails to an e-mail.

    What anybody may ask for counts apart from the account's notices, so that neither a stranger nor whoever makes many
    notices keeps the owner from recovering the password.
    """
    return f"{kind.value} to {email_key}" if kind in _ASKED_FOR else email_key


class DeliveryStatus(enum.Enum):
    """How a row ended: sent, refused by the server for good, or given up after a day."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this worker owns until its lease ends."""

    id: UUID
    lease: UUID
    kind: MailKind
    email_key: str
    registration_id: UUID | None
    requested_at: datetime
    attempts: int
    counted: bool
    address: str | None = None
    language: str | None = None
    email_change_id: UUID | None = None
    facts: SignInFacts | None = None


async def enqueue(kind: MailKind, email_key: str) -> None:
    """Enqueues a mail, in the caller's transaction.

    One that is already pending becomes due now, and a worker that holds its lease loses it.
    """
    now = utc_now()
    delivery = Delivery(
        id=uuid4(),
        kind=kind.value,
        email_key=email_key,
        pending_key=_pending_key(kind, email_key),
        requested_at=now,
        due_at=now,
    )
    async with in_transaction():
        await Delivery.bulk_create(
            [delivery],
            on_conflict=["pending_key"],
            update_fields=["requested_at", "due_at", "attempts", "counted", "lease"],
        )


async def enqueue_about_sign_in(kind: MailKind, email_key: str, facts: SignInFacts) -> None:
    """Enqueues one of ABOUT_SIGN_INS, in the caller's transaction."""
    delivery_id, now = uuid4(), utc_now()
    await Delivery.create(
        id=delivery_id,
        kind=kind.value,
        email_key=email_key,
        pending_key=_pending_key(kind, str(delivery_id)),
        requested_at=now,
        due_at=now,
        counted=True,  # no stranger can cause one
        facts=facts.as_json(),
    )


async def count_about_sign_ins(email_key: str, since: datetime) -> int:
    kinds = [kind.value for kind in ABOUT_SIGN_INS]
    return await Delivery.filter(email_key=email_key, kind__in=kinds, requested_at__gt=since).count()


async def enqueue_to_address(kind: MailKind, email: str, language: str) -> None:
    """Enqueues one of ADDRESSED, in the caller's transaction, which locks it before the account."""
    now = utc_now()
    delivery = Delivery(
        id=uuid4(),
        kind=kind.value,
        email_key=email.lower(),
        pending_key=_pending_key(kind, email.lower()),
        requested_at=now,
        due_at=now,
        counted=True,  # no stranger asked for it
        address=email,
        language=language,
    )
    await Delivery.bulk_create([delivery], ignore_conflicts=True)


async def enqueue_for_registration(
    kind: MailKind, email_key: str, registration_id: UUID, requested_at: datetime | None = None
) -> bool:
    """Enqueues a registration's mail, in the caller's transaction; the caller counts it. False if it was pending.

    Concurrent transactions wait for the first. A mail that has been pending for a minute becomes due now.
    """
    now, of = utc_now(), str(registration_id)
    pending_key = _pending_key(kind, of)
    requested_at = requested_at or now
    if await fetch(_ENQUEUE, str(uuid4()), kind.value, email_key, of, pending_key, requested_at, now):
        return True
    waiting = Delivery.filter(pending_key=pending_key, lease__isnull=True)
    await waiting.filter(requested_at__lt=now - _RENEW_AFTER).update(requested_at=now, due_at=now, attempts=0)
    return False


async def enqueue_for_email_change(kind: MailKind, email: str, change_id: UUID, account_id: UUID) -> None:
    """Enqueues one of OF_EMAIL_CHANGES, in the caller's transaction. It replaces the account's pending EMAIL_CODE."""
    now = utc_now()
    delivery = Delivery(
        id=uuid4(),
        kind=kind.value,
        email_key=email.lower(),
        email_change_id=change_id,
        pending_key=_pending_key(kind, str(account_id if kind is MailKind.EMAIL_CODE else change_id)),
        requested_at=now,
        due_at=now,
        counted=kind is MailKind.EMAIL_REPLACED,  # nobody can ask for one
    )
    updated = ["email_key", "email_change_id", "requested_at", "due_at", "attempts", "counted", "lease"]
    await Delivery.bulk_create([delivery], on_conflict=["pending_key"], update_fields=updated)


async def cancel_email_code(account_id: UUID) -> None:
    """Cancels the account's pending EMAIL_CODE, in the caller's transaction."""
    await Delivery.filter(pending_key=_pending_key(MailKind.EMAIL_CODE, str(account_id))).delete()


async def cancel_for_registration(kind: MailKind, registration_id: UUID) -> None:
    """Cancels a registration's mail, in the caller's transaction."""
    await Delivery.filter(pending_key=_pending_key(kind, str(registration_id))).delete()


async def cancel(kinds: Iterable[MailKind], *email_keys: str) -> None:
    """Cancels these mails to the e-mails, including those of registrations, in the caller's transaction.

    A worker that has claimed one notices before it issues the secret.
    """
    names = [kind.value for kind in kinds]
    await Delivery.filter(email_key__in=email_keys, kind__in=names, pending_key__isnull=False).delete()


async def holds_lease(claim: Claim) -> bool:
    """Whether the worker still holds the lease; in a transaction, it then holds it until the end."""
    return bool(await Delivery.filter(id=claim.id, lease=claim.lease).update(lease=claim.lease))


async def mark_counted(claims: Sequence[Claim]) -> None:
    await _update_free("counted = TRUE", claims)


async def finish(claim: Claim, outcome: DeliveryStatus, reason: str | None = None) -> None:
    """Ends the row, unless it was enqueued again in between. Of a deleted account, no row stays."""
    if claim.kind is MailKind.ACCOUNT_DELETED:
        await discard(claim)
        return
    await Delivery.filter(id=claim.id, lease=claim.lease).update(
        pending_key=None,
        lease=None,
        finished_at=utc_now(),
        outcome=outcome.value,
        reason=reason and reason[:_MAX_REASON_CHARS],
    )


async def discard(claim: Claim) -> None:
    """Deletes a row, so that the e-mail of somebody who has no account is not kept."""
    await Delivery.filter(id=claim.id, lease=claim.lease).delete()


async def postpone(claim: Claim, after: timedelta, reason: str) -> None:
    """Restarts the row later, as if it had been requested then."""
    later = await database_now() + after
    await _update_free(
        "lease = NULL, requested_at = $3, due_at = $3, attempts = 0, reason = $4", [claim], later, reason
    )


async def release(claim: Claim, after: timedelta = timedelta(), reason: str | None = None) -> None:
    """Lets the row be claimed again after that time."""
    await Delivery.filter(id=claim.id, lease=claim.lease).update(
        lease=None, due_at=await database_now() + after, reason=reason and reason[:_MAX_REASON_CHARS]
    )


async def release_untried(claims: Sequence[Claim]) -> None:
    """Lets rows be claimed again that nobody has tried to send."""
    await _update_free("lease = NULL, due_at = $3, attempts = attempts - 1", claims, await database_now())


def backoff(attempts: int, chance: float) -> timedelta:
    """Returns an exponential delay with a jitter of 0.5 to 1.5, by `chance` (0 to 1)."""
    seconds = min(_FIRST_BACKOFF_SECONDS * 2 ** min(attempts - 1, 20), _MAX_BACKOFF_SECONDS)
    return timedelta(seconds=seconds * (0.5 + chance))


async def _update_free(assignments: str, claims: Sequence[Claim], *values: object) -> None:
    """Updates the rows that are held, without waiting for those that somebody cancels or enqueues again."""
    free = f"id IN (SELECT id FROM delivery WHERE {holds()} FOR UPDATE SKIP LOCKED)"  # noqa: S608  # constants
    condition = holds() if is_sqlite() else free
    await fetch(f"UPDATE delivery SET {assignments} WHERE {condition}", *held(claims), *values)  # noqa: S608  # constants


def holds(first: int = 1) -> str:
    """Returns the condition that claims hold a row; `held` returns the parameters from `first` on.

    A claim holds only its own row, although those of a batch have the same lease.
    """
    return f"id = ANY(${first}) AND CAST(id AS text) || CAST(lease AS text) = ANY(${first + 1})"


def held(claims: Sequence[Claim]) -> tuple[object, object]:
    return among(claim.id for claim in claims), among(f"{claim.id}{claim.lease}" for claim in claims)


def _pending_key(kind: MailKind, of: str) -> str:
    return f"{kind.value}:{of}"


async def database_now() -> datetime:
    """Returns the time of the database, which all workers share. For SQLite, it is this machine's."""
    if is_sqlite():
        return utc_now()
    rows = await fetch("SELECT now() AS now")
    now: datetime = rows[0]["now"]
    return now
