"""Check of access tokens: whether verifiers find the keys that sign them."""

from collections.abc import Sequence

import httpx2
import orjson

from app.doctor.finding import Deployment, Finding, described, ok, problem, skipped, warning
from app.doctor.http import get
from app.jwks import PATH

_FORWARD = f"Let the proxy forward {PATH} under ACCESS_TOKEN_ISSUER, as the service answers it."
_ROTATE = "Give every node the same ACCESS_TOKEN_KEYS, those of a rotation in their order (docs/operations.md)."


async def check_access_tokens(deployment: Deployment) -> Sequence[Finding]:
    """Compares the keys here with those that the issuer publishes, unless a service of development has to run first."""
    settings = deployment.settings
    if not settings.access_token_audiences:
        return [skipped("ACCESS_TOKEN_AUDIENCES is not set: no access tokens are issued")]
    if settings.access_token_keys is None:
        if settings.development:
            return [skipped("development generates a key in DATA_DIR")]
        return [skipped("not without ACCESS_TOKEN_KEYS")]
    if settings.access_token_issuer is None:
        return [skipped("not without ACCESS_TOKEN_ISSUER")]
    from services.access.keys import SigningKeys  # loads OpenSSL, which takes 0.1 seconds

    keys = SigningKeys.parse(settings.access_token_keys.get_secret_value())
    url = f"{settings.access_token_issuer.rstrip('/')}{PATH}"
    try:
        status, content = await get(url)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        return [problem(f"{url} cannot be reached: {described(error)}", _FORWARD)]
    if status != 200:
        return [problem(f"{url} answers with status {status}", _FORWARD)]
    return [_compared(keys.ids, content)]


def _compared(here: Sequence[str], content: bytes) -> Finding:
    try:
        published = {str(key["kid"]) for key in orjson.loads(content)["keys"]}
    except (ValueError, TypeError, KeyError):
        return problem("something else than our keys is published there", _FORWARD)
    if here[0] not in published:
        return problem("the key that signs here is not published, so its tokens are refused", _ROTATE)
    if set(here) != published:
        return warning(f"{len(here)} here, but {len(published)} are published", _ROTATE)
    return ok(f"{len(here)}, all of them published")
