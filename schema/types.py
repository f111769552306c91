"""Object types that are neither a result nor a failure."""

import base64
from datetime import datetime

import strawberry

from schema.context import Info
from schema.enums import Language, OnboardingStep, TaxpayerType
from services import onboarding
from services.captcha.image import HEIGHT, WIDTH
from services.outcomes import DrawnCaptcha
from services.sessions import Profile, SessionView
from services.validation.password import PasswordPolicy as Policy


@strawberry.type(description="The rules for passwords, so that a form can show them before it asks.")
class PasswordPolicy:
    minimum_length: int = strawberry.field(
        description="The fewest characters (Unicode code points) that a password may have."
    )
    maximum_length: int = strawberry.field(
        description="The most characters (Unicode code points) that a password may have; nothing is cut off."
    )

    @classmethod
    def of(cls, policy: Policy) -> "PasswordPolicy":
        return cls(minimum_length=policy.minimum_length, maximum_length=policy.maximum_length)


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


@strawberry.type(description="How far the account is on its way to the first invoice.")
class Onboarding:
    current_step: OnboardingStep | None = strawberry.field(description="The step to show; null once all are done.")
    completed_steps: list[OnboardingStep] = strawberry.field(description="The steps that are done, in their order.")


@strawberry.type(description="A device that is signed in.")
class Session:
    id: strawberry.ID = strawberry.field(description="Goes into revokeSession; it is not the token.")
    created_at: datetime = strawberry.field(description="When it signed in.")
    last_seen_at: datetime = strawberry.field(description="When it was last used, to five minutes.")
    expires_at: datetime = strawberry.field(description="When it ends if nothing more is sent; moves with use.")
    user_agent: str | None = strawberry.field(description="What the device called itself when it signed in.")
    ip_address: str | None = strawberry.field(description="The address that it signed in from.")
    current: bool = strawberry.field(description="Whether it is the one that asks.")

    @classmethod
    def of(cls, view: SessionView) -> "Session":
        return cls(
            id=strawberry.ID(str(view.id)),
            created_at=view.created_at,
            last_seen_at=view.last_seen_at,
            expires_at=view.expires_at,
            user_agent=view.user_agent,
            ip_address=view.ip_address,
            current=view.current,
        )


@strawberry.type(description="A confirmed account, as its owner sees it.")
class Account:
    profile: strawberry.Private[Profile]
    id: strawberry.ID = strawberry.field(description="Never changes and is never used again.")
    email: str = strawberry.field(description="The user name, and where mail goes.")
    rfc: str = strawberry.field(description="The taxpayer's number: upper case, without separators.")
    taxpayer_type: TaxpayerType = strawberry.field(description="Read off the RFC.")
    created_at: datetime = strawberry.field(description="When step 1 was sent.")
    confirmed_at: datetime = strawberry.field(description="When the code from the mail came back.")
    language: Language = strawberry.field(description="The language of mails.")
    password_change_required: bool = strawberry.field(
        description="Signed in with a mailed password: only me, changePassword and logout are open until it is changed."
    )
    onboarding: Onboarding = strawberry.field(description="The four steps of the progress bar.")

    @strawberry.field(description="At most 50: the current one first, then by lastSeenAt.")
    async def sessions(self, info: Info) -> list[Session]:
        views = await info.context.services.sessions.list_for(self.profile)
        return [Session.of(view) for view in views]

    @classmethod
    def of(cls, profile: Profile) -> "Account":
        completed = onboarding.COMPLETED
        return cls(
            profile=profile,
            id=strawberry.ID(str(profile.id)),
            email=profile.email,
            rfc=profile.rfc,
            taxpayer_type=profile.taxpayer_type,
            created_at=profile.created_at,
            confirmed_at=profile.confirmed_at,
            language=profile.language,
            password_change_required=profile.password_change_required,
            onboarding=Onboarding(current_step=onboarding.current_step(completed), completed_steps=list(completed)),
        )


def _data_uri(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
