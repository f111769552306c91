"""The second step of a login, for accounts with a second factor."""

from typing import Annotated

import strawberry

from schema.enums import ProofWay, SessionTransport
from schema.errors import register
from schema.login import LoginSuccess
from services.accounts.login import RecoveryRequired
from services.accounts.second_step import LoginExpired
from services.common.outcomes import InvalidInput, TooManyAttempts
from services.factors.challenges import SecondFactorRequired


@strawberry.input(description="The input of verifySecondFactor.")
class VerifySecondFactorInput:
    challenge: str = strawberry.field(description="The challenge of the SecondFactorRequiredError.")
    one_time_code: str | None = strawberry.field(
        default=None,
        description="A code of the authenticator app, or a recovery code. Case, spaces and dashes are ignored.",
    )
    passkey: str | None = strawberry.field(
        default=None,
        description="Instead of a code: the AuthenticationResponseJSON, as text, of a passkey that was given the "
        "error's passkeyOptions.",
    )
    transport: SessionTransport = strawberry.field(
        default=SessionTransport.BEARER, description="How the client sends and receives the session token."
    )
    remember_device: bool = strawberry.field(
        default=False,
        description="Whether login skips the second step on this device for 30 days. Ignored if the password was "
        "mailed.",
    )


def _ways(root: strawberry.Parent[SecondFactorRequired]) -> list[ProofWay]:
    return list(root.ways)


register(
    SecondFactorRequired,
    "The password was right, and the account has a second factor: verifySecondFactor opens the session.",
    challenge="What verifySecondFactor needs beside the code or the passkey. Keep it in memory.",
    ways=strawberry.field(resolver=_ways, description="What the account can give as its second factor."),
    expires_at="When the challenge expires.",
    passkey_options="PublicKeyCredentialRequestOptionsJSON (WebAuthn level 3) as text, for one answer; null if ways "
    "has no PASSKEY.",
)
register(LoginExpired, "The challenge is unknown or expired, or had too many wrong codes: the login begins again.")

VerifySecondFactorResult = Annotated[
    LoginSuccess | LoginExpired | RecoveryRequired | InvalidInput | TooManyAttempts,
    strawberry.union("VerifySecondFactorResult", description="The result of verifySecondFactor."),
]
