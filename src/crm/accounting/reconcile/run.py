"""Compares Stripe, our ledger and QuickBooks over some days: fetch what is new, compare set by set, keep what was found.

On a period that ends today the balances are compared too: Stripe's own (available and pending) with its movements, and the
clearing account's with our documents; where those differ the account's documents are listed and each is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import postings
from crm.accounting.context import Books
from crm.accounting.reconcile import by_hand, clearing, lines
from crm.accounting.reconcile.causes import CAUSES, Line, cause_of
from crm.accounting.reconcile.tables import Reconciliation, ReconciliationDifference
from crm.accounting.tables import QboToken
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.stripe import StripeGateway
from crm.identity.tables import Org
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import ROW_LOCK
from crm.kit.errors import CrmError, Invalid
from crm.kit.logging import logger
from crm.payments import transactions

log = logger("reconcile")

DAYS_MAX = 366
DIFFERENCES_KEPT_MAX = 500
PAYOUTS_KEPT_MAX = 400
KEPT = timedelta(days=400)
UNDER_WAY = timedelta(minutes=10)


def today_of(org: Org) -> date:
    return clock.now().astimezone(ZoneInfo(org.time_zone)).date()


async def begin(
    session: AsyncSession, org: Org, from_day: date, to_day: date, asked_by: str
) -> Reconciliation:
    """Keeps the run and queues it; one over the same days that is under way is given back instead.

    Raises Invalid for days that make no period.
    """
    if to_day < from_day or (to_day - from_day).days >= DAYS_MAX:
        raise Invalid(f"Choose a period of 1 to {DAYS_MAX} days.", field="to_day")
    if from_day > today_of(org):
        raise Invalid("This period has not begun yet.", field="from_day")
    under_way = await session.scalar(
        select(Reconciliation)
        .where(
            Reconciliation.org_id == org.id,
            Reconciliation.from_day == from_day,
            Reconciliation.to_day == to_day,
            Reconciliation.state == "running",
            Reconciliation.started_at > clock.now() - UNDER_WAY,
        )
        .limit(1)
    )
    if under_way is not None:
        return under_way
    row = Reconciliation(
        org_id=org.id, from_day=from_day, to_day=to_day, state="running", step="waiting", asked_by=asked_by,
        currency=org.currency, started_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await queue.enqueue(session, "reconcile", org_id=org.id, run_id=row.id)
    return row


async def begin_nightly(session: AsyncSession, org: Org) -> None:
    """This month until today; in its first week last month too, whose last movements have settled by then."""
    if not await session.scalar(
        text("SELECT EXISTS (SELECT 1 FROM payments WHERE org_id = :o AND paid_at IS NOT NULL)"),
        {"o": org.id},
    ):
        return
    today = today_of(org)
    first = today.replace(day=1)
    await begin(session, org, first, today, "system")
    if today.day <= 7:
        last = first - timedelta(days=1)
        await begin(session, org, last.replace(day=1), last, "system")


async def forget_old(session: AsyncSession, org_id: int) -> None:
    old = clock.now() - KEPT
    await session.execute(
        delete(Reconciliation).where(Reconciliation.org_id == org_id, Reconciliation.started_at < old)
    )


@dataclass(frozen=True, slots=True)
class _Live:
    """The balances now, minor units; None where that side could not be asked, with the sentence why."""

    stripe_minor: int | None
    clearing_minor: int | None
    clearing_account: str | None
    problems: tuple[str, ...]
    at: datetime


async def run(books: Books, stripe: StripeGateway, org_id: int, run_id: int) -> None:
    """Does the work of one run; whatever stands in its way is kept as its problem."""
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(Reconciliation, (org_id, run_id))
        org = await session.get_one(Org, org_id)
        if row.state == "done":
            return
        from_day, to_day = row.from_day, row.to_day
    try:
        problems = await _fetch(books, stripe, org, run_id)
        live = None
        if to_day >= today_of(org):
            live = await _live(books, stripe, org, run_id, problems)
        await _compare(books, org, run_id, from_day, to_day, live, problems)
    except CrmError as error:
        await _failed(books, org_id, run_id, error.detail)
    except Exception:
        log.exception("reconciliation failed", org_id=org_id, run_id=run_id)
        await _failed(
            books, org_id, run_id, "Something went wrong on our side. Run it again; nothing was changed."
        )
        raise


async def _failed(books: Books, org_id: int, run_id: int, problem: str) -> None:
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(Reconciliation, (org_id, run_id))
        row.state, row.problem, row.finished_at = "failed", problem, clock.now()


async def _step(books: Books, org_id: int, run_id: int, step: str) -> None:
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(Reconciliation, (org_id, run_id))
        row.step = step


async def _fetch(books: Books, stripe: StripeGateway, org: Org, run_id: int) -> list[str]:
    """Whatever moved at Stripe since we last looked, and postings for all that has none."""
    problems = []
    await _step(books, org.id, run_id, "fetching")
    if not books.settings.stripe_dev_mode and org.stripe_disconnected_at is None:
        try:
            await transactions.pull(books.db, stripe, org.stripe_account or "")
        except CrmError as error:
            problems.append(f"Stripe's newest movements are missing: {error.detail}")
    async with books.db.transaction(org.id) as session:
        await transactions.group_fees(session, org.id)
        if await postings.ensure(session, org.id, however_old=True):
            await queue.enqueue(session, "run_lane", org_id=org.id)
    return problems


async def _live(books: Books, stripe: StripeGateway, org: Org, run_id: int, problems: list[str]) -> _Live:
    await _step(books, org.id, run_id, "asking")
    held = account = in_clearing = None
    async with books.db.transaction(org.id) as session:
        alone = bool(org.stripe_account)
        if not alone:
            own = (await session.scalars(text("SELECT org_id FROM crm_platform_orgs()"))).all()
            alone = list(own) == [org.id]
        token = await session.scalar(select(QboToken).where(QboToken.org_id == org.id))
    if alone and not books.settings.stripe_dev_mode and org.stripe_disconnected_at is None:
        try:
            told = await stripe.retrieve_balance(account=org.stripe_account or "")
            held = sum(
                part["amount"]
                for kind in ("available", "pending")
                for part in told.get(kind, [])
                if part["currency"].upper() == org.currency
            )
        except CrmError as error:
            problems.append(f"Stripe's balance is not known: {error.detail}")
    if token is not None and token.disconnected_at is None and token.refresh_token is not None:
        try:
            account, in_clearing = await clearing.balance(books, org.id, org.currency)
        except CrmError as error:
            problems.append(f"The balance of Stripe Clearing in QuickBooks is not known: {error.detail}")
    else:
        problems.append("QuickBooks is not connected, so nothing was asked there.")
    return _Live(held, in_clearing, account, tuple(problems), clock.now())


async def _compare(
    books: Books, org: Org, run_id: int, from_day: date, to_day: date, live: _Live | None, problems: list[str]
) -> None:
    await _step(books, org.id, run_id, "comparing")
    found: dict[str, tuple[date, int]] | None = None
    async with books.db.transaction(org.id) as session:
        realm = await session.scalar(select(QboToken.realm_id).where(QboToken.org_id == org.id)) or ""
        await lines.gather(session, org.id, realm, to_day)
        total, first = await lines.documented(session, org.currency)
    if live is not None and live.clearing_account and live.clearing_minor != total:
        # No transaction is open while QuickBooks is asked; what it lists is laid over a fresh look at ours.
        began = min(first or from_day, from_day)
        try:
            found = await clearing.documents(
                books, org.id, live.clearing_account, org.currency, began - timedelta(days=1), to_day
            )
        except CrmError as error:
            problems.append(
                f"The documents on Stripe Clearing could not be listed, so what is not ours there is not named: {error.detail}"
            )
    async with books.db.transaction(org.id) as session:
        count = await lines.gather(session, org.id, realm, to_day)
        if found is not None:
            await by_hand.found_in_books(session, found, org.currency, to_day)
        row = await session.get_one(Reconciliation, (org.id, run_id), with_for_update=ROW_LOCK)
        await _keep(session, org, row, live, problems, count)


async def _keep(
    session: AsyncSession, org: Org, row: Reconciliation, live: _Live | None, problems: list[str], count: int
) -> None:
    causes = summed(await lines.alike(session, row.from_day))
    residuals = await _residuals(session, org, live)
    for size in residuals.values():
        if size:
            _add(causes, "unexplained", org.currency, 1, size, abs(size))
    row.figures = {
        "currencies": await _currencies(session, row.from_day),
        "days": await lines.by_day(session, row.from_day),
        "payouts": await lines.by_payout(session, org.id, row.from_day, PAYOUTS_KEPT_MAX),
        "causes": sorted(causes.values(), key=lambda one: (CAUSES[one["cause"]].settles, one["cause"])),
        "live": None
        if live is None
        else {
            "stripe_minor": live.stripe_minor,
            "clearing_minor": live.clearing_minor,
            "at": clock.iso(live.at),
            **residuals,
        },
        "problems": problems,
    }
    differing = await lines.listed(session, DIFFERENCES_KEPT_MAX)
    await session.execute(
        delete(ReconciliationDifference).where(
            ReconciliationDifference.org_id == org.id, ReconciliationDifference.run_id == row.id
        )
    )
    session.add_all(_difference(org.id, row.id, position, one) for position, one in enumerate(differing))
    row.lines, row.step, row.state, row.finished_at = count, "done", "done", clock.now()
    row.differences = sum(one["lines"] for one in causes.values())
    row.to_do_minor = sum(one["size_minor"] for one in causes.values() if not CAUSES[one["cause"]].settles)
    row.unexplained_minor = sum(
        one["size_minor"] for one in causes.values() if not CAUSES[one["cause"]].explained
    )
    await record(
        session, org.id, Event.RECONCILED, actor=row.asked_by, run_id=row.id, from_day=row.from_day.isoformat(),
        to_day=row.to_day.isoformat(), differences=row.differences, unexplained_cents=row.unexplained_minor,
        currency=row.currency,
    )  # fmt: skip


def summed(groups: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The groups of lines under their causes, by cause and currency."""
    causes: dict[tuple[str, str], dict[str, Any]] = {}
    for group in groups:
        name = cause_of(as_line(group)).name
        _add(causes, name, group["currency"], group["lines"], group["difference_minor"], group["size_minor"])
    return causes


def as_line(group: dict[str, Any]) -> Line:
    """A group stands for its lines by which amounts are there and which are equal, not by how much they are."""
    stripe = None if group["stripe_minor"] is None else 1
    ours = None if group["ours_minor"] is None else (1 if group["stripe_is_ours"] else 2)
    books = None if group["books_minor"] is None else ((ours or 3) if group["ours_is_books"] else 3)
    return Line(
        group["kind"], stripe, ours, books, group["detail"], group["document"], group["edited"], group["posting"],
        group["problem_code"], group["before"], group["later"], group["earlier"],
    )  # fmt: skip


def _add(
    causes: dict[tuple[str, str], dict[str, Any]],
    name: str,
    currency: str,
    count: int,
    difference: int,
    size: int,
) -> None:
    cause = CAUSES[name]
    found = causes.setdefault(
        (name, currency),
        {
            "cause": name, "currency": currency, "sentence": cause.sentence, "action": cause.action,
            "settles": cause.settles, "explained": cause.explained, "lines": 0, "difference_minor": 0, "size_minor": 0,
        },
    )  # fmt: skip
    found["lines"] += count
    found["difference_minor"] += int(difference)
    found["size_minor"] += int(size)


async def _residuals(session: AsyncSession, org: Org, live: _Live | None) -> dict[str, int]:
    """How far each balance is from what all lines say: nothing, unless something is not seen by any of them."""
    if live is None:
        return {}
    found: dict[str, int] = {}
    if live.stripe_minor is not None:
        copied = await session.scalar(
            text(
                "SELECT coalesce(sum(net_minor), 0)::bigint FROM stripe_transactions WHERE org_id = :o AND currency = :c"
            ),
            {"o": org.id, "c": org.currency},
        )
        found["stripe_residual_minor"] = live.stripe_minor - int(copied or 0)
    if live.clearing_minor is not None:
        total, _ = await lines.documented(session, org.currency)
        found["clearing_residual_minor"] = live.clearing_minor - total
    return found


async def _currencies(session: AsyncSession, from_day: date) -> list[dict[str, Any]]:
    """Opening, movement by kind and closing in three columns, for each currency."""
    kinds = await lines.by_kind(session, from_day)
    began = {one["currency"]: one for one in await lines.opening(session, from_day)}
    found = []
    for currency in sorted({*began, *(one["currency"] for one in kinds)}):
        own = [one for one in kinds if one["currency"] == currency]
        opening = {side: int(began.get(currency, {}).get(side, 0)) for side in SIDES}
        closing = {side: opening[side] + sum(int(one[side]) for one in own) for side in SIDES}
        found.append({"currency": currency, "opening": opening, "kinds": own, "closing": closing})
    return found


SIDES = ("stripe", "ours", "books")


def _difference(org_id: int, run_id: int, position: int, one: dict[str, Any]) -> ReconciliationDifference:
    line = Line(
        one["kind"], one["stripe_minor"], one["ours_minor"], one["books_minor"], one["detail"], one["document_state"],
        one["edited"], one["posting"], one["problem_code"], one["before"], one["later"], one["earlier"],
    )  # fmt: skip
    cause = cause_of(line)
    return ReconciliationDifference(
        org_id=org_id, run_id=run_id, position=position, kind=one["kind"], subject=one["subject"], cause=cause.name,
        day=one["day"], currency=one["currency"], stripe_minor=one["stripe_minor"], ours_minor=one["ours_minor"],
        books_minor=one["books_minor"], sentence=cause.sentence, action=cause.action, payment_id=one["payment_id"],
        proposal_id=one["proposal_id"], payout_id=one["payout_id"], posting_id=one["posting_id"],
        document=one["document"],
    )  # fmt: skip
