"""How long one scrape of /metrics takes when a hundred thousand payments are stored, most of them long booked.

`make bench-scrape`. The rows are written as webhook and worker leave them (log entries, postings, links, kept
events, finished jobs); one `crm api` process then answers, and its database's own time is not told apart.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

import httpx2
import psycopg
from bench.deposits import AMOUNT_MINOR, add_org
from bench.stack import (
    NotMeasured,
    Processes,
    free_port,
    new_database,
    own_folder,
    own_postgres,
    product_environment,
)

from crm.kit.database import conninfo, owner_url

SCRAPES = 30
WAITING_PER_ORG = 5
MEDIAN_MS_MAX = 50.0

# Times are spread over the last 90 days; every payment took 1 to 6 seconds from the webhook to its invoice.
_FILL = """
WITH made AS (
  INSERT INTO proposals (org_id, customer_id, title, status, currency, total_minor, approved_at)
  SELECT %(org)s, %(org)s, 'New roof', 'approved', 'USD', 1575000, now() FROM generate_series(1, %(n)s)
  RETURNING org_id, id
), paid AS (
  INSERT INTO payments (org_id, proposal_id, amount_minor, currency, state, paid_at)
  SELECT org_id, id, %(amount)s, 'USD', 'paid', now() - random() * interval '90 days' FROM made
  RETURNING org_id, id, proposal_id, paid_at
), event AS (
  INSERT INTO inbox_events (org_id, source, event_key, type, body, received_at, state, handled_at)
  SELECT org_id, 'stripe', 'evt_' || org_id || '_' || id, 'checkout.session.completed',
    convert_to(repeat(md5(id::text), 90), 'utf8'), paid_at, 'done', paid_at FROM paid
), job AS (
  INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)
  SELECT 'default', 'follow_up', jsonb_build_object('org_id', org_id), 'succeeded' FROM paid
), numbered AS (SELECT *, row_number() OVER (ORDER BY id) AS n FROM paid
), posting AS (
  INSERT INTO postings (org_id, kind, subject, payment_id, amount_minor, currency, state, attempts, next_attempt_at, posted_at)
  SELECT org_id, 'payment', 'payment:' || id, id, %(amount)s, 'USD',
    CASE WHEN n > %(n)s - %(waiting)s THEN 'waiting' ELSE 'posted' END, 1, paid_at, paid_at
  FROM numbered
), link AS (
  INSERT INTO qbo_links (org_id, realm_id, entity, local_kind, local_id, qbo_id, created_at)
  SELECT org_id, 'realm' || org_id, e, 'payment', id::text, id::text, paid_at + interval '3 s'
  FROM numbered, unnest(ARRAY['Invoice', 'Payment']) AS e WHERE n <= %(n)s - %(waiting)s
)
INSERT INTO portal_activity_log (org_id, proposal_id, event, meta, actor, created_at, seq, prev_hash, hash)
SELECT org_id, proposal_id, e.event, jsonb_build_object('payment_id', id, 'amount_cents', %(amount)s,
    'stripe_session_id', 'cs_test_' || md5(id::text)), 'system', paid_at + e.after,
  (n - 1) * 6 + e.place, '\\x00', '\\x00'
FROM numbered, (VALUES (1, 'approve', interval '-10 s'), (2, 'checkout_created', interval '-5 s'),
  (3, 'payment_success', interval '0 s'), (4, 'customer_linked', interval '1 s'),
  (5, 'invoice_created', interval '1 s' + random() * interval '5 s'),
  (6, 'invoice_paid', interval '7 s')) AS e(place, event, after)
WHERE e.place < 4 OR n <= %(n)s - %(waiting)s
"""


def measure(payments: int, orgs: int) -> int:
    """Prints the figures; returns 1 when the median is beyond its limit."""
    with own_folder() as folder, own_postgres(folder / "data") as server, Processes(folder) as processes:
        database = new_database(server, "bench", migrated=True)
        with psycopg.connect(conninfo(owner_url(database)), autocommit=True) as owner:
            for org_id in range(1, orgs + 1):
                _fill(owner, org_id, payments // orgs)
            owner.execute("VACUUM ANALYZE")
        port = str(free_port())
        environment = product_environment(database, folder, PORT=port, PORTAL_PORT=port)
        processes.start_product("api", environment)
        url = f"http://127.0.0.1:{port}"
        processes.wait_ready("api", f"{url}/readyz")
        with httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
            first, *later = [_scrape(http) for _ in range(1 + SCRAPES)]
            text = http.get("/metrics").text
    told = [_sum(text, name) for name in ("crm_portal_payments_total", "crm_payments_waiting")]
    stored = [payments // orgs * orgs, WAITING_PER_ORG * orgs]
    if told != stored:
        raise NotMeasured(f"/metrics tells of {told} payments and waiting ones, but {stored} are stored")
    median = statistics.median(later)
    print(f"{payments:,} payments in {orgs} orgs; all of them told, in {len(text) / 1e3:.0f} kB")
    print(f"{'first scrape of the process':<30}{first:>8.1f} ms")
    verdict = "" if median <= MEDIAN_MS_MAX else f"  over {MEDIAN_MS_MAX:g} ms"
    print(f"{'median of the next ' + str(SCRAPES):<30}{median:>8.1f} ms{verdict}")
    print(f"{'slowest of them':<30}{max(later):>8.1f} ms")
    return 0 if median <= MEDIAN_MS_MAX else 1


def _fill(owner: psycopg.Connection[Any], org_id: int, payments: int) -> None:
    add_org(owner, org_id)
    values = {"org": org_id, "n": payments, "amount": AMOUNT_MINOR, "waiting": WAITING_PER_ORG}
    owner.execute(_FILL, values)
    owner.execute(
        "INSERT INTO activity_heads SELECT org_id, seq, hash FROM portal_activity_log WHERE org_id = %s "
        "ORDER BY seq DESC LIMIT 1",
        [org_id],
    )


def _scrape(http: httpx2.Client) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    http.get("/metrics").raise_for_status()
    return (time.perf_counter() - started) * 1000


def _sum(text: str, name: str) -> float:
    """Of a figure over all orgs."""
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name}{{"))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--orgs", type=int, default=100)
    given = parser.parse_args()
    try:
        return measure(given.payments, given.orgs)
    except NotMeasured as error:
        print(f"not measured: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
