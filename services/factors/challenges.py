"""Logins that wait for the second factor: a token for the client, of which the digest is kept."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.account import Account
from models.login_challenge import LoginChallenge
from services.common.secrets import digest, generate_token
from services.factors.second_factors import ProofWay

CHALLENGE_LIFE = timedelta(minutes=10)
MAX_FAILURES = 5  # wrong codes, after which the password has to be typed again


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """The password was right. `challenge` stands for it until `expires_at`."""

    challenge: str = field(repr=False)
    ways: tuple[ProofWay, ...]
    expires_at: datetime


async def issue(
    account: Account, ways: tuple[ProofWay, ...], now: datetime, *, mailed: str | None, device_name: str | None
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
    return SecondFactorRequired(token, ways, expires_at)
