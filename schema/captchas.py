"""Captchas: what a form shows, the answer that it sends, and createCaptcha."""

import base64
from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.errors import register
from services.captcha.image import HEIGHT, WIDTH
from services.captcha.service import CaptchaAnswer
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, DrawnCaptcha, TooManyAttempts


@strawberry.type(description="The picture of a captcha.")
class CaptchaImage:
    data_uri: str = strawberry.field(description="A data URI of type image/png with two distorted words.")
    width: int = strawberry.field(description="In pixels.")
    height: int = strawberry.field(description="In pixels.")


@strawberry.type(description="The dictation of a captcha.")
class CaptchaAudio:
    data_uri: str = strawberry.field(
        description="A data URI of type audio/wav: eight digits dictated in Spanish, about twelve seconds."
    )


@strawberry.type(
    description="Something that a person solves and a program hardly does: either the two words or the eight digits. "
    "It counts once, right or wrong; createCaptcha gives another."
)
class Captcha:
    id: strawberry.ID = strawberry.field(description="Goes into CaptchaInput.id.")
    expires_at: datetime = strawberry.field(description="Until when an answer counts.")

    @strawberry.field(description="Drawn only when it is selected; null where the operator uses another provider.")
    async def image(self, info: Info) -> CaptchaImage | None:
        png = await info.context.services.captchas.image(self.id)
        return CaptchaImage(data_uri=_data_uri("image/png", png), width=WIDTH, height=HEIGHT)

    @strawberry.field(description="Dictated only when it is selected; null where the operator uses another provider.")
    async def audio(self, info: Info) -> CaptchaAudio | None:
        wav = await info.context.services.captchas.audio(self.id)
        return CaptchaAudio(data_uri=_data_uri("audio/wav", wav))

    @strawberry.field(description="What the help button (?) shows, in the language of Accept-Language.")
    def help(self, info: Info) -> str:
        return info.context.translate("captcha.help")

    @classmethod
    def of(cls, captcha: DrawnCaptcha) -> "Captcha":
        return cls(id=strawberry.ID(captcha.id), expires_at=captcha.expires_at)


@strawberry.input(description="The answer to a captcha.")
class CaptchaInput:
    id: strawberry.ID = strawberry.field(description="The captcha's id.")
    answer: str = strawberry.field(
        description="The two words in their order, or the eight digits, also as Spanish or English number words; case, "
        "accents, spaces and punctuation do not matter."
    )

    def value(self) -> CaptchaAnswer:
        return CaptchaAnswer(self.id, self.answer)


@strawberry.type(description="A fresh captcha.")
class CreateCaptchaSuccess:
    captcha: Captcha = strawberry.field(description="Good for five minutes and one answer.")


def _fresh_captcha(root: strawberry.Parent[CaptchaRequired | CaptchaMismatch]) -> Captcha:
    return Captcha.of(root.captcha)


register(
    CaptchaRequired,
    "Send the same again with this captcha's answer.",
    captcha=strawberry.field(
        resolver=_fresh_captcha, description="A fresh one, so that the form needs no second request."
    ),
)
register(
    CaptchaMismatch,
    "The captcha's answer is wrong, late or was used before.",
    captcha=strawberry.field(
        resolver=_fresh_captcha, description="A fresh one, so that the form needs no second request."
    ),
)

CreateCaptchaResult = Annotated[
    CreateCaptchaSuccess | TooManyAttempts,
    strawberry.union("CreateCaptchaResult", description="What came of createCaptcha."),
]


def _data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
