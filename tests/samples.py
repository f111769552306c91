"""The dearest requests, sent: see benchmarks/corpus.py."""

from dataclasses import dataclass
from typing import Any

import httpx2

from benchmarks.corpus import CORPUS, Sample
from tests.api import Api
from tests.calls import counted_calls
from tests.full_accounts import full_account

# Calibrated with benchmarks/documents.py: what takes long makes 7,000 to 16,000 calls in a millisecond of CPU, where
# `Me` takes 1.5 ms, under Python 3.11 to 3.13 alike; the most are 730,000 for introspection, which production refuses.
MAX_CALLS = 800_000


@dataclass(frozen=True, slots=True)
class Sent:
    answer: dict[str, Any]
    calls: int


async def send_all(api: Api) -> dict[str, Sent]:
    """Every sample of the corpus. Raises TooManyCallsError for one that costs more than MAX_CALLS."""
    await send(api, Sample("{ __typename }"))
    person = await full_account(api)
    sent = {}
    for name, sample in CORPUS.items():
        with counted_calls(MAX_CALLS) as counted:
            response = await send(person if sample.signed_in else api, sample)
        sent[name] = Sent(response.json(), counted.number)
    return sent


async def send(api: Api, sample: Sample) -> httpx2.Response:
    headers = {"content-type": "application/json", **api.headers, **sample.headers}
    return await api.http.post("/graphql", content=sample.body(), headers=headers)
