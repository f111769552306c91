"""Plans, payments, the period that is paid for, and the failures that both ways to pay share."""

from datetime import datetime
from uuid import UUID

import strawberry

from schema.context import Info
from schema.enums import PaymentMethod, PaymentStatus
from schema.errors import register
from schema.scalars import MAX_INT
from services.accounts.onboarding import Activation as ActivationView
from services.common.batches import Batch
from services.common.money import Money as Amount
from services.payments.history import PaymentRecord
from services.payments.outcomes import (
    AlreadyActive,
    DeletionPending,
    OnboardingIncomplete,
    PaymentMethodUnavailable,
    PaymentNotFound,
    PaymentPending,
    PaymentProviderUnavailable,
    PlanNotFound,
)
from services.payments.plans import Plan as PlanOnSale
from services.payments.stamps import Stamps as GoodStamps

StampsBatch = Batch[UUID, GoodStamps]


@strawberry.type(description="A decimal amount of money.")
class Money:
    amount: str = strawberry.field(description="A string with two decimals, such as 1160.00.")
    currency: str = strawberry.field(description="An ISO 4217 code, such as MXN.")

    @classmethod
    def of(cls, money: Amount) -> "Money":
        return cls(amount=money.text, currency=money.currency)


@strawberry.type(description="A plan: a number of stamps for a period.")
class Plan:
    plan: strawberry.Private[PlanOnSale]
    id: strawberry.ID = strawberry.field(
        description="The plan's identifier, for startPayPalPayment and requestBankDeposit."
    )
    subtotal: Money = strawberry.field(description="The price before IVA (VAT).")
    tax: Money = strawberry.field(description="The IVA (VAT) on the subtotal.")
    total: Money = strawberry.field(description="The price to pay, including IVA.")
    stamps: int = strawberry.field(description="The number of invoices that can be stamped in the period.")
    period_months: int = strawberry.field(description="The length of the period, in months.")

    @strawberry.field(description="The plan's name, in the language of Accept-Language.")
    def name(self, info: Info) -> str:
        return self.plan.names[info.context.caller.language]

    @classmethod
    def of(cls, plan: PlanOnSale) -> "Plan":
        return cls(
            plan=plan,
            id=strawberry.ID(plan.id),
            subtotal=Money.of(plan.subtotal),
            tax=Money.of(plan.tax),
            total=Money.of(plan.total),
            stamps=plan.stamps,
            period_months=plan.period_months,
        )


@strawberry.type(
    description="Stamps, one for each invoice. Those of a payment are good at once, and until the end of the period "
    "that it bought; those that end first are used first. Counts stop at 2147483647."
)
class Stamps:
    total: int = strawberry.field(description="How many the payments brought whose periods have not ended.")
    used: int = strawberry.field(description="How many of them invoices have taken, reserved ones included.")
    left: int = strawberry.field(description="How many of them are left.")
    ends_at: datetime | None = strawberry.field(description="When the first of those left end; null if none are left.")

    @classmethod
    def of(cls, stamps: GoodStamps) -> "Stamps":
        total, used, left = (min(number, MAX_INT) for number in (stamps.total, stamps.used, stamps.left))
        return cls(total=total, used=used, left=left, ends_at=stamps.ends_at)


@strawberry.type(description="The period for which the account is paid.")
class Activation:
    account_id: strawberry.Private[UUID]
    few_stamps: strawberry.Private[bool]
    batch: strawberry.Private[StampsBatch | None]
    active: bool = strawberry.field(description="Whether the account is active now and can invoice.")
    since: datetime = strawberry.field(description="When the period began; a renewal without a gap does not change it.")
    until: datetime = strawberry.field(description="When the period ends or ended.")
    method: PaymentMethod = strawberry.field(description="The method of the last payment.")
    plan_id: strawberry.ID = strawberry.field(
        description="The plan of the last payment; it may no longer be listed in plans."
    )

    @strawberry.field(
        description="When the first of the plans can be bought again; before then, the answer is AlreadyActiveError. "
        "It is the same as `since` once a tenth or less of the stamps is left, when another plan is sold at any time."
    )
    def renewable_from(self, info: Info) -> datetime:
        if self.few_stamps:
            return self.since
        return info.context.services.plans.renewable_from(self.until)

    @strawberry.field(description="The stamps that are good now; none once the period has ended.")
    async def stamps(self, info: Info) -> "Stamps":
        service, batch = info.context.services.stamps, self.batch
        stamps = await batch.get(self.account_id) if batch else None
        return Stamps.of(stamps or await service.of(self.account_id))

    @classmethod
    def of(cls, activation: ActivationView, account_id: UUID, batch: StampsBatch | None = None) -> "Activation":
        """`batch` reads the stamps of more accounts, too."""
        return cls(
            batch=batch,
            account_id=account_id,
            few_stamps=activation.few_stamps,
            active=activation.active,
            since=activation.since,
            until=activation.until,
            method=activation.method,
            plan_id=strawberry.ID(activation.plan_id),
        )


@strawberry.type(description="A payment that was made or asked for. Unpaid ones are deleted after 90 days.")
class Payment:
    id: strawberry.ID = strawberry.field(
        description="A permanent identifier; for a bank deposit, also BankDeposit.id, for cancelBankDeposit."
    )
    status: PaymentStatus = strawberry.field(description="What became of the payment.")
    amount: Money = strawberry.field(description="The amount, including IVA.")
    method: PaymentMethod = strawberry.field(description="How the payment is made.")
    reference: str | None = strawberry.field(
        description="The deposit's reference, or the id of PayPal's order; null if PayPal has not created it. "
        "A second deposit with the same reference ends in -2."
    )
    plan_id: strawberry.ID = strawberry.field(description="The plan; it may no longer be listed in plans.")
    created_at: datetime = strawberry.field(description="When the payment was asked for.")
    paid_at: datetime | None = strawberry.field(description="When the money was seen, even if it went back later.")
    expires_at: datetime = strawberry.field(description="The deadline for paying.")

    @classmethod
    def of(cls, record: PaymentRecord) -> "Payment":
        return cls(
            id=strawberry.ID(str(record.id)),
            status=record.status,
            amount=Money.of(record.amount),
            method=record.method,
            reference=record.reference,
            plan_id=strawberry.ID(record.plan_id),
            created_at=record.created_at,
            paid_at=record.paid_at,
            expires_at=record.expires_at,
        )


def _activation(root: strawberry.Parent[AlreadyActive]) -> Activation:
    return Activation.of(root.activation, root.account_id)


register(PlanNotFound, "No plan has this id.")
register(
    PaymentMethodUnavailable,
    "The operator does not accept this payment method; paymentMethods lists the accepted ones.",
)
register(
    OnboardingIncomplete, "An earlier onboarding step must be completed first.", step="The step to complete first."
)
register(
    AlreadyActive,
    "The account is already active. It can be renewed in the last 30 days of its period, or in the last 10 days per "
    "month bought, if that is less.",
    activation=strawberry.field(resolver=_activation, description="The period for which the account is paid."),
)
register(
    PaymentPending,
    "A payment is in progress, and its outcome is not known yet. Do not let the user pay again: me.paymentPending "
    "becomes false once it is known, and a mail notifies the user.",
)
register(
    DeletionPending,
    "The owner asked for the deletion of the account: nobody can pay for it unless cancelAccountDeletion comes first.",
    due_at="When the account will be deleted.",
)
register(PaymentProviderUnavailable, "PayPal is unavailable. Nothing was charged.")
register(PaymentNotFound, "The account has no such payment that can still be completed or canceled.")
