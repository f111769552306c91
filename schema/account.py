"""The account, as seen by its owner."""

from datetime import datetime
from functools import partial

import strawberry

from schema.company import Company
from schema.context import Info
from schema.deposits import BankDeposit
from schema.enums import Language, OnboardingStep, TaxpayerType
from schema.list_size import ListSize
from schema.pages import After, First
from schema.passkeys import Passkey
from schema.payments import Activation, Payment
from schema.privacy import AccountPrivacyNotice, PendingDeletion
from schema.remembered_devices import RememberedDevice
from schema.second_factor import SecondFactor
from schema.security_events import SecurityEventConnection, SecurityEventsResult
from schema.sessions import Session
from services.accounts.onboarding import Progress
from services.accounts.security_events import SecurityEventPage
from services.accounts.sessions import MAX_SESSIONS, Principal
from services.common.pages import DEFAULT_PAGE
from services.factors.passkeys import MAX_PASSKEYS
from services.factors.remembered_devices import MAX_DEVICES
from services.payments.history import MAX_PAYMENTS


@strawberry.type(description="The account's progress toward its first invoice.")
class Onboarding:
    current_step: OnboardingStep | None = strawberry.field(
        description="The first step that is not completed; null once all steps are."
    )
    completed_steps: list[OnboardingStep] = strawberry.field(description="The completed steps, in order.")

    @classmethod
    def of(cls, progress: Progress) -> "Onboarding":
        return cls(current_step=progress.current_step, completed_steps=list(progress.completed_steps))


@strawberry.type(description="A confirmed account, as seen by its owner.")
class Account:
    principal: strawberry.Private[Principal]
    id: strawberry.ID = strawberry.field(description="A permanent identifier; it is never reused.")
    email: str = strawberry.field(description="The account's e-mail address, which is also its user name.")
    rfc: str = strawberry.field(description="The RFC (tax ID), in upper case and without separators.")
    taxpayer_type: TaxpayerType = strawberry.field(description="The kind of taxpayer, derived from the RFC.")
    created_at: datetime = strawberry.field(description="When the account was registered (step 1).")
    confirmed_at: datetime = strawberry.field(description="When the account was confirmed (step 2).")
    language: Language = strawberry.field(description="The language of mails to the account.")
    password_change_required: bool = strawberry.field(
        description="Whether the session was opened with a mailed password; until changePassword, only me, "
        "changePassword and logout are allowed."
    )
    second_factor_enrollment_required: bool = strawberry.field(
        description="Whether the operator demands a second factor that the account does not have; until confirmTotp, "
        "only me, reauthenticate, enrollTotp, confirmTotp, changePassword and logout are allowed, and me shows no more "
        "than while passwordChangeRequired is true."
    )
    recent_proof_until: datetime | None = strawberry.field(
        description="Until when mutations that need a recent proof are allowed without reauthenticate: ten minutes "
        "after the last proof of this session, perhaps in the past. Null if there was none."
    )
    onboarding: Onboarding = strawberry.field(description="The account's progress through the four onboarding steps.")
    activation: Activation | None = strawberry.field(
        description="The period that the account was last paid for, even if it has ended; null until the first payment."
    )

    deletion: PendingDeletion | None = strawberry.field(
        description="The deletion that the owner asked for and that cancelAccountDeletion takes back; null if there is "
        "none."
    )

    @strawberry.field(description="The second factor; null if there is none, and while passwordChangeRequired is true.")
    async def second_factor(self, info: Info) -> SecondFactor | None:
        view = await info.context.services.second_factor.of(self.principal)
        return SecondFactor.of(view) if view else None

    @strawberry.field(
        description="The passkeys, the oldest first; empty while passwordChangeRequired is true.",
        directives=[ListSize(assumed_size=MAX_PASSKEYS)],
    )
    async def passkeys(self, info: Info) -> list[Passkey]:
        return [Passkey.of(view) for view in await info.context.services.passkeys.list_for(self.principal)]

    @strawberry.field(
        description="The e-mail address that changeEmail was asked for, while it waits for its code; null if there is "
        "none, and while passwordChangeRequired is true."
    )
    async def pending_email(self, info: Info) -> str | None:
        return await info.context.services.email_changes.pending(self.principal)

    @strawberry.field(
        description="The bank deposit that was requested and has not arrived; null if there is none, and while "
        "passwordChangeRequired is true."
    )
    async def open_deposit(self, info: Info) -> BankDeposit | None:
        deposit = await info.context.services.deposits.open_for(self.principal)
        return BankDeposit.of(deposit) if deposit else None

    @strawberry.field(
        description="Whether the outcome of a PayPal payment is still unknown. While true, do not offer to pay."
    )
    async def payment_pending(self, info: Info) -> bool:
        return await info.context.services.paypal.has_pending(self.principal)

    @strawberry.field(
        description="The last payments, at most 50, the newest first; empty while passwordChangeRequired is true.",
        directives=[ListSize(assumed_size=MAX_PAYMENTS)],
    )
    async def payments(self, info: Info) -> list[Payment]:
        records = await info.context.services.payments.of(self.principal)
        return [Payment.of(record) for record in records]

    @strawberry.field(
        description="The open sessions, at most 50: the current one first, then the most recently seen.",
        directives=[ListSize(assumed_size=MAX_SESSIONS)],
    )
    async def sessions(self, info: Info) -> list[Session]:
        views = await info.context.services.sessions.list_for(self.principal)
        return [Session.of(view) for view in views]

    @strawberry.field(
        description="The devices on which login skips the second step, at most 20, the one used last first. Empty "
        "while passwordChangeRequired is true.",
        directives=[ListSize(assumed_size=MAX_DEVICES)],
    )
    async def remembered_devices(self, info: Info) -> list[RememberedDevice]:
        views = await info.context.services.remembered_devices.list_for(self.principal)
        return [RememberedDevice.of(view) for view in views]

    @strawberry.field(
        description="What happened to the account, the newest first, as long as the operator keeps it: by default 30 "
        "days for logins and passwords that were tried, and a year for the rest. Empty while passwordChangeRequired is "
        "true."
    )
    async def security_events(
        self, info: Info, after: After = None, first: First = DEFAULT_PAGE
    ) -> SecurityEventsResult:
        match await info.context.services.security_events.page(info.context.caller, self.principal, after, first):
            case SecurityEventPage() as page:
                return SecurityEventConnection.of(page)
            case failure:
                return failure

    @strawberry.field(
        description="The company's data; null until configureCompany succeeds, and while passwordChangeRequired is "
        "true."
    )
    async def company(self, info: Info) -> Company | None:
        view = await info.context.services.company.of(self.principal)
        series = info.context.services.series
        return Company.of(view, partial(series.list_for, view.account_id)) if view else None

    @strawberry.field(description="Which privacy notice was accepted, and whether it is the current one.")
    async def privacy_notice(self, info: Info) -> AccountPrivacyNotice:
        return AccountPrivacyNotice.of(await info.context.services.privacy.of(self.principal))

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
            second_factor_enrollment_required=principal.second_factor_enrollment_required,
            recent_proof_until=principal.proved_until,
            onboarding=Onboarding.of(progress),
            deletion=PendingDeletion.of(principal.deletion) if principal.deletion else None,
            activation=Activation.of(progress.activation, principal.id) if progress.activation else None,
        )
