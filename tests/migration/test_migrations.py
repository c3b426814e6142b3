"""The migrations make what the code expects, one by one, and lock down what they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import sql
from tests.conftest import SECRET_KEY

import crm.tables  # noqa: F401 - registers every table
from crm.kit import migrations
from crm.kit.database import app_role, app_url, conninfo, owner_url


@pytest.fixture
def blank_url(postgres_url: str) -> Iterator[str]:
    """A database without anything."""
    url = owner_url(postgres_url).set(drivername="postgresql", database="crm_blank")
    with psycopg.connect(conninfo(owner_url(postgres_url)), autocommit=True) as owner:
        owner.execute("CREATE DATABASE crm_blank")
        yield url.render_as_string(hide_password=False)
        owner.execute("DROP DATABASE crm_blank WITH (FORCE)")
        owner.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier("crm_blank_app")))


def test_each_migration_applies_alone_and_the_end_matches_the_models(blank_url: str) -> None:
    """Going up one revision at a time ends at exactly the tables that the models describe."""
    revisions = [r.revision for r in ScriptDirectory(str(migrations.MIGRATIONS)).walk_revisions()]
    assert "004" in revisions
    for revision in reversed(revisions):
        migrations.upgrade(blank_url, SECRET_KEY, revision)
    assert migrations.differences(blank_url) == []
    migrations.upgrade(blank_url, SECRET_KEY)  # again: nothing to do, nothing wrong


def test_migration_019_names_what_each_posting_stands_for(blank_url: str) -> None:
    """Postings of payments, refunds and returns keep their state and get subject, proposal and their own amount."""
    migrations.upgrade(blank_url, SECRET_KEY, "018")
    with psycopg.connect(blank_url, autocommit=True) as owner:
        owner.execute("INSERT INTO orgs (id, name) VALUES (1, 'Old Roofing')")
        owner.execute("INSERT INTO customers (org_id, id, name) VALUES (1, 5, 'Ann')")
        owner.execute(
            "INSERT INTO proposals (org_id, id, customer_id, title, currency) VALUES (1, 7, 5, 'Roof', 'USD')"
        )
        owner.execute(
            "INSERT INTO payments (org_id, id, proposal_id, amount_minor, currency) VALUES (1, 12, 7, 472500, 'USD')"
        )
        owner.execute(
            "INSERT INTO refunds (org_id, refund_id, payment_id, amount_minor, currency, status, created_at) "
            "VALUES (1, 're_1', 12, 125000, 'USD', 'failed', now())"
        )
        owner.execute(
            "INSERT INTO postings (org_id, payment_id, kind, refund_id, state, next_attempt_at) VALUES "
            "(1, 12, 'payment', NULL, 'posted', now()), (1, 12, 'refund', 're_1', 'posted', now()), "
            "(1, 12, 'refund_return', 're_1', 'needs_you', now())"
        )
        migrations.upgrade(blank_url, SECRET_KEY, "019")
        rows = owner.execute(
            "SELECT kind, subject, payment_id, proposal_id, amount_minor, currency, state FROM postings ORDER BY id"
        ).fetchall()
    assert rows == [
        ("payment", "payment:12", 12, 7, 472_500, "USD", "posted"),
        ("refund", "refund:re_1", 12, 7, 125_000, "USD", "posted"),
        ("refund_return", "refund:re_1", 12, 7, 125_000, "USD", "needs_you"),
    ]


def test_migration_004_makes_the_seeds_table(owner_sql: psycopg.Connection[Any]) -> None:
    """qbo_tokens has the seed's columns, types, defaults and index names."""
    columns = dict(
        owner_sql.execute(
            "SELECT column_name, data_type || coalesce('(' || character_maximum_length || ')', '') "
            "FROM information_schema.columns WHERE table_name = 'qbo_tokens'"
        ).fetchall()
    )
    assert (
        columns.items()
        >= {
            "id": "integer",
            "org_id": "integer",
            "realm_id": "character varying(32)",
            "access_token": "text",
            "refresh_token": "text",
            "expires_at": "timestamp without time zone",
            "env": "character varying(16)",
            "created_at": "timestamp without time zone",
            "updated_at": "timestamp without time zone",
        }.items()
    )
    indexes = {
        row[0] for row in owner_sql.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'qbo_tokens'")
    }
    assert indexes >= {"ix_qbo_tokens_org_id", "ix_qbo_tokens_realm_id", "uq_qbo_tokens_org"}


def test_every_table_of_an_org_is_locked_by_row(owner_sql: psycopg.Connection[Any]) -> None:
    """Each table with an org_id has row-level security, forced, and the application's role cannot bypass it."""
    unlocked = owner_sql.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace "
        "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    ).fetchall()
    assert unlocked == []
    assert owner_sql.info.dbname
    role = app_role(f"postgresql:///{owner_sql.info.dbname}")
    powers = owner_sql.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    assert powers == (False, False, False, False)


def test_an_owner_that_is_no_superuser_can_migrate(postgres_url: str, blank_url: str) -> None:
    """A managed database's owner (CREATEROLE, not superuser) is enough, and the doors still work for it."""
    with psycopg.connect(conninfo(owner_url(blank_url)), autocommit=True) as owner:
        owner.execute("CREATE ROLE managed LOGIN CREATEROLE PASSWORD 'managed'")
        owner.execute("ALTER DATABASE crm_blank OWNER TO managed")
        owner.execute("ALTER SCHEMA public OWNER TO managed")
        try:
            url = owner_url(blank_url).set(drivername="postgresql", username="managed", password="managed")
            managed = url.render_as_string(hide_password=False)
            migrations.upgrade(managed, SECRET_KEY)
            with psycopg.connect(managed) as inside:
                inside.execute("INSERT INTO orgs (name) VALUES ('Managed Roofing')")
                assert inside.execute("SELECT count(*) FROM crm_org_list()").fetchone() == (1,)
        finally:
            owner.execute("REASSIGN OWNED BY managed TO CURRENT_USER")
            owner.execute("DROP OWNED BY managed CASCADE")
            for name in ("crm_blank_app",):
                owner.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(name)))
            owner.execute("ALTER DATABASE crm_blank OWNER TO CURRENT_USER")
            owner.execute("DROP ROLE crm_blank_app")
            owner.execute("DROP ROLE managed")


def test_a_transaction_left_idle_is_ended(database_url: str) -> None:
    """The application's connections carry the limit that frees what a frozen process holds."""
    with psycopg.connect(conninfo(app_url(database_url, SECRET_KEY))) as connection:
        limit = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone()
    assert limit == ("1min",)
