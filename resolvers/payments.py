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
from services.payments.paypal.outcomes import (
    PaymentCompleted,
    PaymentDeclined,
    PaymentNotApproved,
    PaymentNotFound,
    PayPalStarted,
)


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
        case PlanNotFound():
            return PlanNotFoundError()
        case PaymentMethodUnavailable():
            return PaymentMethodUnavailableError()
        case OnboardingIncomplete(step):
            return OnboardingIncompleteError(step=step)
        case AlreadyActive(activation):
            return AlreadyActiveError(activation=Activation.of(activation))
        case PaymentPending():
            return PaymentPendingError()
        case PaymentProviderUnavailable():
            return PaymentProviderUnavailableError()
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)


async def complete_pay_pal_payment(info: Info, input: Sent[CompletePayPalPaymentInput]) -> CompletePayPalPaymentResult:
    match await info.context.services.paypal.complete(info.context.caller, input.order_id):
        case PaymentCompleted(activation):
            return CompletePayPalPaymentSuccess(activation=Activation.of(activation))
        case PaymentPending():
            return PaymentPendingError()
        case PaymentNotApproved(approval_url):
            return PaymentNotApprovedError(approval_url=approval_url)
        case PaymentDeclined(retry_url):
            return PaymentDeclinedError(retry_url=retry_url)
        case PaymentNotFound():
            return PaymentNotFoundError()
        case PaymentMethodUnavailable():
            return PaymentMethodUnavailableError()
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)


async def request_bank_deposit(info: Info, input: Sent[RequestBankDepositInput]) -> RequestBankDepositResult:
    match await info.context.services.deposits.request(info.context.caller, input.plan_id):
        case DepositRequested() as deposit:
            return RequestBankDepositSuccess(deposit=BankDeposit.of(deposit))
        case PlanNotFound():
            return PlanNotFoundError()
        case PaymentMethodUnavailable():
            return PaymentMethodUnavailableError()
        case OnboardingIncomplete(step):
            return OnboardingIncompleteError(step=step)
        case AlreadyActive(activation):
            return AlreadyActiveError(activation=Activation.of(activation))
        case PaymentPending():
            return PaymentPendingError()
        case PasswordChangeRequired():
            return PasswordChangeRequiredError()
        case NotAuthenticated():
            return NotAuthenticatedError()
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)
