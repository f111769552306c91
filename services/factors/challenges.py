"""Logins that wait for the second factor: a token for the client, of which the digest is kept."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.account import Account
from models.login_challenge import LoginChallenge
from services.common.secrets import digest, generate_token
from services.factors.passkeys import Passkeys
from services.factors.second_factors import ProofWay, proof_ways

CHALLENGE_LIFE = timedelta(minutes=10)
MAX_FAILURES = 5  # wrong codes, after which the password has to be typed again


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """The password was right. `challenge` stands for it until `expires_at`.

    `passkey_options` are for an account with passkeys, which may be named to whoever knows the password.
    """

    challenge: str = field(repr=False)
    ways: tuple[ProofWay, ...]
    expires_at: datetime
    passkey_options: str | None = None


async def issue(
    account: Account, passkeys: Passkeys, now: datetime, *, mailed: str | None, device_name: str | None
) -> SecondFactorRequired:
    """In the caller's transaction. `mailed` is the digest of the mailed password that was typed."""
    token, expires_at = generate_token(), now + CHALLENGE_LIFE
    await LoginChallenge.create(
        digest=digest(token),
        account_id=account.id,
        password_generation=account.password_generation,
        mailed_digest=mailed,
        device_name=device_name,
        expires_at=expires_at,
    )
    ways = await proof_ways(account.id, second_factor=True)
    options = None
    if ProofWay.PASSKEY in ways:
        options = await passkeys.begin_second_step(account.id, digest(token), expires_at)
    return SecondFactorRequired(token, ways, expires_at, options)
