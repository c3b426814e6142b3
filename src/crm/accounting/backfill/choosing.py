"""Which waiting payments may go side by side: many, booked alike, and never two that could make one customer twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.contracts.forms import AFTER_ITS_INVOICE
from crm.accounting.matching.scoring import Person, keys
from crm.gateways.quickbooks import BATCH_ITEMS_MAX

MANY = BATCH_ITEMS_MAX  # fewer than this are booked one by one, which is sooner for each of them
# How many of the oldest are looked at: first few, then many, where those few are of fewer customers than a wave takes.
LOOKED_AT = (4 * BATCH_ITEMS_MAX, 40 * BATCH_ITEMS_MAX)

# On the posting `p`: a deposit with an invoice of its own. All else goes one by one.
ALIKE = (
    "p.kind = 'payment' AND (p.form IS NULL OR p.form = 'deposit') AND EXISTS (SELECT 1 FROM books_contracts c "
    "WHERE c.org_id = p.org_id AND c.proposal_id = p.proposal_id AND c.policy IN ('liability', 'income')) "
    "AND NOT EXISTS (SELECT 1 FROM postings i WHERE i.org_id = p.org_id AND i.proposal_id = p.proposal_id "
    "AND i.kind = 'contract_invoice')"
)
# How many runs hold the leases of `x`: all of a wave are one run's.
RUNS = "count(DISTINCT split_part(x.lease, '-', 1))"

_ROOM = text(
    f"SELECT {RUNS} < :most AND NOT EXISTS (SELECT 1 FROM qbo_lanes l WHERE l.org_id = :org AND l.failures > 0) "
    # The first payment makes the accounts and the item that all share; that is not for thirty at the same moment.
    "AND EXISTS (SELECT 1 FROM qbo_links k JOIN qbo_tokens t ON t.org_id = k.org_id AND t.realm_id = k.realm_id "
    "WHERE k.org_id = :org AND k.entity = 'Payment' AND k.local_kind = 'payment') "
    "FROM postings x WHERE x.org_id = :org AND x.state = 'waiting' AND x.lease_until > :now"
)
_CUSTOMER = (
    "c.id, c.name, c.company, c.email, c.phone, coalesce(c.billing_address, c.site_address) AS address, "
    "EXISTS (SELECT 1 FROM qbo_links k JOIN qbo_tokens t ON t.org_id = k.org_id AND t.realm_id = k.realm_id "
    "WHERE k.org_id = :org AND k.entity = 'Customer' AND k.local_kind = 'customer' AND k.local_id = c.id::text) "
    "AS linked FROM {postings} JOIN proposals r ON r.org_id = p.org_id AND r.id = p.proposal_id "
    "JOIN customers c ON c.org_id = r.org_id AND c.id = r.customer_id"
)
_DUE = text(
    "WITH due AS MATERIALIZED (SELECT p.* FROM postings p WHERE p.org_id = :org AND p.state = 'waiting' "
    "AND p.next_attempt_at <= :now AND (p.lease_until IS NULL OR p.lease_until <= :now) "
    f"AND {ALIKE} AND ({AFTER_ITS_INVOICE}) ORDER BY p.next_attempt_at, p.id LIMIT :looked_at "
    "FOR NO KEY UPDATE SKIP LOCKED) "
    f"SELECT p.id AS posting_id, {_CUSTOMER.format(postings='due p')} ORDER BY p.next_attempt_at, p.id"
)
_HELD = text(
    f"SELECT {_CUSTOMER.format(postings='postings p')} WHERE p.org_id = :org AND p.state = 'waiting' "
    "AND p.lease_until > :now"
)


async def has_room(session: AsyncSession, org_id: int, now: datetime, most: int) -> bool:
    """Whether one more run may begin a wave: the company is well, and its first payment stands in its books."""
    found = await session.scalar(_ROOM, {"org": org_id, "now": now, "most": most})
    return bool(found)


async def choose(session: AsyncSession, org_id: int, now: datetime) -> tuple[list[int], bool]:
    """The postings of the next wave, locked, and whether more are left; none when fewer than MANY wait."""
    values = {"org": org_id, "now": now}
    held = (await session.execute(_HELD, values)).all()
    chosen: list[int] = []
    more = False
    for looked_at in LOOKED_AT:
        due = (await session.execute(_DUE, {**values, "looked_at": looked_at})).all()
        if len(due) < MANY:
            return [], False
        chosen = pick(due, held)
        more = len(due) > len(chosen)
        if len(chosen) == BATCH_ITEMS_MAX or len(due) < looked_at:
            break
    return chosen, more


def pick(due: Iterable[Any], held: Iterable[Any]) -> list[int]:
    """The next wave out of `due`: either payments whose customers are in QuickBooks already, or such whose are not, so
    that all of it take the same steps and each batch is full; whichever are more, so neither waits for ever.

    New customers share nothing by which one could be taken for another with those that are made at the same time, here
    or by another run: customers are told apart before they are made, not after.
    """
    making = {key for row in held if not row.linked for key in _found_by(row)}
    known: list[int] = []
    new: list[int] = []
    for row in due:
        if row.linked:
            known.append(row.posting_id)
        elif not (own := _found_by(row)) & making:
            making |= own
            new.append(row.posting_id)
    return max(known, new, key=len)[:BATCH_ITEMS_MAX]


def _found_by(row: Any) -> set[str]:
    address = row.address or {}
    person = Person(
        row.name, row.company, row.email, row.phone, address.get("line1"), address.get("postal_code")
    )
    return {f"id:{row.id}", *keys(person)}
