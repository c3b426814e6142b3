"""The worker process: the queue's tasks and the schedules. Runs N times beside itself."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import procrastinate
from sqlalchemy import text

from crm import pipeline
from crm.accounting import connection, kinds, postings, quota
from crm.accounting.comeback import change_data, looking, restoring
from crm.accounting.context import Books
from crm.accounting.reconcile import run as reconciling
from crm.accounting.sync_log import forget_old_calls
from crm.gateways.http import Client, make_client
from crm.gateways.stripe import StripeGateway
from crm.identity.kept_answers import forget_old_keys
from crm.identity.tables import Org
from crm.identity.tries import forget_old_tries
from crm.jobs import engine, queue
from crm.kit import clock
from crm.kit.database import Database, app_url, conninfo
from crm.kit.errors import OutsideError
from crm.kit.logging import logger
from crm.kit.settings import Settings
from crm.notifications import reminders, sending
from crm.operations import imports
from crm.outgoing.couriers import Couriers
from crm.outgoing.keeping import forget_old_deliveries
from crm.papers.keeping import make_missing
from crm.payments import refunds, stripe_events, stripe_sweeps, transactions
from crm.proposals.decision import expire_due

LANE_SWEEP_SECONDS = 2.0
COURIERS_SECONDS = 1.0
CATCH_UP_EVERY = timedelta(hours=23)  # asked every hour, so each company at its own time of day, once
KEEP_ALIVE_EVERY = timedelta(days=7)

log = logger("worker")


class Work:
    """The tasks, by name; each takes ids and may be run any number of times."""

    def __init__(self, settings: Settings, db: Database, http: Client) -> None:
        self.settings = settings
        self.db = db
        self.books = Books(db, settings, http)
        self.stripe = StripeGateway(settings)

    async def follow_up(self, org_id: int, entry_ids: list[int]) -> None:
        await pipeline.follow_up(self.books, org_id, entry_ids)

    async def stage_mail(self, org_id: int, entry_ids: list[int]) -> None:
        await pipeline.write_mail(self.db, self.settings, org_id, entry_ids)

    async def make_papers(self, org_id: int, proposal_id: int) -> None:
        await make_missing(self.db, org_id, proposal_id, self.settings.deposit_percent)

    async def send_mail(self, org_id: int, mail_id: int) -> None:
        await sending.send(self.db, self.settings, org_id, mail_id)

    async def sweep_mail(self) -> None:
        """Mail that is due and was forgotten, and offers that end soon."""
        for org_id in await self._orgs():
            async with self.db.transaction(org_id) as session:
                await reminders.remind(session, self.settings, org_id)
            if self.settings.smtp_url is not None:
                async with self.db.transaction(org_id) as session:
                    await sending.sweep(session, org_id)

    async def run_lane(self, org_id: int) -> None:
        await postings.run_lane(self.books, org_id)

    async def look_at_changes(self, org_id: int) -> None:
        await looking.look_at_changes(self.books, org_id)

    async def catch_up_quickbooks(self, org_id: int) -> None:
        await change_data.catch_up_if_connected(self.books, org_id)

    async def restore_in_quickbooks(self, org_id: int, difference_id: int, press: int) -> None:
        await restoring.restore(self.books, org_id, difference_id, press)

    async def sweep_changes(self) -> None:
        """What QuickBooks said has changed and was not looked at, should its job be lost."""
        orgs = await self._orgs()
        async with self.db.transaction(*orgs) as session:
            rows = await session.scalars(
                text("SELECT DISTINCT org_id FROM qbo_changes WHERE due_at <= :now ORDER BY 1"),
                {"now": clock.now()},
            )
            for org_id in rows.all():
                await queue.enqueue(session, "look_at_changes", org_id=org_id)

    async def catch_up_all(self) -> None:
        """CDC, once a day and company: webhooks may be lost."""
        due = await change_data.due(self.books, await self._orgs(), CATCH_UP_EVERY)
        async with self.db.transaction(*due) as session:
            for org_id in due:
                await queue.enqueue(session, "catch_up_quickbooks", org_id=org_id)

    async def handle_inbox_event(self, inbox_id: int, org_id: int) -> None:  # noqa: ARG002 - for GET /jobs/failed
        """`org_id` says whose list the job stands on should it give up; the event itself is routed again."""
        await stripe_events.handle_again(self.db, [inbox_id], dev_mode=self.settings.unsigned_events_allowed)

    async def fetch_fee(self, org_id: int, payment_id: int) -> None:
        await stripe_sweeps.fetch_fee(self.db, self.stripe, org_id, payment_id)

    async def fetch_refunds(self, org_id: int, payment_id: int) -> None:
        await stripe_sweeps.fetch_refunds(self.db, self.stripe, org_id, payment_id)

    async def pull_transactions(self, org_id: int) -> None:
        """The movements of the org's Stripe balance, after something moved it; in dev mode there is none."""
        if self.settings.stripe_dev_mode:
            return
        async with self.db.transaction(org_id) as session:
            org = await session.get_one(Org, org_id)
            account = org.stripe_account or ""
        await transactions.pull(self.db, self.stripe, account)

    async def itemise_payout(self, org_id: int, payout_id: str) -> None:
        if self.settings.stripe_dev_mode:
            return
        await transactions.itemise(self.db, self.stripe, org_id, payout_id)

    async def reconcile(self, org_id: int, run_id: int) -> None:
        await reconciling.run(self.books, self.stripe, org_id, run_id)

    async def reconcile_nightly(self) -> None:
        """Every org with payments; each run is a job of its own."""
        for org_id in await self._orgs():
            async with self.db.transaction(org_id) as session:
                await reconciling.begin_nightly(session, await session.get_one(Org, org_id))

    async def book_money(self, org_id: int) -> None:
        await pipeline.book(self.books, org_id)

    async def send_refund(self, org_id: int, order_id: int) -> None:
        await refunds.send_refund(self.db, self.stripe, org_id, order_id)

    async def run_import(self, org_id: int, import_id: int) -> None:
        await imports.run(self.db, org_id, import_id)

    async def expire_session(self, session_id: str, account: str, org_id: int) -> None:  # noqa: ARG002 - likewise
        await stripe_sweeps.close_session(self.stripe, session_id, account)

    async def sweep_stripe(self) -> None:
        """Missed events and sessions; nothing to ask without a key."""
        if self.settings.stripe_dev_mode:
            return
        await stripe_sweeps.sweep_events(self.db, self.settings, self.stripe)
        await stripe_sweeps.sweep_sessions(self.db, self.settings, self.stripe)
        await stripe_sweeps.sweep_transactions(self.db, self.stripe)

    async def sweep_inbox(self) -> None:
        """Events that were kept but whose effect is missing, should their job be lost: each gets a job again."""
        async with self.db.transaction(0, *await self._orgs()) as session:
            rows = await session.execute(
                text(
                    "SELECT id, org_id FROM inbox_events WHERE state IN ('received','failed') "
                    "AND received_at < :old AND attempts < 20 ORDER BY id LIMIT 500"
                ),
                {"old": clock.now() - timedelta(minutes=5)},
            )
            for inbox_id, org_id in rows.all():
                await queue.enqueue(session, "handle_inbox_event", inbox_id=inbox_id, org_id=org_id)

    async def sweep_refunds(self) -> None:
        """Refunds that were asked for and not sent, should their job be lost."""
        for org_id in await self._orgs():
            async with self.db.transaction(org_id) as session:
                await refunds.wake_prepared(session, org_id)

    async def sweep_postings(self) -> None:
        """A posting for every paid payment, should a follow-up be lost."""
        for org_id in await self._orgs():
            async with self.db.transaction(org_id) as session:
                await transactions.group_fees(session, org_id)
                await postings.ensure(session, org_id)

    async def keep_connections_alive(self) -> None:
        async with self.db.transaction(*await self._orgs()) as session:
            rows = await session.scalars(
                text(
                    "SELECT org_id FROM qbo_tokens WHERE disconnected_at IS NULL AND refresh_token IS NOT NULL "
                    "AND (refreshed_at IS NULL OR refreshed_at < :old)"
                ),
                {"old": clock.now() - KEEP_ALIVE_EVERY},
            )
            org_ids = rows.all()
        for org_id in org_ids:
            try:
                await connection.keep_alive(self.books, org_id)
            except OutsideError as error:  # marked and counted there; the next company goes on
                log.warning("keep-alive failed", org_id=org_id, code=error.code)

    async def watch_quota(self) -> None:
        for org_id in await self._orgs():
            async with self.db.transaction(org_id) as session:
                await quota.raise_alarms(session, org_id, self.settings.qbo_reads_per_month)

    async def expire_proposals(self) -> None:
        for org_id in await self._orgs():
            async with self.db.transaction(org_id) as session:
                await expire_due(session, org_id)

    async def forget_old(self) -> None:
        """Failed logins, kept answers, told webhooks and requests to QuickBooks that no longer matter."""
        async with self.db.transaction() as session:
            await forget_old_tries(session)
        for org_id in await self._orgs():
            async with self.db.transaction(org_id) as session:
                await forget_old_keys(session, org_id)
                await forget_old_deliveries(session, org_id)
                await reconciling.forget_old(session, org_id)
                await forget_old_calls(session, org_id)

    async def _orgs(self) -> list[int]:
        async with self.db.transaction() as session:
            return list((await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all())

    async def wake_lanes(self, jobs: procrastinate.App) -> None:
        """Queues the lanes that have something due: first retries, and what a dead worker held."""
        async with self.db.transaction(*await self._orgs()) as session:
            rows = await session.scalars(
                text(
                    "SELECT DISTINCT p.org_id FROM postings p JOIN qbo_tokens t ON t.org_id = p.org_id "
                    "LEFT JOIN qbo_lanes l ON l.org_id = p.org_id WHERE p.state = 'waiting' "
                    "AND p.next_attempt_at <= :now AND (p.lease_until IS NULL OR p.lease_until <= :now) "
                    "AND t.disconnected_at IS NULL AND t.refresh_token IS NOT NULL "
                    f"AND (l.paused_until IS NULL OR l.paused_until <= :now) AND ({kinds.MAY_GO})"
                ),
                {"now": clock.now()},
            )
            org_ids = rows.all()
        for org_id in org_ids:
            try:
                await jobs.configure_task("run_lane", queueing_lock=f"lane:{org_id}").defer_async(
                    org_id=org_id
                )
            except procrastinate.exceptions.AlreadyEnqueued:
                continue  # the lane is queued; that is what we want


async def run(settings: Settings, database_url: str) -> None:
    """Works until SIGTERM."""
    url = app_url(database_url, settings.secret_keys[0])
    db = Database(url, pool_size=10)
    couriers = Couriers(db, settings)
    async with make_client() as http:
        work = Work(settings, db, http)
        tasks: dict[str, engine.Task] = {name: getattr(work, name) for name in queue.ORG_TASKS}
        jobs = engine.make_engine(
            conninfo(url),
            tasks,
            {
                "sweep_stripe": ("*/15 * * * *", work.sweep_stripe),
                "sweep_inbox": ("*/5 * * * *", work.sweep_inbox),
                "sweep_mail": ("*/2 * * * *", work.sweep_mail),
                "sweep_postings": ("* * * * *", work.sweep_postings),
                "sweep_changes": ("*/5 * * * *", work.sweep_changes),
                "catch_up_all": ("23 * * * *", work.catch_up_all),
                "sweep_refunds": ("*/5 * * * *", work.sweep_refunds),
                "keep_connections_alive": ("17 */6 * * *", work.keep_connections_alive),
                "watch_quota": ("*/10 * * * *", work.watch_quota),
                "expire_proposals": ("*/30 * * * *", work.expire_proposals),
                "reconcile_nightly": ("20 9 * * *", work.reconcile_nightly),  # the small hours of America
                "forget_old": ("11 * * * *", work.forget_old),
                "forget_finished_jobs": ("41 3 * * *", lambda: engine.forget_finished(jobs)),
            },
        )
        await engine.run_worker(
            jobs,
            [
                partial(engine.every, LANE_SWEEP_SECONDS, "lanes", lambda: work.wake_lanes(jobs)),
                partial(engine.every, COURIERS_SECONDS, "couriers", couriers.wake),
            ],
        )
    await couriers.close()
    await db.close()
