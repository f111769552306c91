import strawberry

from schema.context import Info
from schema.enums import PaymentMethod
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
from schema.inputs import CompletePayPalPaymentInput, RequestBankDepositInput, Sent, StartPayPalPaymentInput
from schema.results.payments import (
    CompletePayPalPaymentResult,
    CompletePayPalPaymentSuccess,
    RequestBankDepositResult,
    RequestBankDepositSuccess,
    StartPayPalPaymentResult,
    StartPayPalPaymentSuccess,
)
from schema.types.account import Activation
from schema.types.payment import BankDeposit, Money, Plan
from services.common.outcomes import PasswordChangeDue, SignedOut, Throttled
from services.payments.bank.deposits import DepositRequested
from services.payments.outcomes import (
    AlreadyActive,
    MethodMissing,
    NoSuchPlan,
    PaymentUnderWay,
    ProviderAway,
    StepMissing,
)
from services.payments.paypal.outcomes import Declined, NoSuchPayment, NotApproved, PaymentCompleted, PayPalStarted


async def plans(info: Info) -> list[Plan]:
    return [Plan.of(plan) for plan in info.context.services.plans.all()]


async def payment_methods(info: Info) -> list[PaymentMethod]:
    return list(info.context.services.payment_methods)


async def start_pay_pal_payment(info: Info, input: Sent[StartPayPalPaymentInput]) -> StartPayPalPaymentResult:
    match await info.context.services.paypal.start(info.context.caller, input.plan_id):
        case PayPalStarted(order_id, approval_url, amount, expires_at):
            return StartPayPalPaymentSuccess(
                order_id=strawberry.ID(order_id),
                approval_url=approval_url,
                amount=Money.of(amount),
                expires_at=expires_at,
            )
        case NoSuchPlan():
            return PlanNotFoundError()
        case MethodMissing():
            return PaymentMethodUnavailableError()
        case StepMissing(step):
            return OnboardingIncompleteError(step=step)
        case AlreadyActive(activation):
            return AlreadyActiveError(activation=Activation.of(activation))
        case PaymentUnderWay():
            return PaymentPendingError()
        case ProviderAway():
            return PaymentProviderUnavailableError()
        case PasswordChangeDue():
            return PasswordChangeRequiredError()
        case SignedOut():
            return NotAuthenticatedError()
        case Throttled() as outcome:
            return TooManyAttemptsError.of(outcome)


async def complete_pay_pal_payment(info: Info, input: Sent[CompletePayPalPaymentInput]) -> CompletePayPalPaymentResult:
    match await info.context.services.paypal.complete(info.context.caller, input.order_id):
        case PaymentCompleted(activation):
            return CompletePayPalPaymentSuccess(activation=Activation.of(activation))
        case PaymentUnderWay():
            return PaymentPendingError()
        case NotApproved(approval_url):
            return PaymentNotApprovedError(approval_url=approval_url)
        case Declined(retry_url):
            return PaymentDeclinedError(retry_url=retry_url)
        case NoSuchPayment():
            return PaymentNotFoundError()
        case MethodMissing():
            return PaymentMethodUnavailableError()
        case PasswordChangeDue():
            return PasswordChangeRequiredError()
        case SignedOut():
            return NotAuthenticatedError()
        case Throttled() as outcome:
            return TooManyAttemptsError.of(outcome)


async def request_bank_deposit(info: Info, input: Sent[RequestBankDepositInput]) -> RequestBankDepositResult:
    match await info.context.services.deposits.request(info.context.caller, input.plan_id):
        case DepositRequested() as deposit:
            return RequestBankDepositSuccess(deposit=BankDeposit.of(deposit))
        case NoSuchPlan():
            return PlanNotFoundError()
        case MethodMissing():
            return PaymentMethodUnavailableError()
        case StepMissing(step):
            return OnboardingIncompleteError(step=step)
        case AlreadyActive(activation):
            return AlreadyActiveError(activation=Activation.of(activation))
        case PaymentUnderWay():
            return PaymentPendingError()
        case PasswordChangeDue():
            return PasswordChangeRequiredError()
        case SignedOut():
            return NotAuthenticatedError()
        case Throttled() as outcome:
            return TooManyAttemptsError.of(outcome)
