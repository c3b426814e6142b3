"""Copies Stripe's balance transactions here: all of them, each once, whatever is told twice or late.

Stripe lists newest first, so a pull walks back to where the last complete one began, less an overlap for what
Stripe shows late; the mark moves only when a pull is complete. An itemised payout says once more what is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.gateways.stripe import StripeGateway
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import NOBODY, Database, raw
from crm.kit.errors import Refused, Unavailable
from crm.kit.logging import logger
from crm.payments.tables import Payout
from crm.payments.transaction_tables import TransactionCursor

OVERLAP = timedelta(days=1)
# 200,000 movements; a longer history goes on with the next run, where this one ended
PAGES_PER_PULL_MAX = 2_000

log = logger("transactions")


@dataclass(frozen=True, slots=True)
class Movement:
    """A balance transaction as Stripe tells it. `refs` name the payment that it belongs to."""

    id: str
    type: str
    category: str
    source: str | None
    charge: str | None
    intent: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    fees: list[Any]
    currency: str
    exchange_rate: Decimal | None
    description: str | None
    created_at: datetime
    available_on: datetime

    @property
    def refs(self) -> tuple[str, ...]:
        return tuple(ref for ref in (self.charge, self.intent) if ref)


def read_movement(told: dict[str, Any], charge: dict[str, Any] | None = None) -> Movement:
    """From Stripe's JSON, `source` expanded or not; `charge` is the source where the caller has it."""
    source = charge or told.get("source")
    body: dict[str, Any] = source if isinstance(source, dict) else {"id": source}
    of_charge = body.get("object") == "charge"
    rate = told.get("exchange_rate")
    return Movement(
        id=told["id"],
        type=str(told["type"]),
        category=str(told.get("reporting_category") or told["type"]),
        source=_id(body.get("id")),
        charge=_id(body.get("id") if of_charge else body.get("charge")),
        intent=_id(body.get("payment_intent")),
        amount_minor=told["amount"],
        fee_minor=told["fee"],
        net_minor=told["net"],
        fees=list(told.get("fee_details") or []),
        currency=str(told["currency"]).upper(),
        exchange_rate=None if rate is None else Decimal(str(rate)),
        description=_words(told.get("description")),
        created_at=datetime.fromtimestamp(told["created"], UTC),
        available_on=datetime.fromtimestamp(told["available_on"], UTC),
    )


def _id(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found[:255] if isinstance(found, str) and found else None


def _words(value: Any) -> str | None:
    return value.replace("\0", "")[:1000] if isinstance(value, str) else None


async def pull(db: Database, stripe: StripeGateway, account: str) -> int:
    """Keeps the account's movements since the last complete pull; how many were new.

    Raises Unavailable or Refused as Stripe answers; what was kept until then stays, and the next pull goes on there.
    """
    async with db.transaction() as session:
        cursor = await session.get(TransactionCursor, account) or TransactionCursor(account=account)
    since = cursor.pulled_until - OVERLAP if cursor.pulled_until else None
    after, newest, new = cursor.resume_after, cursor.newest_seen, 0
    for _ in range(PAGES_PER_PULL_MAX):
        page = await stripe.list_transactions(
            account=account, created_gte=int(since.timestamp()) if since else 0, after=after
        )
        movements = [read_movement(told) for told in page["data"]]
        complete = not page["has_more"] or not movements
        newest = max(
            [moment for moment in (newest, *(m.created_at for m in movements)) if moment], default=None
        )
        after = None if complete else movements[-1].id
        mark = max((m for m in (cursor.pulled_until, newest) if m), default=None)
        new += await _keep_page(
            db, account, movements, _cursor(account, cursor, newest, after, mark, complete=complete)
        )
        if complete:
            return new
    raise Unavailable(
        "Stripe's list of movements is long; the rest is fetched with the next run.", code="long-history"
    )


def _cursor(
    account: str,
    old: TransactionCursor,
    newest: datetime | None,
    after: str | None,
    mark: datetime | None,
    *,
    complete: bool,
) -> TransactionCursor:
    if complete:
        return TransactionCursor(
            account=account, pulled_until=mark, newest_seen=None, resume_after=None, completed_at=clock.now()
        )
    return TransactionCursor(
        account=account, pulled_until=old.pulled_until, newest_seen=newest, resume_after=after,
        completed_at=old.completed_at,
    )  # fmt: skip


async def _keep_page(
    db: Database, account: str, movements: Sequence[Movement], cursor: TransactionCursor
) -> int:
    """The page and how far we are, in one transaction."""
    whose = await _whose(db, account, movements)
    async with db.transaction(NOBODY, *sorted(set(whose))) as session:
        new = await keep(session, account, list(zip(whose, movements, strict=True)))
        await session.merge(cursor)
    return new


async def itemise(db: Database, stripe: StripeGateway, org_id: int, payout_id: str) -> int:
    """Keeps which movements an automatic payout paid out; how many. Raises Unavailable.

    Where Stripe refuses to say, the payout stays as not itemised, which the page of payouts and reconciliation show.
    """
    try:
        return await _itemise(db, stripe, org_id, payout_id)
    except Refused as error:
        log.warning("payout not itemised", org_id=org_id, payout_id=payout_id, why=error.detail)
        return 0


async def _itemise(db: Database, stripe: StripeGateway, org_id: int, payout_id: str) -> int:
    async with db.transaction(org_id) as session:
        payout = await session.get_one(Payout, (org_id, payout_id))
        account = payout.stripe_account
    after: str | None = None
    count = 0
    for _ in range(PAGES_PER_PULL_MAX):
        page = await stripe.list_transactions(account=account, payout=payout_id, after=after)
        movements = [read_movement(told) for told in page["data"]]
        count += len(movements)
        async with db.transaction(org_id) as session:
            await keep(session, account, [(org_id, one) for one in movements], payout_id=payout_id)
            if not page["has_more"] or not movements:
                await session.execute(
                    text("UPDATE payouts SET itemised_at = :now WHERE org_id = :org AND payout_id = :id"),
                    {"now": clock.now(), "org": org_id, "id": payout_id},
                )
                return count
        after = movements[-1].id
    raise Unavailable("Stripe's list of a payout is longer than we read at once.", code="long-payout")


async def keep(
    session: AsyncSession,
    account: str,
    movements: Sequence[tuple[int, Movement]],
    *,
    payout_id: str | None = None,
) -> int:
    """Stores each movement once, under its org; how many were new. New ones are booked by a job of this transaction."""
    if not movements:
        return 0
    conn = await raw(session)
    new_orgs: list[int] = []
    # psycopg sends these as one pipeline; the order keeps two pulls from waiting for each other crosswise.
    async with conn.cursor() as cursor:
        await cursor.executemany(
            _KEEP,
            [
                [
                    org_id, m.id, account, m.type, m.category, m.source, m.charge, m.intent, m.amount_minor,
                    m.fee_minor, m.net_minor, Jsonb(m.fees), m.currency, m.exchange_rate, m.description, payout_id,
                    m.created_at, m.available_on, m.id if m.fee_minor else None, org_id,
                ]
                for org_id, m in sorted(movements, key=lambda pair: pair[1].id)
            ],
            returning=True,
        )  # fmt: skip
        while True:
            row = await cursor.fetchone()
            if row is not None and row[1]:
                new_orgs.append(row[0])
            if not cursor.nextset():
                break
    booked = sorted({org_id for org_id in new_orgs if org_id != NOBODY})
    await queue.enqueue_many(conn, [("book_money", {"org_id": org_id}) for org_id in booked])
    return len(new_orgs)


# What a charge's source told (its charge and intent) is not lost when the same movement comes again without it.
_KEEP = """
    INSERT INTO stripe_transactions AS t (org_id, transaction_id, account, type, category, source, charge, intent,
      amount_minor, fee_minor, net_minor, fees, currency, exchange_rate, description, payout_id, created_at,
      available_on, fee_group)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
      (SELECT %s FROM orgs o WHERE o.id = %s AND o.fee_documents = 'per_payment'))
    ON CONFLICT (org_id, transaction_id) DO UPDATE SET
      charge = coalesce(excluded.charge, t.charge), intent = coalesce(excluded.intent, t.intent),
      available_on = excluded.available_on, payout_id = coalesce(excluded.payout_id, t.payout_id)
    RETURNING org_id, xmax = 0
"""


async def _whose(db: Database, account: str, movements: Sequence[Movement]) -> list[int]:
    """The org of each movement: the account's only org, else the one whose payment it is about (as events are routed)."""
    if not movements:
        return []
    async with db.transaction() as session:
        if not account:
            only = (await session.scalars(text("SELECT org_id FROM crm_platform_orgs()"))).all()
            if len(only) == 1:
                return [only[0]] * len(movements)
        rows = await session.execute(
            text("SELECT ref, org_id FROM crm_stripe_routes(:refs, :accounts) WHERE account = :account"),
            {
                "refs": sorted({ref for one in movements for ref in one.refs}),
                "accounts": [account] if account else [],
                "account": account,
            },
        )
        by_ref = {row[0]: row[1] for row in rows}
    whole = by_ref.get(account, NOBODY) if account else NOBODY
    return [next((by_ref[ref] for ref in one.refs if ref in by_ref), whole) for one in movements]


async def group_fees(session: AsyncSession, org_id: int) -> int:
    """Puts the fees of each day that is over into one group, where the org wants a document per day; how many fees.

    A fee that is learned of later gets a group of its own: what stands in the books is not changed behind anybody's
    back.
    """
    grouped = await session.execute(_GROUP, {"org": org_id, "now": clock.now()})
    return len(grouped.all())


_GROUP = text(
    """
    UPDATE stripe_transactions t SET fee_group = 'day-' || d.day || '-' || t.currency || '-' || d.number
    FROM (SELECT s.transaction_id, (s.created_at AT TIME ZONE o.time_zone)::date AS day,
            1 + (SELECT count(DISTINCT e.fee_group) FROM stripe_transactions e WHERE e.org_id = :org
              AND e.fee_group LIKE 'day-' || (s.created_at AT TIME ZONE o.time_zone)::date || '-' || s.currency || '-%')
            AS number
          FROM stripe_transactions s JOIN orgs o ON o.id = s.org_id
          WHERE s.org_id = :org AND s.fee_group IS NULL AND s.fee_minor <> 0
            AND (o.fee_documents = 'per_payment'
              OR (s.created_at AT TIME ZONE o.time_zone)::date < (cast(:now AS timestamptz) AT TIME ZONE o.time_zone)::date)
         ) d
    WHERE t.org_id = :org AND t.transaction_id = d.transaction_id RETURNING t.transaction_id
    """
)
