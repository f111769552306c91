"""What people decide about their own data: the privacy notice, a copy of them, and the deletion of the account."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.signed_in import SignedInSuccess
from services.accounts import privacy_notice, sessions
from services.accounts.privacy import NoticeState
from services.accounts.recent_proof import ReauthenticationRequired
from services.common.outcomes import InvalidInput, NotAuthenticated, RestrictedSession, TooManyAttempts
from services.support.deletion import InvoicesOpen, PaymentUndecided


@strawberry.type(description="The privacy notice (aviso de privacidad) that people have to accept.")
class PrivacyNotice:
    version: str = strawberry.field(description="The version, to be sent once the person accepts it.")
    url: str = strawberry.field(description="The address at which the person reads it.")

    @classmethod
    def of(cls, notice: privacy_notice.PrivacyNotice) -> "PrivacyNotice":
        return cls(version=notice.version, url=notice.url)


@strawberry.type(description="A version of the privacy notice that the account's owner accepted.")
class PrivacyAcceptance:
    version: str = strawberry.field(description="The version.")
    at: datetime = strawberry.field(description="When it was accepted.")


@strawberry.type(description="Which privacy notice the account's owner has accepted.")
class AccountPrivacyNotice:
    accepted: PrivacyAcceptance | None = strawberry.field(
        description="The version that was accepted last; null if none ever was, as in an imported account."
    )
    current: bool = strawberry.field(
        description="Whether nothing is left to accept. If false, show privacyNotice and offer acceptPrivacyNotice."
    )

    @classmethod
    def of(cls, state: NoticeState) -> "AccountPrivacyNotice":
        last = state.accepted
        accepted = PrivacyAcceptance(version=last.version, at=last.at) if last else None
        return cls(accepted=accepted, current=state.current)


@strawberry.input(description="The input of acceptPrivacyNotice.")
class AcceptPrivacyNoticeInput:
    version: str = strawberry.field(description="The version that the person read and accepted.")


@strawberry.type(description="The acceptance is recorded.")
class AcceptPrivacyNoticeSuccess(SignedInSuccess):
    pass


AcceptPrivacyNoticeResult = Annotated[
    AcceptPrivacyNoticeSuccess | InvalidInput | RestrictedSession | NotAuthenticated,
    strawberry.union("AcceptPrivacyNoticeResult", description="The result of acceptPrivacyNotice."),
]


@strawberry.type(description="The link to the account's data was mailed.")
class ExportAccountSuccess(SignedInSuccess):
    email: str = strawberry.field(description="The e-mail address that the link was mailed to.")
    link_seconds: int = strawberry.field(
        description="For how many seconds the link works, from the moment on in which the mail leaves."
    )


ExportAccountResult = Annotated[
    ExportAccountSuccess | ReauthenticationRequired | RestrictedSession | NotAuthenticated | TooManyAttempts,
    strawberry.union("ExportAccountResult", description="The result of exportAccount."),
]


@strawberry.type(description="A deletion that the account's owner asked for.")
class PendingDeletion:
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    due_at: datetime = strawberry.field(
        description="When the account will be deleted. It stays longer only while a payment or an invoice is undecided."
    )

    @classmethod
    def of(cls, pending: sessions.PendingDeletion) -> "PendingDeletion":
        return cls(requested_at=pending.requested_at, due_at=pending.due_at)


@strawberry.type(description="The account will be deleted unless cancelAccountDeletion comes first.")
class RequestAccountDeletionSuccess(SignedInSuccess):
    due_at: datetime = strawberry.field(description="When the account will be deleted.")


@strawberry.type(description="The account stays.")
class CancelAccountDeletionSuccess(SignedInSuccess):
    pass


register(
    PaymentUndecided,
    "Whether a payment of the account arrived is not decided yet, and the money would be lost with the account.",
)
register(
    InvoicesOpen,
    "Invoices of the account are being stamped, so that their folios and stamps cannot be deleted yet.",
)

RequestAccountDeletionResult = Annotated[
    RequestAccountDeletionSuccess
    | PaymentUndecided
    | InvoicesOpen
    | ReauthenticationRequired
    | RestrictedSession
    | NotAuthenticated,
    strawberry.union("RequestAccountDeletionResult", description="The result of requestAccountDeletion."),
]
CancelAccountDeletionResult = Annotated[
    CancelAccountDeletionSuccess | RestrictedSession | NotAuthenticated,
    strawberry.union("CancelAccountDeletionResult", description="The result of cancelAccountDeletion."),
]
