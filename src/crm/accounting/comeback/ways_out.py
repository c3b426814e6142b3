"""What a person may do about a difference in the books: accept theirs, restore ours, unlink; and take it back.

Each is one transaction, said in the log. Restoring waits some seconds before it writes, so that it can be undone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback import mirror, noticing
from crm.accounting.comeback.comparing import LISTS
from crm.accounting.comeback.tables import QboMirror
from crm.activity.events import Event
from crm.activity.log import record
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict
from crm.payments.tables import Difference

Way = Literal["accept", "restore", "unlink"]
RESTORE_AFTER = timedelta(seconds=6)
SAID: dict[Way, str] = {
    "accept": "what stands in QuickBooks is accepted",
    "restore": "ours is written to QuickBooks again",
    "unlink": "no longer followed in QuickBooks",
}
REMADE = frozenset({"qbo_deleted", "qbo_voided"})  # nothing can be written there any more: a new document


def ways_of(difference: Difference) -> tuple[Way, ...]:
    """What can be done about it, the likeliest first; nothing for what QuickBooks does not know."""
    if not difference.kind.startswith("qbo_"):
        return ()
    # The other's payment is not ours to take away, and what never settled more cannot be put back.
    if difference.kind in {"qbo_paid_by_hand", "qbo_on_account"}:
        return ("accept", "unlink")
    return ("accept", "restore", "unlink")


def can_undo(difference: Difference) -> bool:
    if difference.undo is None or difference.resolved_at is None:
        return False
    if difference.resolution == "restoring":
        return "started" not in difference.meta
    return difference.resolution in {"accepted", "unlinked"} or (
        difference.resolution == "restored" and difference.kind not in REMADE
    )


async def take(session: AsyncSession, org_id: int, difference_id: int, way: Way, actor: str) -> Difference:
    """Takes this way out; pressed twice it changes nothing. Raises Conflict where it does not lead out."""
    difference = await get_own(session, Difference, difference_id, org_id, lock=True)
    if way not in ways_of(difference):
        raise Conflict(
            "This difference has no such way out. Say what you did about it instead.", kind="no-such-way"
        )
    ended = {"accept": "accepted", "restore": "restored", "unlink": "unlinked"}[way]
    if difference.resolved_at is not None:
        if difference.resolution in {ended, "restoring"} and (
            way == "restore" or difference.resolution == ended
        ):
            return difference
        raise Conflict(
            "Somebody settled this difference meanwhile. Undo that first if you want another way out.",
            kind="already-settled",
        )
    row = await _row(session, difference)
    difference.undo = {"ours": row.ours, "theirs": row.theirs, "followed": row.followed}
    difference.resolution = ended
    match way:
        case "accept":
            row.ours, row.theirs = row.theirs or row.ours, None
            # A payment on account that is known is not ours to follow; what it is applied to tells of it.
            row.followed = row.status != "deleted" and not (
                row.entity == "Payment" and difference.kind == "qbo_paid_by_hand"
            )
        case "unlink":
            row.followed = False
        case "restore":
            difference.resolution = "restoring"
            rest = {key: part for key, part in difference.meta.items() if key not in {"started", "problem"}}
            difference.meta = rest | {"presses": int(rest.get("presses", 0)) + 1}
            await queue.enqueue(
                session, "restore_in_quickbooks", at=clock.now() + RESTORE_AFTER, org_id=org_id,
                difference_id=difference.id, press=difference.meta["presses"],
            )  # fmt: skip
    difference.resolved_at, difference.resolved_by = clock.now(), actor
    await session.flush()
    if way != "restore":
        await _settle_the_rest(session, row, difference)
    await record(
        session, org_id, Event.DIFFERENCE_RESOLVED, actor=actor, proposal_id=difference.proposal_id,
        difference_id=difference.id, kind=difference.kind, note=SAID[way], way=way,
    )  # fmt: skip
    return difference


async def undo(session: AsyncSession, org_id: int, difference_id: int, actor: str) -> Difference:
    """The difference is open again, as before. What was written to QuickBooks is written back by a job."""
    difference = await get_own(session, Difference, difference_id, org_id, lock=True)
    if difference.resolved_at is None:
        return difference
    if not can_undo(difference):
        raise Conflict(
            "This can't be taken back here: a new document was made in QuickBooks. Void or delete it there if it "
            "should not stand; it then comes up here."
            if difference.resolution in {"restoring", "restored"} and difference.kind in REMADE
            else "This can't be taken back: it is being written to QuickBooks, or was not settled by a person here.",
            kind="cannot-undo",
        )
    row, kept = await _row(session, difference), difference.undo or {}
    if difference.resolution == "restored":
        difference.resolution = "undoing"
        await queue.enqueue(
            session, "restore_in_quickbooks", org_id=org_id, difference_id=difference.id,
            press=int(difference.meta.get("presses", 1)),
        )  # fmt: skip
    else:
        if difference.resolution == "accepted":
            row.theirs = kept["theirs"] if row.theirs is None else row.theirs
            row.ours = kept["ours"]
        row.followed = kept["followed"]
        reopen(difference)
    await session.flush()
    if difference.resolution is None:
        await noticing.notice(session, row)
    await record(
        session, org_id, Event.DIFFERENCE_REOPENED, actor=actor, proposal_id=difference.proposal_id,
        difference_id=difference.id, kind=difference.kind, sentence=difference.sentence,
    )  # fmt: skip
    return difference


def reopen(difference: Difference, problem: str | None = None) -> None:
    """Open again; with the sentence of what QuickBooks had against it, if it had."""
    difference.resolved_at, difference.resolved_by = None, None
    difference.resolution, difference.undo = None, None
    rest = {key: part for key, part in difference.meta.items() if key not in {"started", "problem"}}
    difference.meta = rest | ({"problem": problem} if problem else {})


async def _row(session: AsyncSession, difference: Difference) -> QboMirror:
    meta = difference.meta
    rows = await mirror.locked(session, difference.org_id, meta["realm_id"], meta["entity"], [meta["qbo_id"]])
    if not rows:
        raise Conflict(
            "What this is about is no longer linked here. Look it up in QuickBooks.", kind="not-linked"
        )
    return rows[meta["qbo_id"]]


async def _settle_the_rest(session: AsyncSession, row: QboMirror, difference: Difference) -> None:
    """Other differences of the same object that this settled too (an edit that also left money unapplied)."""
    if not row.followed:
        await noticing.over(session, row)
    elif row.entity not in LISTS or difference.kind != "qbo_inactive":
        await noticing.notice(session, row)
