"""Takes up payments that somebody recorded in QuickBooks on account of a customer of ours, naming none of our invoices.

Where deposits have no invoice before they are paid, a check for one is recorded just so; the part stays unpaid here, and the
customer is asked again. Seen with the daily look, which tells all payments that changed, at no read of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback.comparing import ON_ACCOUNT
from crm.accounting.comeback.picture import picture, status_of
from crm.gateways.quickbooks import dumps
from crm.kit import clock

# Followed from now on, with nothing agreed to: what is free of it is the difference.
_TAKE_UP = text(
    "INSERT INTO qbo_mirror (org_id, realm_id, entity, qbo_id, customer_qbo_id, ours, learned_from, learned_at) "
    "SELECT :org, :realm, 'Payment', :id, :customer, :ours, 'cdc', :now WHERE EXISTS (SELECT 1 FROM qbo_links l "
    "JOIN proposals r ON r.org_id = l.org_id AND (l.local_kind = 'customer' "
    "AND r.customer_id::text = split_part(l.local_id, ':', 1) OR l.local_kind = 'job' AND r.id::text = l.local_id) "
    "WHERE l.org_id = :org AND l.realm_id = :realm AND l.entity = 'Customer' AND l.qbo_id = :customer "
    "AND r.status = 'approved' AND r.total_minor + r.changes_minor > (SELECT coalesce(sum(p.amount_minor), 0) "
    "FROM payments p WHERE p.org_id = r.org_id AND p.proposal_id = r.id AND p.paid_at IS NOT NULL)) "
    "AND NOT EXISTS (SELECT 1 FROM qbo_requests q WHERE q.org_id = :org "
    "AND q.realm_id = :realm AND q.state = 'sent' AND q.operation LIKE '%payment%' AND :note LIKE '%' || q.requestid || '%') "
    "ON CONFLICT DO NOTHING"
)


async def take_up(
    session: AsyncSession, org_id: int, realm_id: str, payments: Mapping[str, dict[str, Any]]
) -> None:
    """Only of customers who owe us something: what others pay in advance is no concern of ours. Nor is a payment of ours
    whose answer is still out."""
    for qbo_id, payment in sorted(payments.items()):
        if status_of(payment) == "deleted":
            continue
        shown = picture("Payment", payment, "USD")
        if not shown.unapplied_minor or shown.customer_qbo_id is None:
            continue
        await session.execute(
            _TAKE_UP,
            {
                "org": org_id, "realm": realm_id, "id": qbo_id, "customer": shown.customer_qbo_id,
                "ours": dumps({ON_ACCOUNT: True}), "now": clock.now(), "note": str(payment.get("PrivateNote") or ""),
            },
        )  # fmt: skip
