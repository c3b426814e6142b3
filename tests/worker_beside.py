"""A worker beside a test's server, in the test's own process: it works when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.run_async import run_async

from crm.gateways.http import make_client
from crm.jobs import engine
from crm.jobs.queue import ORG_TASKS
from crm.kit.database import Database, app_url, conninfo
from crm.kit.settings import Settings
from crm.worker import Work

T = TypeVar("T")


class WorkerBeside:
    """Its connections stay open from one call to the next, as a worker process's do; a file of tests that opened new
    ones for each call spent a third of its processor time on that."""

    db: Database
    work: Work

    def __init__(self, settings: Settings) -> None:
        run_async(self._open(settings))

    async def _open(self, settings: Settings) -> None:
        assert settings.database_url is not None
        url = app_url(settings.database_url, settings.secret_keys[0])
        self.db = Database(url, pool_size=4)
        self._http = make_client()
        self.work = Work(settings, self.db, self._http)
        tasks = {name: getattr(self.work, name) for name in ORG_TASKS}
        self._queue = engine.make_engine(conninfo(url), tasks, {})
        await self._queue.open_async()

    def do(self, act: Callable[[Work], Coroutine[Any, Any, T]]) -> T:
        return run_async(act(self.work))

    def run_jobs(self) -> None:
        """Works through what the queue holds now."""
        run_async(
            self._queue.run_worker_async(
                concurrency=engine.CONCURRENCY, wait=False, install_signal_handlers=False, listen_notify=False
            )
        )

    def close(self) -> None:
        run_async(self._close())

    async def _close(self) -> None:
        await self._queue.close_async()
        await self._http.aclose()
        await self.db.close()
