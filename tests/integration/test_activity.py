"""The activity log cannot be rewritten unnoticed, and the database shows each company only what is its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql
from tests.conftest import SECRET_KEY

from crm.kit.database import app_role, app_url, conninfo


@pytest.fixture
def app_sql(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the application's own role, as whoever stole its password would have."""
    with psycopg.connect(conninfo(app_url(database_url, SECRET_KEY)), autocommit=True) as connection:
        yield connection


def entries(owner_sql: psycopg.Connection) -> list[int]:
    rows = owner_sql.execute("SELECT id FROM portal_activity_log WHERE org_id = 1 ORDER BY seq").fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal_activity_log SET meta = '{}'",
        "DELETE FROM portal_activity_log",
        "TRUNCATE portal_activity_log",
        "TRUNCATE orgs CASCADE",
        "ALTER TABLE portal_activity_log DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE portal_activity_log NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON portal_activity_log",
        "CREATE OR REPLACE FUNCTION crm_orgs() RETURNS int[] LANGUAGE sql AS $$ SELECT '{1,2}'::int[] $$",
        "DROP TABLE portal_activity_log",
        "SET session_replication_role = replica",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE TABLE mine (id int)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY portal_activity_log TO PROGRAM 'cat'",
    ],
)
def test_the_application_cannot_bend_its_own_log(app_sql: psycopg.Connection, statement: str):
    """PostgreSQL refuses; the role has no right to change, empty or reopen anything."""
    app_sql.execute("SELECT set_config('crm.org_ids', '1', false)")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
        app_sql.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_owner_does_not_rewrite_it_by_mistake(owner_sql: psycopg.Connection, statement: str):
    """A trigger refuses also whoever may everything, unless they switch it off on purpose."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner_sql.execute(statement.format("portal_activity_log").encode())


def test_the_role_is_a_lesser_one(database_url: str, owner_sql: psycopg.Connection):
    """Not a superuser, does not bypass row security, owns no table, and is no member of another role."""
    name = app_role(database_url)
    row = owner_sql.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles "
        "WHERE rolname = %s",
        [name],
    ).fetchone()
    assert row == (False,) * 5
    owned = "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = %s"
    member = "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s"
    for query in (owned, member):
        assert owner_sql.execute(query, [name]).fetchone() == (0,)


def test_every_table_of_a_company_is_behind_its_lock(
    owner_sql: psycopg.Connection, app_sql: psycopg.Connection
):
    """Every table with an org_id has row security, forced; another org, no org and nonsense show no row of ours."""
    with_org = owner_sql.execute(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
    ).fetchall()
    assert len(with_org) > 20
    assert [name for name, locked in with_org if not locked] == []
    for said in (None, "", "2", "77", "0"):
        if said is not None:
            app_sql.execute("SELECT set_config('crm.org_ids', %s, false)", [said])
        for name, _ in with_org:
            query = sql.SQL("SELECT count(*) FROM {} WHERE org_id = 1").format(sql.Identifier(name))
            assert app_sql.execute(query).fetchone() == (0,), (name, said)
        assert app_sql.execute("SELECT count(*) FROM orgs WHERE id = 1").fetchone() == (0,), said


def test_no_view_or_function_opens_another_door(owner_sql: psycopg.Connection):
    """Functions that run as the owner are those that say whose something is, and the search, which looks only where the
    transaction may (`test_lists.py`); there is no view at all."""
    definers = owner_sql.execute(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY 1"
    ).fetchall()
    assert [name for (name,) in definers] == [
        "crm_api_key_route",
        "crm_count_reads",
        "crm_find",
        "crm_lead_form_route",
        "crm_login_route",
        "crm_message_route",
        "crm_metered_reads",
        "crm_org_list",
        "crm_platform_orgs",
        "crm_portal_route",
        "crm_realm_route",
        "crm_stripe_routes",
    ]
    views = (
        "SELECT count(*) FROM pg_class WHERE relkind IN ('v','m') AND relnamespace = 'public'::regnamespace"
    )
    assert owner_sql.execute(views).fetchone() == (0,)


def verdict(database_url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": database_url, "CRM_SECRET_KEY": SECRET_KEY}
    return subprocess.run(
        [sys.executable, "-m", "crm.cli", "verify-log"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_verify_log_says_whole_or_where_it_breaks(database_url: str, owner_sql: psycopg.Connection):
    """Exit status 0 and every org named; after tampering 1 and the very entry."""
    whole = verdict(database_url)
    assert whole.returncode == 0, whole.stderr
    assert "org 1:" in whole.stdout
    assert "org 2:" in whole.stdout
    assert "intact" in whole.stdout
    third = entries(owner_sql)[2]
    owner_sql.execute("SET session_replication_role = replica")  # past the trigger, as a superuser can
    owner_sql.execute(
        """UPDATE portal_activity_log SET meta = '{"amount_cents": 1}' WHERE id = %s""", [third]
    )
    broken = verdict(database_url)
    assert broken.returncode == 1
    assert f"org 1: BROKEN at entry {third}" in broken.stderr
    assert "org 2:" in broken.stdout


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE portal_activity_log SET meta = meta || '{\"x\": 1}' WHERE id = {0}", 0),
        ("UPDATE portal_activity_log SET event = 'approve' WHERE id = {0}", 0),
        ("UPDATE portal_activity_log SET actor = 'user:1000' WHERE id = {0}", 0),
        ("UPDATE portal_activity_log SET proposal_id = 4242 WHERE id = {0}", 0),
        (
            "UPDATE portal_activity_log SET created_at = created_at + interval '1 microsecond' WHERE id = {0}",
            0,
        ),
        ("DELETE FROM portal_activity_log WHERE id = {0}", 1),
        (
            """UPDATE portal_activity_log SET seq = -1 WHERE id = {0};
            UPDATE portal_activity_log SET seq = seq - 1 WHERE id = {1};
            UPDATE portal_activity_log SET seq = (SELECT seq + 1 FROM portal_activity_log WHERE id = {1})
            WHERE id = {0}""",
            1,
        ),
        ("DELETE FROM portal_activity_log WHERE id = {last}", None),
        ("DELETE FROM activity_heads WHERE org_id = 1", None),
        ("UPDATE activity_heads SET hash = '\\x00' WHERE org_id = 1", None),
    ],
    ids=[
        "meta",
        "event",
        "actor",
        "proposal",
        "time",
        "deleted",
        "swapped",
        "last-deleted",
        "head",
        "head-hash",
    ],
)
def test_tampering_is_found_and_named(
    api: httpx2.Client, owner_sql: psycopg.Connection, tampering: str, broken_at: int | None
):
    """Even the superuser's change shows: which entry, and in words why."""
    ids = entries(owner_sql)
    first, second = ids[4], ids[5]
    statement = (
        tampering.replace("{0}", str(first)).replace("{1}", str(second)).replace("{last}", str(ids[-1]))
    )
    assert api.get("/activity/verify").json()["intact"] is True
    owner_sql.execute("SET session_replication_role = replica")  # past the trigger, as a superuser can
    owner_sql.execute(statement.encode())
    found = api.get("/activity/verify").json()
    assert found["intact"] is False
    assert found["why"]
    assert found["broken_id"] == (None if broken_at is None else (first, second)[broken_at])


def test_concurrent_facts_stay_one_chain(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Many writers at once: every entry follows exactly one other."""
    before = len(entries(owner_sql))
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda n: api.post("/leads", json={"name": f"Lead {n}"}).status_code, range(30)))
    assert made == [201] * 30
    assert len(entries(owner_sql)) == before + 30
    assert api.get("/activity/verify").json() == {
        "intact": True,
        "entries": before + 30,
        "broken_id": None,
        "why": "",
    }


def test_the_log_is_read_page_by_page(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Newest first, every entry once, each with a sentence; filters narrow it."""
    seen: list[int] = []
    cursor = ""
    while True:
        page = api.get(f"/activity?limit=7{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        assert all(item["sentence"] for item in page["items"])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(entries(owner_sql), reverse=True)
    only = api.get("/activity?proposal_id=7&event=proposal_sent").json()["items"]
    assert [(item["proposal_id"], item["event"]) for item in only] == [(7, "proposal_sent")]
