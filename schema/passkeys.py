"""The passkeys of an account."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.list_size import ListSize
from schema.passkey_options import EXPIRES_AT, REQUEST_OPTIONS
from schema.signed_in import SignedInSuccess
from services.accounts.device_name import MAX_LENGTH
from services.accounts.passkeys import LastSecondFactor, PasskeyMissing, PasskeyNotFound, TooManyPasskeys
from services.accounts.recent_proof import ReauthenticationRequired
from services.accounts.second_factor import SecondFactorExists
from services.common.outcomes import InvalidInput, NotAuthenticated, PasswordChangeRequired, RestrictedSession
from services.factors.passkeys import PasskeyView
from services.factors.second_factors import RECOVERY_CODES

_CREATION_OPTIONS = (
    "PublicKeyCredentialCreationOptionsJSON (WebAuthn level 3) as text: for parseCreationOptionsFromJSON and "
    "Android's CreatePublicKeyCredentialRequest."
)


@strawberry.type(description="A passkey of the account, by which its owner signs in without a password.")
class Passkey:
    id: strawberry.ID = strawberry.field(description="The identifier of the passkey, for removePasskey.")
    nickname: str | None = strawberry.field(description="What its owner calls it; null if it has none.")
    created_at: datetime = strawberry.field(description="When it was added.")
    last_used_at: datetime | None = strawberry.field(description="When it was last used; null if it never was.")
    synced: bool = strawberry.field(
        description="Whether its provider may keep it on several devices; otherwise it is on one only."
    )
    backed_up: bool = strawberry.field(
        description="Whether its provider had a copy when it was last used, so that it survives the loss of a device."
    )

    @classmethod
    def of(cls, view: PasskeyView) -> "Passkey":
        return cls(
            id=strawberry.ID(str(view.id)),
            nickname=view.nickname,
            created_at=view.created_at,
            last_used_at=view.last_used_at,
            synced=view.synced,
            backed_up=view.backed_up,
        )


@strawberry.input(description="The input of addPasskey.")
class AddPasskeyInput:
    credential: str = strawberry.field(
        description="The RegistrationResponseJSON of the new passkey, as text: JSON.stringify(credential) in a browser."
    )
    nickname: str | None = strawberry.field(
        default=None, description=f"What its owner calls it, with at most {MAX_LENGTH} characters."
    )


@strawberry.input(description="The input of renamePasskey.")
class RenamePasskeyInput:
    id: strawberry.ID = strawberry.field(description="The id of the passkey, from me.passkeys.")
    nickname: str | None = strawberry.field(
        default=None,
        description=f"What its owner calls it, with at most {MAX_LENGTH} characters; null takes the name back.",
    )


@strawberry.input(description="The input of removePasskey.")
class RemovePasskeyInput:
    id: strawberry.ID = strawberry.field(description="The id of the passkey, from me.passkeys.")


@strawberry.type(description="A passkey can be made now: give the options to the browser or the system.")
class BeginPasskeyRegistrationSuccess(SignedInSuccess):
    options: str = strawberry.field(description=_CREATION_OPTIONS)
    expires_at: datetime = strawberry.field(description=EXPIRES_AT)


@strawberry.type(
    description="A passkey can prove now who holds the session: give the options to the browser or system."
)
class BeginPasskeyProofSuccess(SignedInSuccess):
    options: str = strawberry.field(description=REQUEST_OPTIONS)
    expires_at: datetime = strawberry.field(description=EXPIRES_AT)


@strawberry.type(description="The account has the passkey, which signs in from now on.")
class AddPasskeySuccess(SignedInSuccess):
    passkey: Passkey = strawberry.field(description="The new passkey.")


@strawberry.type(description="The passkey has its name, or none.")
class RenamePasskeySuccess(SignedInSuccess):
    passkey: Passkey = strawberry.field(description="The passkey as it is now.")


@strawberry.type(description="The passkey does not sign in any more. Its owner should delete it on the device, too.")
class RemovePasskeySuccess(SignedInSuccess):
    passkey: Passkey = strawberry.field(description="The passkey that was removed.")


@strawberry.type(description="From now on, login asks for a passkey after the password.")
class RequirePasskeySuccess(SignedInSuccess):
    recovery_codes: list[str] = strawberry.field(
        description="Ten codes for an owner without the passkeys, each of which counts once. Shown only here.",
        directives=[ListSize(assumed_size=RECOVERY_CODES)],
    )


register(PasskeyNotFound, "The account has no passkey with this id; it may have been removed.")
register(PasskeyMissing, "The account has no passkeys.")
register(
    TooManyPasskeys,
    "The account has as many passkeys as it may have: one has to be removed first.",
    maximum="How many passkeys an account may have.",
)
register(
    LastSecondFactor,
    "The passkey is the account's only second factor: add another or an authenticator app, or call removeSecondFactor "
    "first.",
)

BeginPasskeyRegistrationResult = Annotated[
    BeginPasskeyRegistrationSuccess
    | TooManyPasskeys
    | ReauthenticationRequired
    | PasswordChangeRequired
    | NotAuthenticated,
    strawberry.union("BeginPasskeyRegistrationResult", description="The result of beginPasskeyRegistration."),
]
AddPasskeyResult = Annotated[
    AddPasskeySuccess
    | TooManyPasskeys
    | InvalidInput
    | ReauthenticationRequired
    | PasswordChangeRequired
    | NotAuthenticated,
    strawberry.union("AddPasskeyResult", description="The result of addPasskey."),
]
RenamePasskeyResult = Annotated[
    RenamePasskeySuccess | InvalidInput | PasskeyNotFound | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("RenamePasskeyResult", description="The result of renamePasskey."),
]
RemovePasskeyResult = Annotated[
    RemovePasskeySuccess
    | LastSecondFactor
    | PasskeyNotFound
    | ReauthenticationRequired
    | RestrictedSession
    | NotAuthenticated,
    strawberry.union("RemovePasskeyResult", description="The result of removePasskey."),
]
RequirePasskeyResult = Annotated[
    RequirePasskeySuccess
    | PasskeyMissing
    | SecondFactorExists
    | ReauthenticationRequired
    | PasswordChangeRequired
    | NotAuthenticated,
    strawberry.union("RequirePasskeyResult", description="The result of requirePasskey."),
]
BeginPasskeyProofResult = Annotated[
    BeginPasskeyProofSuccess | PasskeyMissing | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("BeginPasskeyProofResult", description="The result of beginPasskeyProof."),
]
