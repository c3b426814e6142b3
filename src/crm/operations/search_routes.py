"""One search over everything: the newest few of each kind that hold all words, an amount or an outside number."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.customers.shapes import LeadStatus
from crm.customers.tables import Customer, Lead
from crm.files.tables import File
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.principal import Principal
from crm.identity.tables import Org
from crm.kit.inputs import ID_MAX, SearchText
from crm.kit.money import AMOUNT_MINOR_MAX, format_money, from_decimal
from crm.kit.search import Findable, find
from crm.notifications.tables import MailMessage
from crm.payments.states import shown_state
from crm.payments.tables import Payment
from crm.proposals.tables import Proposal

router = APIRouter(tags=["overview"])
EACH_MAX = 5

Kind = Literal["customer", "lead", "proposal", "payment", "mail", "file"]
_AMOUNT = re.compile(r"[^\w\s]?\s?([0-9][0-9,]{0,12}(?:\.[0-9]{2,3})?)")


class Found(BaseModel):
    """`detail` tells it from others of the same name; `state` in the words of its kind."""

    id: int
    title: str
    detail: str
    state: str | None = None


class FoundGroup(BaseModel):
    """`more`: there are others; its own list shows them."""

    kind: Kind
    items: list[Found]
    more: bool


class SearchAnswer(BaseModel):
    groups: list[FoundGroup]


@router.get("/search", summary="Search over everything", dependencies=[require(Permission.READ)])
async def search(
    session: OrgTx,
    principal: StaffDep,
    q: Annotated[SearchText, Query(description="Words, a number, an amount like 4,725.00, or a Stripe id.")],
) -> SearchAnswer:
    """Groups without a match are left out."""
    if not q:
        return SearchAnswer(groups=[])
    groups = [
        _group(
            "customer", [_customer(row) for row in await _rows(session, principal, Customer, "customers", q)]
        ),
        _group("lead", [_lead(row) for row in await _rows(session, principal, Lead, "leads", q)]),
        _group("proposal", await _proposals(session, principal, q)),
        _group("payment", await _payments(session, principal, q)),
        _group(
            "mail", [_mail(row) for row in await _rows(session, principal, MailMessage, "mail_messages", q)]
        ),
        _group("file", [_file(row) for row in await _rows(session, principal, File, "files", q)]),
    ]
    return SearchAnswer(groups=[group for group in groups if group.items])


def _group(kind: Kind, found: list[Found]) -> FoundGroup:
    return FoundGroup(kind=kind, items=found[:EACH_MAX], more=len(found) > EACH_MAX)


Row = TypeVar("Row", Customer, Lead, MailMessage, File)


async def _rows(
    session: AsyncSession, principal: Principal, table: type[Row], kind: Findable, q: str
) -> list[Row]:
    ids = await find(session, principal.org_id, kind, q, most=EACH_MAX + 1)
    rows = await session.scalars(
        select(table).where(table.org_id == principal.org_id, table.id.in_(ids)).order_by(table.id.desc())
    )
    return list(rows)


def _customer(row: Customer) -> Found:
    return Found(id=row.id, title=row.name, detail=_said(row.company, row.email, row.phone))


def _lead(row: Lead) -> Found:
    return Found(
        id=row.id,
        title=row.name,
        detail=_said(row.email, row.phone, row.source),
        state=LeadStatus(row.status),
    )


def _mail(row: MailMessage) -> Found:
    return Found(id=row.id, title=row.subject, detail=_said(row.recipient), state=row.state)


def _file(row: File) -> Found:
    return Found(id=row.id, title=row.name, detail=_said(row.kind, f"{row.size_bytes / 1000:,.0f} kB"))


def _said(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


async def _proposals(session: AsyncSession, principal: Principal, q: str) -> list[Found]:
    """Whoever types a number means the proposal with it, before all others in which it stands."""
    own = [int(q)] if q.isdecimal() and int(q) <= ID_MAX else []
    ids = [*own, *await find(session, principal.org_id, "proposals", q, most=EACH_MAX + 1)]
    rows = await session.execute(
        select(Proposal, Customer.name)
        .join(Customer, (Customer.org_id == Proposal.org_id) & (Customer.id == Proposal.customer_id))
        .where(Proposal.org_id == principal.org_id, Proposal.id.in_(ids))
        .order_by(Proposal.id.in_(own).desc(), Proposal.id.desc())
    )
    return [
        Found(
            id=proposal.id,
            title=proposal.title,
            detail=_said(str(proposal.id), customer, format_money(proposal.total_minor, proposal.currency)),
            state=proposal.status,
        )
        for proposal, customer in rows
    ]


def _amount(q: str, currency: str) -> int | None:
    """Minor units, when the words are an amount that the currency has."""
    written = _AMOUNT.fullmatch(q)
    if written is None:
        return None
    try:
        minor = from_decimal(Decimal(written[1].replace(",", "")), currency)
    except ValueError:
        return None
    return minor if minor <= AMOUNT_MINOR_MAX else None


async def _payments(session: AsyncSession, principal: Principal, q: str) -> list[Found]:
    if not principal.may(Permission.PAYMENTS_READ):
        return []
    fits = [Payment.stripe_payment_intent == q, Payment.stripe_charge == q]
    if (minor := _amount(q, (await session.get_one(Org, principal.org_id)).currency)) is not None:
        fits.append(Payment.amount_minor == minor)
    rows = await session.execute(
        select(Payment, Proposal.title)
        .join(Proposal, (Proposal.org_id == Payment.org_id) & (Proposal.id == Payment.proposal_id))
        .where(Payment.org_id == principal.org_id, or_(*fits))
        .order_by(Payment.id.desc())
        .limit(EACH_MAX + 1)
    )
    return [
        Found(
            id=payment.id,
            title=f"{payment.name} of {format_money(payment.amount_minor, payment.currency)}",
            detail=title,
            state=shown_state(
                payment.state, payment.amount_minor, payment.refunded_minor, disputed=payment.disputed
            ),
        )
        for payment, title in rows
    ]
