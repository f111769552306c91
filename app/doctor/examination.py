"""Runs checks at once, and sees to it that no secret is in what they say."""

import asyncio
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from app.doctor.checks import CHECKS, Check
from app.doctor.finding import Deployment, Finding, problem
from app.settings import Settings

_MIN_SECRET = 4  # characters, below which a secret's characters are in every text
_MAX_TEXT = 300  # of what another system says

Report = list[tuple[str, Finding]]


async def examine(deployment: Deployment, checks: Sequence[Check] = CHECKS) -> Report:
    """Returns each finding with the name of its check, in their order."""
    secrets = sorted(_secrets(deployment.settings), key=len, reverse=True)
    found = await asyncio.gather(*(_within_its_time(check, deployment) for check in checks))
    return [
        (check.name, Finding(each.state, _clean(each.text, secrets), _clean(each.advice, secrets)))
        for check, findings in zip(checks, found, strict=True)
        for each in findings
    ]


async def _within_its_time(check: Check, deployment: Deployment) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(check.seconds):
            return await check.run(deployment)
    except TimeoutError:
        return [problem(f"no answer in {check.seconds:g} seconds", check.late)]
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        return [problem(text, "The check itself failed, which it should not: report this line.")]


def _clean(text: str, secrets: Sequence[str]) -> str:
    """Puts the text on one line, without secrets: other systems choose what they quote in their errors."""
    for secret in secrets:
        text = text.replace(secret, "***")
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= _MAX_TEXT else f"{line[: _MAX_TEXT - 1]}…"


def _secrets(settings: Settings) -> Iterator[str]:
    """Yields each secret, and of a URL its password as it is written and as it is meant."""
    for value in settings.__dict__.values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, SecretStr):
                secret = each.get_secret_value()
                password = (urlsplit(secret).password or "") if "://" in secret else ""
                yield from (text for text in (secret, password, unquote(password)) if len(text) >= _MIN_SECRET)
