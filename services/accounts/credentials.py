"""Looks up and verifies the credentials of a login. Any e-mail address costs one statement and one hash.

While the account has a hash of another system or with other parameters, a login also costs that one. An unknown e-mail
costs the hash of a stand-in, which is another account, so that the time does not reveal who has an account
(docs/decisions/0045-imported-accounts.md).
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from models.registration import Registration
from models.sql import as_datetime, as_uuid, fetch
from services.accounts.hashing import Hasher, Verification
from services.accounts.password_policy import canonical_mailed_password
from services.accounts.registration_ids import RegistrationIds
from services.common.outcomes import TooManyAttempts
from services.common.secrets import Keys, digest

# Returns one row for any e-mail address, so that a known one takes no longer than an unknown one.
_LOOK_UP = """
SELECT account.id, account.password_hash, account.password_generation,
  mailed_password.digest, mailed_password.expires_at, mailed_password.used_at,
  stand_in.password_hash AS stand_in_hash
FROM (SELECT 1) AS always
LEFT JOIN account ON account.email_key = $1
LEFT JOIN mailed_password ON mailed_password.account_id = account.id AND mailed_password.digest = $2
LEFT JOIN account AS stand_in ON stand_in.id = COALESCE(
  (SELECT id FROM account WHERE id >= $3 ORDER BY id LIMIT 1),
  (SELECT id FROM account WHERE id >= $4 ORDER BY id LIMIT 1)
)
"""
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class MatchedMailedPassword:
    """The account's mailed password that was typed. It had not expired when it was looked up."""

    digest: str
    expires_at: datetime
    used: bool


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """The account of the e-mail address that was typed. If it has no account, only `stand_in_hash` may be set."""

    account_id: UUID | None = None
    password_hash: str | None = None
    password_generation: int | None = None
    mailed: MatchedMailedPassword | None = None
    stand_in_hash: str | None = None


class StandIns:
    """Names an account for each e-mail: the first one whose id is not before a keyed digest of the e-mail."""

    def __init__(self, keys: Keys) -> None:
        self._key = keys.lasting("login stand-in")

    def position(self, email_key: str) -> UUID:
        return UUID(bytes=hmac.digest(self._key, email_key.encode(), "sha256")[:16])


async def look_up(email_key: str, typed: str, stand_in: UUID, now: datetime) -> Candidate:
    """`stand_in` is the position of the e-mail's stand-in. The first account follows the last one."""
    mailed_digest = digest(canonical_mailed_password(typed))
    (row,) = await fetch(_LOOK_UP, email_key, mailed_digest, str(stand_in), str(_FIRST))
    if row["id"] is None:
        return Candidate(stand_in_hash=row["stand_in_hash"])
    mailed = None
    if row["digest"] and as_datetime(row["expires_at"]) > now:
        mailed = MatchedMailedPassword(row["digest"], as_datetime(row["expires_at"]), row["used_at"] is not None)
    return Candidate(as_uuid(row["id"]), row["password_hash"], row["password_generation"], mailed)


async def verify(
    candidate: Candidate, email_key: str, typed: str, hasher: Hasher, ids: RegistrationIds, *, locked: bool
) -> Verification | TooManyAttempts:
    """Whether the password is the account's or, if there is no account, that of an unconfirmed registration.

    With `locked`, an account's password is never accepted, at the same cost. TooManyAttempts if the hasher is busy.
    """
    if candidate.account_id:
        verified = await hasher.renew(candidate.password_hash, typed)
        if isinstance(verified, TooManyAttempts):
            return verified
        if locked:
            verified = Verification(right=False)
        if verified.right or candidate.mailed:
            return verified
        registration_id = uuid4()  # no registration has it: this only costs what the other branch costs
    else:
        password_hash = await hasher.hash(typed, ids.salt(email_key), like=candidate.stand_in_hash)
        if isinstance(password_hash, TooManyAttempts):
            return password_hash
        registration_id = ids.of(email_key, password_hash)
    return Verification(await Registration.exists(id=registration_id))
