"""Runs the comparisons of docs/performance.md and prints their table.

    BENCH_DATABASE_URL=postgres://USER@HOST/NAME .venv/bin/python -m benchmarks [--rounds N] [--seconds N] [--only WORD]

It needs wrk, PostgreSQL on which databases may be created, and Node.js 20 or newer. The rounds alternate between the
rows of a group. It prints medians. A share is the value divided by that of the group's first row in the same round,
and the spread is the smallest and the largest share; that of the first row is of its values.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.comparisons import GROUPS, Figure, Group
from benchmarks.load import WRK
from tests.process.serving import ROOT

HEAD = ("", "median", "share", "spread", "p99, ms", "CPU, µs", "memory, MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=3, help="of each round")
    parser.add_argument("--only", default="", metavar="WORD", help="the groups with this in their name")
    arguments = parser.parse_args()
    server = _server()
    rows: list[tuple[str, ...]] = [HEAD, ("---",) + ("---:",) * 6]
    for group in GROUPS:
        if arguments.only in group.name:
            print(f"{group.name}, load {os.getloadavg()[0]:.1f} …", file=sys.stderr, flush=True)
            rows += _rows(group, group.run(server, arguments.rounds, arguments.seconds))
    print("\n".join(f"| {' | '.join(cells)} |" for cells in rows))


def _server() -> str:
    """Returns PostgreSQL's URL. Raises SystemExit with what is missing."""
    url = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL")
    needs = {
        "PostgreSQL: set BENCH_DATABASE_URL to postgres://USER@HOST/NAME, a user that may create databases": url,
        "wrk: apt install wrk": Path(WRK).exists(),
    }
    if missing := [need for need, there in needs.items() if not there]:
        raise SystemExit("The benchmark needs " + ", and ".join(missing))
    assert url
    if status := subprocess.run(["/bin/sh", str(ROOT / "scripts/setup_peers.sh")], check=False).returncode:
        raise SystemExit(status)
    return url


def _rows(group: Group, measured: Mapping[str, Sequence[Figure]]) -> list[tuple[str, ...]]:
    first = measured[group.rows[0]]
    rows: list[tuple[str, ...]] = []
    for title, figures in zip(group.titles(), measured.values(), strict=True):
        value = median(figure.value for figure in figures)
        own = figures is first  # whose spread is that of its own values
        shares = [each.value / (value if own else other.value) for each, other in zip(figures, first, strict=True)]
        spread = f"{min(shares):.2f}–{max(shares):.2f}"
        others = (_median(figures, lambda each: each.p99, ".1f"), _median(figures, lambda each: each.cpu, ",.0f"))
        size = _median(figures, lambda each: each.memory, ".0f")
        rows.append((title, _readable(value) + group.unit, f"{median(shares):.2f}", spread, *others, size))
    return rows


def _median(figures: Sequence[Figure], part: Callable[[Figure], float | None], shape: str) -> str:
    known = [value for figure in figures if (value := part(figure)) is not None]
    return format(median(known), shape) if known else ""


def _readable(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    main()
