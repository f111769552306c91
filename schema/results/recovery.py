from typing import Annotated

import strawberry

from schema.errors import (
    CaptchaMismatchError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAuthenticatedError,
    TooManyAttemptsError,
)
from schema.results.told import told


@strawberry.type(description="If the e-mail has an account, a mail with a new password is on its way.")
class RecoverPasswordSuccess:
    message: str = told()


@strawberry.type(description="The password is changed; every other session and every mailed password has ended.")
class ChangePasswordSuccess:
    message: str = told()


RecoverPasswordResult = Annotated[
    RecoverPasswordSuccess | CaptchaMismatchError | InvalidInputError | TooManyAttemptsError,
    strawberry.union(
        "RecoverPasswordResult",
        description="What came of recoverPassword: the same, in the same time, whether or not the e-mail is known.",
    ),
]
ChangePasswordResult = Annotated[
    ChangePasswordSuccess | InvalidCredentialsError | InvalidInputError | NotAuthenticatedError | TooManyAttemptsError,
    strawberry.union("ChangePasswordResult", description="What came of changePassword."),
]
