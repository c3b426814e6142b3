"""What the console's first screens ask: what needs me, how much came in, how much stands in the books."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import connection
from crm.accounting.tables import QboToken
from crm.dependencies import StateDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit import clock

router = APIRouter(tags=["overview"], dependencies=[require(Permission.READ)])
DAYS_SHOWN = 30
NEEDS_YOU_MAX = 100


class MoneyIn(BaseModel):
    """Minor units of the org's currency; payments in other currencies are counted, not summed. Refunds that stand,
    and those of them that stand in the books, are told by themselves: the other figures are before refunds."""

    count: int
    amount_minor: int
    waiting_count: int
    waiting_minor: int
    processing_count: int
    processing_minor: int
    posted_count: int
    posted_minor: int
    needs_you_count: int
    refunded_minor: int
    refunds_posted_minor: int
    postings_waiting_count: int


class Connection(BaseModel):
    state: Literal["not_configured", "not_connected", "connected", "reconnect_soon", "disconnected"]
    company_name: str | None
    realm_id: str | None
    problem: str | None


class NeedsYou(BaseModel):
    kind: Literal["posting", "difference", "connection", "mail"]
    id: int
    title: str
    sentence: str
    proposal_id: int | None
    amount_minor: int | None
    currency: str | None
    action: Literal["retry", "review", "reconnect", "resolve", "open_mail"]


class Day(BaseModel):
    date: date
    received_minor: int
    booked_minor: int


class Overview(BaseModel):
    currency: str
    payments: MoneyIn
    connection: Connection
    needs_you: list[NeedsYou]
    days: list[Day]


@router.get("/overview", summary="The console's home")
async def get_overview(session: OrgTx, principal: StaffDep, state: StateDep) -> Overview:
    org = await session.get_one(Org, principal.org_id)
    token = await session.scalar(select(QboToken).where(QboToken.org_id == org.id))
    word: Any = connection.state(token)
    if word == "not_connected" and not state.settings.qbo_client_id:
        word = "not_configured"
    return Overview(
        currency=org.currency,
        payments=await _money(session, org),
        connection=Connection(
            state=word,
            company_name=token.company.get("name") if token else None,
            realm_id=token.realm_id if token else None,
            problem=token.disconnected_why if token else None,
        ),
        needs_you=await _needs_you(session, org, token),
        days=await _days(session, org),
    )


_BOOKED = (
    "EXISTS (SELECT 1 FROM qbo_links l WHERE l.org_id = p.org_id AND l.entity = 'Payment' "
    "AND l.local_kind = 'payment' AND l.local_id = p.id::text)"
)

_LEFT_OUT = (
    "EXISTS (SELECT 1 FROM postings x WHERE x.org_id = p.org_id AND x.payment_id = p.id AND x.kind = 'payment' "
    "AND x.state = 'skipped')"
)


async def _money(session: AsyncSession, org: Org) -> MoneyIn:
    row = (
        await session.execute(
            text(
                f"""
                SELECT count(*) FILTER (WHERE paid), coalesce(sum(own) FILTER (WHERE paid), 0),
                  count(*) FILTER (WHERE paid AND NOT booked AND NOT left_out),
                  coalesce(sum(own) FILTER (WHERE paid AND NOT booked AND NOT left_out), 0),
                  count(*) FILTER (WHERE state = 'processing'),
                  coalesce(sum(own) FILTER (WHERE state = 'processing'), 0),
                  count(*) FILTER (WHERE booked), coalesce(sum(own) FILTER (WHERE booked), 0),
                  (SELECT count(*) FROM postings x WHERE x.org_id = :org AND x.state = 'needs_you'),
                  (SELECT coalesce(sum(f.amount_minor), 0) FROM refunds f WHERE f.org_id = :org
                    AND f.status = 'succeeded' AND f.currency = :currency),
                  (SELECT coalesce(sum(CASE x.kind WHEN 'refund' THEN x.amount_minor ELSE -x.amount_minor END), 0)
                    FROM postings x WHERE x.org_id = :org AND x.kind IN ('refund', 'refund_return')
                    AND x.state = 'posted' AND x.currency = :currency),
                  (SELECT count(*) FROM postings x WHERE x.org_id = :org AND x.state = 'waiting')
                FROM (SELECT p.state, p.paid_at IS NOT NULL AS paid, {_BOOKED} AS booked, {_LEFT_OUT} AS left_out,
                        CASE WHEN p.currency = :currency THEN p.amount_minor ELSE 0 END AS own
                      FROM payments p WHERE p.org_id = :org) q
                """
            ),
            {"org": org.id, "currency": org.currency},
        )
    ).one()
    return MoneyIn(**dict(zip(MoneyIn.model_fields, (int(value) for value in row), strict=True)))


async def _needs_you(session: AsyncSession, org: Org, token: QboToken | None) -> list[NeedsYou]:
    found: list[NeedsYou] = []
    if token is not None and (word := connection.state(token)) in {"disconnected", "reconnect_soon"}:
        found.append(
            NeedsYou(
                kind="connection",
                id=token.id,
                title="QuickBooks",
                proposal_id=None,
                amount_minor=None,
                currency=None,
                action="reconnect",
                sentence=token.disconnected_why
                or "The connection to QuickBooks ends soon. Reconnect so that nothing has to wait."
                if word == "disconnected"
                else "The connection to QuickBooks ends soon. Reconnect so that nothing has to wait.",
            )
        )
    postings = await session.execute(
        text(
            "SELECT x.id, x.proposal_id, coalesce(r.title, initcap(replace(x.kind, '_', ' '))), "
            "coalesce(x.problem, ''), x.amount_minor, x.currency, x.problem_code FROM postings x "
            "LEFT JOIN proposals r ON r.org_id = x.org_id AND r.id = x.proposal_id "
            "WHERE x.org_id = :org AND x.state = 'needs_you' ORDER BY x.id LIMIT :most"
        ),
        {"org": org.id, "most": NEEDS_YOU_MAX},
    )
    found += [
        NeedsYou(
            kind="posting",
            id=row[0],
            proposal_id=row[1],
            title=row[2],
            sentence=row[3],
            amount_minor=row[4],
            currency=row[5],
            action="review" if row[6] == "customer-match" else "retry",
        )
        for row in postings
    ]
    differences = await session.execute(
        text(
            "SELECT id, kind, sentence FROM differences WHERE org_id = :org AND resolved_at IS NULL "
            "ORDER BY id LIMIT :most"
        ),
        {"org": org.id, "most": NEEDS_YOU_MAX},
    )
    found += [
        NeedsYou(
            kind="difference",
            id=row[0],
            title=row[1].replace("_", " ").capitalize(),
            sentence=row[2],
            proposal_id=None,
            amount_minor=None,
            currency=None,
            action="resolve",
        )
        for row in differences
    ]
    mails = await session.execute(
        text(
            "SELECT id, proposal_id, subject, recipient, coalesce(problem, '') FROM mail_messages "
            "WHERE org_id = :org AND state IN ('failed', 'bounced') AND dismissed_at IS NULL "
            "ORDER BY id LIMIT :most"
        ),
        {"org": org.id, "most": NEEDS_YOU_MAX},
    )
    found += [
        NeedsYou(
            kind="mail",
            id=row[0],
            title=row[2],
            sentence=f"To {row[3]}: {row[4]}" if row[3] else row[4],
            proposal_id=row[1],
            amount_minor=None,
            currency=None,
            action="open_mail",
        )
        for row in mails
    ]
    return found


async def _days(session: AsyncSession, org: Org) -> list[Day]:
    rows = await session.execute(
        text(
            """
            SELECT d::date, coalesce(r.amount, 0), coalesce(b.amount, 0)
            FROM generate_series((cast(:now AS timestamptz) AT TIME ZONE :zone)::date - :days + 1,
                                 (cast(:now AS timestamptz) AT TIME ZONE :zone)::date, interval '1 day') d
            LEFT JOIN (SELECT (paid_at AT TIME ZONE :zone)::date AS day, sum(amount_minor) AS amount
                       FROM payments WHERE org_id = :org AND paid_at IS NOT NULL AND currency = :currency
                       GROUP BY 1) r ON r.day = d::date
            LEFT JOIN (SELECT (x.posted_at AT TIME ZONE :zone)::date AS day, sum(p.amount_minor) AS amount
                       FROM postings x JOIN payments p ON p.org_id = x.org_id AND p.id = x.payment_id
                       WHERE x.org_id = :org AND x.state = 'posted' AND p.currency = :currency
                         AND x.kind = 'payment'
                       GROUP BY 1) b ON b.day = d::date
            ORDER BY 1
            """
        ),
        {
            "org": org.id,
            "zone": org.time_zone,
            "days": DAYS_SHOWN,
            "currency": org.currency,
            "now": clock.now(),
        },
    )
    return [Day(date=row[0], received_minor=int(row[1]), booked_minor=int(row[2])) for row in rows]
