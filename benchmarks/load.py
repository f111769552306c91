"""wrk (Debian's package), what it sends, and what a process used to answer it."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.servers import cpu

WRK = "/usr/bin/wrk"
CONNECTIONS = 16
_SERIALS = count(1)
_SCRIPT = """
local serial, count, threads = "%(serial)s", 0, {}
wrk.method = "%(method)s"
wrk.headers["Authorization"] = "Bearer %(token)s"
wrk.headers["Content-Type"] = "application/json"
local body = [==[%(body)s]==]
if #body > 0 then wrk.body = body end
if string.find(body, "SERIAL", 1, true) then
  function request()
    count = count + 1
    local number = %(accounts)d > 0 and count %% %(accounts)d or serial .. "-" .. count
    return wrk.format(nil, nil, nil, (string.gsub(body, "SERIAL", number)))
  end
end
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body)
  if status ~= 200 or not string.find(body, [==[%(expected)s]==], 1, true) then wrong = (wrong or 0) + 1 end
end
function done()
  for _, thread in ipairs(threads) do print("Wrong answers: " .. (thread:get("wrong") or 0)) end
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """A request, and a text that each answer contains.

    SERIAL in the body is another number in each request: of one of `accounts` or, if that is 0, one never sent before.
    """

    expected: str
    path: str = "/graphql"
    method: str = "POST"
    token: str = ""
    query: str = ""
    variables: object = None
    accounts: int = 0

    def script(self) -> str:
        body = json.dumps({"query": self.query, "variables": self.variables or {}}) if self.query else ""
        own = {"method": self.method, "token": self.token, "body": body, "expected": self.expected}
        return _SCRIPT % {**own, "accounts": self.accounts, "serial": next(_SERIALS)}


@dataclass(frozen=True, slots=True)
class Round:
    """Requests a second, the 99th percentile in milliseconds, and microseconds of CPU time per request."""

    requests: float
    p99: float
    cpu: float


def measure(url: str, pid: int, load: Load, seconds: int, *, core: int | None, connections: int = CONNECTIONS) -> Round:
    """Sends the load for some seconds from `core`, or from any if None. Raises SystemExit if an answer is wrong."""
    before = _used(pid)
    command = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(load.script())
        script.flush()
        out = subprocess.run(
            [*pinned(core), WRK, *command, "-s", script.name, url + load.path],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    used = _used(pid) - before
    if found := re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: .*|Wrong answers: [1-9]\d*", out):
        raise SystemExit(f"{load.method} {url}{load.path}: {found[0]}")
    requests = int(_group(r"(\d+) requests in", out))
    value, unit = _group(r"99%\s+([\d.]+)", out), _group(r"99%\s+[\d.]+(us|ms|s|m)", out)
    p99 = float(value) * {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
    return Round(float(_group(r"Requests/sec:\s+([\d.]+)", out)), p99, used / requests * 1e6)


def pinned(core: int | None) -> list[str]:
    """Returns what to put before a command to keep it on the core."""
    return [] if core is None else ["/usr/bin/taskset", "-c", str(core)]


def memory(pid: int) -> float:
    """Returns the megabytes of memory of a process and its children; what they share counts once."""
    texts = (Path(f"/proc/{each}/smaps_rollup").read_text("ascii") for each in _tree(pid))
    return sum(int(_group(r"Pss:\s+(\d+) kB", text)) for text in texts) * 1024 / 1e6


def _used(pid: int) -> float:
    return sum(map(cpu, _tree(pid)))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text("ascii").split():
            yield from _tree(int(child))


def _group(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]
