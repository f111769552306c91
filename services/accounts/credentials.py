"""Looks up and verifies the credentials of a login. Any e-mail address costs one statement and one hash."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from models.registration import Registration
from models.sql import as_datetime, as_uuid, fetch
from services.accounts.hashing import Hasher
from services.accounts.password_policy import canonical_mailed_password
from services.accounts.registration_ids import RegistrationIds
from services.common.outcomes import TooManyAttempts
from services.common.secrets import digest

# Returns one row for any e-mail address, so that a known one takes no longer than an unknown one.
_LOOK_UP = """
SELECT account.id, account.password_hash, account.password_generation,
  mailed_password.digest, mailed_password.expires_at, mailed_password.used_at
FROM (SELECT 1) AS always
LEFT JOIN account ON account.email_key = $1
LEFT JOIN mailed_password ON mailed_password.account_id = account.id AND mailed_password.digest = $2
"""


@dataclass(frozen=True, slots=True)
class MatchedMailedPassword:
    """The account's mailed password that was typed. It had not expired when it was looked up."""

    digest: str
    expires_at: datetime
    used: bool


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """The account of the e-mail address that was typed. All fields are None if it has no account."""

    account_id: UUID | None = None
    password_hash: str | None = None
    password_generation: int | None = None
    mailed: MatchedMailedPassword | None = None


async def look_up(email_key: str, typed: str, now: datetime) -> Candidate:
    (row,) = await fetch(_LOOK_UP, email_key, digest(canonical_mailed_password(typed)))
    if row["id"] is None:
        return Candidate()
    mailed = None
    if row["digest"] and as_datetime(row["expires_at"]) > now:
        mailed = MatchedMailedPassword(row["digest"], as_datetime(row["expires_at"]), row["used_at"] is not None)
    return Candidate(as_uuid(row["id"]), row["password_hash"], row["password_generation"], mailed)


async def verify(
    candidate: Candidate, email_key: str, typed: str, hasher: Hasher, ids: RegistrationIds, *, locked: bool
) -> bool | TooManyAttempts:
    """Whether the password is the account's or, if there is no account, that of an unconfirmed registration.

    With `locked`, an account's password is never accepted, at the same cost. TooManyAttempts if the hasher is busy.
    """
    if candidate.account_id:
        verified = await hasher.verify(None if locked else candidate.password_hash, typed)
        if verified or candidate.mailed:
            return verified
        registration_id = uuid4()  # no registration has it: this only costs what the other branch costs
    else:
        password_hash = await hasher.hash(typed, ids.salt(email_key))
        if isinstance(password_hash, TooManyAttempts):
            return password_hash
        registration_id = ids.of(email_key, password_hash)
    return await Registration.exists(id=registration_id)
