"""How fast the simulators answer and how much memory they hold, empty and with many documents: `make bench-sandbox`.

One kept-open connection over loopback. Each request is sent in turn with one to a bare Starlette application that reads
as much and answers as much, so the ratio says what the simulator adds on this machine at this moment. Then the
company is filled through HTTP batches, all is measured again while the state file is being saved, and the
process is started anew from that file.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from bench.sandbox_client import (
    CARD,
    FORM,
    REALM,
    Connection,
    Filler,
    QuickBooks,
    Request,
    session_form,
    stripe_sessions,
)
from bench.stack import ROOT, NotMeasured, Processes, free_port, own_folder

P50_MS_MAX, RSS_MB_MAX, PAUSE_MS_MAX = 5.0, 500.0, 50.0
WARM_UP = 20
SAVE_SECONDS_MAX = 120.0


@dataclass
class Timed:
    """One kind of request, measured. `single`: it is about one object, so its p50 has a limit."""

    name: str
    single: bool
    seconds: list[float] = field(default_factory=list)
    bare_seconds: list[float] = field(default_factory=list)
    size: int = 0

    def row(self) -> str:
        p50, bare = statistics.median(self.seconds), statistics.median(self.bare_seconds)
        p99 = sorted(self.seconds)[int(len(self.seconds) * 0.99)]
        over = "  over the limit" if self.over() else ""
        return f"{self.name:<44}{p50 * 1e3:>8.2f}{p99 * 1e3:>8.2f}{self.size / 1e3:>9.1f}{p50 / bare:>7.1f}{over}"

    def over(self) -> bool:
        return self.single and statistics.median(self.seconds) * 1e3 >= P50_MS_MAX


class Measurement:
    """A running sandbox beside the bare application."""

    def __init__(self, processes: Processes, folder: Path, times: int) -> None:
        self._processes, self.times = processes, times
        self.port, self._bare_port = free_port(), free_port()
        self.state_file = folder / "sandbox.state"
        self._environment = dict(os.environ) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        processes.start(
            "bare", [sys.executable, "-m", "bench.bare_app", str(self._bare_port)], self._environment
        )
        processes.wait_ready("bare", f"http://127.0.0.1:{self._bare_port}/")
        self.start()

    def start(self) -> float:
        """Starts the sandbox; how many seconds until it answered."""
        command = [sys.executable, "-m", "crm_sandbox", "--port", str(self.port), "--no-rate-limits"]
        self.pid = self._processes.start(
            "sandbox", [*command, "--state-file", str(self.state_file)], self._environment
        )
        seconds = self._processes.wait_ready("sandbox", f"http://127.0.0.1:{self.port}/_health")
        self.connection = Connection(self.port)
        return seconds

    def stop(self) -> None:
        self.connection.close()
        self._processes.stop("sandbox")

    def time(
        self, name: str, make: Callable[[], Request], *, single: bool = True, times: int | None = None
    ) -> Timed:
        """Sends what `make` gives, in turn with a bare request of the same sizes."""
        timed, bare_connection = Timed(name, single), Connection(self._bare_port)
        times = times or self.times
        warm_up = min(WARM_UP, times)
        for number in range(warm_up + times):
            request = make()
            began = time.perf_counter()
            status, body, _ = self.connection.send(request)
            ended = time.perf_counter()
            if status not in (200, 303):
                raise NotMeasured(f"{name}: {status} {body[:300]!r}")
            bare: Request = (request[0], f"/?size={len(body)}", request[2], request[3])
            bare_began = time.perf_counter()
            bare_connection.send(bare)
            bare_ended = time.perf_counter()
            timed.size = len(body)
            if number >= warm_up:
                timed.seconds.append(ended - began)
                timed.bare_seconds.append(bare_ended - bare_began)
        bare_connection.close()
        return timed

    def rss_mb(self) -> float:
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6


def quickbooks_requests(run: Measurement, books: QuickBooks, filler: Filler) -> list[Timed]:
    """The common requests, those that an index answers, and those that read all objects of a kind."""
    connection = run.connection
    number = time.time_ns()

    def fresh_customer() -> Request:
        nonlocal number
        number += 1
        return books.post("customer", filler.customer(number))

    def fresh_payment() -> Request:
        made = connection.get(books.post("invoice", filler.invoice()))["Invoice"]
        return books.post(
            "payment", filler.payment((made["Id"], made["CustomerRef"]["value"], made["Balance"]))
        )

    one = connection.get(books.post("invoice", filler.invoice()))["Invoice"]
    name = connection.get(books.read(f"customer/{one['CustomerRef']['value']}"))["Customer"]["DisplayName"]
    since = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    cdc = books.read(f"cdc?entities=Invoice,Payment,Customer&changedSince={since}")
    found = f"WHERE CustomerRef = '{one['CustomerRef']['value']}' MAXRESULTS 10"
    slow = max(run.times // 20, 3)
    return [
        run.time("create customer", fresh_customer),
        run.time("create invoice, 3 lines", lambda: books.post("invoice", filler.invoice())),
        run.time("create payment of an invoice", fresh_payment),
        run.time("read invoice", lambda: books.read(f"invoice/{one['Id']}")),
        run.time("query by Id", lambda: books.query(f"SELECT * FROM Invoice WHERE Id = '{one['Id']}'")),
        run.time("query by DocNumber", lambda: books.query(f"SELECT * FROM Invoice WHERE DocNumber = '{one['DocNumber']}'")),
        run.time("query by DisplayName", lambda: books.query(f"SELECT * FROM Customer WHERE DisplayName = '{name}'")),
        run.time("query by CustomerRef, 10", lambda: books.query(f"SELECT * FROM Invoice {found}"), single=False),
        run.time("query MetaData.LastUpdatedTime, 10", lambda: books.query(
            f"SELECT * FROM Invoice WHERE MetaData.LastUpdatedTime >= '{since}' "
            "ORDERBY MetaData.LastUpdatedTime MAXRESULTS 10"), single=False),
        run.time("query COUNT(*)", lambda: books.query("SELECT COUNT(*) FROM Invoice"), single=False),
        run.time("query page of 100", lambda: books.query("SELECT * FROM Invoice MAXRESULTS 100"), single=False),
        run.time("query last page of 100", lambda: books.query(
            f"SELECT * FROM Invoice STARTPOSITION {max(filler.written // 3 - 100, 1)} MAXRESULTS 100"), single=False),
        run.time("query TxnDate, page of 100", lambda: books.query(
            "SELECT * FROM Invoice WHERE TxnDate >= '2026-06-01' AND TxnDate <= '2026-06-30' MAXRESULTS 100"), single=False),
        run.time("query TotalAmt, no match (reads all)", lambda: books.query(
            "SELECT * FROM Invoice WHERE TotalAmt = '0.01'"), single=False, times=slow),
        run.time("query ORDERBY TotalAmt (reads all)", lambda: books.query(
            "SELECT * FROM Invoice ORDERBY TotalAmt MAXRESULTS 10"), single=False, times=slow),
        run.time("batch of 30 creates", lambda: books.post("batch", filler.batch()), single=False, times=slow),
        run.time("change data, 5 seconds' or 1,000", lambda: cdc, single=False, times=slow),
        run.time("token refresh", lambda: books.token(grant_type="refresh_token", refresh_token=books.refresh_token)),
    ]  # fmt: skip


def stripe_requests(run: Measurement) -> list[Timed]:
    """From the session to the paid page, and the list of events."""
    session = next(stripe_sessions(run.connection, 1))

    def page() -> Request:
        made = next(stripe_sessions(run.connection, 1))
        return "POST", urlsplit(made["url"]).path, CARD, {"content-type": FORM["content-type"]}

    return [
        run.time("session create", lambda: ("POST", "/v1/checkout/sessions", session_form(), FORM)),
        run.time("session retrieve", lambda: ("GET", f"/v1/checkout/sessions/{session['id']}", None, FORM)),
        run.time("payment page: pay by card", page),
        run.time("events list, 10", lambda: ("GET", "/v1/events?limit=10", None, FORM), single=False),
    ]


@dataclass
class Saving:
    """Answers to reads without a break, in ms: until a save was written, and for as long without one."""

    longest: float
    median: float
    longest_without: float
    seconds: float


def while_saving(run: Measurement, books: QuickBooks, filler: Filler) -> Saving:
    """Reads one invoice again and again until a save that began after a change is written, and as long again."""
    one = run.connection.get(books.post("invoice", filler.invoice()))["Invoice"]
    before, began = _written(run), time.monotonic()
    answers: list[float] = []
    while _written(run) == before:
        if time.monotonic() - began > SAVE_SECONDS_MAX:
            raise NotMeasured(f"nothing was saved in {SAVE_SECONDS_MAX:.0f} s")
        answers.append(_read(run, books, one["Id"]))
    seconds = time.monotonic() - began
    without: list[float] = []
    while time.monotonic() - began < 2 * seconds:
        without.append(_read(run, books, one["Id"]))
    return Saving(max(answers) * 1e3, statistics.median(answers) * 1e3, max(without) * 1e3, seconds)


def _written(run: Measurement) -> int:
    return run.state_file.stat().st_mtime_ns if run.state_file.exists() else 0


def _read(run: Measurement, books: QuickBooks, ident: str) -> float:
    started = time.perf_counter()
    run.connection.send(books.read(f"invoice/{ident}"))
    return time.perf_counter() - started


def measure(documents: int, payments: int, times: int) -> int:
    """Prints the figures; returns 1 when one is beyond its limit."""
    over: list[str] = []
    with own_folder() as folder, Processes(folder) as processes:
        run = Measurement(processes, folder, times)
        books = QuickBooks(run.connection)
        filler = Filler(run.connection, books)
        filler.fill(0)
        _table("empty", [*stripe_requests(run), *quickbooks_requests(run, books, filler)], over)
        print(f"resident: {run.rss_mb():.0f} MB\n")
        began = time.monotonic()
        filler.fill(documents)
        held = run.rss_mb()
        print(
            f"{documents:,} documents in HTTP batches of 30: {time.monotonic() - began:.0f} s, {held:.0f} MB resident"
        )
        for session in stripe_sessions(run.connection, payments):
            card = {"content-type": FORM["content-type"]}
            run.connection.get(("POST", urlsplit(session["url"]).path, CARD, card), 303)
        print(f"and {payments:,} paid Stripe sessions: {run.rss_mb():.0f} MB resident\n")
        _table("filled", [*stripe_requests(run), *quickbooks_requests(run, books, filler)], over)
        saving = while_saving(run, books, filler)
        print(
            f"while the state is saved: longest answer {saving.longest:.1f} ms, median {saving.median:.2f} ms, saved after "
            f"{saving.seconds:.1f} s; as long without saving: longest {saving.longest_without:.1f} ms"
        )
        size = run.state_file.stat().st_size / 1e6
        print(f"state file {size:.0f} MB, {run.rss_mb():.0f} MB resident after it")
        trial = run.connection.get(("GET", f"/_state/quickbooks/{REALM}/trial_balance", None, {}))
        run.stop()
        started = run.start()
        again = run.connection.get(("GET", f"/_state/quickbooks/{REALM}/trial_balance", None, {}))
        print(f"started from that file in {started:.1f} s, {run.rss_mb():.0f} MB resident")
        if trial != again or trial["sum_cents"]:
            over.append("the books after the restart are other ones")
    pause_ms_max = max(PAUSE_MS_MAX, 2 * saving.longest_without)  # a busy machine stalls by itself
    for value, limit, what in (
        (held, RSS_MB_MAX, "MB resident"),
        (saving.longest, pause_ms_max, "ms while saving"),
    ):
        if value >= limit:
            over.append(f"{value:.0f} {what}, limit {limit:.0f}")
    print("\nover the limit: " + "; ".join(over) if over else "\nall within the limits")
    return 1 if over else 0


def _table(title: str, timed: list[Timed], over: list[str]) -> None:
    print(f"{title:<44}{'p50 ms':>8}{'p99 ms':>8}{'KB':>9}{'ratio':>7}")
    for one in timed:
        print(one.row())
        if one.over():
            over.append(f"{one.name} ({title})")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--payments", type=int, default=1_000, help="paid Stripe sessions besides")
    parser.add_argument("--times", type=int, default=400, help="how often each request is sent")
    given = parser.parse_args()
    try:
        return measure(given.documents, given.payments, given.times)
    except NotMeasured as error:
        print(f"not measured: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
