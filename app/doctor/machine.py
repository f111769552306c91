"""Checks of this machine: its disk, its open files and how long a password's hash takes."""

import asyncio
import os
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from argon2 import PasswordHasher

from app.doctor.finding import Deployment, Finding, ok, problem, skipped, warning
from app.settings import Settings

CHEAPER = "Lower ARGON2_MEMORY_KIB or ARGON2_TIME_COST, unless the machine is busy with something else."

_GIB = 2**30
_MIN_BYTES, _FEW_BYTES = 100 * 2**20, _GIB
_FEW_INODES = 10_000
_MIN_FILES = 1_024  # of which each connection is one
_HASHES = 3
_SLOW_SECONDS = 0.5  # for which a login waits, and for which it keeps a core


async def check_disk(deployment: Deployment) -> Sequence[Finding]:
    """Checks where the service writes: nowhere if the database and the mail server are elsewhere."""
    settings = deployment.settings
    folder = _written(settings)
    if folder is None:
        return [skipped("the service writes nothing here")]
    return await asyncio.to_thread(_disk, folder, "DATA_DIR" if folder == settings.data_dir else "DATABASE_URL")


async def check_open_files(_: Deployment) -> Sequence[Finding]:
    limit, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < _MIN_FILES:
        advice = "Allow more where serve runs (LimitNOFILE=, ulimit -n): every connection is one."
        return [warning(f"a process started as this one may open {limit}", advice)]
    return [ok("no limit" if limit == resource.RLIM_INFINITY else f"a process started as this one may open {limit:,}")]


async def check_argon2(deployment: Deployment) -> Sequence[Finding]:
    settings = deployment.settings
    hasher = PasswordHasher(settings.argon2_time_cost, settings.argon2_memory_kib, settings.argon2_parallelism)
    try:
        seconds = await asyncio.to_thread(_time_of_a_hash, hasher)
    except MemoryError:
        return [problem("there is not enough memory for a hash", CHEAPER)]
    if seconds > _SLOW_SECONDS:
        return [warning(f"a hash takes {seconds * 1000:.0f} ms", CHEAPER)]
    return [ok(f"a hash takes {seconds * 1000:.0f} ms")]


def _time_of_a_hash(hasher: PasswordHasher) -> float:
    """Returns the shortest of a few, since other checks run at the same time."""
    times: list[float] = []
    while len(times) < _HASHES and sum(times) < _SLOW_SECONDS:
        began = time.perf_counter()
        hasher.hash("a password")
        times.append(time.perf_counter() - began)
    return min(times)


def _written(settings: Settings) -> Path | None:
    file = settings.database["connections"]["default"]["credentials"].get("file_path")
    if file:
        return Path(file).parent
    return None if settings.smtp_url else settings.data_dir


def _disk(folder: Path, setting: str) -> list[Finding]:
    if setting == "DATA_DIR" and not folder.exists() and _is_writable(_nearest(folder)):
        return [skipped("DATA_DIR is not there yet; serve and migrate create it")]
    if not folder.is_dir():
        return [problem(f"the folder of {setting} is not there, or is a file", f"Create it, or correct {setting}.")]
    if not _is_writable(folder):
        return [problem(f"this user may not write the folder of {setting}", "Give it to the user of the service.")]
    space = os.statvfs(folder)
    free = space.f_bavail * space.f_frsize
    text = f"{free / _GIB:.1f} GiB are free"
    advice = "Make room: a full disk stops the service from writing."
    if free < _MIN_BYTES:
        return [problem(text, advice)]
    if free < _FEW_BYTES:
        return [warning(text, advice)]
    if space.f_files and space.f_favail < _FEW_INODES:
        return [warning(f"{space.f_favail} files can still be created", advice)]
    return [ok(text)]


def _nearest(folder: Path) -> Path:
    """Returns the first parent that is there."""
    return next(parent for parent in folder.absolute().parents if parent.exists())


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
