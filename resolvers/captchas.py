from schema.context import Info
from schema.errors import TooManyAttemptsError
from schema.results.captchas import CreateCaptchaResult, CreateCaptchaSuccess
from schema.types.captcha import Captcha
from services.common.outcomes import DrawnCaptcha, TooManyAttempts


async def create_captcha(info: Info) -> CreateCaptchaResult:
    match await info.context.services.captchas.create(info.context.caller):
        case DrawnCaptcha() as captcha:
            return CreateCaptchaSuccess(captcha=Captcha.of(captcha))
        case TooManyAttempts() as outcome:
            return TooManyAttemptsError.of(outcome)
