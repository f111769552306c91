"""The mutation updateAccount."""

from typing import Annotated

import strawberry

from schema.enums import Language
from schema.signed_in import SignedInSuccess
from services.common.outcomes import NotAuthenticated, RestrictedSession


@strawberry.input(description="The input of updateAccount.")
class UpdateAccountInput:
    language: Language = strawberry.field(
        description="The language of mails to the account, and of what other APIs tell it, by the access token's "
        "`locale`. Answers here are in the language of Accept-Language."
    )


@strawberry.type(description="The account has the preferences that were sent.")
class UpdateAccountSuccess(SignedInSuccess):
    pass


UpdateAccountResult = Annotated[
    UpdateAccountSuccess | RestrictedSession | NotAuthenticated,
    strawberry.union("UpdateAccountResult", description="The result of updateAccount."),
]
