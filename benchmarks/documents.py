"""Prints the CPU time of each request in corpus.py, also as a multiple of the operation `Me`, the worst last.

.venv/bin/python -m benchmarks.documents
"""

import asyncio
import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

from app.logs import configure_logs
from app.operations import OPERATIONS
from app.settings import Settings
from benchmarks.corpus import CORPUS, Sample
from models.migrator import upgrade
from tests.api import PRODUCTION, Api, api_of
from tests.full_accounts import full_account

RUNS = 5
_serials = itertools.count()


def main() -> None:
    configure_logs("WARNING", as_json=True)
    for environment, changes in {"development": {}, "production": PRODUCTION}.items():
        with tempfile.TemporaryDirectory() as folder:
            _report(environment, Path(folder), changes)


def _report(environment: str, folder: Path, changes: dict[str, Any]) -> None:
    settings = Settings(_env_file=None, data_dir=folder, worker_in_serve=False, **changes)
    asyncio.run(upgrade(settings.database))
    me, samples = asyncio.run(_measure(settings))
    print(f"{me:6.1f} ms   Me, in {environment} (best of {RUNS})")
    for name, milliseconds in sorted(samples.items(), key=lambda sample: sample[1]):
        print(f"{milliseconds:6.1f} ms {milliseconds / me:5.1f}  {name}")


async def _measure(settings: Settings) -> tuple[float, dict[str, float]]:
    async with api_of(settings) as api:
        person = await full_account(api)
        me = await _cpu(api, Sample(OPERATIONS["Me"], None))
        samples = {name: await _cpu(person if each.signed_in else api, each) for name, each in CORPUS.items()}
        return me, samples


async def _cpu(api: Api, sample: Sample) -> float:
    """Returns the milliseconds of CPU time, including the client's."""
    return min([await _answer(api, sample) for _ in range(RUNS)]) * 1000


async def _answer(api: Api, sample: Sample) -> float:
    headers = {"content-type": "application/json", **api.headers, **sample.headers}
    request = api.http.build_request("POST", "/graphql", content=sample.body(next(_serials)), headers=headers)
    begun = time.process_time()
    await api.http.send(request)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
