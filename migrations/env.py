"""Runs the migrations: online, each in its own transaction, never waiting long for a lock."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from crm.kit.migrations import include_name
from crm.tables import metadata

LOCK_TIMEOUT = "5s"  # a migration that cannot get its lock fails and is tried again; it never blocks the shop

engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        **{"include_name": include_name, **context.config.attributes.get("options", {})},
    )
    with context.begin_transaction():
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        context.run_migrations()
    connection.commit()
engine.dispose()  # an idle connection would keep the database from being copied or dropped
