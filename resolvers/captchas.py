from typing import Annotated

import strawberry

from schema.captchas import Captcha, CreateCaptchaResult, CreateCaptchaSuccess
from schema.context import Info
from schema.errors import ThrottledError
from services.common.outcomes import DrawnCaptcha, TooManyAttempts

CaptchaId = Annotated[strawberry.ID, strawberry.argument(description="The captcha's identifier, from Captcha.id.")]


async def captcha(info: Info, id: CaptchaId) -> Captcha | None:
    match await info.context.services.captchas.find(info.context.caller, id):
        case DrawnCaptcha() as found:
            return Captcha.of(found)
        case TooManyAttempts() as throttled:
            raise ThrottledError(info, throttled)
        case None:
            return None


async def create_captcha(info: Info) -> CreateCaptchaResult:
    match await info.context.services.captchas.create(info.context.caller):
        case DrawnCaptcha() as captcha:
            return CreateCaptchaSuccess(captcha=Captcha.of(captcha))
        case failure:
            return failure
