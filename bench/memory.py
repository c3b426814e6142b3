"""How much memory API and worker hold after work, and how soon the server is ready, against their limits.

Every kind of work that loads code or keeps something has been done by then: logins (whose hashes take
64 MiB for a moment), consents, signed events by the thousand, deposits booked. `make bench-memory`.
"""

from __future__ import annotations

import argparse
import sys

import psutil
from bench.companies import Companies, companies
from bench.stack import NotMeasured, free_port

API_MB_MAX, WORKER_MB_MAX, READY_SECONDS_MAX = 150.0, 120.0, 3.0


def measure(count: int, per_company: int, burst: int, starts: int) -> int:
    """Prints the figures; returns 1 when one is beyond its limit."""
    with companies(count) as stack:
        stack.pay(per_company, rate=8.0)
        stack.wait_until_booked()
        rss = {"worker": _resident_mb(stack.pids["worker"])}
        stack.processes.stop("worker")  # what follows is the API's alone
        stack.pay(burst // count, rate=None)
        rss["api"] = _resident_mb(stack.pids["api"])
        ready = sorted([stack.ready_seconds, *(_start_again(stack) for _ in range(starts - 1))])
    rows = [
        ("API, resident", rss["api"], API_MB_MAX, "MB"),
        ("worker, resident", rss["worker"], WORKER_MB_MAX, "MB"),
        ("start to ready, median", ready[len(ready) // 2], READY_SECONDS_MAX, "s"),
    ]
    for name, value, limit, unit in rows:
        verdict = "" if value <= limit else "  over the limit"
        print(f"{name:<26}{value:>8.1f} {unit:<3} of {limit:g}{verdict}")
    return 1 if any(value > limit for _, value, limit, _ in rows) else 0


def _resident_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def _start_again(stack: Companies) -> float:
    """Seconds from the start of one more API process to its readiness, all files being in the cache."""
    port = str(free_port())
    environment = psutil.Process(stack.pids["api"]).environ() | {"PORT": port, "PORTAL_PORT": port}
    name = f"api-{port}"
    stack.processes.start(name, [sys.executable, "-m", "crm.cli", "api"], environment)
    seconds = stack.processes.wait_ready(name, f"http://127.0.0.1:{port}/readyz")
    stack.processes.stop(name)
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--companies", type=int, default=4)
    parser.add_argument("--deposits", type=int, default=10, help="booked for each company")
    parser.add_argument("--burst", type=int, default=4_000, help="signed events at full load afterwards")
    parser.add_argument("--starts", type=int, default=3, help="of the API; the median of them counts")
    given = parser.parse_args()
    try:
        return measure(given.companies, given.deposits, given.burst, given.starts)
    except NotMeasured as error:
        print(f"not measured: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
