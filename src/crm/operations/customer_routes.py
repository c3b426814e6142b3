"""One customer's whole history: what was agreed, paid, given back and booked, and every mail, message and file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import text

from crm.customers.tables import Customer
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit.database import get_own
from crm.kit.inputs import ID_MAX
from crm.kit.times import Moment
from crm.payments.states import shown_state

router = APIRouter(tags=["customers"])
EACH_MAX = 100


class CustomerMoney(BaseModel):
    """Minor units of the company's currency, over all of the customer's approved proposals."""

    currency: str
    agreed_minor: int
    paid_minor: int
    refunded_minor: int
    booked_minor: int


class CustomerPayment(BaseModel):
    """`books_state`: none, waiting, posted, needs_you."""

    id: int
    proposal_id: int
    name: str
    amount_minor: int
    currency: str
    state: str
    refunded_minor: int
    paid_at: Moment | None
    books_state: str


class CustomerMail(BaseModel):
    id: int
    subject: str
    recipient: str
    state: str
    created_at: Moment


class CustomerMessage(BaseModel):
    """`kind`: question or changes (the customer's), or answer."""

    id: int
    proposal_id: int
    kind: str
    text: str
    created_at: Moment


class CustomerFile(BaseModel):
    id: int
    proposal_id: int
    kind: str
    name: str
    created_at: Moment


class CustomerHistory(BaseModel):
    """The newest 100 of each; the activity log (`/activity?customer_id=`) has all, in order."""

    money: CustomerMoney
    payments: list[CustomerPayment]
    mails: list[CustomerMail]
    messages: list[CustomerMessage]
    files: list[CustomerFile]


@router.get(
    "/overview/customers/{customer_id}",
    summary="A customer's payments, mails, messages and files",
    dependencies=[require(Permission.READ)],
)
async def get_customer_history(
    session: OrgTx, principal: StaffDep, customer_id: Annotated[int, Path(ge=1, le=ID_MAX)]
) -> CustomerHistory:
    """Payments are left out for a role that may not see them."""
    await get_own(session, Customer, customer_id, principal.org_id)
    org = await session.get_one(Org, principal.org_id)
    values = {"org": org.id, "customer": customer_id, "currency": org.currency, "most": EACH_MAX}

    async def rows(query: str) -> list[dict[str, Any]]:
        return [dict(row) for row in (await session.execute(text(query), values)).mappings()]

    payments = await rows(_PAYMENTS) if principal.may(Permission.PAYMENTS_READ) else []
    (money,) = await rows(_MONEY)
    return CustomerHistory(
        money=CustomerMoney(currency=org.currency, **{name: int(value) for name, value in money.items()}),
        payments=[_payment(row) for row in payments],
        mails=[CustomerMail(**row) for row in await rows(_MAILS)],
        messages=[CustomerMessage(**row) for row in await rows(_MESSAGES)],
        files=[CustomerFile(**row) for row in await rows(_FILES)],
    )


def _payment(row: dict[str, Any]) -> CustomerPayment:
    disputed, state = row.pop("disputed"), row.pop("state")
    shown = shown_state(state, row["amount_minor"], row["refunded_minor"], disputed=disputed)
    return CustomerPayment(**row, state=shown)


_THEIRS = "SELECT id FROM proposals WHERE org_id = :org AND customer_id = :customer"

_MONEY = f"""
    SELECT (SELECT coalesce(sum(total_minor + changes_minor), 0) FROM proposals WHERE org_id = :org
        AND customer_id = :customer AND status = 'approved' AND currency = :currency) AS agreed_minor,
      coalesce(sum(p.amount_minor) FILTER (WHERE p.paid_at IS NOT NULL), 0) AS paid_minor,
      coalesce(sum(p.refunded_minor), 0) AS refunded_minor,
      coalesce(sum(p.amount_minor) FILTER (WHERE EXISTS (SELECT 1 FROM qbo_links l WHERE l.org_id = p.org_id
        AND l.entity = 'Payment' AND l.local_kind = 'payment' AND l.local_id = p.id::text)), 0) AS booked_minor
    FROM payments p WHERE p.org_id = :org AND p.proposal_id IN ({_THEIRS}) AND p.currency = :currency
"""

_PAYMENTS = f"""
    SELECT p.id, p.proposal_id, p.name, p.amount_minor, p.currency, p.state, p.refunded_minor, p.disputed, p.paid_at,
      CASE WHEN p.paid_at IS NULL THEN 'none' ELSE coalesce(x.state, 'waiting') END AS books_state
    FROM payments p LEFT JOIN postings x ON x.org_id = p.org_id AND x.payment_id = p.id AND x.kind = 'payment'
    WHERE p.org_id = :org AND p.proposal_id IN ({_THEIRS}) AND p.state <> 'void' ORDER BY p.id DESC LIMIT :most
"""

_MAILS = f"""
    SELECT id, subject, recipient, state, created_at FROM mail_messages
    WHERE org_id = :org AND proposal_id IN ({_THEIRS}) AND audience = 'customer' ORDER BY id DESC LIMIT :most
"""

_MESSAGES = f"""
    SELECT id, proposal_id, kind, text, created_at FROM portal_messages
    WHERE org_id = :org AND proposal_id IN ({_THEIRS}) ORDER BY id DESC LIMIT :most
"""

_FILES = f"""
    SELECT f.id, u.proposal_id, f.kind, f.name, f.created_at
    FROM (SELECT file_id, max(proposal_id) AS proposal_id FROM (
        SELECT file_id, proposal_id FROM proposal_files WHERE org_id = :org AND proposal_id IN ({_THEIRS})
        UNION ALL SELECT file_id, proposal_id FROM papers WHERE org_id = :org AND proposal_id IN ({_THEIRS})) a
      GROUP BY file_id) u
    JOIN files f ON f.org_id = :org AND f.id = u.file_id ORDER BY f.id DESC LIMIT :most
"""
