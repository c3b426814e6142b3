"""Says what differs: opens, renews and closes the differences of one object as it stands in QuickBooks now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback import mirror
from crm.accounting.comeback.comparing import Aliases, Seen, Verdict, judge
from crm.accounting.comeback.tables import QboMirror
from crm.accounting.tables import QboLink
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import dumps, loads
from crm.kit import clock

BY_QUICKBOOKS = "quickbooks"  # it was put right there; nobody here had to do anything
AGAIN_MAX = 500  # open differences that are judged again after a merge

# By the object they are about: one open difference of a kind, whose sentence follows what is there.
_OPEN = text(
    "SELECT id, kind FROM differences WHERE org_id = :org AND resolved_at IS NULL AND kind LIKE 'qbo\\_%' "
    "AND meta->>'realm_id' = :realm AND meta->>'entity' = :entity AND meta->>'qbo_id' = :id FOR NO KEY UPDATE"
)
_KEEP = text(
    "INSERT INTO differences (org_id, kind, subject, sentence, meta, payment_id, proposal_id) "
    "VALUES (:org, :kind, :subject, :sentence, :meta, :payment, :proposal) "
    "ON CONFLICT (org_id, kind, subject) DO UPDATE SET sentence = excluded.sentence, meta = excluded.meta, "
    "created_at = now(), resolved_at = NULL, resolved_by = NULL, resolution = NULL, undo = NULL RETURNING id"
).bindparams(bindparam("meta", type_=JSONB))
_RENEW = text(
    "UPDATE differences SET sentence = :sentence, meta = meta || :meta WHERE org_id = :org AND id = :difference"
).bindparams(bindparam("meta", type_=JSONB))
_OVER = text(
    "UPDATE differences SET resolved_at = :now, resolved_by = :by, resolution = 'over' "
    "WHERE org_id = :org AND id = ANY(:ids)"
)


async def notice(session: AsyncSession, row: QboMirror) -> None:
    """To be called in the transaction that changed `row`, which is locked and flushed."""
    if not row.followed:
        return
    if row.ours == "{}":  # taken up in a merge: what is there is what we agree to
        row.ours, row.theirs = row.theirs or "{}", None
        return
    verdicts = judge(await _seen(session, row), await aliases(session, row.org_id, row.realm_id))
    open_ = {kind: id_ for id_, kind in (await session.execute(_OPEN, _key(row))).all()}
    about = await _about(session, row)
    for verdict in verdicts:
        meta = _meta(row, verdict, about)
        if verdict.kind in open_:
            await session.execute(_RENEW, {
                "org": row.org_id, "difference": open_[verdict.kind], "sentence": verdict.sentence, "meta": meta,
            })  # fmt: skip
        else:
            await _open(session, row, verdict, meta, about)
    past = [id_ for kind, id_ in open_.items() if kind not in {verdict.kind for verdict in verdicts}]
    await _close(session, row.org_id, past)


async def _open(
    session: AsyncSession, row: QboMirror, verdict: Verdict, meta: dict[str, Any], about: dict[str, Any]
) -> None:
    subject = f"{row.realm_id}:{row.entity}:{row.qbo_id}@{row.sync_token}:{row.status}"
    found = await session.execute(_KEEP, {
        "org": row.org_id, "kind": verdict.kind, "subject": subject, "sentence": verdict.sentence, "meta": meta,
        "payment": about["payment_id"], "proposal": about["proposal_id"],
    })  # fmt: skip
    await record(
        session, row.org_id, Event.DIFFERENCE_FOUND, proposal_id=about["proposal_id"], actor=BY_QUICKBOOKS,
        difference_id=found.scalar_one(), kind=verdict.kind, subject=subject, sentence=verdict.sentence,
    )  # fmt: skip


async def settles_less(session: AsyncSession, org_id: int, realm_id: str, payment: dict[str, Any]) -> None:
    """Our payment was written just now, and a part of it settles nothing: that is told, not agreed to."""
    if not Decimal(str(payment.get("UnappliedAmt") or 0)):
        return
    rows = await mirror.locked(session, org_id, realm_id, "Payment", [str(payment["Id"])])
    for row in rows.values():
        row.theirs, row.ours = row.ours, dumps(loads(row.ours) | {"UnappliedAmt": 0})
        await session.flush()
        await notice(session, row)


async def over(session: AsyncSession, row: QboMirror) -> None:
    """Nothing about this object needs a person any more."""
    rows = (await session.execute(_OPEN, _key(row))).all()
    await _close(session, row.org_id, [id_ for id_, _ in rows])


async def _close(session: AsyncSession, org_id: int, ids: list[int]) -> None:
    if not ids:
        return
    await session.execute(_OVER, {"org": org_id, "ids": ids, "now": clock.now(), "by": BY_QUICKBOOKS})
    for id_ in ids:
        await record(
            session, org_id, Event.DIFFERENCE_RESOLVED, actor=BY_QUICKBOOKS, difference_id=id_,
            note="it is as it was again, or QuickBooks merged it",
        )  # fmt: skip


async def notice_again(session: AsyncSession, org_id: int, realm_id: str) -> None:
    """Judges the documents with an open difference again, after a merge explained some of them."""
    rows = await session.scalars(
        select(QboMirror)
        .where(
            QboMirror.org_id == org_id,
            QboMirror.realm_id == realm_id,
            text(
                "EXISTS (SELECT 1 FROM differences d WHERE d.org_id = qbo_mirror.org_id AND d.resolved_at IS NULL "
                "AND d.kind = 'qbo_edited' AND d.meta->>'realm_id' = qbo_mirror.realm_id "
                "AND d.meta->>'entity' = qbo_mirror.entity AND d.meta->>'qbo_id' = qbo_mirror.qbo_id)"
            ),
        )
        .order_by(QboMirror.entity, QboMirror.qbo_id)
        .limit(AGAIN_MAX)
        .with_for_update(key_share=True)
    )
    for row in rows.all():
        await notice(session, row)


async def aliases(session: AsyncSession, org_id: int, realm_id: str) -> Aliases:
    """What was merged, or made anew by us, and what stands for it."""
    rows = await session.execute(
        text(
            "SELECT entity, qbo_id, merged_into FROM qbo_mirror WHERE org_id = :org AND realm_id = :realm "
            "AND merged_into IS NOT NULL"
        ),
        {"org": org_id, "realm": realm_id},
    )
    return {(entity, qbo_id): into for entity, qbo_id, into in rows.all()}


async def open_on(session: AsyncSession, org_id: int, links: Iterable[QboLink]) -> dict[tuple[str, str], int]:
    """The open difference of each of these links' objects that has one, by kind and Id."""
    return await open_of(session, org_id, [(link.entity, link.qbo_id) for link in links])


async def open_of(
    session: AsyncSession, org_id: int, wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The open difference of each of these objects in QuickBooks that has one."""
    if not wanted:
        return {}
    rows = await session.execute(
        text(
            "SELECT d.meta->>'entity', d.meta->>'qbo_id', min(d.id) FROM differences d "
            "JOIN unnest(cast(:entities AS text[]), cast(:ids AS text[])) AS w(entity, id) "
            "ON d.meta->>'entity' = w.entity AND d.meta->>'qbo_id' = w.id WHERE d.org_id = :org "
            "AND d.resolved_at IS NULL AND d.kind LIKE 'qbo\\_%' GROUP BY 1, 2"
        ),
        {"org": org_id, "entities": [e for e, _ in wanted], "ids": [i for _, i in wanted]},
    )
    return {(entity, qbo_id): id_ for entity, qbo_id, id_ in rows.all()}


async def _seen(session: AsyncSession, row: QboMirror) -> Seen:
    status: Any = row.status
    theirs = loads(row.theirs or row.ours)
    linked = [str(link.get("TxnId")) for link in theirs.get("LinkedTxn") or [] if isinstance(link, dict)]
    own = await session.scalars(
        text(
            "SELECT qbo_id FROM qbo_links WHERE org_id = :org AND realm_id = :realm AND entity = 'Payment' "
            "AND qbo_id = ANY(:ids)"
        ),
        {"org": row.org_id, "realm": row.realm_id, "ids": linked},
    )
    return Seen(
        row.entity, row.qbo_id, status, row.currency or "USD", loads(row.ours), theirs, frozenset(own.all())
    )


async def _about(session: AsyncSession, row: QboMirror) -> dict[str, Any]:
    """The payment and the proposal that the object stands for, when it stands for one."""
    found = (
        await session.execute(
            text(
                "SELECT x.payment_id, x.proposal_id FROM qbo_links l JOIN postings x ON x.org_id = l.org_id "
                "AND x.subject = l.local_kind || ':' || l.local_id WHERE l.org_id = :org "
                "AND l.realm_id = :realm AND l.entity = :entity AND l.qbo_id = :id ORDER BY x.id LIMIT 1"
            ),
            _key(row),
        )
    ).first()
    return {"payment_id": found[0] if found else None, "proposal_id": found[1] if found else None}


def _key(row: QboMirror) -> dict[str, Any]:
    return {"org": row.org_id, "realm": row.realm_id, "entity": row.entity, "id": row.qbo_id}


def _meta(row: QboMirror, verdict: Verdict, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "realm_id": row.realm_id,
        "entity": row.entity,
        "qbo_id": row.qbo_id,
        "fields": [asdict(field) for field in verdict.fields],
        **about,
    }
