from typing import Annotated

import strawberry

from schema.errors import TooManyAttemptsError
from schema.types.captcha import Captcha


@strawberry.type(description="A fresh captcha.")
class CreateCaptchaSuccess:
    captcha: Captcha = strawberry.field(description="Good for five minutes and one answer.")


CreateCaptchaResult = Annotated[
    CreateCaptchaSuccess | TooManyAttemptsError,
    strawberry.union("CreateCaptchaResult", description="What came of createCaptcha."),
]
