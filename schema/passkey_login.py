"""Login with a passkey."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.enums import SessionTransport
from schema.login import LoginSuccess
from schema.messages import message_field
from schema.passkey_options import EXPIRES_AT, REQUEST_OPTIONS
from services.common.outcomes import InvalidInput, TooManyAttempts


@strawberry.input(description="The input of loginWithPasskey.")
class LoginWithPasskeyInput:
    credential: str = strawberry.field(
        description="The AuthenticationResponseJSON that the passkey answered, as text: JSON.stringify(credential) in "
        "a browser."
    )
    transport: SessionTransport = strawberry.field(
        default=SessionTransport.BEARER, description="How the client sends and receives the session token."
    )
    device_name: str | None = strawberry.field(
        default=None,
        description="A name for this device in me.sessions, such as `Ana's phone`: at most 100 characters.",
    )


@strawberry.type(description="A passkey can sign in now: give the options to the browser or the system.")
class BeginPasskeyLoginSuccess:
    message: str = message_field()
    options: str = strawberry.field(description=REQUEST_OPTIONS)
    expires_at: datetime = strawberry.field(description=EXPIRES_AT)


BeginPasskeyLoginResult = Annotated[
    BeginPasskeyLoginSuccess | TooManyAttempts,
    strawberry.union("BeginPasskeyLoginResult", description="The result of beginPasskeyLogin."),
]
LoginWithPasskeyResult = Annotated[
    LoginSuccess | InvalidInput | TooManyAttempts,
    strawberry.union("LoginWithPasskeyResult", description="The result of loginWithPasskey."),
]
