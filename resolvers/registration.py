from schema.context import Info, Input
from schema.registration import (
    ConfirmAccountInput,
    ConfirmAccountResult,
    ConfirmAccountSuccess,
    CreateAccountInput,
    CreateAccountResult,
    CreateAccountSuccess,
    ResendConfirmationCodeInput,
    ResendConfirmationCodeResult,
    ResendConfirmationCodeSuccess,
)
from services.accounts.registration import CodeRequested, Confirmed, Registered


async def create_account(info: Info, input: Input[CreateAccountInput]) -> CreateAccountResult:
    captcha = input.captcha.value() if input.captcha else None
    match await info.context.services.registration.create(info.context.caller, input.value(), captcha):
        case Registered(email, rfc):
            return CreateAccountSuccess(email=email, rfc=rfc)
        case failure:
            return failure


async def resend_confirmation_code(
    info: Info, input: Input[ResendConfirmationCodeInput]
) -> ResendConfirmationCodeResult:
    captcha = input.captcha.value() if input.captcha else None
    match await info.context.services.registration.resend(info.context.caller, input.email, captcha):
        case CodeRequested():
            return ResendConfirmationCodeSuccess()
        case failure:
            return failure


async def confirm_account(info: Info, input: Input[ConfirmAccountInput]) -> ConfirmAccountResult:
    match await info.context.services.registration.confirm(info.context.caller, input.code):
        case Confirmed(email):
            return ConfirmAccountSuccess(email=email)
        case failure:
            return failure
