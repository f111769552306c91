from schema.captchas import Captcha, CreateCaptchaResult, CreateCaptchaSuccess
from schema.context import Info
from services.common.outcomes import DrawnCaptcha


async def create_captcha(info: Info) -> CreateCaptchaResult:
    match await info.context.services.captchas.create(info.context.caller):
        case DrawnCaptcha() as captcha:
            return CreateCaptchaSuccess(captcha=Captcha.of(captcha))
        case failure:
            return failure
