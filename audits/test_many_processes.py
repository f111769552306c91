"""Processes that serve together count together."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx2

from app.operations import OPERATIONS
from tests.process.serving import serving

LOGIN = OPERATIONS["Login"]
BODY = {"query": LOGIN, "variables": {"input": {"email": "ana@example.com", "password": "no es mi clave"}}}


async def test_more_processes_do_not_multiply_the_limits(migrated: Path) -> None:
    async def guess(url: str) -> str:
        # A connection for each: any process may accept it.
        async with httpx2.AsyncClient(verify=False, timeout=30) as client:
            response = await client.post(f"{url}/graphql", json=BODY)
        return str(response.json()["data"]["login"]["__typename"])

    with serving(migrated, WORKERS="3") as (url, _):
        answers = await asyncio.gather(*(guess(url) for _ in range(30)))

    assert Counter(answers) == {"InvalidCredentialsError": 5, "CaptchaRequiredError": 25}
