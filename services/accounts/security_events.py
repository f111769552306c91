"""What the trail says about an account, as its owner may see it, to recognize a stranger."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.sql import as_datetime, as_uuid, fetch
from services.accounts.sessions import Principal
from services.audit.actors import CLIENT, COMMAND, Actors
from services.audit.events import EventKind
from services.common.caller import Caller
from services.common.outcomes import FieldProblem, InvalidInput
from services.common.pages import MomentCursors, Place, after_problem, first_problem


class SecurityEventKind(enum.Enum):
    """The kinds of the trail that concern the account's owner. The others are about payments, series or operators."""

    CONFIRMED = EventKind.CONFIRMED.value
    SIGNED_IN = EventKind.SIGNED_IN.value
    SIGN_IN_FAILED = EventKind.SIGN_IN_FAILED.value
    RECOVERY_REQUESTED = EventKind.RECOVERY_REQUESTED.value
    RECOVERED = EventKind.RECOVERED.value
    REAUTHENTICATED = EventKind.REAUTHENTICATED.value
    REAUTHENTICATION_FAILED = EventKind.REAUTHENTICATION_FAILED.value
    PASSWORD_CHANGED = EventKind.PASSWORD_CHANGED.value
    PASSWORD_REVOKED = EventKind.PASSWORD_REVOKED.value
    SECOND_FACTOR_ADDED = EventKind.SECOND_FACTOR_ADDED.value
    SECOND_FACTOR_REMOVED = EventKind.SECOND_FACTOR_REMOVED.value
    SECOND_FACTOR_ENDS = EventKind.SECOND_FACTOR_ENDS.value
    RECOVERY_CODE_USED = EventKind.RECOVERY_CODE_USED.value
    RECOVERY_CODES_REPLACED = EventKind.RECOVERY_CODES_REPLACED.value
    DEVICE_REMEMBERED = EventKind.DEVICE_REMEMBERED.value
    DEVICE_FORGOTTEN = EventKind.DEVICE_FORGOTTEN.value
    PASSKEY_ADDED = EventKind.PASSKEY_ADDED.value
    PASSKEY_RENAMED = EventKind.PASSKEY_RENAMED.value
    PASSKEY_REMOVED = EventKind.PASSKEY_REMOVED.value
    PASSKEY_REFUSED = EventKind.PASSKEY_REFUSED.value
    SESSION_RENAMED = EventKind.SESSION_RENAMED.value
    SESSIONS_REVOKED = EventKind.SESSIONS_REVOKED.value
    UNLOCKED = EventKind.UNLOCKED.value
    EMAIL_CHANGE_REQUESTED = EventKind.EMAIL_CHANGE_REQUESTED.value
    EMAIL_CHANGED = EventKind.EMAIL_CHANGED.value
    EMAIL_REVERTED = EventKind.EMAIL_REVERTED.value
    RFC_CHANGED = EventKind.RFC_CHANGED.value
    LANGUAGE_CHANGED = EventKind.LANGUAGE_CHANGED.value
    COMPANY_CHANGED = EventKind.COMPANY_CHANGED.value
    PRIVACY_NOTICE_ACCEPTED = EventKind.PRIVACY_NOTICE_ACCEPTED.value
    DELETION_REQUESTED = EventKind.DELETION_REQUESTED.value
    DELETION_CANCELED = EventKind.DELETION_CANCELED.value
    EXPORT_REQUESTED = EventKind.EXPORT_REQUESTED.value
    EXPORT_DOWNLOADED = EventKind.EXPORT_DOWNLOADED.value
    DATA_EXPORTED = EventKind.DATA_EXPORTED.value
    ACCOUNT_IMPORTED = EventKind.ACCOUNT_IMPORTED.value


class SecurityEventActor(enum.Enum):
    """Who did it. An employee's name is nobody's business but the operator's."""

    OWNER = "owner"
    ANYBODY = "anybody"
    OPERATOR = "operator"
    SYSTEM = "system"


_UNPROVED = {SecurityEventKind.SIGN_IN_FAILED, SecurityEventKind.RECOVERY_REQUESTED}
_ABOUT_A_SESSION = {
    SecurityEventKind.SIGNED_IN,
    SecurityEventKind.REAUTHENTICATED,
    SecurityEventKind.REAUTHENTICATION_FAILED,
    SecurityEventKind.DEVICE_REMEMBERED,
    SecurityEventKind.SESSION_RENAMED,
    SecurityEventKind.SESSIONS_REVOKED,
}

_CURSORS = MomentCursors(b"s")
_BEGINNING: Place = datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0)  # after all events, since the newest come first
_COLUMNS = "id, at, kind, actor, client, agent, subject"
_KINDS = ", ".join(f"'{kind.value}'" for kind in SecurityEventKind)
# A request for a new password has no account, since the service does not look it up. One that was older than the
# account may have been about another one with the same e-mail.
_SELECT = f"""
SELECT * FROM (
  SELECT {_COLUMNS} FROM audit_event
  WHERE account_id = $1 AND (at, id) < ($2, $3) AND kind IN ({_KINDS})
  ORDER BY at DESC, id DESC LIMIT $4
) AS of_account
UNION ALL
SELECT * FROM (
  SELECT {_COLUMNS} FROM audit_event
  WHERE email = $5 AND account_id IS NULL AND (at, id) < ($2, $3) AND at >= $6
    AND kind = '{SecurityEventKind.RECOVERY_REQUESTED.value}'
  ORDER BY at DESC, id DESC LIMIT $4
) AS of_email
ORDER BY at DESC, id DESC LIMIT $4
"""  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class SecurityEventView:
    """`from_this_address` is None if no person's device did it. Only a pseudonym of the address is kept."""

    id: UUID
    at: datetime
    kind: SecurityEventKind
    actor: SecurityEventActor
    user_agent: str | None
    session_id: UUID | None
    from_this_address: bool | None

    @property
    def cursor(self) -> str:
        return _CURSORS.write(self.at, self.id)


@dataclass(frozen=True, slots=True)
class SecurityEventPage:
    views: tuple[SecurityEventView, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class SecurityEvents:
    actors: Actors

    async def page(
        self, caller: Caller, principal: Principal, after: str | None, first: int
    ) -> SecurityEventPage | InvalidInput:
        """Returns the newest events first, as long as the trail keeps them. None while the password must be changed."""
        place = _BEGINNING if after is None else _CURSORS.read(after)
        problems: list[FieldProblem] = [] if place else [after_problem()]
        if problem := first_problem(first):
            problems.append(problem)
        if problems or place is None:
            return InvalidInput(tuple(problems))
        if principal.restricted:
            return SecurityEventPage((), has_next=False)
        email_name = self.actors.email(principal.email_key)
        values = (str(principal.id), place[0], str(place[1]), first + 1, email_name, principal.confirmed_at)
        rows = await fetch(_SELECT, *values)
        here = self.actors.of(caller).client
        return SecurityEventPage(tuple(_view(row, here) for row in rows[:first]), has_next=len(rows) > first)


def _view(row: Mapping[str, Any], here: str | None) -> SecurityEventView:
    kind = SecurityEventKind(row["kind"])
    subject = row["subject"] if kind in _ABOUT_A_SESSION else None
    return SecurityEventView(
        id=as_uuid(row["id"]),
        at=as_datetime(row["at"]),
        kind=kind,
        actor=_actor(row["actor"], kind),
        user_agent=row["agent"],
        session_id=as_uuid(subject) if subject else None,
        from_this_address=row["client"] == here if row["client"] else None,
    )


def _actor(name: str, kind: SecurityEventKind) -> SecurityEventActor:
    if name == CLIENT:
        return SecurityEventActor.ANYBODY if kind in _UNPROVED else SecurityEventActor.OWNER
    return SecurityEventActor.OPERATOR if name.startswith(COMMAND) else SecurityEventActor.SYSTEM
