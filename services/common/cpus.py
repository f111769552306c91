"""The number of CPUs that this process may use, given its affinity and the quotas of its cgroups."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath


def usable_cpus(root: Path = Path("/")) -> float:
    """Returns 1.5, for example, in a container with that quota. `root` holds /proc and /sys."""
    quotas: list[float] = []
    with suppress(ValueError):  # a kernel may use another format
        quotas += filter(None, map(_quota, _cgroups(root)))
    return min([_allowed(), *quotas])


def _allowed() -> int:
    """Returns the limit by affinity (sched_setaffinity(2), cpusets, taskset) or, from Python 3.13, PYTHON_CPU_COUNT."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroups(root: Path) -> Iterator[Path]:
    """Yields the directories of the process's CPU cgroups and their parents (cgroups(7))."""
    groups = {}
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        groups.update(dict.fromkeys(controllers.split(","), PurePosixPath(path)))  # version 2 names none
    for line in _lines(root / "proc/self/mountinfo"):
        mount, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.split()[:3]
        controller = {"cgroup2": "", "cgroup": "cpu"}.get(kind)
        if controller in groups and controller in {"", *options.split(",")}:
            top, place = mount.split()[3:5]
            group = groups[controller]
            # In a container that sees the host's paths, the mounted directory is the container's group.
            inside = group.relative_to(top) if group.is_relative_to(top) else PurePosixPath()
            yield from (root / place.lstrip("/") / each for each in (inside, *inside.parents))


def _quota(group: Path) -> float | None:
    """Returns the quota in CPUs, or None if there is none."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        limit, period = (group / "cpu.max").read_text("ascii").split()
        return None if limit == "max" else int(limit) / int(period)
    with suppress(OSError, ValueError, ZeroDivisionError):
        limit = (group / "cpu.cfs_quota_us").read_text("ascii")
        period = (group / "cpu.cfs_period_us").read_text("ascii")
        return int(limit) / int(period) if int(limit) > 0 else None
    return None


def _lines(file: Path) -> list[str]:
    """Returns no lines if the kernel has no such file."""
    try:
        return file.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
