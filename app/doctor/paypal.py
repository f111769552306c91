"""Check of PayPal: whether it knows the credentials."""

import contextlib
from collections.abc import Sequence

from app.doctor.finding import Deployment, Finding, ok, problem, skipped
from services.payments.paypal.client import PayPalClient
from services.payments.paypal.values import PayPalRefusedError, PayPalUnavailableError

_SECONDS = 4.0


async def check_paypal(deployment: Deployment) -> Sequence[Finding]:
    settings = deployment.settings
    if not (settings.paypal_client_id and settings.paypal_client_secret and settings.paypal_webhook_id):
        return [skipped("PayPal is not set up")]
    secret = settings.paypal_client_secret.get_secret_value()
    url, webhook = settings.paypal_url, settings.paypal_webhook_id
    client = PayPalClient(url, settings.paypal_client_id, secret, webhook, timeout=_SECONDS)
    async with contextlib.aclosing(client):
        try:
            await client.authenticate()
        except PayPalRefusedError as error:
            advice = (
                "Correct PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET; those of the sandbox are for the sandbox only "
                "(PAYPAL_BASE_URL)."
            )
            return [problem(f"refuses the credentials: {error.issue}", advice)]
        except PayPalUnavailableError as error:
            advice = "See PayPal's status page, and whether this machine may reach PAYPAL_BASE_URL (HTTPS_PROXY)."
            return [problem(f"does not answer: {error}", advice)]
    return [ok(f"takes the credentials at {url}")]
