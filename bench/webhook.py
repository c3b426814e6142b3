"""How many signed Stripe events a second our webhook keeps, with their whole effect, beside three others.

One run on one PostgreSQL, in turns: ours; a minimal handler that only verifies and inserts; dj-stripe with
its Stripe API answering at once; and pgbench's one-row commits as the limit of the machine. Afterwards the
database is asked whether every acknowledged event took its effect. `make bench-webhook ARGS="--seconds 5"`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from bench import djstripe_peer
from bench.deposits import STRIPE_KEY, WEBHOOK_SECRET, Deposit, add_deposits, add_org, signed_requests
from bench.load import Measured, drive
from bench.stack import (
    ROOT,
    SECRET_KEY,
    NotMeasured,
    Processes,
    free_port,
    new_database,
    own_folder,
    own_postgres,
    product_environment,
)

from crm.activity.verify import verify_org
from crm.kit.database import Database, app_url, conninfo, owner_url
from crm.kit.postgres_engine import find_engine

ORG = 1
FIRST_GUESS_PER_SECOND = 4000
MARGIN = 1.6  # events prepared beyond what the fastest round so far took
DJSTRIPE_PER_SECOND_MAX = 500

AIM_OF_MINIMAL, AIM_OF_DJSTRIPE, AIM_P99_MS = 1.0, 15.0, 50.0


@dataclass
class Contender:
    """Something that takes events in, and what came of its rounds."""

    name: str
    round: Callable[[float], Measured]
    rounds: list[Measured] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(m.rate for m in self.rounds)

    def percentile_ms(self, percent: float) -> float:
        return statistics.median(m.percentile_ms(percent) for m in self.rounds)

    @property
    def acknowledged(self) -> int:
        return sum(len(m.acknowledged) for m in self.rounds)


class Ours:
    """Our API as a real process, fed with open sessions of its own database."""

    def __init__(self, processes: Processes, folder: Path, server_url: str, connections: int) -> None:
        self.database_url = new_database(server_url, "crm_ours", migrated=True)
        self.owner = psycopg.connect(conninfo(owner_url(self.database_url)), autocommit=True)
        add_org(self.owner, ORG)
        self.port, self._connections = free_port(), connections
        self._per_second = FIRST_GUESS_PER_SECOND
        self.paid: set[str] = set()
        environment = product_environment(
            self.database_url,
            folder,
            PORT=str(self.port),
            PORTAL_PORT=str(free_port()),
            STRIPE_SECRET_KEY=STRIPE_KEY,
            STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
            CRM_ENV="production",
        )
        processes.start_product("api", environment)
        processes.wait_ready("api", f"http://127.0.0.1:{self.port}/readyz")

    def round(self, seconds: float, rate: float | None = None) -> Measured:
        deposits = add_deposits(self.owner, ORG, int((rate or self._per_second) * seconds) + 100)
        self.owner.execute("ANALYZE proposals, payments, checkout_sessions")
        requests = signed_requests("/payments/webhook", deposits)
        measured = drive(self.port, requests, connections=self._connections, seconds=seconds, rate=rate)
        self.paid.update(deposits[place].session_id for place in measured.acknowledged)
        self._per_second = max(self._per_second, int(measured.rate * MARGIN))
        return measured

    def missing_effects(self) -> list[str]:
        """What is wrong in the database, in sentences; empty when every acknowledged event took its effect."""
        one = self._count
        counts = {
            "payments paid": one("SELECT count(*) FROM payments WHERE state = 'paid'"),
            "sessions paid": one("SELECT count(*) FROM checkout_sessions WHERE state = 'paid'"),
            "payment_success entries": one(
                "SELECT count(*) FROM portal_activity_log WHERE event = 'payment_success'"
            ),
            "events done": one("SELECT count(*) FROM inbox_events WHERE state = 'done'"),
            "entries with a job": one(
                "SELECT coalesce(sum(jsonb_array_length(args -> 'entry_ids')), 0) FROM procrastinate_jobs"
            ),
        }
        sent = len(self.paid)
        wrong = [f"{what}: {count}, acknowledged: {sent}" for what, count in counts.items() if count != sent]
        cursor = self.owner.execute(
            "SELECT count(*) FROM payments WHERE state = 'paid' AND stripe_session_id = ANY(%s)",
            [list(self.paid)],
        )
        row = cursor.fetchone()
        if row is None or row[0] != sent:
            wrong.append("other payments were paid than those acknowledged")
        broken = asyncio.run(self._broken_chain())
        return wrong + ([broken] if broken else [])

    def _count(self, query: str) -> int:
        row = self.owner.execute(query).fetchone()
        return int(row[0]) if row else 0

    async def _broken_chain(self) -> str | None:
        database = Database(app_url(self.database_url, SECRET_KEY), pool_size=1)
        try:
            async with database.transaction(ORG) as session:
                verdict = await verify_org(session, ORG)
        finally:
            await database.close()
        return str(verdict) if verdict.why else None


class Minimal:
    """The handler of `minimal_handler.py`, one process."""

    def __init__(self, processes: Processes, folder: Path, server_url: str, connections: int) -> None:
        database_url = new_database(server_url, "crm_minimal")
        self.owner = psycopg.connect(database_url, autocommit=True)
        self.port, self._connections = free_port(), connections
        self._per_second, self._numbers = FIRST_GUESS_PER_SECOND, 0
        command = [sys.executable, str(ROOT / "bench" / "minimal_handler.py"), str(self.port)]
        processes.start(
            "minimal",
            command,
            product_environment(database_url, folder, STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET),
        )
        processes.wait_ready("minimal", f"http://127.0.0.1:{self.port}/ready")

    def round(self, seconds: float) -> Measured:
        requests = signed_requests("/webhook", self._distinct(int(self._per_second * seconds) + 100))
        measured = drive(self.port, requests, connections=self._connections, seconds=seconds)
        self._per_second = max(self._per_second, int(measured.rate * MARGIN))
        return measured

    def _distinct(self, count: int) -> list[Deposit]:
        self._numbers += count
        return [
            Deposit(ORG, n, f"cs_test_minimal_{n:032d}") for n in range(self._numbers - count, self._numbers)
        ]

    def kept(self) -> int:
        row = self.owner.execute("SELECT count(*) FROM webhook_events").fetchone()
        return int(row[0]) if row else 0


class DjStripe:
    """dj-stripe under gunicorn with two sync workers."""

    def __init__(self, processes: Processes, folder: Path, server_url: str, connections: int) -> None:
        database_url = new_database(server_url, "djstripe")
        self.port, self._path = djstripe_peer.start(processes, folder, database_url)
        self.owner = psycopg.connect(database_url, autocommit=True)
        self._connections, self._numbers = connections, 0

    def round(self, seconds: float) -> Measured:
        count = int(DJSTRIPE_PER_SECOND_MAX * seconds) + 100
        self._numbers += count
        deposits = [
            Deposit(ORG, n, f"cs_test_peer_{n:032d}") for n in range(self._numbers - count, self._numbers)
        ]
        requests = signed_requests(self._path, deposits)
        return drive(self.port, requests, connections=self._connections, seconds=seconds)

    def kept(self) -> int:
        row = self.owner.execute("SELECT count(*) FROM djstripe_session").fetchone()
        return int(row[0]) if row else 0


class PgBench:
    """One-row commits, from the tool that comes with PostgreSQL."""

    def __init__(self, folder: Path, server_url: str, connections: int) -> None:
        self._url, self._connections = owner_url(new_database(server_url, "limit")), connections
        self._pgbench = find_engine(None).bin_dir / "pgbench"
        if not self._pgbench.exists():
            raise NotMeasured(f"there is no pgbench beside {self._pgbench.parent}/postgres")
        self._script = folder / "commit.sql"
        self._script.write_text("INSERT INTO commits (body) VALUES (repeat('x', 100));\n")
        with psycopg.connect(conninfo(self._url), autocommit=True) as owner:
            owner.execute("CREATE TABLE commits (id bigserial PRIMARY KEY, body text)")

    def round(self, seconds: float) -> Measured:
        """On a loaded machine a second can be over before the clients are connected: then once more, for longer."""
        try:
            return self._for_seconds(max(1, round(seconds)))
        except NotMeasured:
            return self._for_seconds(max(10, round(seconds)))

    def _for_seconds(self, seconds: int) -> Measured:
        url = self._url
        command = [str(self._pgbench), "--no-vacuum", "--file", str(self._script), "--time"]
        command += [str(seconds), "--client", str(self._connections), str(url.database)]
        host = url.query["host"]
        environment = {
            **os.environ,
            "PGHOST": host if isinstance(host, str) else host[0],
            "PGUSER": url.username or "",
            "PGPASSWORD": str(url.password),
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        rate = re.search(r"tps = ([\d.]+)", done.stdout)
        commits = re.search(r"actually processed: (\d+)", done.stdout)
        average = re.search(r"latency average = ([\d.]+)", done.stdout)
        if done.returncode != 0 or rate is None or commits is None:
            raise NotMeasured(f"pgbench failed: {done.stderr[-600:] or done.stdout[-600:]}")
        measured = Measured(acknowledged=list(range(int(commits[1]))))
        measured.latencies = [float(average[1]) / 1000] if average else []
        measured.seconds = int(commits[1]) / float(rate[1])
        return measured


def measure(seconds: float, rounds: int, connections: int, *, with_djstripe: bool) -> int:
    """Runs everything and prints the figures; returns 1 when an acknowledged event has no effect."""
    with ExitStack() as stack:
        folder = stack.enter_context(own_folder())
        server_url = stack.enter_context(own_postgres(folder))
        processes = stack.enter_context(Processes(folder))
        made: dict[str, Any] = {}
        skipped = []
        ours = made["ours"] = Ours(processes, folder, server_url, connections)
        for name, make in (
            ("minimal", lambda: Minimal(processes, folder, server_url, connections)),
            ("dj-stripe", lambda: DjStripe(processes, folder, server_url, connections)),
            ("pgbench", lambda: PgBench(folder, server_url, connections)),
        ):
            if name == "dj-stripe" and not with_djstripe:
                skipped.append("dj-stripe: left out as asked")
                continue
            try:
                made[name] = make()
            except NotMeasured as error:
                skipped.append(f"{name}: {error}")
        contenders = [Contender(name, one.round) for name, one in made.items()]
        for contender in list(contenders):  # once unmeasured: pools fill, plans and caches warm up
            warm_up = contender.round(min(1.0, seconds))
            if not warm_up.acknowledged:
                answers = sorted(set(warm_up.refused.values())) or "nothing"
                skipped.append(f"{contender.name}: it acknowledged no event (it answered {answers})")
                contenders.remove(contender)
        for number in range(1, rounds + 1):
            for contender in contenders:
                contender.rounds.append(contender.round(seconds))
                print(
                    f"round {number}  {contender.name:<10} {contender.rounds[-1].rate:8.0f} a second",
                    flush=True,
                )
        if not contenders or contenders[0].name != "ours":
            raise NotMeasured("our own webhook acknowledged nothing; " + "; ".join(skipped))
        half = contenders[0].rate / 2
        calm = ours.round(seconds, rate=half)
        _print_table(contenders, skipped, calm, half)
        wrong = ours.missing_effects()
        for contender in contenders[1:]:
            if contender.name != "pgbench":
                print(f"{contender.name} kept {made[contender.name].kept()} events")
        refused = sum(len(m.refused) for m in contenders[0].rounds) + len(calm.refused)
        print(f"ours acknowledged {len(ours.paid)} events and refused {refused}; ", end="")
        print("every one took its whole effect" if not wrong else "; ".join(wrong))
        return 1 if wrong or refused else 0


def _print_table(contenders: list[Contender], skipped: list[str], calm: Measured, half: float) -> None:
    ours = contenders[0].rate
    print()
    print(f"{'':<12}{'events/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'ours is':>10}")
    for one in contenders:
        p99 = f"{one.percentile_ms(99):9.1f}" if one.name != "pgbench" else f"{'':>9}"
        print(
            f"{one.name:<12}{one.rate:>10.0f}{one.percentile_ms(50):>9.1f}{p99}{ours / one.rate:>9.2f}x",
        )
    for line in skipped:
        print(f"not measured: {line}")
    rates = {one.name: one.rate for one in contenders}
    print()
    print(
        f"at half load ({half:.0f}/s, from due time): p50 {calm.percentile_ms(50):.1f} ms, "
        f"p99 {calm.percentile_ms(99):.1f} ms (aim: under {AIM_P99_MS:.0f})"
    )
    for name, aim in (("minimal", AIM_OF_MINIMAL), ("dj-stripe", AIM_OF_DJSTRIPE)):
        if name in rates:
            print(f"against {name}: {ours / rates[name]:.2f} times (aim: at least {aim:g})")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--without-dj-stripe", action="store_true", help="nothing is installed then")
    given = parser.parse_args()
    try:
        return measure(
            given.seconds, given.rounds, given.connections, with_djstripe=not given.without_dj_stripe
        )
    except NotMeasured as error:
        print(f"not measured: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
