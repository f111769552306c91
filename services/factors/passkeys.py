"""The passkeys of accounts, and the challenges that wait for an answer.

A challenge serves one purpose, once: it is deleted before its answer is verified. One to register or to prove belongs
to a session, and one of a second step to a login, so that nobody can use another's (ASVS 5.0, 6.5.1 and 7.2).
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tortoise.expressions import Q

from models.account import Account
from models.passkey import Passkey
from models.passkey_challenge import PasskeyChallenge
from services.common.secrets import digest, generate_token
from services.factors.passkey_answers import Answer, KnownCredential, user_handle
from services.factors.relying_party import RelyingParty

if TYPE_CHECKING:
    from services.factors.ceremonies import Ceremonies

MAX_PASSKEYS = 20
OPTIONS_LIFE = timedelta(minutes=5)


class Purpose(enum.Enum):
    REGISTRATION = "registration"
    SIGN_IN = "sign_in"
    SECOND_STEP = "second_step"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class PasskeyOptions:
    """What `navigator.credentials` and apps are given, in JSON, and until when an answer counts."""

    json: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PasskeyView:
    id: UUID
    nickname: str | None
    created_at: datetime
    last_used_at: datetime | None
    synced: bool
    backed_up: bool

    @classmethod
    def of(cls, passkey: Passkey) -> "PasskeyView":
        return cls(
            id=passkey.id,
            nickname=passkey.nickname,
            created_at=passkey.created_at,
            last_used_at=passkey.last_used_at,
            synced=passkey.backup_eligible,
            backed_up=passkey.backed_up,
        )


@dataclass(frozen=True, slots=True)
class AcceptedPasskey:
    id: UUID
    account_id: UUID
    email_key: str

    async def exists(self) -> bool:
        """Whether it still belongs to its account, which the caller has locked."""
        return await Passkey.exists(id=self.id, account_id=self.account_id)


@dataclass(frozen=True, slots=True)
class RefusedPasskey:
    """Something does not verify, deliberately unspecified to clients.

    `account` is whose passkey it was, if there is one. Its counter `regressed` if the signature was right, and the
    counter was not greater than the last one: two authenticators seem to have the same key.
    """

    account: Account | None
    regressed: bool = False


class Passkeys:
    def __init__(self, party: RelyingParty) -> None:
        self._party = party

    @cached_property
    def _ceremonies(self) -> "Ceremonies":
        from services.factors.ceremonies import Ceremonies  # loads OpenSSL, which takes 0.1 seconds

        return Ceremonies(self._party)

    async def begin_registration(self, account_id: UUID, email: str, session_id: UUID, now: datetime) -> PasskeyOptions:
        challenge, expires_at = await _issue(Purpose.REGISTRATION, now + OPTIONS_LIFE, session_id=session_id)
        known = await _known(account_id)
        return PasskeyOptions(self._ceremonies.creation_options(account_id, email, challenge, known), expires_at)

    async def begin_sign_in(self, now: datetime) -> PasskeyOptions:
        """Names no credential: which account it will be is not known, and nothing can be learned from it."""
        challenge, expires_at = await _issue(Purpose.SIGN_IN, now + OPTIONS_LIFE)
        return PasskeyOptions(self._ceremonies.request_options(challenge), expires_at)

    async def begin_proof(self, account_id: UUID, session_id: UUID, now: datetime) -> PasskeyOptions:
        challenge, expires_at = await _issue(Purpose.PROOF, now + OPTIONS_LIFE, session_id=session_id)
        return PasskeyOptions(self._ceremonies.request_options(challenge, await _known(account_id)), expires_at)

    async def begin_second_step(self, account_id: UUID, login: str, expires_at: datetime) -> str:
        """`login` is the digest of the login's challenge, as long as which this one lives."""
        challenge, _ = await _issue(Purpose.SECOND_STEP, expires_at, login=login)
        return self._ceremonies.request_options(challenge, await _known(account_id))

    async def register(
        self, answer: Answer, account: Account, session_id: UUID, nickname: str | None, now: datetime
    ) -> Passkey | None:
        """Adds the passkey to a locked account. None if the answer does not verify.

        Raises IntegrityError if the passkey is registered, with this account or another.
        """
        if not await _take(answer, Purpose.REGISTRATION, now, session_id=session_id):
            return None
        made = self._ceremonies.verify_registration(answer)
        if made is None:
            return None
        return await Passkey.create(
            id=uuid4(),
            account_id=account.id,
            credential_id=answer.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            backup_eligible=made.backup_eligible,
            backed_up=made.backed_up,
            transports=",".join(made.transports),
            aaguid=made.aaguid,
            nickname=nickname,
            created_at=now,
        )

    async def accept(
        self,
        answer: Answer,
        purpose: Purpose,
        now: datetime,
        *,
        account_id: UUID | None = None,
        session_id: UUID | None = None,
        login: str | None = None,
    ) -> AcceptedPasskey | RefusedPasskey:
        """Verifies an answer, uses up its challenge, and advances the counter.

        `account_id` is whose passkey it has to be, unless that is to be found out.
        """
        taken = await _take(answer, purpose, now, session_id=session_id, login=login)
        passkey = await Passkey.filter(credential_id=answer.credential_id).select_related("account").first()
        if passkey is None or (account_id and passkey.account_id != account_id):
            return RefusedPasskey(None)
        account = passkey.account
        if not taken or not self._is_handle(answer, account.id, required=account_id is None):
            return RefusedPasskey(account)
        signed = self._ceremonies.verify_assertion(answer, passkey.public_key)
        if signed is None or signed.backup_eligible != passkey.backup_eligible:
            return RefusedPasskey(account)
        not_kept = Q(sign_count=0) if signed.sign_count == 0 else Q(sign_count__lt=signed.sign_count)
        advanced = await Passkey.filter(not_kept, id=passkey.id).update(
            sign_count=signed.sign_count, backed_up=signed.backed_up, last_used_at=now
        )
        if not advanced:
            return RefusedPasskey(account, regressed=await Passkey.exists(id=passkey.id))
        return AcceptedPasskey(passkey.id, account.id, account.email_key)

    @staticmethod
    def _is_handle(answer: Answer, account_id: UUID, *, required: bool) -> bool:
        """Whether the authenticator holds it for this account. It may say nothing if it was asked for by its id."""
        if answer.user_handle is None:
            return not required
        return answer.user_handle.rstrip("=") == user_handle(account_id)


async def list_passkeys(account_id: UUID) -> tuple[PasskeyView, ...]:
    """Returns the account's passkeys, the oldest first."""
    return tuple(map(PasskeyView.of, await Passkey.filter(account_id=account_id).order_by("created_at", "id")))


async def _issue(
    purpose: Purpose, expires_at: datetime, *, session_id: UUID | None = None, login: str | None = None
) -> tuple[str, datetime]:
    """Returns a new challenge in base64url. It takes the place of an earlier one of the session for the purpose."""
    challenge = generate_token()
    if session_id:
        await PasskeyChallenge.filter(session_id=session_id, purpose=purpose.value).delete()
    await PasskeyChallenge.create(
        digest=digest(challenge), purpose=purpose.value, session_id=session_id, login_id=login, expires_at=expires_at
    )
    return challenge, expires_at


async def _take(
    answer: Answer, purpose: Purpose, now: datetime, *, session_id: UUID | None = None, login: str | None = None
) -> bool:
    """Uses the challenge up. False if it was not issued for this, is expired, or was used."""
    waiting = PasskeyChallenge.filter(digest=digest(answer.challenge), purpose=purpose.value, expires_at__gt=now)
    of = Q(session_id=session_id) if session_id else Q(login_id=login) if login else Q()
    return bool(await waiting.filter(of).delete())


async def _known(account_id: UUID) -> list[KnownCredential]:
    passkeys = await Passkey.filter(account_id=account_id).order_by("created_at")
    return [
        KnownCredential(passkey.credential_id, tuple(filter(None, passkey.transports.split(","))))
        for passkey in passkeys
    ]
