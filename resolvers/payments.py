import strawberry

from resolvers.account import account_after
from schema.context import Info, Input
from schema.deposits import (
    BankDeposit,
    CancelBankDepositInput,
    CancelBankDepositResult,
    CancelBankDepositSuccess,
    RequestBankDepositInput,
    RequestBankDepositResult,
    RequestBankDepositSuccess,
)
from schema.enums import PaymentMethod
from schema.payments import Activation, Money, Plan
from schema.paypal import (
    CompletePayPalPaymentInput,
    CompletePayPalPaymentResult,
    CompletePayPalPaymentSuccess,
    StartPayPalPaymentInput,
    StartPayPalPaymentResult,
    StartPayPalPaymentSuccess,
)
from services.payments.bank.outcomes import DepositCanceled, DepositRequested
from services.payments.paypal.outcomes import PayPalCompleted, PayPalStarted


async def plans(info: Info) -> list[Plan]:
    return [Plan.of(plan) for plan in info.context.services.plans.all()]


async def payment_methods(info: Info) -> list[PaymentMethod]:
    return list(info.context.services.payment_methods)


async def start_pay_pal_payment(info: Info, input: Input[StartPayPalPaymentInput]) -> StartPayPalPaymentResult:
    match await info.context.services.paypal.start(info.context.caller, input.plan_id):
        case PayPalStarted(principal, order_id, approval_url, amount, expires_at):
            return StartPayPalPaymentSuccess(
                load_account=account_after(info, principal),
                order_id=strawberry.ID(order_id),
                approval_url=approval_url,
                amount=Money.of(amount),
                expires_at=expires_at,
            )
        case failure:
            return failure


async def complete_pay_pal_payment(info: Info, input: Input[CompletePayPalPaymentInput]) -> CompletePayPalPaymentResult:
    match await info.context.services.paypal.complete(info.context.caller, input.order_id):
        case PayPalCompleted(principal, activation):
            return CompletePayPalPaymentSuccess(
                load_account=account_after(info, principal), activation=Activation.of(activation, principal.id)
            )
        case failure:
            return failure


async def request_bank_deposit(info: Info, input: Input[RequestBankDepositInput]) -> RequestBankDepositResult:
    match await info.context.services.deposits.request(info.context.caller, input.plan_id):
        case DepositRequested(principal, deposit):
            return RequestBankDepositSuccess(
                load_account=account_after(info, principal), deposit=BankDeposit.of(deposit)
            )
        case failure:
            return failure


async def cancel_bank_deposit(info: Info, input: Input[CancelBankDepositInput]) -> CancelBankDepositResult:
    match await info.context.services.deposits.cancel(info.context.caller, input.id):
        case DepositCanceled(principal):
            return CancelBankDepositSuccess(load_account=account_after(info, principal))
        case failure:
            return failure
