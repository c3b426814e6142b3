"""What QuickBooks' webhooks say, as work to do: one row per linked object, however often and in whatever order told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback.picture import moment
from crm.inbox.quickbooks_event import QuickBooksEvent
from crm.jobs import queue
from crm.kit import clock

ENTITIES = {
    name.lower(): name
    for name in (
        "Customer", "Invoice", "Payment", "Estimate", "CreditMemo", "RefundReceipt", "SalesReceipt", "Purchase",
        "Transfer", "Deposit", "JournalEntry", "Item", "Account", "Class",
    )
}  # fmt: skip
OPERATIONS = frozenset({"created", "updated", "deleted", "voided", "merged"})
# Our own write's echo may be here before its answer is stored; and several changes of one object come as one.
LOOK_AFTER = timedelta(seconds=3)

# Only what is linked interests us. What is final (deleted, merged) is not taken back by an update told late.
_HEAR = text(
    """
    INSERT INTO qbo_changes AS c (org_id, realm_id, entity, qbo_id, operation, changed_at, merged_into, due_at)
    SELECT :org, :realm, :entity, :id, :operation, :changed_at, :into, :due
    WHERE EXISTS (SELECT 1 FROM qbo_mirror m WHERE m.org_id = :org AND m.realm_id = :realm
                  AND m.entity = :entity AND m.qbo_id = :id AND m.followed)
    ON CONFLICT (org_id, realm_id, entity, qbo_id) DO UPDATE SET
      operation = CASE WHEN c.operation IN ('deleted', 'merged') THEN c.operation ELSE excluded.operation END,
      merged_into = coalesce(excluded.merged_into, c.merged_into),
      changed_at = greatest(c.changed_at, excluded.changed_at),
      attempts = 0, due_at = least(c.due_at, excluded.due_at)
    RETURNING 1
    """
)


async def hear(session: AsyncSession, org_id: int, events: Iterable[QuickBooksEvent]) -> int:
    """Notes what is to be looked at, and a job for it, in the caller's transaction; how many objects."""
    heard, due = 0, clock.now() + LOOK_AFTER
    for event in events:
        for values in _changes(event):
            row = await session.execute(_HEAR, {"org": org_id, "realm": event.realm_id, "due": due, **values})
            heard += row.first() is not None
    if heard:
        await queue.enqueue(session, "look_at_changes", at=due, org_id=org_id)
    return heard


def _changes(event: QuickBooksEvent) -> list[dict[str, Any]]:
    """Which objects an event is about: of a merge the one that is gone, and the one that took it up."""
    parts = event.type.split(".")
    if len(parts) < 3 or parts[1] not in ENTITIES or parts[2] not in OPERATIONS:
        return []
    entity, operation = ENTITIES[parts[1]], parts[2]
    body = orjson.loads(event.body)
    qbo_id = body.get("intuitentityid") or body.get("id")  # the older shape's `id` is the object's
    changed_at = moment(body.get("time") or body.get("lastUpdated"))
    if not isinstance(qbo_id, str) or not 0 < len(qbo_id) <= 40:
        return []
    told = {"entity": entity, "id": qbo_id, "operation": operation, "changed_at": changed_at, "into": None}
    if operation != "merged":
        return [told]
    data = body.get("data") if isinstance(body.get("data"), dict) else {}
    gone = body.get("deletedId") or data.get("deletedid")
    survivor = told | {"operation": "updated"}
    if not isinstance(gone, str | int) or not str(gone):
        return [survivor]
    return [told | {"id": str(gone), "into": qbo_id}, survivor]
