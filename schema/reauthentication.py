"""The mutation reauthenticate, and the failure of those that need it."""

from typing import Annotated

import strawberry

from schema.enums import ProofWay
from schema.errors import register
from schema.signed_in import SignedInSuccess
from services.accounts.reauthentication import Proof
from services.accounts.recent_proof import ReauthenticationRequired
from services.common.outcomes import InvalidInput, NotAuthenticated, PasswordChangeRequired, TooManyAttempts


@strawberry.input(description="The input of reauthenticate: exactly one of the fields.", one_of=True)
class ReauthenticateInput:
    password: strawberry.Maybe[str] = strawberry.field(
        description="The account's password, unless the account has a second factor."
    )
    one_time_code: strawberry.Maybe[str] = strawberry.field(
        description="A code of the authenticator app, or a recovery code, if the account has a second factor."
    )
    passkey: strawberry.Maybe[str] = strawberry.field(
        description="The AuthenticationResponseJSON, as text, of a passkey that was given the options of "
        "beginPasskeyProof."
    )

    def value(self) -> Proof:
        given = (self.password, self.one_time_code, self.passkey)
        return Proof(*(each.value if each else None for each in given))


@strawberry.type(description="Mutations that need a recent proof are allowed for the next ten minutes.")
class ReauthenticateSuccess(SignedInSuccess):
    pass


def _ways(root: strawberry.Parent[ReauthenticationRequired]) -> list[ProofWay]:
    return list(root.ways)


register(
    ReauthenticationRequired,
    "The mutation needs a recent proof that the account's owner holds the session: call reauthenticate first, and then "
    "repeat the mutation.",
    ways=strawberry.field(resolver=_ways, description="What reauthenticate accepts from this account."),
)

ReauthenticateResult = Annotated[
    ReauthenticateSuccess
    | InvalidInput
    | ReauthenticationRequired
    | TooManyAttempts
    | PasswordChangeRequired
    | NotAuthenticated,
    strawberry.union("ReauthenticateResult", description="The result of reauthenticate."),
]
