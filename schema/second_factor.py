"""The second factor: its enrollment and its recovery codes."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.enums import ProofWay
from schema.errors import register
from schema.list_size import ListSize
from schema.signed_in import SignedInSuccess
from services.accounts.recent_proof import ReauthenticationRequired
from services.accounts.second_factor import SecondFactorExists, SecondFactorMissing
from services.common.outcomes import (
    InvalidInput,
    NotAuthenticated,
    PasswordChangeRequired,
    RestrictedSession,
    TooManyAttempts,
)
from services.factors.second_factors import RECOVERY_CODES, SecondFactorView


@strawberry.type(description="The second factor of an account.")
class SecondFactor:
    since: datetime = strawberry.field(description="When it was added.")
    recovery_codes_left: int = strawberry.field(description="How many recovery codes are not used yet.")
    ways: list[ProofWay] = strawberry.field(description="What login accepts after the password.")

    @classmethod
    def of(cls, view: SecondFactorView) -> "SecondFactor":
        return cls(since=view.since, recovery_codes_left=view.recovery_codes_left, ways=list(view.ways))


@strawberry.input(description="The input of confirmTotp.")
class ConfirmTotpInput:
    one_time_code: str = strawberry.field(description="A code of the app that was given the key.")


@strawberry.type(description="An authenticator app can be given the key now. It counts once confirmTotp succeeds.")
class EnrollTotpSuccess(SignedInSuccess):
    key: str = strawberry.field(description="The key in Base32, for people who type it. Shown only here.")
    uri: str = strawberry.field(description="The key as an `otpauth:` URI, to open an app on the same phone.")
    qr_code: str = strawberry.field(description="The same URI as a QR code: a data URI of a PNG.")


@strawberry.type(description="The account has a second factor: from now on, login asks for it.")
class ConfirmTotpSuccess(SignedInSuccess):
    recovery_codes: list[str] = strawberry.field(
        description="Ten codes for an owner without the app, each of which counts once. Shown only here.",
        directives=[ListSize(assumed_size=RECOVERY_CODES)],
    )


@strawberry.type(description="The account has new recovery codes; the old ones have ended.")
class CreateRecoveryCodesSuccess(SignedInSuccess):
    recovery_codes: list[str] = strawberry.field(
        description="Ten codes for an owner without the app, each of which counts once. Shown only here.",
        directives=[ListSize(assumed_size=RECOVERY_CODES)],
    )


@strawberry.type(description="The account has no second factor any more.")
class RemoveSecondFactorSuccess(SignedInSuccess):
    pass


register(SecondFactorExists, "The account has a second factor already, which would have to be removed first.")
register(SecondFactorMissing, "The account has no second factor.")

EnrollTotpResult = Annotated[
    EnrollTotpSuccess | SecondFactorExists | ReauthenticationRequired | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("EnrollTotpResult", description="The result of enrollTotp."),
]
ConfirmTotpResult = Annotated[
    ConfirmTotpSuccess
    | SecondFactorExists
    | InvalidInput
    | ReauthenticationRequired
    | TooManyAttempts
    | PasswordChangeRequired
    | NotAuthenticated,
    strawberry.union("ConfirmTotpResult", description="The result of confirmTotp."),
]
CreateRecoveryCodesResult = Annotated[
    CreateRecoveryCodesSuccess | SecondFactorMissing | ReauthenticationRequired | RestrictedSession | NotAuthenticated,
    strawberry.union("CreateRecoveryCodesResult", description="The result of createRecoveryCodes."),
]
RemoveSecondFactorResult = Annotated[
    RemoveSecondFactorSuccess | SecondFactorMissing | ReauthenticationRequired | RestrictedSession | NotAuthenticated,
    strawberry.union("RemoveSecondFactorResult", description="The result of removeSecondFactor."),
]
