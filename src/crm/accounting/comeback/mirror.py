"""Keeps what stands in QuickBooks for what we linked: from our own writes, webhooks, CDC and look-ups.

Nothing here decides what a change means (`noticing` does); nothing here calls outside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback.picture import Picture, Status, picture, touched
from crm.accounting.comeback.tables import QboMirror
from crm.kit import clock

LearnedFrom = Literal["write", "webhook", "cdc", "query"]
FALLBACK_CURRENCY = "USD"
# The echo of a write is dated by another clock of QuickBooks than its answer, or a moment later. Nobody edits in that
# time what was written just now; should somebody, the daily CDC tells.
ECHO_MARGIN = timedelta(milliseconds=500)


async def wrote(
    session: AsyncSession,
    org_id: int,
    realm_id: str,
    entity: str,
    object_: dict[str, Any],
    *,
    told_at: datetime | None = None,
) -> None:
    """What our write was answered with, or what we found and linked: from now on this is what we agreed to.

    Whatever the same write touched (the invoice that a payment settles) echoes too: see `touched`. `told_at` is
    QuickBooks' time of its answer, to the millisecond: what it tells of a moment before is the echo of this.
    """
    shown = picture(entity, object_, await _home_currency(session, org_id, object_))
    heard_until = (told_at or shown.last_updated or clock.now()) + ECHO_MARGIN
    row = _columns(shown) | {
        "org_id": org_id,
        "realm_id": realm_id,
        "ours": shown.kept,
        "theirs": None,
        "learned_from": "write",
        "learned_at": clock.now(),
        "heard_until": heard_until,
        "merged_into": None,
    }
    keys = ("org_id", "realm_id", "entity", "qbo_id")
    new = await session.scalar(
        insert(QboMirror)
        .values(row)
        .on_conflict_do_update(
            index_elements=list(keys), set_={name: value for name, value in row.items() if name not in keys}
        )
        .returning(literal_column("xmax = 0"))
    )
    for (kind, qbo_id), minor in touched(object_, shown.currency).items():
        settled = minor if new and entity == "Payment" else 0
        await session.execute(_ECHOES, {
            "org": org_id, "realm": realm_id, "entity": kind, "id": qbo_id, "until": heard_until,
            "settled": settled,
        })  # fmt: skip


# What a payment settles is no longer open on its invoice: known without reading the invoice again.
_ECHOES = text(
    "UPDATE qbo_mirror SET heard_until = greatest(heard_until, :until), "
    "balance_minor = greatest(0, balance_minor - :settled) WHERE org_id = :org "
    "AND realm_id = :realm AND entity = :entity AND qbo_id = :id"
)


async def saw(
    session: AsyncSession,
    row: QboMirror,
    object_: dict[str, Any],
    learned_from: LearnedFrom,
) -> Picture:
    """Brings `row` (locked) up to what is there now; what we agreed to stays. The picture of it."""
    shown = picture(row.entity, object_, await _home_currency(session, row.org_id, object_))
    if shown.status == "deleted":  # CDC tells only the Id of what is gone: the last that we knew stays
        gone(row, "deleted", learned_from, at=shown.last_updated)
        return shown
    for name, value in _columns(shown).items():
        setattr(row, name, value)
    row.theirs = shown.kept if shown.kept != row.ours else None
    row.learned_from, row.learned_at = learned_from, clock.now()
    return shown


def gone(
    row: QboMirror,
    status: Status,
    learned_from: LearnedFrom,
    *,
    at: datetime | None = None,
    merged_into: str | None = None,
) -> None:
    """The object is not there any more, by deletion or by merging into another."""
    row.status, row.merged_into = status, merged_into
    row.last_updated = at or row.last_updated
    row.learned_from, row.learned_at = learned_from, clock.now()


async def locked(
    session: AsyncSession, org_id: int, realm_id: str, entity: str, qbo_ids: Iterable[str]
) -> dict[str, QboMirror]:
    """The rows of these objects, by Id, in one order so that two runs never wait for each other in a circle."""
    rows = await session.scalars(
        select(QboMirror)
        .where(
            QboMirror.org_id == org_id,
            QboMirror.realm_id == realm_id,
            QboMirror.entity == entity,
            QboMirror.qbo_id.in_(sorted(set(qbo_ids))),
        )
        .order_by(QboMirror.qbo_id)
        .with_for_update(key_share=True)
    )
    return {row.qbo_id: row for row in rows}


async def forget(session: AsyncSession, org_id: int, realm_id: str, entity: str, qbo_id: str) -> None:
    """Nothing of ours stands behind this object any more, and it is gone from QuickBooks."""
    await session.execute(
        update(QboMirror)
        .where(
            QboMirror.org_id == org_id,
            QboMirror.realm_id == realm_id,
            QboMirror.entity == entity,
            QboMirror.qbo_id == qbo_id,
        )
        .values(status="deleted", followed=False, learned_at=clock.now())
    )


def _columns(shown: Picture) -> dict[str, Any]:
    columns = asdict(shown)
    del columns["kept"]
    return columns


async def _home_currency(session: AsyncSession, org_id: int, object_: dict[str, Any]) -> str:
    """Asked only where the object names no currency: then the company has one."""
    if isinstance(object_.get("CurrencyRef"), dict):
        return FALLBACK_CURRENCY
    found = await session.scalar(
        text("SELECT company->'settings'->>'home_currency' FROM qbo_tokens WHERE org_id = :org"),
        {"org": org_id},
    )
    return str(found or FALLBACK_CURRENCY)
