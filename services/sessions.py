"""Signing in and out, and who is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tortoise.transactions import in_transaction

from models.account import Account
from models.mailed_password import MailedPassword
from models.registration import Registration
from models.session import Session
from services.caller import Caller
from services.captchas import CaptchaAnswer, Captchas
from services.clock import Clock, utc_now
from services.doors import Doors, Knock
from services.hashing import Hasher
from services.language import Language
from services.limits import Limiter, Limits
from services.mail.outbox import Kind, forget, owe
from services.outcomes import CaptchaMissed, CaptchaNeeded, PasswordChangeDue, SignedOut, Throttled
from services.secrets import digest, mint_token
from services.validation.email import parse_email
from services.validation.password import (
    MAXIMUM_LENGTH,
    canonical_mailed_password,
    is_typeable,
    normalise_password,
)
from services.validation.rfc import Rfc, TaxpayerType

MOST_SESSIONS = 50
_TOUCHED_EVERY = timedelta(minutes=5)
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its owner sees it through one session."""

    id: UUID
    email: str
    rfc: str
    language: Language
    created_at: datetime
    confirmed_at: datetime
    session_id: UUID
    password_change_required: bool

    @property
    def taxpayer_type(self) -> TaxpayerType:
        return Rfc(self.rfc).taxpayer_type


@dataclass(frozen=True, slots=True)
class LoggedIn:
    profile: Profile
    token: str = field(repr=False)
    expires_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CredentialsRejected:
    """The e-mail, the password or both are wrong: which is not told."""


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """The password is right, and the registration waits for its code."""


@dataclass(frozen=True, slots=True)
class RecoveryNeeded:
    """Too many wrong passwords in a row came through this door."""


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """No session stands behind the credential any more."""


@dataclass(frozen=True, slots=True)
class SessionView:
    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str | None
    ip_address: str | None
    current: bool


@dataclass(frozen=True, slots=True)
class Revoked:
    id: UUID


@dataclass(frozen=True, slots=True)
class OthersRevoked:
    count: int


@dataclass(frozen=True, slots=True)
class NoSuchSession:
    """None of the account's live sessions has this id."""


@dataclass(frozen=True, slots=True)
class SessionLife:
    idle: timedelta = timedelta(days=14)
    absolute: timedelta = timedelta(days=30)


class SessionService:
    def __init__(
        self,
        hasher: Hasher,
        limiter: Limiter,
        limits: Limits,
        captchas: Captchas,
        doors: Doors,
        life: SessionLife,
        *,
        conceal_accounts: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        self._hasher = hasher
        self._limiter = limiter
        self._limits = limits
        self._captchas = captchas
        self._doors = doors
        self._life = life
        self._conceal_accounts = conceal_accounts
        self._clock = clock

    async def authenticate(self, caller: Caller) -> Profile | None:
        """Who is signed in with the caller's credential: one indexed look-up, and a write once in five minutes."""
        if not caller.credential:
            return None
        now = self._clock()
        rows = await Session.filter(digest=digest(caller.credential), expires_at__gt=now).values(*_PROFILE_COLUMNS)
        if not rows:
            return None
        (row,) = rows
        if now - row["last_seen_at"] >= _TOUCHED_EVERY:
            await Session.filter(id=row["id"], last_seen_at=row["last_seen_at"]).update(
                last_seen_at=now, expires_at=min(now + self._life.idle, row["ends_at"])
            )
        return _profile(row)

    async def login(
        self, caller: Caller, email: str, password: str, captcha: CaptchaAnswer | None, replaces: str | None = None
    ) -> LoggedIn | CredentialsRejected | NotConfirmed | CaptchaNeeded | CaptchaMissed | RecoveryNeeded | Throttled:
        """Opens a session; the one whose token it `replaces` ends."""
        parsed = parse_email(email)
        typed = normalise_password(password)
        if parsed is None or not 0 < len(typed) <= MAXIMUM_LENGTH or not is_typeable(typed):
            return CredentialsRejected()
        if refused := await self._admit(caller, parsed.key, captcha):
            return refused
        knock = await self._doors.knock(parsed.key, caller)
        account = await Account.get_or_none(email_key=parsed.key)
        registration = await Registration.filter(email_key=parsed.key).order_by("-created_at").first()
        mailed = await MailedPassword.get_or_none(
            digest=digest(canonical_mailed_password(typed)),
            account_id=account.id if account else _NOBODY,
            expires_at__gt=self._clock(),
        )
        owner = account or registration
        verified = await self._hasher.verify(owner.password_hash if owner and not knock.closed else None, typed)
        if isinstance(verified, Throttled):
            await self._take_back(caller, parsed.key, knock)
            return verified
        if account and (verified or mailed):
            opened = await self._open(caller, account, mailed, replaces)
            if opened:
                await self._enter(caller, parsed.key, knock)
                if verified:
                    await self._upgrade_hash(account, typed)
                return opened
        if knock.closed:
            return RecoveryNeeded()
        if knock.closes:
            await owe(Kind.SIGN_IN_CLOSED, parsed.key)
        if verified and not account and not self._conceal_accounts:
            await self._take_back(caller, parsed.key, knock)
            return NotConfirmed()
        return CredentialsRejected()

    async def logout(self, caller: Caller) -> LoggedOut:
        if caller.credential:
            await Session.filter(digest=digest(caller.credential)).delete()
        return LoggedOut()

    async def of(self, caller: Caller, profile: Profile) -> tuple[SessionView, ...]:
        """The account's live sessions, the profile's own first, then by when they were last seen."""
        del caller
        rows = await Session.filter(account_id=profile.id, expires_at__gt=self._clock()).order_by("-last_seen_at")
        views = [
            SessionView(
                id=row.id,
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                expires_at=row.expires_at,
                user_agent=row.user_agent,
                ip_address=row.ip_address,
                current=row.id == profile.session_id,
            )
            for row in rows[:MOST_SESSIONS]
        ]
        return tuple(sorted(views, key=lambda view: not view.current))

    async def revoke(self, caller: Caller, id: str) -> Revoked | NoSuchSession | PasswordChangeDue | SignedOut:
        profile = await self.authenticate(caller)
        if profile is None:
            return SignedOut()
        if profile.password_change_required:
            return PasswordChangeDue()
        session_id = _uuid(id)
        if session_id is None or not await Session.filter(id=session_id, account_id=profile.id).delete():
            return NoSuchSession()
        return Revoked(session_id)

    async def revoke_others(self, caller: Caller) -> OthersRevoked | PasswordChangeDue | SignedOut:
        profile = await self.authenticate(caller)
        if profile is None:
            return SignedOut()
        if profile.password_change_required:
            return PasswordChangeDue()
        return OthersRevoked(await Session.filter(account_id=profile.id).exclude(id=profile.session_id).delete())

    async def _admit(
        self, caller: Caller, email_key: str, captcha: CaptchaAnswer | None
    ) -> CaptchaNeeded | CaptchaMissed | Throttled | None:
        """Counts a failure in advance, so that parallel guesses count one by one; a success takes it back."""
        if throttled := await self._limiter.hit_client(self._limits.login, caller):
            return throttled
        many_here = await self._limiter.hit_client(self._limits.login_captcha, caller)
        many_for_email = await self._limiter.hit(self._limits.login_failures, email_key)
        if not many_here and not many_for_email:
            return None
        if refused := await self._captchas.require(caller, captcha):
            await self._take_back(caller, email_key, None)
            return refused
        return None

    async def _take_back(self, caller: Caller, email_key: str, knock: Knock | None) -> None:
        await self._limiter.give_back_client(self._limits.login, caller)
        await self._limiter.give_back_client(self._limits.login_captcha, caller)
        await self._limiter.give_back(self._limits.login_failures, email_key)
        if knock:
            await self._doors.take_back(knock)

    async def _enter(self, caller: Caller, email_key: str, knock: Knock) -> None:
        await self._limiter.give_back_client(self._limits.login, caller)
        await self._limiter.give_back_client(self._limits.login_captcha, caller)
        await self._limiter.clear(self._limits.login_failures, email_key)
        await self._doors.enter(knock, email_key, caller)

    async def _open(
        self, caller: Caller, verified: Account, mailed: MailedPassword | None, replaces: str | None
    ) -> LoggedIn | None:
        """None where the password was changed, or the mailed one ended, while it was being verified."""
        async with in_transaction():
            if mailed and mailed.used_at is None:
                await forget((Kind.RECOVERY,), verified.email_key)
            account = await Account.select_for_update().get(id=verified.id)
            if mailed:
                if not await self._promote(account, mailed):
                    return None
            elif account.password_generation != verified.password_generation:
                return None
            if replaces:
                await Session.filter(digest=digest(replaces)).delete()
            return await self._insert(caller, account, mailed)

    async def _promote(self, account: Account, mailed: MailedPassword) -> bool:
        """The first use of a mailed password makes it the only way in; later uses only need it to be alive."""
        now = self._clock()
        ours = MailedPassword.filter(digest=mailed.digest, expires_at__gt=now)
        if not await ours.filter(used_at__isnull=True).update(used_at=now):
            return await ours.exists()
        account.password_hash = None
        account.password_generation += 1
        await account.save(update_fields=["password_hash", "password_generation"])
        await Session.filter(account_id=account.id).delete()
        await MailedPassword.filter(account_id=account.id).exclude(digest=mailed.digest).delete()
        await owe(Kind.MAILED_PASSWORD_USED, account.email_key)
        return True

    async def _insert(self, caller: Caller, account: Account, mailed: MailedPassword | None) -> LoggedIn:
        now = self._clock()
        token = mint_token()
        ends_at = min(now + self._life.absolute, mailed.expires_at) if mailed else now + self._life.absolute
        session = await Session.create(
            id=uuid4(),
            account_id=account.id,
            digest=digest(token),
            password_change_required=mailed is not None,
            created_at=now,
            last_seen_at=now,
            ends_at=ends_at,
            expires_at=min(now + self._life.idle, ends_at),
            user_agent=caller.user_agent,
            ip_address=str(caller.address),
        )
        seen_least = Session.filter(account_id=account.id).order_by("-last_seen_at").offset(MOST_SESSIONS)
        if surplus := await seen_least.limit(MOST_SESSIONS).values_list("id", flat=True):
            await Session.filter(id__in=surplus).delete()
        profile = Profile(
            id=account.id,
            email=account.email,
            rfc=account.rfc,
            language=Language(account.language),
            created_at=account.created_at,
            confirmed_at=account.confirmed_at,
            session_id=session.id,
            password_change_required=session.password_change_required,
        )
        return LoggedIn(profile, token, session.expires_at, session.ends_at)

    async def _upgrade_hash(self, account: Account, password: str) -> None:
        """Hashes anew where the parameters have changed since; whoever changed the password meanwhile wins."""
        if not account.password_hash or not self._hasher.is_outdated(account.password_hash):
            return
        password_hash = await self._hasher.hash(password)
        if isinstance(password_hash, str):
            unchanged = Account.filter(id=account.id, password_generation=account.password_generation)
            await unchanged.update(password_hash=password_hash)


_PROFILE_COLUMNS = (
    "id",
    "password_change_required",
    "last_seen_at",
    "ends_at",
    "account_id",
    "account__email",
    "account__rfc",
    "account__language",
    "account__created_at",
    "account__confirmed_at",
)


def _profile(row: Mapping[str, Any]) -> Profile:
    return Profile(
        id=row["account_id"],
        email=row["account__email"],
        rfc=row["account__rfc"],
        language=Language(row["account__language"]),
        created_at=row["account__created_at"],
        confirmed_at=row["account__confirmed_at"],
        session_id=row["id"],
        password_change_required=row["password_change_required"],
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
