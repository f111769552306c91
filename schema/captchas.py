"""Captchas, their answers, and createCaptcha."""

import base64
from datetime import datetime
from typing import Annotated

import strawberry

from schema.context import Info
from schema.enums import ProviderName
from schema.errors import UserError, register
from schema.messages import message_field
from services.captcha.image import HEIGHT, WIDTH
from services.captcha.service import CaptchaAnswer
from services.common.outcomes import CaptchaMismatch, CaptchaRequired, DrawnCaptcha, TooManyAttempts


@strawberry.type(description="The image of a captcha.")
class CaptchaImage:
    data_uri: str = strawberry.field(description="An image/png data URI that shows two distorted words.")
    width: int = strawberry.field(description="In pixels.")
    height: int = strawberry.field(description="In pixels.")


@strawberry.type(description="The audio of a captcha.")
class CaptchaAudio:
    data_uri: str = strawberry.field(
        description="An audio/wav data URI of about 12 seconds: eight digits, dictated in the "
        "language of Accept-Language."
    )


@strawberry.type(
    description="A proof of work: a computation of some seconds instead of words or digits, for people who can neither "
    "see nor hear."
)
class ProofOfWork:
    challenge: str = strawberry.field(
        description="The challenge as JSON, to be passed as it is to the attribute `challenge` of ALTCHA's widget, "
        "version 3. The widget returns the answer as base64."
    )


@strawberry.type(description="A provider of captchas that the operator uses.")
class CaptchaProvider:
    name: ProviderName = strawberry.field(description="Which provider's widget to show.")
    site_key: str = strawberry.field(
        description="The site key for the widget. Pass Captcha.id to Turnstile's widget as `cData`, so that its token "
        "is good for this captcha only."
    )


@strawberry.type(
    description="A challenge to distinguish people from programs: type either the two words of the image or the eight "
    "digits of the audio, or let the device do a proof of work. Each captcha accepts one answer, right or wrong; "
    "createCaptcha returns a new one."
)
class Captcha:
    id: strawberry.ID = strawberry.field(description="The captcha's identifier, for CaptchaInput.id.")
    expires_at: datetime = strawberry.field(description="When the captcha expires; an answer after that is rejected.")

    @strawberry.field(
        description="The image, generated only if selected; null if the service uses another captcha provider."
    )
    async def image(self, info: Info) -> CaptchaImage | None:
        png = await info.context.services.captchas.image(self.id)
        return CaptchaImage(data_uri=_data_uri("image/png", png), width=WIDTH, height=HEIGHT) if png else None

    @strawberry.field(
        description="The audio, generated only if selected; null if the service uses another captcha provider."
    )
    async def audio(self, info: Info) -> CaptchaAudio | None:
        wav = await info.context.services.captchas.audio(self.id, info.context.caller.language)
        return CaptchaAudio(data_uri=_data_uri("audio/wav", wav)) if wav else None

    @strawberry.field(
        description="The proof of work for people who can neither see the image nor hear the audio; null if the "
        "operator has switched it off, or if the service uses another captcha provider."
    )
    async def proof_of_work(self, info: Info) -> ProofOfWork | None:
        challenge = await info.context.services.captchas.proof_of_work(self.id)
        return ProofOfWork(challenge=challenge) if challenge else None

    @strawberry.field(
        description="The provider whose widget the app shows instead of the image and the audio; null if the captcha "
        "is the service's own, as it is while the provider does not respond."
    )
    def provider(self, info: Info) -> CaptchaProvider | None:
        site = info.context.services.captchas.provider(self.id)
        return CaptchaProvider(name=site.name, site_key=site.site_key) if site else None

    @strawberry.field(description="The text for the help button (?), in the language of Accept-Language.")
    def help(self, info: Info) -> str:
        captchas, translate = info.context.services.captchas, info.context.translate
        if captchas.provider(self.id):
            return translate("captcha.help.provider")
        proofs = captchas.accepts_proof_of_work(self.id)
        return " ".join(map(translate, ("captcha.help", "captcha.help.proofOfWork") if proofs else ("captcha.help",)))

    @classmethod
    def of(cls, captcha: DrawnCaptcha) -> "Captcha":
        return cls(id=strawberry.ID(captcha.id), expires_at=captcha.expires_at)


@strawberry.input(description="The answer to a captcha.")
class CaptchaInput:
    id: strawberry.ID = strawberry.field(description="The identifier of the captcha, from Captcha.id.")
    answer: str = strawberry.field(
        description="The two words in order, or the eight digits, as digits or as Spanish or English number words. "
        "Case, accents, spaces and punctuation are ignored. For a proof of work, the "
        "base64 that ALTCHA's widget returns; with a provider, the token of its widget."
    )

    def value(self) -> CaptchaAnswer:
        return CaptchaAnswer(self.id, self.answer)


@strawberry.type(description="A new captcha.")
class CreateCaptchaSuccess:
    message: str = message_field()
    captcha: Captcha = strawberry.field(description="The captcha, valid for 5 minutes and one answer.")


def _fresh_captcha(root: strawberry.Parent[CaptchaRequired | CaptchaMismatch]) -> Captcha:
    return Captcha.of(root.captcha)


@strawberry.interface(description="A failure that comes with a new captcha. Send the same input again with its answer.")
class CaptchaError(UserError):
    captcha: Captcha = strawberry.field(
        resolver=_fresh_captcha, description="A new captcha to show, so no second request is needed."
    )


register(
    CaptchaRequired,
    "A captcha is required. Send the same input again with the answer to this captcha.",
    CaptchaError,
)
register(
    CaptchaMismatch,
    "The captcha's answer is wrong, expired or already used.",
    CaptchaError,
)

CreateCaptchaResult = Annotated[
    CreateCaptchaSuccess | TooManyAttempts,
    strawberry.union("CreateCaptchaResult", description="The result of createCaptcha."),
]


def _data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
