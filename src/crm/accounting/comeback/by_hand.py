"""Takes up payments that somebody recorded in QuickBooks on account of a customer of ours, naming none of our invoices; also of
one who is not linked yet, but shares e-mail, phone or name with a customer there.

Where deposits have no invoice before they are paid, a check for one is recorded just so; the part stays unpaid here, and the
customer is asked again. Seen with the daily look, which tells all payments that changed, at no read of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback.comparing import MAY_BE, ON_ACCOUNT
from crm.accounting.comeback.picture import Picture, picture, status_of
from crm.accounting.matching.scoring import Person, keys
from crm.accounting.matching.tables import QboCustomer
from crm.gateways.quickbooks import dumps
from crm.kit import clock

# Followed from now on, with nothing agreed to: what is free of it is the difference.
_INSERT = (
    "INSERT INTO qbo_mirror (org_id, realm_id, entity, qbo_id, customer_qbo_id, ours, learned_from, learned_at) "
    "SELECT :org, :realm, 'Payment', :id, :customer, :ours, 'cdc', :now WHERE "
)
_NOT_OURS = (
    "NOT EXISTS (SELECT 1 FROM qbo_requests q WHERE q.org_id = :org AND q.realm_id = :realm AND q.state = 'sent' "
    "AND q.operation LIKE '%payment%' AND :note LIKE '%' || q.requestid || '%') ON CONFLICT DO NOTHING RETURNING 1"
)
_TAKE_UP_ALIKE = text(_INSERT + _NOT_OURS)
_TAKE_UP = text(
    f"{_INSERT} EXISTS (SELECT 1 FROM qbo_links l "
    "JOIN proposals r ON r.org_id = l.org_id AND (l.local_kind = 'customer' "
    "AND r.customer_id::text = split_part(l.local_id, ':', 1) OR l.local_kind = 'job' AND r.id::text = l.local_id) "
    "WHERE l.org_id = :org AND l.realm_id = :realm AND l.entity = 'Customer' AND l.qbo_id = :customer "
    "AND r.status = 'approved' AND r.total_minor + r.changes_minor > (SELECT coalesce(sum(p.amount_minor), 0) "
    "FROM payments p WHERE p.org_id = r.org_id AND p.proposal_id = r.id AND p.paid_at IS NOT NULL)) "
    f"AND {_NOT_OURS}"
)
# Who owes us something and stands for nobody in QuickBooks yet: as long as nothing of theirs is booked.
_DEBTORS = text(
    "SELECT c.name, c.company, c.email, c.phone FROM customers c WHERE c.org_id = :org AND EXISTS (SELECT 1 FROM proposals r "
    "WHERE r.org_id = c.org_id AND r.customer_id = c.id AND r.status = 'approved' AND r.total_minor + r.changes_minor > "
    "(SELECT coalesce(sum(p.amount_minor), 0) FROM payments p WHERE p.org_id = r.org_id AND p.proposal_id = r.id "
    "AND p.paid_at IS NOT NULL)) AND NOT EXISTS (SELECT 1 FROM qbo_links l WHERE l.org_id = c.org_id "
    "AND l.realm_id = :realm AND l.entity = 'Customer' AND l.local_kind = 'customer' "
    "AND split_part(l.local_id, ':', 1) = c.id::text) ORDER BY c.id DESC LIMIT :most"
)
DEBTORS_MAX = 5_000
_LINKED = text(
    "SELECT DISTINCT qbo_id FROM qbo_links WHERE org_id = :org AND realm_id = :realm AND entity = 'Customer' "
    "AND qbo_id = ANY (:ids)"
)
# What two people who are the same have in common; a word of a name or a street alone is no hint.
_TELLING = ("e:", "p:", "n:")


async def take_up(
    session: AsyncSession,
    org_id: int,
    realm_id: str,
    payments: Mapping[str, dict[str, Any]],
    customers: Mapping[str, dict[str, Any]],
) -> None:
    """Only of customers who owe us something: what others pay in advance is no concern of ours. Nor is a payment of ours
    whose answer is still out. `customers`: those that the same look told of, who may be new there."""
    others: list[tuple[Picture, dict[str, Any]]] = []
    for _, payment in sorted(payments.items()):
        if status_of(payment) == "deleted":
            continue
        shown = picture("Payment", payment, "USD")
        if not shown.unapplied_minor or shown.customer_qbo_id is None:
            continue
        taken = await session.execute(_TAKE_UP, _values(org_id, realm_id, shown, payment, {ON_ACCOUNT: True}))
        if taken.first() is None:
            others.append((shown, payment))
    if others:
        await _take_up_alike(session, org_id, realm_id, others, customers)


async def _take_up_alike(
    session: AsyncSession,
    org_id: int,
    realm_id: str,
    payments: list[tuple[Picture, dict[str, Any]]],
    customers: Mapping[str, dict[str, Any]],
) -> None:
    """Of customers who stand for nobody here: those who share e-mail, phone or name with somebody who owes us something, by
    what was kept of them for matching and what the payment itself says; nothing is asked."""
    where = {"org": org_id, "realm": realm_id}
    payers = {str(shown.customer_qbo_id) for shown, _ in payments}
    payers -= set(await session.scalars(_LINKED, {**where, "ids": sorted(payers)}))
    debtors: dict[str, str] = {}
    for row in await session.execute(_DEBTORS, {**where, "most": DEBTORS_MAX}) if payers else ():
        for key in keys(Person(row.name, row.company, row.email, row.phone, None, None)):
            debtors.setdefault(key, row.name)
    if not debtors:
        return
    kept = await session.execute(
        select(QboCustomer.qbo_id, QboCustomer.keys).where(
            QboCustomer.org_id == org_id, QboCustomer.realm_id == realm_id, QboCustomer.qbo_id.in_(payers)
        )
    )
    found_by: dict[str, list[str]] = {row.qbo_id: list(row.keys) for row in kept}
    for shown, payment in payments:
        payer = str(shown.customer_qbo_id)
        if payer not in payers:
            continue
        told = keys(_person(customers.get(payer) or {}, (payment.get("CustomerRef") or {}).get("name")))
        ours = next(
            (
                debtors[key]
                for key in [*found_by.get(payer, []), *told]
                if key[:2] in _TELLING and key in debtors
            ),
            None,
        )
        if ours is not None:
            agreed = {ON_ACCOUNT: True, MAY_BE: ours}
            await session.execute(_TAKE_UP_ALIKE, _values(org_id, realm_id, shown, payment, agreed))


def _person(customer: Mapping[str, Any], name: Any) -> Person:
    return Person(
        str(customer.get("DisplayName") or name or ""),
        customer.get("CompanyName"),
        (customer.get("PrimaryEmailAddr") or {}).get("Address"),
        (customer.get("PrimaryPhone") or {}).get("FreeFormNumber"),
        None,
        None,
    )


def _values(
    org_id: int, realm_id: str, shown: Picture, payment: dict[str, Any], agreed: dict[str, Any]
) -> dict[str, Any]:
    return {
        "org": org_id, "realm": realm_id, "id": shown.qbo_id, "customer": shown.customer_qbo_id, "ours": dumps(agreed),
        "now": clock.now(), "note": str(payment.get("PrivateNote") or ""),
    }  # fmt: skip
