"""What owners change about their accounts: the e-mail and the RFC."""

from typing import Annotated

import strawberry

from schema.errors import register
from schema.messages import message_field
from schema.signed_in import SignedInSuccess
from services.accounts.confirmation_code import InvalidConfirmationCode
from services.accounts.email_change import EmailTaken
from services.accounts.recent_proof import ReauthenticationRequired
from services.accounts.rfc_change import RfcInUse
from services.common.outcomes import InvalidInput, NotAuthenticated, RestrictedSession, TooManyAttempts


@strawberry.input(description="The input of changeEmail.")
class ChangeEmailInput:
    email: str = strawberry.field(description="The new e-mail address. A code is mailed to it.")


@strawberry.input(description="The input of confirmEmail.")
class ConfirmEmailInput:
    code: str = strawberry.field(description="The code of the mail, as in ConfirmAccountInput.")


@strawberry.input(description="The input of revertEmail.")
class RevertEmailInput:
    code: str = strawberry.field(description="The code of the mail to the old address, as in ConfirmAccountInput.")


@strawberry.input(description="The input of changeRfc.")
class ChangeRfcInput:
    rfc: str = strawberry.field(description="The new RFC, as in CreateAccountInput.")


@strawberry.type(description="A mail with a code was sent to the new e-mail address or is on its way.")
class ChangeEmailSuccess(SignedInSuccess):
    email: str = strawberry.field(description="The new e-mail address, normalized; the account still has the old one.")


@strawberry.type(
    description="The account has the new e-mail address. All other sessions have ended, and the old address got a mail "
    "by which the change can be reverted for seven days."
)
class ConfirmEmailSuccess(SignedInSuccess):
    pass


@strawberry.type(
    description="The account has its old e-mail address again. All sessions, the password and the passkeys have ended, "
    "and so have the authenticator apps and recovery codes that were added after the change or in the week before it. "
    "recoverPassword gives access."
)
class RevertEmailSuccess:
    message: str = message_field()
    email: str = strawberry.field(description="The account's e-mail address, to prefill the form of recoverPassword.")


@strawberry.type(
    description="The account has the new RFC. If the kind of taxpayer changed, step 3 has to be done again."
)
class ChangeRfcSuccess(SignedInSuccess):
    pass


register(EmailTaken, "Another account has the e-mail address.")
register(RfcInUse, "Something was paid or invoiced under the RFC; the operator's support can still change it.")

ChangeEmailResult = Annotated[
    ChangeEmailSuccess
    | EmailTaken
    | InvalidInput
    | ReauthenticationRequired
    | TooManyAttempts
    | RestrictedSession
    | NotAuthenticated,
    strawberry.union("ChangeEmailResult", description="The result of changeEmail."),
]
ConfirmEmailResult = Annotated[
    ConfirmEmailSuccess
    | InvalidConfirmationCode
    | EmailTaken
    | InvalidInput
    | TooManyAttempts
    | RestrictedSession
    | NotAuthenticated,
    strawberry.union("ConfirmEmailResult", description="The result of confirmEmail."),
]
RevertEmailResult = Annotated[
    RevertEmailSuccess | InvalidConfirmationCode | EmailTaken | InvalidInput | TooManyAttempts,
    strawberry.union("RevertEmailResult", description="The result of revertEmail."),
]
ChangeRfcResult = Annotated[
    ChangeRfcSuccess | RfcInUse | InvalidInput | ReauthenticationRequired | RestrictedSession | NotAuthenticated,
    strawberry.union("ChangeRfcResult", description="The result of changeRfc."),
]
