"""Paying with PayPal."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import register
from schema.payments import Activation, Money
from schema.signed_in import SignedInSuccess
from services.common.outcomes import NotAuthenticated, RestrictedSession, TooManyAttempts
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
from services.payments.paypal.outcomes import PaymentDeclined, PaymentNotApproved


@strawberry.input(description="The input of startPayPalPayment.")
class StartPayPalPaymentInput:
    plan_id: strawberry.ID = strawberry.field(description="The plan's id, from plans.")


@strawberry.input(description="The input of completePayPalPayment.")
class CompletePayPalPaymentInput:
    order_id: strawberry.ID = strawberry.field(
        description="The order's id, from startPayPalPayment or from the `token` parameter of the URL that PayPal "
        "returns the payer to."
    )


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

StartPayPalPaymentResult = Annotated[
    StartPayPalPaymentSuccess
    | PlanNotFound
    | PaymentMethodUnavailable
    | OnboardingIncomplete
    | AlreadyActive
    | DeletionPending
    | PaymentPending
    | PaymentProviderUnavailable
    | RestrictedSession
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
    | RestrictedSession
    | NotAuthenticated
    | TooManyAttempts,
    strawberry.union("CompletePayPalPaymentResult", description="The result of completePayPalPayment."),
]
