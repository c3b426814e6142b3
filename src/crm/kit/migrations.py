"""Brings a database to the newest schema and gives the application's role its rights."""

from __future__ import annotations

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from crm.kit import revisions
from crm.kit.database import app_role, app_url, conninfo, owner_url

MIGRATIONS = revisions.MIGRATIONS
POSTGRESQL_MAJOR_MIN = 15


def config(database_url: str) -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.set_main_option("version_locations", str(MIGRATIONS / "versions"))
    made.set_main_option("path_separator", "os")
    made.attributes["url"] = owner_url(database_url)
    return made


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(database_url: str, secret_key: str, revision: str = "head") -> None:
    """Migrates to `revision`; safe to call from several starting processes, one works and the rest wait.

    Raises RuntimeError when PostgreSQL is too old or the role may not create the application's role.
    """
    with psycopg.connect(conninfo(owner_url(database_url)), autocommit=True) as lock:
        version = lock.info.server_version // 10_000
        if version < POSTGRESQL_MAJOR_MIN:
            raise RuntimeError(
                f"PostgreSQL {version} is too old: version {POSTGRESQL_MAJOR_MIN} or newer is needed."
            )
        lock.execute("SELECT pg_advisory_lock(hashtext('crm-migrations'))")
        ensure_app_role(lock, database_url, secret_key)
        command.upgrade(config(database_url), revision)
        grant_app_role(lock, database_url)


# A process frozen inside a transaction (a paused machine, a lost network) holds its rows until its connection
# ends. The longest a transaction of ours is idle on purpose is a token refresh: two calls of 25 s at most.
IDLE_IN_TRANSACTION_MAX = "60s"


def ensure_app_role(conn: psycopg.Connection, database_url: str, secret_key: str) -> None:
    role = app_role(database_url)
    password = app_url(database_url, secret_key).password or ""
    exists = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if exists else "CREATE")
    try:
        conn.execute(
            sql.SQL("{} ROLE {} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                verb, sql.Identifier(role), sql.Literal(password)
            )
        )
        conn.execute(
            sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = {}").format(
                sql.Identifier(role), sql.Literal(IDLE_IN_TRANSACTION_MAX)
            )
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise RuntimeError(
            f"The database user may not make the application's role. Ask an administrator to run: "
            f"ALTER ROLE {owner_url(database_url).username} CREATEROLE;"
        ) from error
    attributes = conn.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    if attributes and attributes[0]:
        raise RuntimeError(
            f"The role {role} could bypass row-level security; take SUPERUSER and BYPASSRLS from it."
        )


# The application adds to the activity log and never changes it (contract: append-only).
APPEND_ONLY = ("portal_activity_log", "portal_messages", "papers")


def grant_app_role(conn: psycopg.Connection, database_url: str) -> None:
    role = sql.Identifier(app_role(database_url))
    conn.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    conn.execute(
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(role)
    )
    conn.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(role))
    for table in APPEND_ONLY:
        if conn.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
            conn.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), role)
            )
    conn.execute(sql.SQL("REVOKE ALL ON alembic_version FROM {}").format(role))
    conn.execute(sql.SQL("GRANT SELECT ON alembic_version TO {}").format(role))


def differences(database_url: str) -> list[str]:
    """What the models have that the migrated database has not, or the other way round."""
    from alembic.autogenerate import compare_metadata

    from crm.kit.database import Base

    engine = create_engine(owner_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": include_name, "compare_server_default": False}
        )
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Leaves the queue library's own tables out of comparisons."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate"))
