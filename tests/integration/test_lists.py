"""Lists and searches over thousands of rows: what they find, and that PostgreSQL reads no whole table for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp

from crm.kit.database import Database, app_role
from crm.kit.search import find

ROWS = 6_000
BIG = ("customers", "leads", "proposals", "payments", "mail_messages", "portal_activity_log")

FILL = """
WITH c AS (
  INSERT INTO customers (org_id, name, email, phone)
  SELECT 1, 'Person ' || n || ' Family', 'person' || n || '@example.com', '+1 970 ' || 1000000 + n
  FROM generate_series(1, %(n)s) n RETURNING id
), l AS (
  INSERT INTO leads (org_id, name, phone, source, status)
  SELECT 1, 'Asker ' || n, '+1 719 ' || 1000000 + n, 'Phone', CASE WHEN n = 17 THEN 'qualified' ELSE 'lost' END
  FROM generate_series(1, %(n)s) n
), p AS (
  INSERT INTO proposals (org_id, customer_id, title, status, currency, total_minor)
  SELECT 1, id, 'New roof for number ' || id, CASE WHEN id %% 3000 = 5 THEN 'declined' ELSE 'approved' END, 'USD', 100000
  FROM c RETURNING id
), y AS (
  INSERT INTO payments (org_id, proposal_id, amount_minor, currency, state, paid_at)
  SELECT 1, id, 30000 + id, 'USD', CASE WHEN id %% 3000 = 6 THEN 'failed' ELSE 'paid' END, now() FROM p
), m AS (
  INSERT INTO mail_messages (org_id, kind, audience, fact_id, proposal_id, recipient, language, subject, state, message_id)
  SELECT 1, 'receipt', 'customer', id, id, 'person' || id || '@example.com', 'en', 'Your receipt ' || id,
    CASE WHEN id %% 3000 = 7 THEN 'failed' ELSE 'sent' END, 'm' || id FROM p
)
INSERT INTO portal_activity_log (org_id, proposal_id, event, meta, actor, created_at, seq, prev_hash, hash)
SELECT 1, id, CASE WHEN id %% 3000 = 8 THEN 'decline' ELSE 'viewed' END, '{}', 'customer', now(), 1000000 + id,
  '\\x00', '\\x00' FROM p
"""

ASKED = [
    ("/customers", {}, "customers"),
    ("/customers", {"q": "person4711"}, "customers"),
    ("/customers", {"q": "970 1002222"}, "customers"),
    ("/customers", {"q": "nobody of this name"}, "customers"),
    ("/leads", {}, "leads"),
    ("/leads", {"status": "qualified"}, "leads"),
    ("/leads", {"q": "asker 4711"}, "leads"),
    ("/proposals", {}, "proposals"),
    ("/proposals", {"status": "declined"}, "proposals"),
    ("/proposals", {"q": "number 4711"}, "proposals"),
    ("/overview/proposals", {}, "proposals"),
    ("/overview/proposals", {"status": "declined"}, "proposals"),
    ("/overview/proposals", {"q": "person4711"}, "proposals"),
    ("/payments", {}, "payments"),
    ("/payments", {"state": "failed"}, "payments"),
    ("/mail/messages", {}, "mail_messages"),
    ("/mail/messages", {"state": "failed"}, "mail_messages"),
    ("/mail/messages", {"q": "receipt 4711"}, "mail_messages"),
    ("/activity", {}, "portal_activity_log"),
    ("/activity", {"event": "decline"}, "portal_activity_log"),
    ("/activity", {"q": "person4711"}, "portal_activity_log"),
    ("/search", {"q": "person4711"}, "customers"),
    ("/search", {"q": "$30,100.17"}, "payments"),
]


@pytest.fixture
def filled(owner_sql: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    owner_sql.execute(FILL, {"n": ROWS})
    owner_sql.execute("VACUUM ANALYZE")
    return owner_sql


def test_no_list_reads_a_whole_table(
    app_server: RunningApp, filled: psycopg.Connection[Any], database_url: str
):
    """PostgreSQL itself counts whole-table reads, by whichever role and function: after every list and search through
    the real API the big tables have none, though the server was asked and read them by index."""
    api = app_server.as_user("admin@peakpro.io")
    for path, query, _ in ASKED:
        answer = api.get(path, params=query)
        assert answer.status_code == 200, f"{path} {query}: {answer.text}"
        if answer.json().get("next_cursor"):
            again = api.get(path, params=query | {"cursor": answer.json()["next_cursor"]})
            assert again.status_code == 200, again.text
    read_whole: dict[str, dict[str, int]] = {}
    for path, query, table in ASKED:
        end_of_connections(filled, database_url, api)
        before = dict(scans(filled))
        assert api.get(path, params=query).status_code == 200
        end_of_connections(filled, database_url, api)
        after = dict(scans(filled))
        whole = {name: after[name][0] - before[name][0] for name in BIG}
        read_whole |= (
            {f"{path} {query}": {n: c for n, c in whole.items() if c}} if any(whole.values()) else {}
        )
        assert after[table][1] > before[table][1], f"{path} {query} did not read {table} by an index"
    assert read_whole == {}


def test_the_count_would_notice(filled: psycopg.Connection[Any]):
    """A read without an index is counted: the claim above can fail."""
    filled.execute("SELECT pg_stat_reset()")
    filled.execute("SELECT count(*) FROM customers WHERE name || 'x' LIKE '%4711%'")
    filled.execute("SELECT pg_stat_force_next_flush()")
    filled.execute("SELECT 1")
    assert dict(scans(filled))["customers"][0] > 0


def scans(owner: psycopg.Connection[Any]) -> Iterator[tuple[str, tuple[int, int]]]:
    rows = owner.execute(
        "SELECT relname, seq_scan, coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = ANY (%s)",
        [list(BIG)],
    )
    for table, whole, by_index in rows:
        yield table, (whole, by_index)


def end_of_connections(owner: psycopg.Connection[Any], database_url: str, api: httpx2.Client) -> None:
    """A process tells its counts when it ends, at the latest; the server then opens new connections by itself."""
    role = app_role(database_url)
    owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
    deadline = time.monotonic() + 10
    while owner.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [role]).fetchone() != (
        0,
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while api.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline


def test_words_are_found_wherever_they_stand(api: httpx2.Client, filled: psycopg.Connection[Any]):
    """All words must fit, in any order, across a proposal's title and its customer; signs of LIKE are plain letters."""
    made = api.post("/customers", json={"name": "100% O'Neill_Roof", "company": "Ridge & Co."}).json()
    for words in ("neill", "o'neill ridge", "CO. 100%", "l_r", "ridge &"):
        assert made["id"] in [row["id"] for row in api.get("/customers", params={"q": words}).json()["items"]]
    assert api.get("/customers", params={"q": "0_%"}).json()["items"] == []
    for words in ("hartley elm", "7 hartley"):
        found = api.get("/overview/proposals", params={"q": words}).json()["items"]
        assert [row["id"] for row in found] == [7]
    first = api.get("/search", params={"q": "7"}).json()["groups"]
    assert [group["items"][0]["id"] for group in first if group["kind"] == "proposal"] == [7]


def test_found_pages_follow_each_other(api: httpx2.Client, filled: psycopg.Connection[Any]):
    """A search is paged like a list: every match once, newest first."""
    seen: list[int] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"q": "asker 47", "limit": 40, "status": "lost"} | (
            {"cursor": cursor} if cursor else {}
        )
        page = api.get("/leads", params=query).json()
        seen += [row["id"] for row in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    stored = filled.execute(
        "SELECT id FROM leads WHERE name LIKE '%%Asker%%' AND search_text ~ ' 47' ORDER BY id DESC"
    ).fetchall()
    assert seen == [row_id for (row_id,) in stored]


def test_another_companys_rows_are_not_found(app_server: RunningApp, filled: psycopg.Connection[Any]):
    """The function that looks with the owner's rights looks only where the transaction may."""
    other = app_server.as_user("admin@summit.example")
    assert other.get("/customers", params={"q": "person"}).json()["items"] == []
    assert other.get("/search", params={"q": "hartley"}).json()["groups"] == []


async def test_the_search_looks_only_where_the_transaction_may(database: Database):
    """Asked within another company's transaction, or within nobody's, it finds nothing of this one."""
    for orgs, found in [((1,), True), ((2,), False), ((), False)]:
        async with database.transaction(*orgs) as session:
            assert bool(await find(session, 1, "customers", "hartley", most=5)) is found
