"""How long lists and searches take with 1,000 and with 100,000 rows of each kind, side by side in one run.

`make bench-lists`. Two databases of one server, one `crm api` process for each; the same requests go to both in turns,
so that a busy machine slows both alike. Beside the medians stand their ratio and how often PostgreSQL read a big table
whole (its own counter, which must be 0 with 100,000 rows).
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import statistics
import sys
import time
from typing import Any

import httpx2
import psycopg
from bench.stack import (
    NotMeasured,
    Processes,
    free_port,
    new_database,
    own_folder,
    own_postgres,
    product_environment,
)

from crm.identity.api_keys import API_KEY_PREFIX
from crm.kit.database import conninfo, owner_url

ROUNDS = 20
RATIO_MAX = 3.0
# A ratio of two very short times says little; what is this quick with 100,000 rows is quick enough.
QUICK_MS = 25.0
ORG = 1
BIG = ("customers", "leads", "proposals", "payments", "mail_messages", "portal_activity_log")

# Titles, names and states as they come in an office: every job is a roof, few are declined or failed.
_FILL = """
WITH c AS (
  INSERT INTO customers (org_id, name, email, phone, site_address)
  SELECT 1, (ARRAY['Ada','Ben','Carla','Dan','Eva','Finn','Gus','Hana'])[1 + n %% 8] || ' Number' || n, 'home' || n ||
    '@example.com', '+1 970 ' || 1000000 + n, jsonb_build_object('line1', n || ' Elm Street', 'city', 'Denver')
  FROM generate_series(1, %(n)s) n RETURNING id
), l AS (
  INSERT INTO leads (org_id, name, email, phone, source, status)
  SELECT 1, 'Asker ' || n, 'asker' || n || '@example.com', '+1 719 ' || 1000000 + n, 'Website',
    (ARRAY['new','contacted','qualified','converted','lost','lost','lost','spam'])[1 + n %% 8]
  FROM generate_series(1, %(n)s) n
), p AS (
  INSERT INTO proposals (org_id, customer_id, title, status, currency, total_minor, valid_until)
  SELECT 1, id, 'New roof, job ' || id, CASE WHEN id %% 500 = 5 THEN 'declined' WHEN id %% 10 = 3 THEN 'sent'
    ELSE 'approved' END, 'USD', 1000000 + id, date '2100-01-01' FROM c RETURNING id
), y AS (
  INSERT INTO payments (org_id, proposal_id, amount_minor, currency, state, paid_at)
  SELECT 1, id, 300000 + id, 'USD', CASE WHEN id %% 500 = 6 THEN 'failed' ELSE 'paid' END, now() FROM p
), m AS (
  INSERT INTO mail_messages
    (org_id, kind, audience, fact_id, proposal_id, recipient, language, subject, state, message_id)
  SELECT 1, 'receipt', 'customer', id, id, 'home' || id || '@example.com', 'en', 'Your receipt ' || id,
    CASE WHEN id %% 500 = 7 THEN 'failed' ELSE 'sent' END, 'm' || id FROM p
)
INSERT INTO portal_activity_log (org_id, proposal_id, event, meta, actor, created_at, seq, prev_hash, hash)
SELECT 1, id, CASE WHEN id %% 500 = 8 THEN 'decline' ELSE 'viewed' END, '{}', 'customer', now(), id, '\\x00', '\\x00'
FROM p
"""

ASKED: list[tuple[str, dict[str, str]]] = [
    ("/customers", {}),
    ("/customers", {"q": "number777"}),
    ("/customers", {"q": "elm"}),
    ("/leads", {}),
    ("/leads", {"status": "new"}),
    ("/leads", {"q": "asker777"}),
    ("/overview/proposals", {}),
    ("/overview/proposals", {"status": "declined"}),
    ("/overview/proposals", {"q": "roof"}),
    ("/overview/proposals", {"q": "number777 roof"}),
    ("/payments", {}),
    ("/payments", {"state": "failed"}),
    ("/mail/messages", {}),
    ("/mail/messages", {"q": "home777@"}),
    ("/activity", {}),
    ("/activity", {"event": "decline"}),
    ("/activity", {"q": "number777"}),
    ("/search", {"q": "number777"}),
]


def measure(small: int, large: int) -> int:
    """Prints the figures; returns 1 when a list grows with its rows or reads a table whole."""
    with own_folder() as folder, own_postgres(folder / "data") as server, Processes(folder) as processes:
        owners: dict[int, psycopg.Connection[Any]] = {}
        clients: dict[int, httpx2.Client] = {}
        for rows in (small, large):
            database = new_database(server, f"lists_{rows}", migrated=True)
            owners[rows] = owner = psycopg.connect(conninfo(owner_url(database)), autocommit=True)
            key = _fill(owner, rows)
            port = str(free_port())
            place = folder / f"api-{rows}"
            place.mkdir()
            environment = product_environment(database, place, PORT=port, PORTAL_PORT=port)
            name = f"api of {rows}"
            processes.start(name, [sys.executable, "-m", "crm.cli", "api"], environment)
            processes.wait_ready(name, f"http://127.0.0.1:{port}/readyz")
            clients[rows] = httpx2.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers={"Authorization": f"Bearer {key}"},
                timeout=60,
                trust_env=False,
            )
        medians = {each: _medians(clients, *each) for each in [(path, tuple(q.items())) for path, q in ASKED]}
        for rows in (small, large):
            clients[rows].close()
            processes.stop(f"api of {rows}")  # what ends tells its counts
        whole = _read_whole(owners[large])
        for owner in owners.values():
            owner.close()
    return _told(small, large, medians, whole)


def _fill(owner: psycopg.Connection[Any], rows: int) -> str:
    owner.execute("INSERT INTO orgs (id, name) VALUES (%s, 'Measured Roofing')", [ORG])
    owner.execute(_FILL, {"n": rows})
    key = f"{API_KEY_PREFIX}{secrets.token_hex(16)}"
    owner.execute(
        "INSERT INTO api_keys (org_id, name, prefix, key_hash, role) VALUES (1, 'bench', 'bench', %s, 'owner')",
        [hashlib.sha256(key.encode()).digest()],
    )
    owner.execute("VACUUM ANALYZE")
    owner.execute("SELECT pg_stat_reset()")
    return key


Query = tuple[tuple[str, str], ...]


def _medians(clients: dict[int, httpx2.Client], path: str, query: Query) -> dict[int, float]:
    """Milliseconds, by how many rows there are."""
    taken: dict[int, list[float]] = {rows: [] for rows in clients}
    for turn in range(ROUNDS + 2):
        for rows, http in clients.items():
            started = time.perf_counter()
            answer = http.get(path, params=dict(query))
            milliseconds = (time.perf_counter() - started) * 1000
            if answer.status_code != 200:
                raise NotMeasured(f"{path}: {answer.status_code} {answer.text[:200]}")
            if turn >= 2:  # the first ones plan and open connections
                taken[rows].append(milliseconds)
    return {rows: statistics.median(each) for rows, each in taken.items()}


def _read_whole(owner: psycopg.Connection[Any]) -> dict[str, int]:
    rows = owner.execute(
        "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY (%s) AND seq_scan > 0",
        [list(BIG)],
    )
    return dict(rows.fetchall())


def _told(
    small: int, large: int, medians: dict[tuple[str, Query], dict[int, float]], whole: dict[str, int]
) -> int:
    print(
        f"medians of {ROUNDS}, in ms; ratios above {RATIO_MAX:g} are marked unless quicker than {QUICK_MS:g} ms"
    )
    print(f"{'':<46}{f'{small:,} rows':>14}{f'{large:,} rows':>16}{'ratio':>8}")
    slow = 0
    for (path, query), times in medians.items():
        ratio = times[large] / times[small]
        marked = ratio > RATIO_MAX and times[large] > QUICK_MS
        slow += marked
        name = f"{path} {' '.join(f'{name}={value}' for name, value in query)}"
        print(f"{name:<46}{times[small]:>14.1f}{times[large]:>16.1f}{ratio:>8.2f}{'  !' if marked else ''}")
    told = ", ".join(f"{table} {times} times" for table, times in whole.items()) or "never"
    print(f"big tables read whole with {large:,} rows: {told}")
    return 1 if slow or whole else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=100_000)
    given = parser.parse_args()
    try:
        return measure(given.small, given.large)
    except NotMeasured as error:
        print(f"not measured: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
