"""Connections, transactions and the tenant they may see; the tables themselves live with their rooms.

Two roles: the owner (`DATABASE_URL`) migrates; the application works as a lesser role that row-level
security binds. `transaction(org_ids)` is the only way in: it says for which orgs, and PostgreSQL enforces it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

import orjson
import psycopg
import psycopg_pool
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import BigInteger, Integer, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.selectable import ForUpdateArg
from sqlalchemy.types import TypeEngine

from crm.kit.encryption import derive_key
from crm.kit.errors import NotFound

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Stripe and people are better told soon that the database is away than kept waiting.
POOL_WAIT_SECONDS = 4

# Rows whose org is not known yet (an event nobody has routed) carry this number; only system work sees them.
NOBODY = 0


# BIGINT columns: amounts in minor units and ids of tables that grow.
Big = Annotated[int, "bigint"]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any] | type[TypeEngine[Any]]]] = {
        str: Text,
        int: Integer,
        Big: BigInteger,
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


def dump_json(value: Any) -> bytes:
    return orjson.dumps(value)


set_json_dumps(dump_json)
set_json_loads(orjson.loads)


def owner_url(database_url: str) -> URL:
    """The owner's address in SQLAlchemy's form, whichever way it was written."""
    return make_url(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", database_url))


def app_role(database_url: str) -> str:
    """The lesser role of this database; roles belong to the whole server, so the database names it."""
    return f"{owner_url(database_url).database}_app"


def app_url(database_url: str, secret_key: str) -> URL:
    """The address the application uses: the lesser role with a password derived from the secret key."""
    password = derive_key(secret_key, "database-role").hex()
    return owner_url(database_url).set(username=app_role(database_url), password=password)


def conninfo(url: URL) -> str:
    """The same address as libpq reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """One process's connections. `sessions` serve requests and jobs, `pool` the webhook's fast path."""

    def __init__(self, url: URL, *, pool_size: int = 10) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url, pool_size=pool_size, max_overflow=5, pool_timeout=10, pool_pre_ping=False
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._pool: psycopg_pool.AsyncConnectionPool[Any] | None = None

    async def pool(self) -> psycopg_pool.AsyncConnectionPool[Any]:
        if self._pool is None:
            self._pool = psycopg_pool.AsyncConnectionPool(
                conninfo(self.url), min_size=0, max_size=4, open=False, timeout=POOL_WAIT_SECONDS
            )
            await self._pool.open()
        return self._pool

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self, *org_ids: int) -> AsyncIterator[AsyncSession]:
        """One transaction that sees the rows of `org_ids` only; commits at the end, or nothing happened."""
        async with self._sessions() as session, session.begin():
            await see_orgs(session, org_ids)
            yield session


async def see_orgs(session: AsyncSession, org_ids: Iterable[int]) -> None:
    await session.execute(
        text("SELECT set_config('crm.org_ids', :ids, true)"), {"ids": ",".join(map(str, org_ids))}
    )


async def see_orgs_raw(conn: psycopg.AsyncConnection[Any], org_ids: Iterable[int]) -> None:
    await conn.execute("SELECT set_config('crm.org_ids', %s, true)", [",".join(map(str, org_ids))])


async def raw(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """The driver's connection of this session: same transaction, no ORM."""
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    return driver  # type: ignore[no-any-return]


T = TypeVar("T", bound=Base)

# FOR NO KEY UPDATE: nobody else changes the row, and rows that refer to it may still come. FOR UPDATE would hold up
# their foreign keys too, so that who writes a payment waits for who holds its proposal, in a circle.
ROW_LOCK = ForUpdateArg(key_share=True)


async def get_own(
    session: AsyncSession, table: type[T], row_id: int, org_id: int, *, lock: bool = False
) -> T:
    """The row with this id in this org. Raises NotFound, also for a row of another org."""
    row = None
    if 0 < row_id <= 2**31 - 1:  # beyond it no row can exist, and PostgreSQL would refuse the number
        row = await session.get(
            table, (org_id, row_id), with_for_update=ROW_LOCK if lock else None, populate_existing=lock
        )
    if row is None:
        raise NotFound(f"There is no {table.__name__.lower()} {row_id} here.")
    return row
