"""The CPUs that a process may use, as Linux states them in /proc and /sys/fs/cgroup."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.common.cpus import usable_cpus

_ALL = usable_cpus(Path("/nowhere"))
_V2 = "0::/{}\n"
_V2_MOUNT = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
_V1 = "5:memory:/docker/a\n4:cpu,cpuacct:/docker/a/b\n1:name=systemd:/docker/a\n0::/\n"
_V1_MOUNT = (
    "31 23 0:28 {} /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
    "32 23 0:29 {} /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
)


def _machine(root: Path, cgroup: str, mountinfo: str, files: Mapping[str, str]) -> Path:
    every = {"proc/self/cgroup": cgroup, "proc/self/mountinfo": mountinfo}
    every |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in every.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_the_smallest_quota_around_a_process_counts(tmp_path: Path) -> None:
    machines: list[tuple[str, dict[str, str], float]] = [
        ("", {}, _ALL),
        ("", {"cpu.max": "max 100000\n"}, _ALL),
        ("", {"cpu.max": "50000 100000\n"}, 0.5),
        ("", {"cpu.max": "900000000 100000\n"}, _ALL),
        ("a/b", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "75000 100000\n"}, 0.75),
        ("a/b", {"a/b/cpu.max": "25000 50000\n", "a/cpu.max": "75000 100000\n"}, 0.5),
        ("a/b", {"a/b/cpu.max": "75000 100000\n", "cpu.max": "20000 100000\n"}, 0.2),
        ("../elsewhere", {"cpu.max": "60000 100000\n"}, 0.6),
        ("", {"cpu.max": "nonsense\n"}, _ALL),
        ("", {"cpu.max": "1 0 0\n"}, _ALL),
        ("", {"cpu.max": ""}, _ALL),
        ("a b:c", {"a b:c/cpu.max": "50000 100000\n"}, 0.5),
    ]

    counted = [
        usable_cpus(_machine(tmp_path / str(number), _V2.format(group), _V2_MOUNT, files))
        for number, (group, files, _) in enumerate(machines)
    ]

    assert counted == [cpus for _, _, cpus in machines]


def test_quotas_of_cgroups_version_1_count_too(tmp_path: Path) -> None:
    machines: list[tuple[str, dict[str, str], float]] = [
        ("/", {"docker/a/cpu.cfs_quota_us": "50000", "docker/a/cpu.cfs_period_us": "100000"}, 0.5),
        ("/docker/a/b", {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"}, 0.5),
        ("/docker/other", {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"}, 0.5),
        ("/docker/a/b", {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}, _ALL),
        ("/docker/a/b", {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "0"}, _ALL),
    ]

    counted = []
    for number, (top, files, _) in enumerate(machines):
        files = {f"cpu,cpuacct/{name}": text for name, text in files.items()}
        counted.append(usable_cpus(_machine(tmp_path / str(number), _V1, _V1_MOUNT.format(top, top), files)))

    assert counted == [cpus for _, _, cpus in machines]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is set on Linux alone")
def test_affinity_counts() -> None:
    program = "import os; from services.common import cpus; "
    program += "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(cpus.usable_cpus())"
    alone = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert 0 < float(alone.stdout) <= 1


def test_malformed_lines_are_ignored(tmp_path: Path) -> None:
    malformed = ["x", "1:cpu", "0::/\n1 2 - cgroup2\n", "0::/\n - cgroup2 cgroup2 rw"]

    counted = [usable_cpus(_machine(tmp_path / str(number), odd, odd, {})) for number, odd in enumerate(malformed)]

    assert counted == [_ALL] * len(malformed)


def test_without_cgroups_all_cpus_of_the_machine_are_usable() -> None:
    assert 1 <= _ALL <= (os.cpu_count() or 1)
