"""Puts work into the queue, in the caller's transaction: the job exists if and only if the fact does.

The queue is procrastinate (docs/decisions); this room is the only one that knows. A job may run more than
once whatever the engine, so every task is harmless when repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from procrastinate.jobs import DEFAULT_QUEUE
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit.database import raw

# The jobs that belong to an org and carry its `org_id`; a person can run one that gave up again.
ORG_TASKS = (
    "follow_up",
    "stage_mail",
    "send_mail",
    "make_papers",
    "run_lane",
    "look_at_changes",
    "catch_up_quickbooks",
    "restore_in_quickbooks",
    "handle_inbox_event",
    "expire_session",
    "fetch_fee",
    "fetch_refunds",
    "send_refund",
    "run_import",
    "pull_transactions",
    "itemise_payout",
    "book_money",
    "reconcile",
)


# Money first: these wait while anything else is due.
PATIENT_TASKS = frozenset({"run_import", "stage_mail", "send_mail", "make_papers"})


async def enqueue(session: AsyncSession, task: str, *, at: datetime | None = None, **args: Any) -> None:
    await enqueue_many(await raw(session), [(task, args)], at=at)


async def enqueue_many(
    conn: psycopg.AsyncConnection[Any],
    tasks: Sequence[tuple[str, dict[str, Any]]],
    *,
    at: datetime | None = None,
) -> None:
    """One statement for all of them, through the queue's own SQL function (its documented way in from SQL)."""
    if not tasks:
        return
    await conn.execute(
        "SELECT procrastinate_defer_jobs_v1(array_agg("
        "ROW(%s, task, priority, NULL, NULL, args, %s)::procrastinate_job_to_defer_v1)) "
        "FROM unnest(%s::text[], %s::int[], %s::jsonb[]) AS t(task, priority, args)",
        [
            DEFAULT_QUEUE,
            at,
            [name for name, _ in tasks],
            [-1 if name in PATIENT_TASKS else 0 for name, _ in tasks],
            [Jsonb(args) for _, args in tasks],
        ],
    )


async def enqueue_unless_waiting(conn: psycopg.AsyncConnection[Any], task: str, args: dict[str, Any]) -> None:
    """For work that asks the outside and so sees whatever happened before it starts: one that waits is enough."""
    waiting = await conn.execute(
        "SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s AND args = %s LIMIT 1",
        [task, Jsonb(args)],
    )
    if await waiting.fetchone() is None:
        await enqueue_many(conn, [(task, args)])
