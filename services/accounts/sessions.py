"""Sessions: opaque tokens, stored as digests, and the principal of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tortoise.queryset import QuerySet

from models.account import Account
from models.remembered_device import RememberedDevice
from models.session import Session
from models.sql import as_datetime, as_uuid, fetch
from models.transactions import atomically
from services.accounts.device_name import parse_device_name
from services.accounts.email import Email
from services.accounts.onboarding import PROGRESS_COLUMNS, Progress, progress, progress_of
from services.accounts.recent_proof import PROOF_LIFE, ReauthenticationRequired, UnprovedError
from services.accounts.rfc import Rfc, TaxpayerType
from services.accounts.second_factor_demand import NO_DEMAND, SecondFactorDemand
from services.audit.actors import Actor, Actors
from services.audit.events import EventKind, record
from services.common.caller import Caller
from services.common.clock import Clock, utc_now
from services.common.ids import parse_id
from services.common.outcomes import (
    FieldProblem,
    InvalidInput,
    NotAuthenticated,
    PasswordChangeRequired,
    RestrictedSession,
    SecondFactorEnrollmentRequired,
)
from services.common.secrets import digest, generate_token
from services.common.translations import Language
from services.events.facts import EventType
from services.events.publishing import lock_account, publish
from services.factors.passkeys import AcceptedPasskey
from services.factors.remembered_devices import DeviceToken
from services.factors.second_factors import ProofWay, proof_ways

MAX_SESSIONS = 50
_TOUCH_INTERVAL = timedelta(minutes=5)

# As text: every request of a signed-in client runs it, and building it would take longer than running it.
SELECT_SESSION = f"""
SELECT session.id AS session_id, account_id, email, rfc, language, account.created_at, confirmed_at,
  {PROGRESS_COLUMNS}, deletion_requested_at, deletion_due_at,
  second_factor_since, password_change_required, proved_at, last_seen_at, ends_at, expires_at
FROM session JOIN account ON account.id = session.account_id
WHERE session.digest = $1
"""  # noqa: S608  # columns of ours

_VIEW_COLUMNS = "id, created_at, last_seen_at, expires_at, device_name, user_agent, ip_address"
# As text, too: an operation may list fifty sessions several times.
_SELECT_BY_ACCOUNT = f"""
SELECT {_VIEW_COLUMNS} FROM session WHERE account_id = $1 ORDER BY last_seen_at DESC
"""  # noqa: S608  # columns of ours
_INSERT = """
INSERT INTO session (
  id, account_id, digest, password_change_required, created_at, last_seen_at, ends_at, proved_at, expires_at,
  device_name, user_agent, ip_address
) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11)
RETURNING (SELECT count(*) FROM session WHERE account_id = $2) AS sessions
"""
_DELETE_SURPLUS = f"""
DELETE FROM session WHERE id IN (
  SELECT id FROM session WHERE account_id = $1 ORDER BY last_seen_at DESC LIMIT {MAX_SESSIONS} OFFSET {MAX_SESSIONS}
)
"""  # noqa: S608  # numbers of ours
_RENAME = f"""
UPDATE session SET device_name = $1 WHERE id = $2 AND account_id = $3 AND expires_at > $4 RETURNING {_VIEW_COLUMNS}
"""  # noqa: S608  # columns of ours


@dataclass(frozen=True, slots=True)
class PendingDeletion:
    """The owner asked for the deletion of the account, which a worker does at `due_at`."""

    requested_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """The account and the session of a signed-in caller."""

    id: UUID
    email: str
    rfc: str
    language: Language
    created_at: datetime
    confirmed_at: datetime
    progress: Progress
    deletion: PendingDeletion | None
    session_id: UUID
    proved_at: datetime | None
    password_change_required: bool
    second_factor_since: datetime | None = None
    second_factor_enrollment_required: bool = False

    @property
    def restricted(self) -> bool:
        """Whether the session may not read what is behind the account."""
        return self.password_change_required or self.second_factor_enrollment_required

    @property
    def email_key(self) -> str:
        return Email(self.email).key

    @property
    def taxpayer_type(self) -> TaxpayerType:
        return Rfc(self.rfc).taxpayer_type

    async def proof_ways(self) -> tuple[ProofWay, ...]:
        return await proof_ways(self.id, second_factor=self.second_factor_since is not None)

    @property
    def proved_until(self) -> datetime | None:
        """Until when mutations that need a recent proof are allowed."""
        return self.proved_at and self.proved_at + PROOF_LIFE


@dataclass(frozen=True, slots=True)
class LoggedIn:
    principal: Principal
    token: str = field(repr=False)
    expires_at: datetime
    ends_at: datetime
    device: DeviceToken | None = None


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The credential has no session any more."""


@dataclass(frozen=True, slots=True)
class SessionView:
    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    device_name: str | None
    user_agent: str | None
    ip_address: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class Revoked:
    principal: Principal
    id: UUID


@dataclass(frozen=True, slots=True)
class Renamed:
    principal: Principal
    session: SessionView


@dataclass(frozen=True, slots=True)
class OthersRevoked:
    principal: Principal
    count: int


@dataclass(frozen=True, slots=True)
class SessionNotFound:
    """The account has no open session with this id."""


@dataclass(frozen=True, slots=True)
class SessionLife:
    idle: timedelta = timedelta(days=14)
    absolute: timedelta = timedelta(days=30)


class SessionService:
    """`notice` is called with the principal of each session that is used or opened.

    The sessions of an account that does not meet the `demand` may only add a second factor.
    """

    def __init__(
        self,
        life: SessionLife,
        actors: Actors,
        clock: Clock = utc_now,
        notice: Callable[[Principal], None] | None = None,
        demand: SecondFactorDemand = NO_DEMAND,
    ) -> None:
        self._life = life
        self._actors = actors
        self._clock = clock
        self._notice = notice or _ignore
        self._demand = demand

    async def authenticate(self, caller: Caller) -> Principal | None:
        """Returns the principal of the caller's credential: one indexed look-up, at most one write in five minutes."""
        if not caller.credential:
            return None
        now = self._clock()
        rows = await fetch(SELECT_SESSION, digest(caller.credential))
        if not rows or as_datetime(rows[0]["expires_at"]) <= now:
            return None
        principal = self._under_demand(_principal(rows[0], now))
        last_seen_at = as_datetime(rows[0]["last_seen_at"])
        if now - last_seen_at >= _TOUCH_INTERVAL:
            await Session.filter(id=principal.session_id, last_seen_at=last_seen_at).update(
                last_seen_at=now, expires_at=min(now + self._life.idle, as_datetime(rows[0]["ends_at"]))
            )
        self._notice(principal)
        return principal

    async def open(
        self, caller: Caller, account: Account, *, proved: bool = True, restricted_until: datetime | None = None
    ) -> LoggedIn:
        """Opens a session, in the caller's transaction; with `restricted_until`, it may only change the password.

        `proved` means that its owner has just given every proof that the account has.
        """
        now, session_id, token = self._clock(), uuid4(), generate_token()
        ends_at = now + self._life.absolute
        if restricted_until:
            ends_at = min(ends_at, restricted_until)
        expires_at = min(now + self._life.idle, ends_at)
        restricted = restricted_until is not None
        proved_at = now if proved and not restricted else None
        times = (now, ends_at, proved_at, expires_at)
        device = (caller.device_name, caller.user_agent, str(caller.address))
        values = (str(session_id), str(account.id), digest(token), restricted, *times, *device)
        (row,) = await fetch(_INSERT, *values)
        if row["sessions"] >= MAX_SESSIONS:  # PostgreSQL does not count the new one
            await fetch(_DELETE_SURPLUS, str(account.id))
        principal = _principal_of(
            account,
            session_id,
            now,
            proved_at=proved_at,
            password_change_required=restricted,
        )
        principal = self._under_demand(principal)
        self._notice(principal)
        return LoggedIn(principal, token, expires_at, ends_at)

    async def keep_only(self, session_id: UUID, account: Account) -> datetime | None:
        """Lifts the session's restriction and ends the account's others, in the caller's transaction.

        For a caller who has just typed the password, which is a proof unless the account has a second factor.

        Returns its latest end, or None if it has already ended and nothing was done.
        """
        session = await Session.get_or_none(id=session_id)
        if session is None:
            return None
        if await Session.filter(account_id=account.id).exclude(id=session.id).delete():
            await publish(account.id, EventType.SESSIONS_REVOKED)
        session.password_change_required = False
        if account.second_factor_since is None:
            session.proved_at = self._clock()
        session.ends_at = session.created_at + self._life.absolute
        session.expires_at = min(self._clock() + self._life.idle, session.ends_at)
        await session.save(update_fields=["password_change_required", "proved_at", "ends_at", "expires_at"])
        return session.ends_at

    async def logout(self, caller: Caller) -> LoggedOut:
        if caller.credential:
            await Session.filter(digest=digest(caller.credential)).delete()
        return LoggedOut()

    async def revoke_all(self, actor: Actor, email_key: str) -> int:
        """Ends every session of one account, and returns how many there were. Its devices are remembered no more."""
        account = await Account.get_or_none(email_key=email_key).only("id")
        if account is None:
            return 0
        devices = RememberedDevice.filter(account_id=account.id)
        return await self._end(actor, account.id, Session.filter(account_id=account.id), devices)

    async def list_for(self, principal: Principal) -> tuple[SessionView, ...]:
        """Returns the account's open sessions, the current one first, then by last use."""
        now = self._clock()
        views = [_view(row, principal) for row in await fetch(_SELECT_BY_ACCOUNT, str(principal.id))]
        live = [view for view in views if view.expires_at > now][:MAX_SESSIONS]
        return tuple(sorted(live, key=lambda view: not view.current))

    async def revoke(self, caller: Caller, id: str) -> Revoked | SessionNotFound | RestrictedSession | NotAuthenticated:
        principal = await self.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        session_id = parse_id(id)
        if session_id is None:
            return SessionNotFound()
        session = Session.filter(id=session_id, account_id=principal.id)
        device = RememberedDevice.filter(session_id=session_id, account_id=principal.id)
        ended = await self._end(self._actors.of(caller), principal.id, session, device, subject=session_id)
        return Revoked(principal, session_id) if ended else SessionNotFound()

    async def revoke_others(self, caller: Caller) -> OthersRevoked | RestrictedSession | NotAuthenticated:
        principal = await self.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        others = Session.filter(account_id=principal.id).exclude(id=principal.session_id)
        devices = RememberedDevice.filter(account_id=principal.id).exclude(session_id=principal.session_id)
        return OthersRevoked(principal, await self._end(self._actors.of(caller), principal.id, others, devices))

    async def rename(
        self, caller: Caller, id: str, device_name: str | None
    ) -> Renamed | InvalidInput | SessionNotFound | RestrictedSession | NotAuthenticated:
        """Names the device of a session, or takes its name back."""
        principal = await self.require_account(caller)
        if not isinstance(principal, Principal):
            return principal
        name = parse_device_name(device_name or "")
        if isinstance(name, FieldProblem):
            return InvalidInput((name,))
        session_id = parse_id(id)
        if session_id is None:
            return SessionNotFound()

        async def rename() -> Renamed | SessionNotFound:
            rows = await fetch(_RENAME, name, str(session_id), str(principal.id), self._clock())
            if not rows:
                return SessionNotFound()
            await record(self._actors.of(caller), EventKind.SESSION_RENAMED, principal.id, subject=session_id)
            return Renamed(principal, _view(rows[0], principal))

        return await atomically(rename)

    async def _end(
        self,
        actor: Actor,
        account_id: UUID,
        sessions: QuerySet[Session],
        devices: QuerySet[RememberedDevice],
        subject: UUID | None = None,
    ) -> int:
        async def end() -> int:
            await lock_account(account_id)
            await devices.delete()
            ended = await sessions.delete()
            if ended:
                detail = f"{ended} sessions" if subject is None else None
                await record(actor, EventKind.SESSIONS_REVOKED, account_id, subject=subject, detail=detail)
                await publish(account_id, EventType.SESSIONS_REVOKED)
            return ended

        return await atomically(end)

    async def prove(
        self, principal: Principal, passkey: AcceptedPasskey | None = None
    ) -> Principal | ReauthenticationRequired | NotAuthenticated:
        """Records that the owner has just proved to hold the session.

        By a password, that is no proof if the account has got a second factor since the principal was read; by a
        passkey, if that has been removed since. An end of the second factor that was announced is off with a passkey.
        """
        now = self._clock()

        async def prove() -> Principal | ReauthenticationRequired | NotAuthenticated:
            account = await Account.filter(id=principal.id).select_for_update().get_or_none()
            if account is None:
                return NotAuthenticated()
            protected = account.second_factor_since is not None
            outdated = not await passkey.exists() if passkey else protected and principal.second_factor_since is None
            if outdated:
                return ReauthenticationRequired(await proof_ways(account.id, second_factor=protected))
            if passkey:
                await Account.filter(id=account.id).update(second_factor_ends_at=None)  # its owner still has it
            proved = await Session.filter(id=principal.session_id).update(proved_at=now)
            return replace(principal, proved_at=now) if proved else NotAuthenticated()

        return await atomically(prove)

    async def lock_proved(self, principal: Principal) -> Account | ReauthenticationRequired | NotAuthenticated:
        """Locks the account of a principal with a recent proof, in the caller's transaction.

        Looks again whether the proof is still there: it may have ended with the session, or by `end_other_proofs`.
        """
        account = await Account.filter(id=principal.id).select_for_update().get_or_none()
        session = await Session.get_or_none(id=principal.session_id)
        if account is None or session is None:
            return NotAuthenticated()
        if session.proved_at is None:
            protected = account.second_factor_since is not None
            return ReauthenticationRequired(await proof_ways(account.id, second_factor=protected))
        return account

    async def lock_proved_or_raise(self, principal: Principal) -> Account:
        """Does the same in a transaction that has enqueued a mail before: UnprovedError rolls it back.

        Raises it also if the account has got another e-mail since, where the mail would not reach it.
        """
        account = await self.lock_proved(principal)
        if not isinstance(account, Account):
            raise UnprovedError(account)
        if account.email_key != principal.email_key:
            raise UnprovedError(NotAuthenticated())
        return account

    async def end_other_proofs(self, principal: Principal, account: Account) -> None:
        """Ends what the password alone has proved or verified, except in this session.

        For an account that is locked and has just got a second factor, in the caller's transaction.
        """
        await Session.filter(account_id=account.id).exclude(id=principal.session_id).update(proved_at=None)
        account.password_generation += 1  # a change of e-mail that was asked for is void, too
        await account.save(update_fields=["password_generation"])

    async def reload(self, principal: Principal) -> Principal:
        """Returns the principal after a mutation that it may do only with a password of its own."""
        account = await Account.get(id=principal.id)
        return self._under_demand(
            _principal_of(account, principal.session_id, self._clock(), proved_at=principal.proved_at)
        )

    async def require_own_password(self, caller: Caller) -> Principal | PasswordChangeRequired | NotAuthenticated:
        """Returns the principal, unless the password must be changed first.

        For what adds the second factor; everything else uses `require_account`.
        """
        principal = await self.authenticate(caller)
        if principal is None:
            return NotAuthenticated()
        return PasswordChangeRequired() if principal.password_change_required else principal

    async def require_account(self, caller: Caller) -> Principal | RestrictedSession | NotAuthenticated:
        """Returns the principal, unless the password must be changed or a second factor added first."""
        principal = await self.require_own_password(caller)
        if isinstance(principal, Principal) and principal.second_factor_enrollment_required:
            return SecondFactorEnrollmentRequired()
        return principal

    async def require_recent_proof(
        self, caller: Caller
    ) -> Principal | ReauthenticationRequired | RestrictedSession | NotAuthenticated:
        """Returns the principal, unless the owner has to prove first that it is still they who hold the session."""
        principal = await self.require_account(caller)
        return await self._recently_proved(principal) if isinstance(principal, Principal) else principal

    async def require_recent_proof_to_enroll(
        self, caller: Caller
    ) -> Principal | ReauthenticationRequired | PasswordChangeRequired | NotAuthenticated:
        """The same for what adds a second factor, which an account that has to add one may do."""
        principal = await self.require_own_password(caller)
        return await self._recently_proved(principal) if isinstance(principal, Principal) else principal

    async def _recently_proved(self, principal: Principal) -> Principal | ReauthenticationRequired:
        if principal.proved_until and principal.proved_until > self._clock():
            return principal
        return ReauthenticationRequired(await principal.proof_ways())

    def _under_demand(self, principal: Principal) -> Principal:
        unmet = self._demand.is_unmet(principal.second_factor_since)
        return replace(principal, second_factor_enrollment_required=True) if unmet else principal


def _ignore(_: Principal) -> None:
    """The default of `notice`."""


def _principal_of(
    account: Account,
    session_id: UUID,
    now: datetime,
    *,
    proved_at: datetime | None,
    password_change_required: bool = False,
) -> Principal:
    return Principal(
        id=account.id,
        email=account.email,
        rfc=account.rfc,
        language=Language(account.language),
        created_at=account.created_at,
        confirmed_at=account.confirmed_at,
        progress=progress_of(account, now),
        deletion=_deletion(account.deletion_requested_at, account.deletion_due_at),
        session_id=session_id,
        proved_at=proved_at,
        password_change_required=password_change_required,
        second_factor_since=account.second_factor_since,
    )


def _principal(row: Mapping[str, Any], now: datetime) -> Principal:
    return Principal(
        id=as_uuid(row["account_id"]),
        email=row["email"],
        rfc=row["rfc"],
        language=Language(row["language"]),
        created_at=as_datetime(row["created_at"]),
        confirmed_at=as_datetime(row["confirmed_at"]),
        progress=progress(row, now),
        deletion=_deletion(row["deletion_requested_at"], row["deletion_due_at"]),
        session_id=as_uuid(row["session_id"]),
        proved_at=row["proved_at"] and as_datetime(row["proved_at"]),
        password_change_required=bool(row["password_change_required"]),
        second_factor_since=row["second_factor_since"] and as_datetime(row["second_factor_since"]),
    )


def _deletion(requested_at: datetime | str | None, due_at: datetime | str | None) -> PendingDeletion | None:
    if not (requested_at and due_at):
        return None
    return PendingDeletion(as_datetime(requested_at), as_datetime(due_at))


def _view(row: Mapping[str, Any], principal: Principal) -> SessionView:
    session_id = as_uuid(row["id"])
    return SessionView(
        id=session_id,
        created_at=as_datetime(row["created_at"]),
        last_seen_at=as_datetime(row["last_seen_at"]),
        expires_at=as_datetime(row["expires_at"]),
        device_name=row["device_name"],
        user_agent=row["user_agent"],
        ip_address=row["ip_address"],
        current=session_id == principal.session_id,
    )
