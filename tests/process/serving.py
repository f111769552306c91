"""The real server in a process of its own."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

from app.settings import Settings

ROOT = Path(__file__).parents[2]
WITHOUT_LIMITS = {name.upper(): "1000000/second" for name in Settings.model_fields if name.startswith("limit_")}
CHEAP_ARGON2 = {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "64"}


@contextlib.contextmanager
def serving(data_dir: Path, *arguments: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`serve` on a port of its own choice: its URL, and the process, which is ended with SIGTERM.

    Its log goes to `data_dir`/serve.log.
    """
    with (data_dir / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", *arguments],
            cwd=ROOT,
            env=clean_environment(**{"DATA_DIR": str(data_dir), "PORT": "0", **environment}),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout
        try:
            lines = iter(process.stdout.readline, "")
            url = next((line.split()[1] for line in lines if line.startswith("Serving")), None)
            assert url, (data_dir / "serve.log").read_text("utf-8")
            yield url.removesuffix("/graphql"), process
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


@contextlib.asynccontextmanager
async def serving_aside(data_dir: Path, **environment: str) -> AsyncIterator[tuple[str, subprocess.Popen[str]]]:
    """The same, for a test whose own event loop has to go on while the process starts and ends."""
    with contextlib.ExitStack() as stack:
        entered = await asyncio.to_thread(stack.enter_context, serving(data_dir, **environment))
        try:
            yield entered
        finally:
            await asyncio.to_thread(stack.close)


def clean_environment(**environment: str) -> Mapping[str, str]:
    """The variables that Python needs, and those given: none of the machine's settings."""
    own = {"PATH": os.environ["PATH"], "ENVIRONMENT": "development", "WEB_APP_DIR": "no app"}
    return {**own, "EVENT_LOOP": os.environ.get("TEST_EVENT_LOOP", "auto"), **environment}


def run_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m app` with these arguments, and what it wrote."""
    command = [sys.executable, "-m", "app", *arguments]
    env = clean_environment(**environment)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
