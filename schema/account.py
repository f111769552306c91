"""The account, as its owner sees it."""

from datetime import datetime

import strawberry

from schema.company import Company
from schema.context import Info
from schema.enums import Language, OnboardingStep, TaxpayerType
from schema.list_size import ListSize
from schema.payments import Activation, BankDeposit
from schema.sessions import Session
from services.accounts.sessions import MAX_SESSIONS, Principal


@strawberry.type(description="How far the account is on its way to the first invoice.")
class Onboarding:
    current_step: OnboardingStep | None = strawberry.field(description="The step to show; null once all are done.")
    completed_steps: list[OnboardingStep] = strawberry.field(description="The steps that are done, in their order.")


@strawberry.type(description="A confirmed account, as its owner sees it.")
class Account:
    principal: strawberry.Private[Principal]
    id: strawberry.ID = strawberry.field(description="Never changes and is never used again.")
    email: str = strawberry.field(description="The user name, and where mail goes.")
    rfc: str = strawberry.field(description="The taxpayer's number: upper case, without separators.")
    taxpayer_type: TaxpayerType = strawberry.field(description="Read off the RFC.")
    created_at: datetime = strawberry.field(description="When step 1 was sent.")
    confirmed_at: datetime = strawberry.field(description="When the code from the mail came back.")
    language: Language = strawberry.field(description="The language of mails.")
    password_change_required: bool = strawberry.field(
        description="Signed in with a mailed password: only me, changePassword and logout are open until it is changed."
    )
    onboarding: Onboarding = strawberry.field(description="The four steps of the progress bar.")
    activation: Activation | None = strawberry.field(
        description="What was last paid for, also when its time is over; null before anything was paid."
    )

    @strawberry.field(description="The bank deposit that was asked for and has not come yet; null for none.")
    async def open_deposit(self, info: Info) -> BankDeposit | None:
        deposit = await info.context.services.deposits.open_for(self.principal)
        return BankDeposit.of(deposit) if deposit else None

    @strawberry.field(
        description="PayPal was asked to take money, and whether it did is not known yet: do not offer to pay then."
    )
    async def payment_pending(self, info: Info) -> bool:
        return await info.context.services.paypal.has_pending(self.principal)

    @strawberry.field(
        description="At most 50: the current one first, then by lastSeenAt.",
        directives=[ListSize(assumed_size=MAX_SESSIONS)],
    )
    async def sessions(self, info: Info) -> list[Session]:
        views = await info.context.services.sessions.list_for(self.principal)
        return [Session.of(view) for view in views]

    @strawberry.field(description="Null until configureCompany was sent, and while the password must be changed.")
    async def company(self, info: Info) -> Company | None:
        view = await info.context.services.company.of(self.principal)
        return Company.of(view) if view else None

    @classmethod
    def of(cls, principal: Principal) -> "Account":
        progress = principal.progress
        return cls(
            principal=principal,
            id=strawberry.ID(str(principal.id)),
            email=principal.email,
            rfc=principal.rfc,
            taxpayer_type=principal.taxpayer_type,
            created_at=principal.created_at,
            confirmed_at=principal.confirmed_at,
            language=principal.language,
            password_change_required=principal.password_change_required,
            onboarding=Onboarding(current_step=progress.current_step, completed_steps=list(progress.completed_steps)),
            activation=Activation.of(progress.activation) if progress.activation else None,
        )
