"""Check of the captcha provider: whether it answers and knows our secret."""

import contextlib
from collections.abc import Sequence

from app.doctor.finding import Deployment, Finding, ok, problem, skipped
from services.captcha.provider import CaptchaProvider, ProviderAwayError

_NO_TOKEN = "doctor"  # noqa: S105  # which no provider has issued


async def check_captcha_provider(deployment: Deployment) -> Sequence[Finding]:
    site = deployment.settings.captcha_site
    if site is None:
        return [skipped("CAPTCHA_PROVIDER is not set: the captchas are our own")]
    async with contextlib.aclosing(CaptchaProvider(site)) as provider:
        try:
            await provider.verify(_NO_TOKEN, captcha_id="")
        except ProviderAwayError as error:
            if "secret" in str(error):
                return [problem(f"refuses the secret: {error}", "Correct CAPTCHA_SECRET.")]
            advice = "See whether this machine may reach it (HTTPS_PROXY); until then, people get our own captchas."
            return [problem(f"does not answer: {error}", advice)]
    return [ok(f"{site.name.value} answers, and has nothing against the secret")]
