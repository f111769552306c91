"""Prints what METRICS_PORT costs: the CPU time of a `me` without it and with it, in turns, for docs/monitoring.md.

    .venv/bin/python -m benchmarks.metrics

All servers run at the same time, and each round asks one after the other, so that what else the machine does falls on
all of them. The figures are the medians of the rounds, of requests on one kept connection.
"""

import contextlib
import tempfile
from pathlib import Path
from statistics import median

from audits.ports import free_port
from benchmarks.client import SECRET_KEY, Client
from tests.process.serving import WITHOUT_LIMITS, serving

ROUNDS = 21
REQUESTS = 200  # in each
# With WORKERS, processes share their numbers in files. Only one of the processes serves the connection.
VARIANTS = {"one process": {"WORKERS": "1"}, "two processes": {"WORKERS": "2"}}


def main() -> None:
    with contextlib.ExitStack() as stack:
        servers = {
            (name, port): _Server(stack, {**settings, **metrics})
            for name, settings in VARIANTS.items()
            for port, metrics in {"without": {}, "with": {"METRICS_PORT": str(free_port())}}.items()
        }
        seconds: dict[tuple[str, str], list[float]] = {key: [] for key in servers}
        for number in range(ROUNDS):
            for key, server in servers.items():
                measured = server.measure()
                if number:  # the first round warms up
                    seconds[key].append(measured)
        for name in VARIANTS:
            without, metered = (median(seconds[name, port]) for port in ("without", "with"))
            more = f"{(metered - without) * 1e6:+.0f} µs, {metered / without - 1:+.1%}"
            print(f"{name:14} {without * 1e6:6.0f} µs without, {metered * 1e6:6.0f} µs with ({more})")


class _Server:
    def __init__(self, stack: contextlib.ExitStack, settings: dict[str, str]) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        own = {"SECRET_KEY": SECRET_KEY, "WORKER_IN_SERVE": "false", "LOG_LEVEL": "WARNING"}
        url, process = stack.enter_context(serving(folder, **own, **WITHOUT_LIMITS, **settings))
        self._pid = process.pid
        self._client = Client(url)
        self._body = self._client.body("Me")

    def measure(self) -> float:
        """Returns the seconds of CPU time per request, of all processes."""
        before = self._cpu()
        for _ in range(REQUESTS):
            self._client.send(self._body, "x")
        return (self._cpu() - before) / REQUESTS

    def _cpu(self) -> float:
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text("ascii").split()
        tasks = [task for pid in (self._pid, *children) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9


if __name__ == "__main__":
    main()
