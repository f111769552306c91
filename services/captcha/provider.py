"""Captchas of another provider: its widget gives the client a token, and the provider says whether that is good.

Turnstile, hCaptcha and reCAPTCHA are asked in the same way: a POST of the secret and the token, and JSON in return. The
person's address is not sent; the provider's widget has seen it.
"""

import asyncio
import contextlib
import enum
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx2
import orjson
import structlog

from services.common.tracing import UNTRACED, Tracer

log = structlog.get_logger(__name__)

MAX_TOKEN_CHARS: Final = 8_000
"""Of a token. Turnstile's have at most 2,048, hCaptcha's some 4,000."""

_MAX_ANSWER_BYTES = 65_536
_AWAY_SECONDS = 30.0  # for which our own captchas are issued after the provider did not answer
_MINIMUM_SCORE = 0.5  # of reCAPTCHA version 3, from 0 (a program) to 1, as Google recommends
_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{MAX_TOKEN_CHARS}}}")
_CODE = re.compile(r"[\w-]{1,50}")
_ROUTE = "/siteverify"  # however the provider names the path
_NOT_PROVIDED = "not-provided"  # hCaptcha's word for a hostname that it does not tell
_TOO_LONG = {413, 414, 431}  # statuses for a request, of which only the token is the client's
_OUR_FAULTS = {"missing-input-secret", "invalid-input-secret", "internal-error"}


class ProviderName(enum.Enum):
    TURNSTILE = "turnstile"
    HCAPTCHA = "hcaptcha"
    RECAPTCHA = "recaptcha"


VERIFICATION_URLS: Final = {
    ProviderName.TURNSTILE: "https://challenges.cloudflare.com/turnstile/v0/siteverify",
    ProviderName.HCAPTCHA: "https://api.hcaptcha.com/siteverify",
    ProviderName.RECAPTCHA: "https://www.google.com/recaptcha/api/siteverify",
}


class ProviderAwayError(Exception):
    """The provider's answer is late, makes no sense, or says that our secret is wrong."""


@dataclass(frozen=True, slots=True)
class Site:
    """How the provider knows us. Tokens from other hosts or for another action are refused.

    No `hostnames` allow any host; `action` is checked if it is set. Both are checked if the provider reports them, and
    an action that is set must be reported.
    """

    name: ProviderName
    site_key: str
    secret: str = field(repr=False)
    url: str
    hostnames: frozenset[str] = frozenset()
    action: str | None = None


class CaptchaProvider:
    """Keeps connections until `aclose`. Uses the environment's proxies and follows no redirects."""

    def __init__(
        self,
        site: Site,
        *,
        timeout: float = 3.0,
        monotonic: Callable[[], float] = time.monotonic,
        tracer: Tracer = UNTRACED,
    ) -> None:
        """`timeout` is for a whole verification, in seconds."""
        self.site = site
        self.timeout = timeout
        self._monotonic = monotonic
        self._tracer = tracer
        self._http = httpx2.AsyncClient(timeout=None, follow_redirects=False)  # the deadline covers the whole request
        self._away_until = 0.0

    @property
    def is_away(self) -> bool:
        """Whether the provider did not answer lately, so that its captchas would get nobody any further."""
        return self._monotonic() < self._away_until

    async def verify(self, token: str, captcha_id: str) -> bool:
        """Whether the token is good, for this site and this captcha. Raises ProviderAwayError."""
        if not _TOKEN.fullmatch(token):
            return False
        try:
            with self._tracer.call("POST", self.site.url, _ROUTE) as call:
                async with asyncio.timeout(self.timeout):
                    status, content = await self._send(token, call.headers)
                call.answered(status)
            verdict = _parse(status, content)
        except (ProviderAwayError, TimeoutError) as error:
            self._away_until = self._monotonic() + _AWAY_SECONDS
            reason = str(error) or "no answer in time"
            log.warning("captcha provider away", provider=self.site.name.value, reason=reason)
            raise ProviderAwayError(reason) from None
        self._away_until = 0.0
        if problem := _problem(verdict, self.site, captcha_id):
            log.info("captcha provider refused", provider=self.site.name.value, reason=problem)
        return problem is None

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _send(self, token: str, more_headers: Mapping[str, str]) -> tuple[int, bytes]:
        form = {"secret": self.site.secret, "response": token}
        if self.site.name is ProviderName.HCAPTCHA:
            form["sitekey"] = self.site.site_key
        # identity: so that the size limit applies to the response
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **more_headers}
        content = bytearray()
        try:
            async with (
                self._http.stream("POST", self.site.url, headers=headers, data=form) as response,
                contextlib.aclosing(response.aiter_raw()) as parts,
            ):
                async for part in parts:
                    content += part
                    if len(content) > _MAX_ANSWER_BYTES:
                        raise ProviderAwayError(f"an answer of more than {_MAX_ANSWER_BYTES} bytes")
        except httpx2.HTTPError as error:
            raise ProviderAwayError(type(error).__name__) from None
        return response.status_code, bytes(content)


def _parse(status: int, content: bytes) -> dict[str, object]:
    """Returns the verdict, which may be a refusal with a status below 500. Raises ProviderAwayError."""
    if status in _TOO_LONG:  # or else anybody could have our own captchas issued instead
        return {"success": False, "error-codes": [f"status-{status}"]}
    if status in (408, 429) or not (200 <= status < 300 or 400 <= status < 500):
        raise ProviderAwayError(f"status {status}")
    try:
        verdict = orjson.loads(content)
    except ValueError:
        raise ProviderAwayError(f"no JSON, status {status}") from None
    if not isinstance(verdict, dict) or type(verdict.get("success")) is not bool:
        raise ProviderAwayError(f"no verdict, status {status}")
    if faults := _OUR_FAULTS.intersection(_codes(verdict)):
        raise ProviderAwayError(", ".join(sorted(faults)))
    return verdict


def _problem(verdict: dict[str, object], site: Site, captcha_id: str) -> str | None:
    """Returns why a token is not good, in words for the log."""
    if not verdict["success"]:
        return ", ".join(_codes(verdict)) or "no success"
    hostname, score = _reported(verdict, "hostname"), verdict.get("score")
    if site.hostnames and hostname and hostname.lower() not in site.hostnames:
        return "another hostname"
    if site.action and _reported(verdict, "action") != site.action:
        return "another action"
    if _reported(verdict, "cdata") not in (None, captcha_id):
        return "another captcha"
    if site.name is ProviderName.RECAPTCHA and isinstance(score, int | float) and score < _MINIMUM_SCORE:
        return "a low score"
    return None


def _reported(verdict: dict[str, object], name: str) -> str | None:
    value = verdict.get(name)
    return None if value in (None, "", _NOT_PROVIDED) else str(value)


def _codes(verdict: dict[str, object]) -> list[str]:
    """Returns the provider's codes of errors, as far as they look like codes."""
    codes = verdict.get("error-codes")
    return (
        [code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)] if isinstance(codes, list) else []
    )
