"""The review queue: which of our customers wait for somebody to say who they are in QuickBooks, and what was said.

What was chosen is booked some seconds later, so that it can be taken back before anything is posted.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.matching.scoring import EXACT, MARGIN, Candidate
from crm.accounting.matching.tables import CustomerMatch, MatchingRule
from crm.accounting.tables import QboLink
from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.tables import Customer
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import ROW_LOCK
from crm.kit.errors import Conflict, NotFound

BOOK_AFTER = timedelta(seconds=10)
CODE = "customer-match"


async def ask(
    session: AsyncSession, org_id: int, realm_id: str, customer_id: int, ranked: list[Candidate]
) -> None:
    """Puts the customer into the queue, with whom he may be; asked again, the suggestions are those of now."""
    shown = [_shown(candidate) for candidate in ranked]
    made = insert(CustomerMatch).values(
        org_id=org_id, realm_id=realm_id, customer_id=customer_id, candidates=shown, state="open"
    )
    await session.execute(
        made.on_conflict_do_update(
            index_elements=["org_id", "realm_id", "customer_id"],
            set_={"candidates": shown},
            where=CustomerMatch.state == "open",
        )
    )


def _shown(candidate: Candidate) -> dict[str, Any]:
    person = candidate.person
    return {
        "qbo_id": candidate.qbo_id, "name": person.name, "company": person.company, "email": person.email,
        "phone": person.phone, "street": person.street, "postal_code": person.postal_code,
        "active": candidate.active, "job": candidate.job, "score": candidate.score,
        "reasons": list(candidate.reasons),
    }  # fmt: skip


async def decided(
    session: AsyncSession, org_id: int, realm_id: str, customer_id: int
) -> CustomerMatch | None:
    found = await session.get(CustomerMatch, (org_id, realm_id, customer_id))
    return found if found is not None and found.state == "decided" else None


async def rule(session: AsyncSession, org_id: int) -> str:
    found = await session.scalar(select(MatchingRule.unsure).where(MatchingRule.org_id == org_id))
    return found or "ask"


async def choose(
    session: AsyncSession, org_id: int, realm_id: str, customer_id: int, qbo_id: str | None, actor: str
) -> CustomerMatch:
    """`qbo_id` of the one that is meant, or None for a new customer. Raises Conflict when settled otherwise."""
    match = await _locked(session, org_id, realm_id, customer_id)
    way = "new" if qbo_id is None else "link"
    if match.state == "decided":
        if (match.decision, match.qbo_id) == (way, qbo_id):
            return match  # pressed twice
        raise Conflict("Somebody chose already. Undo that first.", kind="already-chosen")
    if qbo_id is not None and qbo_id not in {str(one["qbo_id"]) for one in match.candidates}:
        known = await session.scalar(
            text("SELECT 1 FROM qbo_customers WHERE org_id = :org AND realm_id = :realm AND qbo_id = :id"),
            {"org": org_id, "realm": realm_id, "id": qbo_id},
        )
        if known is None:
            raise NotFound(f"There is no customer {qbo_id} in QuickBooks that we know of.")
    match.state, match.decision, match.qbo_id = "decided", way, qbo_id
    match.decided_by, match.decided_at = actor, clock.now()
    await _set_postings(session, org_id, customer_id, "needs_you", "waiting")
    due = clock.now() + BOOK_AFTER
    await queue.enqueue(session, "run_lane", at=due + timedelta(seconds=1), org_id=org_id)
    name = await session.scalar(
        select(Customer.name).where(Customer.org_id == org_id, Customer.id == customer_id)
    )
    await record(
        session, org_id, Event.CUSTOMER_CHOSEN, actor=actor, customer_id=customer_id, way=way, qbo_id=qbo_id, name=name
    )  # fmt: skip
    return match


async def undo(
    session: AsyncSession, org_id: int, realm_id: str, customer_id: int, actor: str
) -> CustomerMatch:
    """Open again, as long as nothing was posted on what was chosen. Raises Conflict afterwards."""
    match = await _locked(session, org_id, realm_id, customer_id)
    if match.state == "open":
        return match
    if await posted(session, org_id, customer_id):
        raise Conflict(
            "Something was booked for this customer already. Change the customer of that document in QuickBooks; it "
            "then comes up under Differences.",
            kind="already-booked",
        )
    await session.execute(
        delete(QboLink).where(
            QboLink.org_id == org_id,
            QboLink.realm_id == realm_id,
            QboLink.entity == "Customer",
            QboLink.local_kind == "customer",
            or_(
                QboLink.local_id == str(customer_id),
                QboLink.local_id.startswith(f"{customer_id}:", autoescape=True),
            ),
        )
    )
    await session.execute(text(_FORGET_JOBS), {"org": org_id, "realm": realm_id, "customer": customer_id})
    match.state, match.decision, match.qbo_id, match.decided_by, match.decided_at = (
        "open",
        None,
        None,
        None,
        None,
    )
    await _set_postings(session, org_id, customer_id, "waiting", "needs_you")
    await record(session, org_id, Event.CUSTOMER_CHOICE_UNDONE, actor=actor, customer_id=customer_id)
    return match


# Sub-customers stand under the one that was chosen: under another one they are made anew.
_FORGET_JOBS = (
    "DELETE FROM qbo_links l USING proposals r WHERE l.org_id = :org AND l.realm_id = :realm AND l.entity = 'Customer' "
    "AND l.local_kind = 'job' AND r.org_id = l.org_id AND r.id::text = l.local_id AND r.customer_id = :customer"
)


async def posted(session: AsyncSession, org_id: int, customer_id: int) -> bool:
    """Whether something of this customer stands in the books, or is just being sent there."""
    found = await session.scalar(
        text(
            "SELECT 1 FROM postings x JOIN proposals r ON r.org_id = x.org_id AND r.id = x.proposal_id "
            "WHERE x.org_id = :org AND r.customer_id = :customer AND (x.state = 'posted' "
            "OR x.lease_until > :now OR EXISTS (SELECT 1 FROM qbo_links l WHERE l.org_id = x.org_id "
            "AND l.local_kind || ':' || l.local_id = x.subject)) LIMIT 1"
        ),
        {"org": org_id, "customer": customer_id, "now": clock.now()},
    )
    return found is not None


def exact(match: CustomerMatch) -> str | None:
    """The one that a person would take without thinking: exact, active, and nobody near."""
    if not match.candidates:
        return None
    best, *others = match.candidates
    alone = all(other["score"] <= best["score"] - MARGIN for other in others)
    fits = best["score"] >= EXACT and best["active"] and not best["job"]
    return str(best["qbo_id"]) if fits and alone else None


async def _locked(session: AsyncSession, org_id: int, realm_id: str, customer_id: int) -> CustomerMatch:
    found = await session.get(
        CustomerMatch, (org_id, realm_id, customer_id), with_for_update=ROW_LOCK, populate_existing=True
    )
    if found is None:
        raise NotFound(f"Customer {customer_id} does not wait for a match.")
    return found


async def _set_postings(
    session: AsyncSession, org_id: int, customer_id: int, from_state: str, to_state: str
) -> None:
    """What waits for this very answer moves on, or waits again."""
    await session.execute(
        text(
            "UPDATE postings x SET state = :to, next_attempt_at = :due, problem_code = CASE WHEN :to = 'needs_you' "
            "THEN :code END, problem = CASE WHEN :to = 'needs_you' THEN :sentence END "
            "FROM proposals r WHERE r.org_id = x.org_id AND r.id = x.proposal_id AND x.org_id = :org "
            "AND r.customer_id = :customer AND x.state = :from AND (x.lease_until IS NULL OR x.lease_until <= :now) "
            "AND (:from <> 'needs_you' OR x.problem_code = :code)"
        ),
        {
            "org": org_id, "customer": customer_id, "from": from_state, "to": to_state, "code": CODE,
            "now": clock.now(), "due": clock.now() + BOOK_AFTER,
            "sentence": "Say in Books > Review which customer in QuickBooks this is.",
        },
    )  # fmt: skip
