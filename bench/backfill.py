"""How fast 10,000 waiting payments of one company drain, against what QuickBooks allows.

`make bench-backfill`. The simulator of QuickBooks with its throttle on, PostgreSQL, our lane and our limiter are real;
the clock of both is simulated: it moves only where somebody waits for his turn (bench/skipping.py), so what is measured
is how fully the turns are used, by one run of the lane, and not the machine; the time that the work took is printed beside
it. Allowed are 40 batches of 30 writes a minute; a payment of a
known customer is two writes, of a new one three. Ends with 1 below 95 % of that, with a 429, or when the books differ.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from bench.backlog import add_backlog
from bench.skipping import StandingClock, skipping
from bench.stack import SECRET_KEY, NotMeasured, new_database, own_folder, own_postgres
from pydantic import SecretStr

from crm.accounting import connection, postings
from crm.accounting.context import Books
from crm.gateways.http import make_client
from crm.gateways.intuit import refresh
from crm.kit import clock
from crm.kit.database import Database, app_url, conninfo, owner_url
from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox

ORG = 1
SHARE_MIN = 0.95
WRITES_A_MINUTE = 40 * 30
RUNS_MAX = 50  # of the lane: it ends when the company rests, and then its worker would wake it


@dataclass(frozen=True, slots=True)
class Drained:
    payments: int
    writes: int
    batches: int
    minutes: float
    refused: int
    wrong: list[str]

    @property
    def share(self) -> float:
        return self.writes / self.minutes / WRITES_A_MINUTE


def settings_for(database_url: str, folder: Path, sandbox: RunningSandbox) -> Settings:
    url = sandbox.base_url
    return Settings(
        _env_file=None,
        database_url=database_url,
        crm_secret_key=SecretStr(SECRET_KEY),
        crm_data_dir=folder,
        qbo_client_id=sandbox.config.qbo_client_id,
        qbo_client_secret=SecretStr(sandbox.config.qbo_client_secret),
        qbo_api_base=url,
        qbo_token_url=f"{url}/oauth2/v1/tokens/bearer",
    )


async def connect(books: Books, sandbox: RunningSandbox) -> None:
    """As a person who consents; the tokens themselves are renewed by the product from then on."""
    tokens = sandbox.connect_quickbooks()
    grant = await refresh(books.http, books.settings, tokens.refresh_token)
    await connection.connect(books, ORG, 0, tokens.realm_id, grant)


async def drain(books: Books, sql: psycopg.Connection[Any]) -> None:
    async with books.db.transaction(ORG) as session:
        await postings.ensure(session, ORG)
    for _ in range(RUNS_MAX):
        await postings.run_lane(books, ORG)
        waiting = sql.execute(
            "SELECT count(*), max(problem) FROM postings WHERE org_id = %s AND state <> 'posted'", [ORG]
        ).fetchone()
        assert waiting is not None
        if waiting[0] == 0:
            return
        await clock.sleep(5)
    raise NotMeasured(f"{waiting[0]} payments are not booked: {waiting[1] or 'no problem noted'}")


async def measure(
    database_url: str, folder: Path, sandbox: RunningSandbox, count: int, customers: int
) -> Drained:
    settings = settings_for(database_url, folder, sandbox)
    db = Database(app_url(database_url, SECRET_KEY), pool_size=10)
    address = conninfo(owner_url(database_url))
    with psycopg.connect(address, autocommit=True) as sql, skipping(sandbox.clock):
        async with make_client() as http:
            books = Books(db, settings, http)
            sql.execute("INSERT INTO orgs (id, name) VALUES (%s, %s)", [ORG, "Late Roofing"])
            await connect(books, sandbox)
            add_backlog(sql, ORG, 1, 1, start=0)
            await drain(books, sql)  # the first payment makes the accounts and the item
            amounts = add_backlog(sql, ORG, count, customers)
            sql.execute("ANALYZE")
            began = clock.now()
            await drain(books, sql)
            minutes = (clock.now() - began).total_seconds() / 60
        used = sql.execute(
            "SELECT (SELECT count(*) FROM qbo_requests WHERE state = 'succeeded' AND batched_at IS NOT NULL), "
            "(SELECT coalesce(sum(calls), 0) FROM qbo_usage WHERE operation = 'batch')"
        ).fetchone()
        assert used is not None
    await db.close()
    refused = sandbox.quickbooks.throttle.refused
    return Drained(count, used[0], used[1], minutes, refused, differences(sandbox, amounts))


def differences(sandbox: RunningSandbox, amounts: dict[int, int]) -> list[str]:
    """What of the books is not each payment once, with its invoice settled, to the cent."""
    found = []
    for entity in ("Invoice", "Payment"):
        ours = sandbox.quickbooks.objects(sandbox.realm_id, entity)[
            1:
        ]  # the first was that of the warming up
        cents = sorted(int(Decimal(str(one["TotalAmt"])) * 100) for one in ours)
        if cents != sorted(amounts.values()):
            found.append(f"{entity}: {len(cents)} over {sum(cents)} cents for {len(amounts)} payments")
        open_ = [one for one in ours if one.get("Balance", 0) or one.get("UnappliedAmt", 0)]
        if open_:
            found.append(f"{len(open_)} of kind {entity} are not settled")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--payments", type=int, default=10_000)
    parser.add_argument("--customers", type=int, default=500, help="how many of them, all new")
    asked = parser.parse_args()
    began = time.monotonic()
    with (
        own_folder() as folder,
        own_postgres(folder) as server_url,
        running_sandbox(clock=StandingClock()) as sandbox,
    ):
        database_url = new_database(server_url, "crm_backfill", migrated=True)
        drained = asyncio.run(measure(database_url, folder, sandbox, asked.payments, asked.customers))
    print(f"{drained.payments:,} payments in {drained.minutes:.1f} minutes of the simulated clock")
    print(f"{drained.payments / drained.minutes:.0f} payments drained per minute")
    print(
        f"{drained.writes:,} writes in {drained.batches} batches: {drained.share:.1%} of the allowed "
        f"{WRITES_A_MINUTE:,} writes a minute"
    )
    print(f"{drained.refused} answers were 429")
    print(
        f"{time.monotonic() - began:.0f} s of real time, {time.process_time():.0f} s of a processor with the simulator"
    )
    for wrong in drained.wrong:
        print(wrong)
    return int(drained.share < SHARE_MIN or drained.refused > 0 or bool(drained.wrong))


if __name__ == "__main__":
    sys.exit(main())
