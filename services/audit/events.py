"""Writes the audit trail. Nothing else adds to it, and nothing changes it."""

import enum
from collections.abc import Iterable
from uuid import UUID, uuid4

from models.audit_event import AuditEvent
from models.sql import fetch
from services.audit.actors import Actor
from services.common.clock import utc_now

# As text: nearly every mutation runs it, and building it would take longer than running it.
_INSERT = """
INSERT INTO audit_event (id, at, kind, actor, account_id, email, client, agent, subject, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


class EventKind(enum.Enum):
    """What can happen. docs/operations.md explains each."""

    REGISTERED = "registered"
    CONFIRMED = "confirmed"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    CAPTCHA_FAILED = "captcha_failed"
    RECOVERY_REQUESTED = "recovery_requested"
    RECOVERED = "recovered"
    REAUTHENTICATED = "reauthenticated"
    REAUTHENTICATION_FAILED = "reauthentication_failed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    PASSWORD_REVOKED = "password_revoked"  # noqa: S105
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_ENDS = "second_factor_ends"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_REPLACED = "recovery_codes_replaced"
    DEVICE_REMEMBERED = "device_remembered"
    DEVICE_FORGOTTEN = "device_forgotten"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_RENAMED = "passkey_renamed"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_REFUSED = "passkey_refused"
    SESSION_RENAMED = "session_renamed"
    SESSIONS_REVOKED = "sessions_revoked"
    EVERYBODY_REVOKED = "everybody_revoked"
    CODE_RESENT = "code_resent"
    UNLOCKED = "unlocked"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"
    EMAIL_REVERTED = "email_reverted"
    RFC_CHANGED = "rfc_changed"
    PRIVACY_NOTICE_ACCEPTED = "privacy_notice_accepted"
    LANGUAGE_CHANGED = "language_changed"
    EXPORT_REQUESTED = "export_requested"
    EXPORT_DOWNLOADED = "export_downloaded"
    DATA_EXPORTED = "data_exported"
    DELETION_REQUESTED = "deletion_requested"
    DELETION_CANCELED = "deletion_canceled"
    ACCOUNT_DELETED = "account_deleted"
    ACCOUNT_IMPORTED = "account_imported"
    ACCOUNTS_EXPORTED = "accounts_exported"
    MAIL_RETRIED = "mail_retried"
    MAIL_DROPPED = "mail_dropped"
    LIMITS_RESET = "limits_reset"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_PAUSED = "webhook_paused"
    WEBHOOK_RESUMED = "webhook_resumed"
    WEBHOOK_ROTATED = "webhook_rotated"
    WEBHOOK_REPLAYED = "webhook_replayed"
    WEBHOOK_REMOVED = "webhook_removed"
    COMPANY_CHANGED = "company_changed"
    SERIES_CREATED = "series_created"
    SERIES_CHANGED = "series_changed"
    SERIES_DELETED = "series_deleted"
    PAYMENT_BEGUN = "payment_begun"
    DEPOSIT_REQUESTED = "deposit_requested"
    DEPOSIT_CANCELED = "deposit_canceled"
    DEPOSIT_SEEN = "deposit_seen"
    PAYMENT_PAID = "payment_paid"
    PAYMENT_REFUNDED = "payment_refunded"
    DEPOSIT_UNDONE = "deposit_undone"
    DEPOSIT_RESTORED = "deposit_restored"
    INVOICE_CONFIRMED = "invoice_confirmed"
    INVOICE_RELEASED = "invoice_released"
    API_CLIENT_CREATED = "api_client_created"
    API_CLIENT_ROTATED = "api_client_rotated"
    API_CLIENT_REVOKED = "api_client_revoked"


ATTEMPTS = frozenset(
    {
        EventKind.REGISTERED,
        EventKind.SIGNED_IN,
        EventKind.SIGN_IN_FAILED,
        EventKind.REAUTHENTICATED,
        EventKind.REAUTHENTICATION_FAILED,
        EventKind.CAPTCHA_FAILED,
        EventKind.RECOVERY_REQUESTED,
    }
)
"""What anybody can cause, or everybody does every day. It is kept for a shorter time."""


async def record(
    actor: Actor,
    kind: EventKind,
    account_id: UUID | None = None,
    *,
    email: str | None = None,
    subject: object = None,
    detail: str | None = None,
) -> None:
    """Adds an event, in the transaction of the change that it records.

    `email` is a pseudonym. `detail` has words and numbers of ours, never what somebody typed.
    """
    of, about = (None if each is None else str(each) for each in (account_id, subject))
    by = (actor.name, of, email, actor.client, actor.agent)
    await fetch(_INSERT, str(uuid4()), utc_now(), kind.value, *by, about, detail)


async def record_for_each(actor: Actor, kind: EventKind, account_ids: Iterable[UUID]) -> None:
    """Adds the same event for many accounts, in the transaction of the change."""
    now = utc_now()
    await AuditEvent.bulk_create(
        AuditEvent(
            id=uuid4(),
            at=now,
            kind=kind.value,
            actor=actor.name,
            account_id=account_id,
            client=actor.client,
            agent=actor.agent,
        )
        for account_id in account_ids
    )
