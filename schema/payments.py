"""Plans, payments with PayPal or by bank deposit, and the period that is paid for."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import PaymentMethod
from schema.errors import register
from schema.signed_in import SignedInSuccess
from services.accounts.onboarding import Activation as ActivationView
from services.common.money import Money as Amount
from services.common.outcomes import NotAuthenticated, PasswordChangeRequired, TooManyAttempts
from services.payments.bank.deposits import DepositInstructions
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


@strawberry.type(description="How to pay with a bank deposit or transfer. Show all fields to the payer.")
class BankDeposit:
    id: strawberry.ID = strawberry.field(description="The identifier of the payment.")
    reference: str = strawberry.field(
        description="The payment reference: ten digits, the last one a check digit. In a SPEI transfer, put it in the "
        "concept; it does not fit in the numeric reference."
    )
    clabe: str = strawberry.field(description="The CLABE (18 digits) of the account to pay into.")
    bank: str = strawberry.field(description="The bank of the account to pay into.")
    beneficiary: str = strawberry.field(description="The holder of the account to pay into.")
    amount: Money = strawberry.field(description="The exact amount to pay; other amounts are not recognized.")
    plan_id: strawberry.ID = strawberry.field(description="The plan to be paid; it may no longer be listed in plans.")
    requested_at: datetime = strawberry.field(description="When the reference was first issued.")
    expires_at: datetime = strawberry.field(description="The deadline for paying.")

    @classmethod
    def of(cls, deposit: DepositInstructions) -> "BankDeposit":
        return cls(
            id=strawberry.ID(str(deposit.id)),
            reference=deposit.reference,
            clabe=deposit.account.clabe,
            bank=deposit.account.bank,
            beneficiary=deposit.account.beneficiary,
            amount=Money.of(deposit.amount),
            plan_id=strawberry.ID(deposit.plan_id),
            requested_at=deposit.requested_at,
            expires_at=deposit.expires_at,
        )


@strawberry.type(description="The period for which the account is paid.")
class Activation:
    active: bool = strawberry.field(description="Whether the account is active now and can invoice.")
    since: datetime = strawberry.field(description="When the period began; a renewal without a gap does not change it.")
    until: datetime = strawberry.field(description="When the period ends or ended.")
    method: PaymentMethod = strawberry.field(description="The method of the last payment.")
    plan_id: strawberry.ID = strawberry.field(
        description="The plan of the last payment; it may no longer be listed in plans."
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


@strawberry.input(description="The input of startPayPalPayment.")
class StartPayPalPaymentInput:
    plan_id: strawberry.ID = strawberry.field(description="The plan's id, from plans.")


@strawberry.input(description="The input of completePayPalPayment.")
class CompletePayPalPaymentInput:
    order_id: strawberry.ID = strawberry.field(
        description="The order's id, from startPayPalPayment or from the `token` parameter of the URL that PayPal "
        "returns the payer to."
    )


@strawberry.input(description="The input of requestBankDeposit.")
class RequestBankDepositInput:
    plan_id: strawberry.ID = strawberry.field(description="The plan's id, from plans.")


@strawberry.type(description="The order is created at PayPal, and waits for the payer's approval.")
class StartPayPalPaymentSuccess(SignedInSuccess):
    order_id: strawberry.ID = strawberry.field(
        description="The order's id, for completePayPalPayment. PayPal calls it `token` in the URL that it returns "
        "the payer to."
    )
    approval_url: str = strawberry.field(description="The PayPal page to send the payer to.")
    amount: Money = strawberry.field(description="The amount that the payer is asked to approve.")
    expires_at: datetime = strawberry.field(
        description="When the order expires; the payer must approve it before then."
    )


@strawberry.type(description="The payment is completed, and the account is active.")
class CompletePayPalPaymentSuccess(SignedInSuccess):
    activation: Activation = strawberry.field(description="The period for which the account is paid.")


@strawberry.type(description="The deposit is requested; paying it with its reference activates the account.")
class RequestBankDepositSuccess(SignedInSuccess):
    deposit: BankDeposit = strawberry.field(
        description="The payment instructions, with the amount, the account and the deadline."
    )


def _activation(root: strawberry.Parent[AlreadyActive]) -> Activation:
    return Activation.of(root.activation)


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
register(PaymentProviderUnavailable, "PayPal is unavailable. Nothing was charged.")
register(
    PaymentNotApproved,
    "The payer has not approved the order yet.",
    approval_url="The PayPal page to send the payer to.",
)
register(
    PaymentDeclined,
    "PayPal declined the payment. Nothing was charged.",
    retry_url="The PayPal page where the payer can choose another way to pay; null if the order has ended.",
)
register(PaymentNotFound, "The account has no payment for this order that can still be completed.")

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
    strawberry.union("StartPayPalPaymentResult", description="The result of startPayPalPayment."),
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
    strawberry.union("CompletePayPalPaymentResult", description="The result of completePayPalPayment."),
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
    strawberry.union("RequestBankDepositResult", description="The result of requestBankDeposit."),
]
