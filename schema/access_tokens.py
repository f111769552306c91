"""Access tokens for the product's own API."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.signed_in import SignedInSuccess
from services.access.tokens import AudienceUnknown
from services.common.outcomes import NotAuthenticated, RestrictedSession, TooManyAttempts


@strawberry.input(description="The input of createAccessToken.")
class CreateAccessTokenInput:
    audience: str = strawberry.field(description="The API that the token is for, as the operator names it.")


@strawberry.type(description="A token for another API is issued.")
class CreateAccessTokenSuccess(SignedInSuccess):
    access_token: str = strawberry.field(
        description="A JWT (RFC 9068) to send to that API as `Authorization: Bearer …`; never to this one."
    )
    expires_at: datetime = strawberry.field(
        description="When the token expires, five minutes after it was issued. Create another one shortly before."
    )


register(AudienceUnknown, "Tokens for this audience are not issued here.")

CreateAccessTokenResult = Annotated[
    CreateAccessTokenSuccess | AudienceUnknown | TooManyAttempts | RestrictedSession | NotAuthenticated,
    strawberry.union("CreateAccessTokenResult", description="The result of createAccessToken."),
]
