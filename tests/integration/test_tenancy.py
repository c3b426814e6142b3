"""One company never sees, changes or counts anything of another: by the API, and by the database itself."""

from __future__ import annotations

import httpx2
import psycopg
import pytest
from sqlalchemy import text
from tests.conftest import SECRET_KEY, RunningApp

from crm.kit.database import Database, app_url, conninfo


@pytest.fixture
def other(app_server: RunningApp) -> httpx2.Client:
    """The owner of org 2."""
    return app_server.as_user("admin@summit.example")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/proposals/7", None),
        ("PATCH", "/proposals/7", {"title": "Mine now"}),
        ("POST", "/proposals/7/send", None),
        ("POST", "/proposals/7/supersede", None),
        ("POST", "/proposals/7/portal-links", None),
        ("GET", "/proposals/7/portal-links", None),
        ("GET", "/portal/7", None),
        ("GET", "/customers/1", None),
        ("PATCH", "/customers/1", {"name": "Mine now"}),
        ("GET", "/leads/1", None),
        ("PATCH", "/leads/1", {"name": "Mine now"}),
        ("POST", "/leads/1/convert", None),
        ("PATCH", "/users/1", {"active": False}),
        ("DELETE", "/api-keys/1", None),
    ],
)
def test_another_companys_rows_are_not_there(other: httpx2.Client, method: str, path: str, body):
    """The answer is that of a row that does not exist."""
    answer = other.request(method, path, json=body)
    assert answer.status_code == 404, answer.text
    assert "PeakPro" not in answer.text


def test_lists_hold_only_ones_own(api: httpx2.Client, other: httpx2.Client):
    """Two companies' lists have nothing in common."""
    for path in ("/proposals", "/customers", "/users"):
        ours = {row["id"] for row in api.get(path).json()["items"]}
        theirs = {row["id"] for row in other.get(path).json()["items"]}
        assert ours
        assert theirs
        assert not ours & theirs
    assert other.get("/leads").json() == {"items": [], "next_cursor": None}


def test_a_proposal_cannot_name_another_companys_customer(other: httpx2.Client):
    """The customer is refused by field, as one that does not exist."""
    refused = other.post("/proposals", json={"customer_id": 1, "title": "Mine"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "customer_id"


async def test_the_database_hides_what_no_transaction_asked_for(database: Database):
    """Without saying for which org, the application's role sees no row of any table with tenants."""
    async with database.transaction() as session:
        tables = (
            await session.scalars(
                text("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r' ORDER BY 1")
            )
        ).all()
        assert len(tables) > 20
        for table in tables:
            assert await session.scalar(text(f'SELECT count(*) FROM "{table}"')) == 0, table
    async with database.transaction(2) as session:
        assert (await session.scalars(text("SELECT id FROM proposals"))).all() == [20]


async def test_the_database_refuses_a_row_for_another_org(database: Database):
    """A transaction of org 2 cannot write into org 1."""
    with pytest.raises(Exception, match="row-level security"):
        async with database.transaction(2) as session:
            await session.execute(text("INSERT INTO leads (org_id, name) VALUES (1, 'smuggled')"))


def test_the_application_cannot_rewrite_the_log(database_url: str):
    """Its role may neither change nor delete an entry, nor empty the table."""
    with psycopg.connect(conninfo(app_url(database_url, SECRET_KEY)), autocommit=True) as app:
        app.execute("SELECT set_config('crm.org_ids', '1', false)")
        for statement in (
            "UPDATE portal_activity_log SET event = 'x'",
            "DELETE FROM portal_activity_log",
            "TRUNCATE portal_activity_log",
            "ALTER TABLE portal_activity_log DISABLE ROW LEVEL SECURITY",
            "DROP TABLE portal_activity_log",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
