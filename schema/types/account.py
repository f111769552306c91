from datetime import datetime

import strawberry

from schema.context import Info
from schema.enums import Language, OnboardingStep, PaymentMethod, TaxpayerType
from schema.list_size import ListSize
from schema.types.company import Company
from schema.types.payment import BankDeposit
from services.accounts.onboarding import Activation as ActivationView
from services.accounts.password_policy import PasswordPolicy as Policy
from services.accounts.sessions import MAX_SESSIONS, Principal, SessionView


@strawberry.type(description="The rules for passwords, so that a form can show them before it asks.")
class PasswordPolicy:
    minimum_length: int = strawberry.field(
        description="The fewest characters (Unicode code points) that a password may have."
    )
    maximum_length: int = strawberry.field(
        description="The most characters (Unicode code points) that a password may have; nothing is cut off."
    )

    @classmethod
    def of(cls, policy: Policy) -> "PasswordPolicy":
        return cls(minimum_length=policy.minimum_length, maximum_length=policy.maximum_length)


@strawberry.type(description="How far the account is on its way to the first invoice.")
class Onboarding:
    current_step: OnboardingStep | None = strawberry.field(description="The step to show; null once all are done.")
    completed_steps: list[OnboardingStep] = strawberry.field(description="The steps that are done, in their order.")


@strawberry.type(description="That invoicing is paid for.")
class Activation:
    active: bool = strawberry.field(description="Whether the account may invoice now.")
    since: datetime = strawberry.field(description="Since when, without a break.")
    until: datetime = strawberry.field(description="When it ends, or ended.")
    method: PaymentMethod = strawberry.field(description="How it was last paid for.")
    plan_id: strawberry.ID = strawberry.field(
        description="The plan that was last paid for; it may no longer be among plans."
    )

    @classmethod
    def of(cls, activation: ActivationView) -> "Activation":
        return cls(
            active=activation.active,
            since=activation.since,
            until=activation.until,
            method=activation.method,
            plan_id=strawberry.ID(activation.plan_id),
        )


@strawberry.type(description="A device that is signed in.")
class Session:
    id: strawberry.ID = strawberry.field(description="Goes into revokeSession; it is not the token.")
    created_at: datetime = strawberry.field(description="When it signed in.")
    last_seen_at: datetime = strawberry.field(description="When it was last used, to five minutes.")
    expires_at: datetime = strawberry.field(description="When it ends if nothing more is sent; moves with use.")
    user_agent: str | None = strawberry.field(description="What the device called itself when it signed in.")
    ip_address: str | None = strawberry.field(description="The address that it signed in from.")
    current: bool = strawberry.field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, view: SessionView) -> "Session":
        return cls(
            id=strawberry.ID(str(view.id)),
            created_at=view.created_at,
            last_seen_at=view.last_seen_at,
            expires_at=view.expires_at,
            user_agent=view.user_agent,
            ip_address=view.ip_address,
            current=view.current,
        )


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
