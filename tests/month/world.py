"""The product and the world around it in one process, all on one clock: server, worker, Stripe, QuickBooks.

Everyone is spoken to over HTTP, events come signed by themselves, PostgreSQL is real. The worker's own code runs when
a step says so, so that a day is over when nothing is left to do. See docs/decisions/a-month-on-one-clock.md.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx2
import psycopg
from pydantic import SecretStr
from tests.conftest import SECRET_KEY, RunningApp
from tests.integration.books_world import consent, intuit_at
from tests.integration.money_world import NEW_SECRET, STRIPE_KEY, serving, stripe_settings

from crm.gateways.http import make_client
from crm.jobs import engine
from crm.jobs.queue import ORG_TASKS
from crm.kit import clock
from crm.kit.database import Database, app_url, conninfo, owner_url
from crm.kit.settings import Settings
from crm.worker import Work
from crm_sandbox.clock import Clock
from crm_sandbox.server import listen
from crm_sandbox.testing import RunningSandbox, running_sandbox

ORG = 1
ZONE = ZoneInfo("America/Denver")  # of org 1
OWNER = "admin@peakpro.io"
ORG_2_ACCOUNT = "acct_1SandboxSummit0002"  # of the demo's other company
VERIFIER = "only-for-tests-verifier"
STRIPE_TIMES = {
    "fee_seconds": 60,
    "ach_clear_seconds": 4 * 86_400 - 4 * 3_600,  # early on the fourth day, before the office opens
    "refund_settle_seconds": 3 * 86_400,
}
REST_SECONDS_MAX = 600.0  # a busy day of the long form on a busy machine
Json = dict[str, Any]
T = TypeVar("T")


class Worker:
    """The worker's own code, in a loop of its own thread; it works when it is told to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="worker", daemon=True)
        self._thread.start()
        self._open = AsyncExitStack()
        self.do(self._start())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def run_jobs(self) -> None:
        """Works until the queue holds nothing that is due."""
        self.do(self._run_jobs())

    def wake_lanes(self) -> None:
        """Queues the companies that have something due, as the worker does every two seconds."""
        self.do(self._work.wake_lanes(self._jobs))

    def run(self, task: Callable[[Work], Awaitable[Any]]) -> Any:
        """One of the worker's tasks, as its schedule would start it."""

        async def go() -> Any:
            return await task(self._work)

        return self.do(go())

    def close(self) -> None:
        self.do(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        assert self._settings.database_url is not None
        url = app_url(self._settings.database_url, SECRET_KEY)
        db = Database(url, pool_size=10)
        self._open.push_async_callback(db.close)
        http = await self._open.enter_async_context(make_client())
        self._work = Work(self._settings, db, http)
        self._jobs = engine.make_engine(
            conninfo(url), {name: getattr(self._work, name) for name in ORG_TASKS}, {}
        )
        await self._open.enter_async_context(self._jobs.open_async())

    async def _run_jobs(self) -> None:
        await self._jobs.run_worker_async(
            concurrency=engine.CONCURRENCY, wait=False, install_signal_handlers=False, listen_notify=False
        )


@dataclass
class World:
    """Org 1 with its Stripe account and its company, on a clock that goes when `at` says so."""

    first: date
    clock: Clock
    sandbox: RunningSandbox
    app: RunningApp
    worker: Worker
    sql: psycopg.Connection[Any]
    staff: httpx2.Client  # by an API key, because sessions end
    customers: httpx2.Client  # everybody else's browser

    @property
    def realm_id(self) -> str:
        return self.sandbox.realm_id

    # --- time ---

    def date_of(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def at(self, day: int, hour: float) -> None:
        """It is this hour of the company's day; what fell due on the way has happened, and is worked off."""
        wanted = datetime.combine(self.date_of(day), datetime.min.time(), ZONE) + timedelta(hours=hour)
        seconds = (wanted.astimezone(UTC) - self.clock.unskewed()).total_seconds()
        if seconds > 0:
            self.clock.advance(seconds)
        self.settle()

    def minutes(self, minutes: float) -> None:
        self.clock.advance(60 * minutes)
        self.settle()

    def settle(self) -> None:
        """Events and jobs until neither is left."""
        deadline = time.monotonic() + REST_SECONDS_MAX
        calm = 0
        while calm < 2:
            assert time.monotonic() < deadline, self._restless()
            self._wait_for_deliveries(deadline)
            if self._bring_due_jobs():
                self.worker.run_jobs()
                calm = 0
                continue
            if calm == 0:
                self.worker.wake_lanes()
            calm += 1
            time.sleep(0.03)  # the simulators' timers look every 20 ms

    def _wait_for_deliveries(self, deadline: float) -> None:
        while self._sending():
            assert time.monotonic() < deadline, self._restless()
            time.sleep(0.005)

    def _sending(self) -> bool:
        quickbooks = self.sandbox.quickbooks.webhooks.summary()
        return bool(
            self.sandbox.stripe.delivery.undelivered() or quickbooks["waiting"] or quickbooks["sending"]
        )

    def _bring_due_jobs(self) -> int:
        """The queue goes by PostgreSQL's clock, which stays behind: what is due by ours is due now."""
        self.sql.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo' AND scheduled_at <= %s",
            [self.clock.unskewed()],
        )
        row = self.sql.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at IS NULL"
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _restless(self) -> str:
        jobs = self.sql.execute(
            "SELECT task_name, status, count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') "
            "GROUP BY 1, 2"
        ).fetchall()
        events = self.sandbox.stripe.delivery.undelivered()[:3]
        return f"it does not come to rest at {self.clock.unskewed()}: jobs {jobs}, events {events}"

    def evening(self) -> None:
        """What the worker's schedule does by itself, once a day: every task of it that asks for nothing."""
        for name, task in inspect.getmembers(Work, inspect.iscoroutinefunction):
            if not name.startswith("_") and list(inspect.signature(task).parameters) == ["self"]:
                self.worker.run(task)
        self.settle()

    # --- speaking ---

    def stripe(self, path: str, body: Json | None = None) -> Json:
        """What happens at Stripe without us."""
        answer: Json = self.sandbox.call("POST", f"/_state/stripe/{path}", body or {})
        return answer

    def office(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The owner presses something in the console; it must work."""
        answer = self.staff.request(method, path, json=body, params=params or None)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.sql.execute(query, values).fetchall()

    def connect(self) -> None:
        """The owner signs in and consents at Intuit."""
        consent(self.app.as_user(OWNER), self.realm_id)

    # --- looking at the two outside ---

    def stripe_balance_cents(self) -> int:
        """What Stripe says that it holds in dollars."""
        (own,) = [
            one
            for one in self.sandbox.call("GET", "/_state/stripe/balances")["accounts"]
            if not one["connected_to"]
        ]
        parts = [*own["balance"]["available"], *own["balance"]["pending"]]
        return sum(part["amount"] for part in parts if part["currency"] == "usd")

    def trial_balance(self) -> dict[str, int]:
        """Cents by account's name, debit positive, as QuickBooks has it."""
        found = self.sandbox.call("GET", f"/_state/quickbooks/{self.realm_id}/trial_balance")
        assert found["sum_cents"] == 0
        return {one["name"]: one["balance_cents"] for one in found["accounts"]}

    def in_books(self, entity: str) -> list[Json]:
        return self.sandbox.quickbooks.objects(self.realm_id, entity)


@contextmanager
def open_world(database_url: str, first: date) -> Iterator[World]:
    """The world on the morning of `first`, QuickBooks connected. The database has the demo data."""
    shared = Clock()
    morning = datetime.combine(first, datetime.min.time(), ZONE) + timedelta(hours=6)
    shared.offset = morning.astimezone(UTC) - datetime.now(UTC)
    door = listen("127.0.0.1", 0)
    api = f"http://127.0.0.1:{door.getsockname()[1]}"
    with ExitStack() as stack:
        stack.enter_context(clock.follow(shared.unskewed))
        sandbox = stack.enter_context(
            running_sandbox(
                clock=shared,
                stripe_webhook_url=f"{api}/payments/webhook",
                stripe_webhook_secrets=(NEW_SECRET,),
                stripe_connected_accounts=(ORG_2_ACCOUNT,),
                qbo_webhook_url=f"{api}/qbo/webhook",
                qbo_verifier_token=VERIFIER,
                qbo_rate_limits_on=True,
            )
        )
        sandbox.call("POST", "/_state/stripe/settings", STRIPE_TIMES)
        settings = stripe_settings(
            database_url,
            stripe_api_base=sandbox.base_url,
            qbo_webhook_verifier_token=SecretStr(VERIFIER),
            qbo_redirect_uri=f"{api}/qbo/oauth/callback",
            **intuit_at(sandbox.base_url),
        )
        app = stack.enter_context(serving(settings, door))
        worker = Worker(settings)
        stack.callback(worker.close)
        sql = stack.enter_context(psycopg.connect(conninfo(owner_url(database_url)), autocommit=True))
        customers = stack.enter_context(httpx2.Client(timeout=60))
        world = World(first, shared, sandbox, app, worker, sql, _by_key(app), customers)
        world.connect()
        # An account of Stripe's simulator begins with the first use of its key.
        customers.get(
            f"{sandbox.base_url}/v1/balance", headers={"Authorization": f"Bearer {STRIPE_KEY}"}
        ).raise_for_status()
        world.settle()
        yield world


def _by_key(app: RunningApp) -> httpx2.Client:
    made = app.as_user(OWNER).post("/api-keys", json={"name": "the month", "role": "owner"})
    assert made.status_code == 201, made.text
    return app.client(Authorization=f"Bearer {made.json()['secret']}")
