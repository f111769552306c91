from datetime import datetime
from typing import Annotated

import strawberry

from schema.errors import (
    AlreadyActiveError,
    NotAuthenticatedError,
    OnboardingIncompleteError,
    PasswordChangeRequiredError,
    PaymentDeclinedError,
    PaymentMethodUnavailableError,
    PaymentNotApprovedError,
    PaymentNotFoundError,
    PaymentPendingError,
    PaymentProviderUnavailableError,
    PlanNotFoundError,
    TooManyAttemptsError,
)
from schema.results.told import told
from schema.types.account import Activation
from schema.types.payment import BankDeposit, Money


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
    message: str = told()
    activation: Activation = strawberry.field(description="Since when and until when.")


@strawberry.type(description="A deposit with this reference will activate the account.")
class RequestBankDepositSuccess:
    message: str = told()
    deposit: BankDeposit = strawberry.field(description="What to pay, where and until when.")


StartPayPalPaymentResult = Annotated[
    StartPayPalPaymentSuccess
    | PlanNotFoundError
    | PaymentMethodUnavailableError
    | OnboardingIncompleteError
    | AlreadyActiveError
    | PaymentPendingError
    | PaymentProviderUnavailableError
    | PasswordChangeRequiredError
    | NotAuthenticatedError
    | TooManyAttemptsError,
    strawberry.union("StartPayPalPaymentResult", description="What came of startPayPalPayment."),
]
CompletePayPalPaymentResult = Annotated[
    CompletePayPalPaymentSuccess
    | PaymentPendingError
    | PaymentNotApprovedError
    | PaymentDeclinedError
    | PaymentNotFoundError
    | PaymentMethodUnavailableError
    | PasswordChangeRequiredError
    | NotAuthenticatedError
    | TooManyAttemptsError,
    strawberry.union("CompletePayPalPaymentResult", description="What came of completePayPalPayment."),
]
RequestBankDepositResult = Annotated[
    RequestBankDepositSuccess
    | PlanNotFoundError
    | PaymentMethodUnavailableError
    | OnboardingIncompleteError
    | AlreadyActiveError
    | PaymentPendingError
    | PasswordChangeRequiredError
    | NotAuthenticatedError
    | TooManyAttemptsError,
    strawberry.union("RequestBankDepositResult", description="What came of requestBankDeposit."),
]
