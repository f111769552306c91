"""Check of TRUSTED_PROXIES: asks the service, through its proxies, how many of them it sees."""

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx2
import orjson

from app.composition import make_keys
from app.doctor.finding import Deployment, Finding, described, ok, problem, skipped
from app.doctor.http import get
from app.probe import HEADER, PATH, question
from app.setting_checks import KEYS
from app.settings import Settings

_UNKNOWN = "Compare its SECRET_KEY, version and clock with those here, and see where the proxy forwards /probe."


async def check_proxies(deployment: Deployment) -> Sequence[Finding]:
    url, settings = deployment.url, deployment.settings
    if url is None:
        return [skipped("give --url https://YOUR-HOST to ask the service through its proxies")]
    if not _has_keys(settings):
        return [skipped("not without SECRET_KEY and NAMING_KEY")]
    parts = urlsplit(url)
    asked = {HEADER: question(make_keys(settings), int(time.time()))}
    try:
        status, content = await get(f"{parts.scheme}://{parts.netloc}{PATH}", asked)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        text = f"{url} cannot be reached: {described(error)}"
        return [problem(text, "Correct --url, or see whether the proxy runs and its certificate is good.")]
    match status:
        case 200:
            return [_compared(content)]
        case 301 | 302 | 303 | 307 | 308:
            return [problem(f"{url} redirects", "Give --url as clients use it, with https.")]
        case 421:
            return [problem(f"the service refuses the host {parts.hostname}", "Add it to ALLOWED_HOSTS.")]
        case 404:
            return [problem("the service there does not know our question", _UNKNOWN)]
        case _:
            return [problem(f"the answer is status {status}", "See the proxy's log, and whether the service runs.")]


def _compared(content: bytes) -> Finding:
    try:
        answer = orjson.loads(content)
        seen, trusted = int(answer["hops"]), int(answer["trusted_proxies"])
    except (ValueError, TypeError, KeyError):
        return problem("something else than the service answers there", _UNKNOWN)
    proxies = f"{seen} {'proxy appends' if seen == 1 else 'proxies append'} to X-Forwarded-For"
    advice = f"Set TRUSTED_PROXIES={seen}"
    if seen < trusted:
        text = f"{proxies}, but TRUSTED_PROXIES is {trusted}: clients choose the address that limits count"
        return problem(text, f"{advice}, or make the proxies append.")
    if seen > trusted:
        text = f"{proxies}, but TRUSTED_PROXIES is {trusted}: limits count a proxy as one client"
        return problem(text, f"{advice}, if all of them are yours.")
    return ok(f"{proxies}, as TRUSTED_PROXIES says")


def _has_keys(settings: Settings) -> bool:
    """Whether there are keys to ask with; development's may not have been generated yet."""
    if settings.development:
        return settings.secret_key is not None or (settings.data_dir / "secret.key").exists()
    return all(getattr(settings, name) for name in KEYS)
