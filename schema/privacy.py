"""What people decide about their own data: the privacy notice."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.signed_in import SignedInSuccess
from services.accounts import privacy
from services.accounts.privacy import NoticeState
from services.common.outcomes import InvalidInput, NotAuthenticated, PasswordChangeRequired


@strawberry.type(description="The privacy notice (aviso de privacidad) that people have to accept.")
class PrivacyNotice:
    version: str = strawberry.field(description="The version, to be sent once the person accepts it.")
    url: str = strawberry.field(description="The address at which the person reads it.")

    @classmethod
    def of(cls, notice: privacy.PrivacyNotice) -> "PrivacyNotice":
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
    AcceptPrivacyNoticeSuccess | InvalidInput | PasswordChangeRequired | NotAuthenticated,
    strawberry.union("AcceptPrivacyNoticeResult", description="The result of acceptPrivacyNotice."),
]
