"""Runs what the queue holds: the engine's set-up, and what it leaves to us, the recovery of a dead worker's jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import procrastinate
from procrastinate.exceptions import ConnectorException

from crm.jobs.retrying import ByKindOfError
from crm.kit import clock
from crm.kit.logging import logger

# A worker that has not been heard of for 12 s is dead; its jobs run again within 15 s (issue: 30 s).
HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 12.0
REAP_SECONDS = 3.0
CONCURRENCY = 20
GRACEFUL_SECONDS = 5.0
POLL_SECONDS = 1.0
FINISHED_KEPT_HOURS = 24
FAILED_KEPT_HOURS = 24 * 90

log = logger("jobs")

Task = Callable[..., Awaitable[None]]


def make_engine(
    conninfo: str, tasks: dict[str, Task], periodic: dict[str, tuple[str, Task]]
) -> procrastinate.App:
    """The queue with our tasks; `periodic` maps a name to its cron line (UTC) and its task."""
    engine = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4)
    )
    for name, task in tasks.items():
        engine.task(name=name, retry=ByKindOfError())(task)
    for name, (cron, task) in periodic.items():
        registered = engine.task(name=name, retry=ByKindOfError(), queueing_lock=name)(_without_time(task))
        engine.periodic(cron=cron)(registered)
    return engine


def _without_time(task: Task) -> Callable[[int], Awaitable[None]]:
    async def run(timestamp: int) -> None:
        await task()

    return run


async def run_worker(engine: procrastinate.App, loops: list[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Works until SIGTERM; `loops` run beside it (small sweeps that every worker may do)."""
    async with engine.open_async():
        beside = [asyncio.create_task(loop()) for loop in loops]
        beside.append(asyncio.create_task(_reap_for_ever(engine)))
        try:
            await engine.run_worker_async(
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=POLL_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                shutdown_graceful_timeout=GRACEFUL_SECONDS,
            )
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def every(seconds: float, name: str, work: Callable[[], Awaitable[Any]]) -> None:
    """Repeats `work` for ever; a failure is logged and the next round comes all the same."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a sweep failed; it runs again", sweep=name)
        await asyncio.sleep(seconds)


async def _reap_for_ever(engine: procrastinate.App) -> None:
    await every(REAP_SECONDS, "reaper", lambda: reap(engine))


async def reap(engine: procrastinate.App) -> None:
    """Puts the jobs of dead workers back. One that another copy has replaced meanwhile is ended instead."""
    manager = engine.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        assert job.id is not None
        log.warning("job of a dead worker runs again", job=job.task_name, job_id=job.id)
        try:
            await manager.retry_job_by_id_async(job_id=job.id, retry_at=clock.now())
        except ConnectorException:
            # Its queueing lock is taken: the same work is queued already (procrastinate#1446).
            await manager.finish_job_by_id_async(
                job_id=job.id, status=procrastinate.jobs.Status.FAILED, delete_job=True
            )


async def forget_finished(engine: procrastinate.App) -> None:
    """Finished jobs go after a day, failed ones after three months."""
    await engine.job_manager.delete_old_jobs(nb_hours=FINISHED_KEPT_HOURS)
    await engine.job_manager.delete_old_jobs(nb_hours=FAILED_KEPT_HOURS, include_failed=True)
