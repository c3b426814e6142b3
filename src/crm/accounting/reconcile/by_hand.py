"""What the clearing account really holds, laid over the lines; and what a person said a document entered by hand stands for."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.reconcile import lines
from crm.accounting.reconcile.tables import (
    ClearingByHand,
    ClearingByHandMovement,
    Reconciliation,
    ReconciliationDifference,
)
from crm.accounting.tables import QboToken
from crm.activity.events import Event
from crm.activity.log import record
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid, NotFound
from crm.kit.money import format_money

MATCHABLE = frozenset({"before", "not_ours", "left_out"})
MOVEMENTS_MAX = 100  # of one document; all from before the first payment count as one


async def found_in_books(
    session: AsyncSession, found: dict[str, tuple[date, int]], currency: str, until: date
) -> None:
    """Corrects the lines by what the clearing account really holds, "Purchase 12" -> (day, amount): a document of ours with
    another amount was edited, one that is not there deleted, and one that is not ours entered by hand. What was matched by
    hand and has another amount now is open again."""
    rows = await session.execute(
        text(
            "SELECT document, by_hand, CASE WHEN by_hand THEN sum(documented_minor)::bigint ELSE min(documented_minor) END "
            "FROM reconciled WHERE document IS NOT NULL AND currency = :currency GROUP BY 1, 2"
        ),
        {"currency": currency},
    )
    held = rows.all()
    changed = [
        {"document": document, "minor": found.get(document, (until, 0))[1], "there": document in found}
        for document, matched, minor in held
        if not matched and found.get(document, (until, 0))[1] != minor
    ]
    if changed:
        await session.execute(
            text(
                "UPDATE reconciled SET books_minor = :minor, documented_minor = :minor, edited = true, "
                "document_state = CASE WHEN :there THEN document_state ELSE 'deleted' END WHERE document = :document"
            ),
            changed,
        )
    opened = [
        {"document": document}
        for document, matched, minor in held
        if matched and found.get(document, (until, 0))[1] != minor
    ]
    if opened:
        await session.execute(
            text(
                "UPDATE reconciled SET books_minor = NULL, documented_minor = NULL, document = NULL, by_hand = false, "
                "later = false, ours_minor = CASE WHEN kind IN ('foreign_payment', 'foreign_fee', 'other') THEN NULL "
                "ELSE ours_minor END WHERE by_hand AND document = :document"
            ),
            opened,
        )
    ours = {document for document, _, _ in held} - {one["document"] for one in opened}
    by_hand = [
        {"document": document, "day": day, "minor": minor, "currency": currency}
        for document, (day, minor) in found.items()
        if document not in ours and day <= until and minor
    ]
    if by_hand:
        await session.execute(
            text(
                "INSERT INTO reconciled (kind, subject, currency, day, books_minor, documented_minor, document, by_hand, edited, "
                "before, later, earlier) VALUES ('by_hand', :document, :currency, :day, :minor, :minor, :document, false, "
                "false, false, false, false)"
            ),
            by_hand,
        )


async def match(
    session: AsyncSession,
    org_id: int,
    run_id: int,
    document: str,
    positions: list[int],
    *,
    everything_before: bool,
    actor: str,
) -> ClearingByHand:
    """Keeps which movements of the run this document of it stands for. Raises NotFound, Conflict or Invalid, which names both
    amounts where they are not the same."""
    run = await get_own(session, Reconciliation, run_id, org_id)
    entered = await session.scalar(
        select(ReconciliationDifference).where(
            ReconciliationDifference.org_id == org_id,
            ReconciliationDifference.run_id == run_id,
            ReconciliationDifference.cause == "by_hand",
            ReconciliationDifference.document == document,
        )
    )
    if entered is None or entered.books_minor is None:
        raise NotFound("This document is not among those that were entered by hand. Compare again.")
    realm = await session.scalar(select(QboToken.realm_id).where(QboToken.org_id == org_id)) or ""
    chosen = await _chosen(session, org_id, run_id, positions, entered.currency)
    total, count = sum(one.stripe_minor or one.ours_minor or 0 for one in chosen), len(chosen)
    if everything_before:
        more, number = await _before(session, org_id, realm, run, entered.currency)
        total, count = total + more, count + number
    if not count:
        raise Invalid("Choose what this document stands for.", field="positions")
    if total != entered.books_minor:
        said = format_money(total, entered.currency), format_money(entered.books_minor, entered.currency)
        raise Invalid(
            f"What you chose comes to {said[0]}, but {document} moved Stripe Clearing by {said[1]}. Choose what makes the same "
            "amount, or correct the document in QuickBooks and compare again.",
            field="positions",
            kind="amounts-differ",
        )
    kept = ClearingByHand(
        org_id=org_id, realm_id=realm, document=document, day=entered.day, currency=entered.currency,
        amount_minor=total, movements=count, everything_before=everything_before, matched_by=actor,
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(kept)
            await session.flush()
            session.add_all(
                ClearingByHandMovement(org_id=org_id, kind=one.kind, subject=one.subject, by_hand_id=kept.id)
                for one in chosen
            )
            await session.flush()
    except IntegrityError as error:
        raise Conflict(
            "The document or one of these movements was matched meanwhile. Compare again.",
            kind="matched-already",
        ) from error
    await record(
        session, org_id, Event.CLEARING_MATCHED, actor=actor, document=document, movements=count, amount_cents=total,
        currency=entered.currency,
    )  # fmt: skip
    return kept


async def _chosen(
    session: AsyncSession, org_id: int, run_id: int, positions: list[int], currency: str
) -> list[ReconciliationDifference]:
    wanted = sorted(set(positions))
    found = await session.scalars(
        select(ReconciliationDifference).where(
            ReconciliationDifference.org_id == org_id,
            ReconciliationDifference.run_id == run_id,
            ReconciliationDifference.position.in_(wanted),
        )
    )
    rows = list(found)
    if len(rows) != len(wanted) or any(
        row.cause not in MATCHABLE or row.currency != currency for row in rows
    ):
        raise Invalid(
            "Only movements without a document, in the document's currency, can be chosen. Compare again.",
            field="positions",
        )
    return rows


async def _before(
    session: AsyncSession, org_id: int, realm: str, run: Reconciliation, currency: str
) -> tuple[int, int]:
    """All that moved Stripe's balance before the first payment here and is in no book: minor units, and how many."""
    await lines.gather(session, org_id, realm, run.to_day)
    row = (
        await session.execute(
            text(
                "SELECT coalesce(sum(stripe_minor), 0)::bigint, count(*) FROM reconciled WHERE before AND posting_id IS NULL "
                "AND document IS NULL AND currency = :currency"
            ),
            {"currency": currency},
        )
    ).one()
    return int(row[0]), int(row[1])


async def unmatch(session: AsyncSession, org_id: int, by_hand_id: int, actor: str) -> None:
    """Takes back what was said of a document; the next comparison shows it again."""
    row = await get_own(session, ClearingByHand, by_hand_id, org_id, lock=True)
    await session.delete(row)
    await record(
        session, org_id, Event.CLEARING_UNMATCHED, actor=actor, document=row.document, amount_cents=row.amount_minor,
        currency=row.currency,
    )  # fmt: skip
