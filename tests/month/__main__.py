"""`make month`: a month of one contractor, lived through in minutes, and whether its books are right at the end.

Exit status 0 when every claim holds, else 1; with the seed the same month can be lived again.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.conftest import SECRET_KEY, settings_for
from tests.month.checks import all_checks
from tests.month.drive import Month
from tests.month.plan import DAYS, JOBS_MAX, JOBS_MIN, make_plan
from tests.month.report import report
from tests.month.world import open_world

from crm import demo
from crm.kit import migrations
from crm.kit.embedded_postgres import EmbeddedPostgres
from crm.kit.logging import configure_logging


def main() -> int:
    parser = argparse.ArgumentParser(prog="make month", description=__doc__)
    parser.add_argument("--proposals", type=int, default=300, help=f"{JOBS_MIN} to {JOBS_MAX}; 300")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    configure_logging(production=True, level="ERROR")
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="crm-month-"))
    folder.chmod(0o755)  # as root the server runs as another account, which must get through
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        migrations.upgrade(server.url, SECRET_KEY)
        demo.load_demo(settings_for(server.url), server.url)
        return _live(server.url, given.seed, given.proposals)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def next_month() -> date:
    """The first day of the month to come."""
    return (datetime.now(UTC).date().replace(day=1) + timedelta(days=32)).replace(day=1)


def _live(database_url: str, seed: int, proposals: int) -> int:
    plan = make_plan(seed, proposals, next_month())
    print(f"living through {plan.first:%B %Y} with {proposals} proposals, seed {seed}", flush=True)
    started = time.monotonic()
    with open_world(database_url, plan.first) as world:
        month = Month(world, plan)
        for day in range(DAYS):
            begun = time.monotonic()
            month.day(day)
            took = time.monotonic() - begun
            print(
                f"  {plan.first + timedelta(days=day):%a %d}: {len(plan.on(day))} steps, {took:.0f} s",
                flush=True,
            )
        month.close()
        checks = all_checks(month)
        print(f"\n{report(month, checks)}\n{time.monotonic() - started:.0f} s")
    return 0 if all(check.holds for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
