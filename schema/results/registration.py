from typing import Annotated

import strawberry

from schema.errors import (
    CaptchaMismatchError,
    CaptchaRequiredError,
    InvalidConfirmationCodeError,
    InvalidInputError,
    TooManyAttemptsError,
    UserAlreadyExistsError,
)
from schema.results.told import told


@strawberry.type(description="The registration is saved. A mail with the confirmation code was sent, or is on its way.")
class CreateAccountSuccess:
    message: str = told()
    email: str = strawberry.field(description="What was sent, normalised.")
    rfc: str = strawberry.field(description="What was sent, normalised.")


@strawberry.type(
    description="If a registration of this e-mail waits for its code, a mail with one is on its way; if several do, a "
    "mail for each of up to three."
)
class ResendConfirmationCodeSuccess:
    message: str = told()


@strawberry.type(description="The account is confirmed; now it can sign in.")
class ConfirmAccountSuccess:
    message: str = told()
    email: str = strawberry.field(description="The account's e-mail, to fill into the sign-in form.")


CreateAccountResult = Annotated[
    CreateAccountSuccess
    | UserAlreadyExistsError
    | InvalidInputError
    | CaptchaRequiredError
    | CaptchaMismatchError
    | TooManyAttemptsError,
    strawberry.union("CreateAccountResult", description="What came of createAccount."),
]
ResendConfirmationCodeResult = Annotated[
    ResendConfirmationCodeSuccess
    | InvalidInputError
    | CaptchaRequiredError
    | CaptchaMismatchError
    | TooManyAttemptsError,
    strawberry.union(
        "ResendConfirmationCodeResult",
        description="What came of resendConfirmationCode: the same whether or not the e-mail is known or confirmed.",
    ),
]
ConfirmAccountResult = Annotated[
    ConfirmAccountSuccess | InvalidConfirmationCodeError | InvalidInputError | TooManyAttemptsError,
    strawberry.union("ConfirmAccountResult", description="What came of confirmAccount."),
]
