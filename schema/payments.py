"""Plans, the two ways to pay for one, and what was paid for."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import PaymentMethod
from schema.errors import register
from schema.messages import message_field
from services.accounts.onboarding import Activation as ActivationView
from services.common.money import Money as Amount
from services.common.outcomes import NotAuthenticated, PasswordChangeRequired, TooManyAttempts
from services.payments.bank.deposits import DepositRequested
from services.payments.outcomes import (
    AlreadyActive,
    OnboardingIncomplete,
    PaymentMethodUnavailable,
    PaymentPending,
    PaymentProviderUnavailable,
    PlanNotFound,
)
from services.payments.paypal.outcomes import PaymentDeclined, PaymentNotApproved, PaymentNotFound
from services.payments.plans import Plan as PlanOnSale


@strawberry.type(description="An amount of money, in decimal.")
class Money:
    amount: str = strawberry.field(description="With two decimals, such as 1160.00; never a float.")
    currency: str = strawberry.field(description="A code of ISO 4217, such as MXN.")

    @classmethod
    def of(cls, money: Amount) -> "Money":
        return cls(amount=money.text, currency=money.currency)


@strawberry.type(description="What can be bought: so many stamps for so long.")
class Plan:
    plan: strawberry.Private[PlanOnSale]
    id: strawberry.ID = strawberry.field(description="Goes into startPayPalPayment and requestBankDeposit.")
    subtotal: Money = strawberry.field(description="The price without IVA.")
    tax: Money = strawberry.field(description="The IVA on it.")
    total: Money = strawberry.field(description="What is paid: both together.")
    stamps: int = strawberry.field(description="How many invoices may be stamped in the period.")
    period_months: int = strawberry.field(description="How many months the period has.")

    @strawberry.field(description="What the plan is called, in the language of Accept-Language.")
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


@strawberry.type(description="How to pay with a bank deposit or transfer: show all of it to the person who pays.")
class BankDeposit:
    reference: str = strawberry.field(
        description="Ten digits, the last of which checks the others. In a transfer by SPEI it goes into the "
        "concept, as the numeric reference has no room for it."
    )
    clabe: str = strawberry.field(description="The number of the account to pay into: 18 digits.")
    bank: str = strawberry.field(description="The bank of that account.")
    beneficiary: str = strawberry.field(description="Whose account it is.")
    amount: Money = strawberry.field(description="Just this: another amount is not recognised.")
    plan_id: strawberry.ID = strawberry.field(description="The plan that it pays; it may no longer be among plans.")
    requested_at: datetime = strawberry.field(description="When the reference was first given.")
    expires_at: datetime = strawberry.field(description="Until when to pay.")

    @classmethod
    def of(cls, deposit: DepositRequested) -> "BankDeposit":
        return cls(
            reference=deposit.reference,
            clabe=deposit.account.clabe,
            bank=deposit.account.bank,
            beneficiary=deposit.account.beneficiary,
            amount=Money.of(deposit.amount),
            plan_id=strawberry.ID(deposit.plan_id),
            requested_at=deposit.requested_at,
            expires_at=deposit.expires_at,
        )


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


@strawberry.input(description="What to pay with PayPal.")
class StartPayPalPaymentInput:
    plan_id: strawberry.ID = strawberry.field(description="From plans.")


@strawberry.input(description="Which order the payer has approved.")
class CompletePayPalPaymentInput:
    order_id: strawberry.ID = strawberry.field(
        description="From startPayPalPayment, or the `token` in the address that PayPal sent the payer back to."
    )


@strawberry.input(description="What to pay with a bank deposit.")
class RequestBankDepositInput:
    plan_id: strawberry.ID = strawberry.field(description="From plans.")


@strawberry.type(description="An order waits at PayPal for the payer's approval.")
class StartPayPalPaymentSuccess:
    order_id: strawberry.ID = strawberry.field(
        description="Goes into completePayPalPayment; PayPal calls it `token` where it sends the payer back."
    )
    approval_url: str = strawberry.field(description="PayPal's page: lead the payer there.")
    amount: Money = strawberry.field(description="What the payer will be asked for.")
    expires_at: datetime = strawberry.field(description="Until when it can be approved.")


@strawberry.type(description="The money is there, and the account is active.")
class CompletePayPalPaymentSuccess:
    message: str = message_field()
    activation: Activation = strawberry.field(description="Since when and until when.")


@strawberry.type(description="A deposit with this reference will activate the account.")
class RequestBankDepositSuccess:
    message: str = message_field()
    deposit: BankDeposit = strawberry.field(description="What to pay, where and until when.")


def _activation(root: strawberry.Parent[AlreadyActive]) -> Activation:
    return Activation.of(root.activation)


register(PlanNotFound, "None of the plans has this id.")
register(PaymentMethodUnavailable, "The operator does not take payments this way; paymentMethods lists the ways.")
register(OnboardingIncomplete, "An earlier step comes first.", step="The step to show.")
register(
    AlreadyActive,
    "The account is paid for; it can be prolonged in the last thirty days, or ten for each month that is bought.",
    activation=strawberry.field(resolver=_activation, description="Since when and until when."),
)
register(
    PaymentPending,
    "A payment is under way, and whether the money came is not known yet. Do not have the person pay "
    "again: me.paymentPending turns false once it is known, and a mail tells the person.",
)
register(PaymentProviderUnavailable, "PayPal does not answer. Nothing was paid.")
register(
    PaymentNotApproved, "The payer has not approved the order yet.", approval_url="PayPal's page: lead the payer there."
)
register(
    PaymentDeclined,
    "PayPal could not take the money. Nothing was paid.",
    retry_url="PayPal's page, where the payer can choose another way to pay; null where the order has ended.",
)
register(PaymentNotFound, "The account has no payment of this order that can still be completed.")

StartPayPalPaymentResult = Annotated[
    StartPayPalPaymentSuccess
    | PlanNotFound
    | PaymentMethodUnavailable
    | OnboardingIncomplete
    | AlreadyActive
    | PaymentPending
    | PaymentProviderUnavailable
    | PasswordChangeRequired
    | NotAuthenticated
    | TooManyAttempts,
    strawberry.union("StartPayPalPaymentResult", description="What came of startPayPalPayment."),
]
CompletePayPalPaymentResult = Annotated[
    CompletePayPalPaymentSuccess
    | PaymentPending
    | PaymentNotApproved
    | PaymentDeclined
    | PaymentNotFound
    | PaymentMethodUnavailable
    | PasswordChangeRequired
    | NotAuthenticated
    | TooManyAttempts,
    strawberry.union("CompletePayPalPaymentResult", description="What came of completePayPalPayment."),
]
RequestBankDepositResult = Annotated[
    RequestBankDepositSuccess
    | PlanNotFound
    | PaymentMethodUnavailable
    | OnboardingIncomplete
    | AlreadyActive
    | PaymentPending
    | PasswordChangeRequired
    | NotAuthenticated
    | TooManyAttempts,
    strawberry.union("RequestBankDepositResult", description="What came of requestBankDeposit."),
]
