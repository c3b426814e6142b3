"""Addresses that get no mail: those that refused it twice, and those that want no reminders."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.notifications.tables import MailMessage, MailSuppression

BOUNCES_BEFORE_SUPPRESSED = 2
_SAID = {
    "all": "Mail to this address came back more than once, so nothing is sent to it. Use another address.",
    "reminders": "This address wants no reminders.",
}


async def is_suppressed(session: AsyncSession, org_id: int, address: str, *, reminder: bool) -> str | None:
    """Why nothing is sent to the address, as a sentence; None when mail may go."""
    scopes = ["all", "reminders"] if reminder else ["all"]
    scope = await session.scalar(
        select(MailSuppression.scope)
        .where(
            MailSuppression.org_id == org_id,
            MailSuppression.address == address.lower(),
            MailSuppression.scope.in_(scopes),
        )
        .order_by(MailSuppression.scope)
        .limit(1)
    )
    return None if scope is None else _SAID[scope]


async def suppress(session: AsyncSession, org_id: int, address: str, scope: str, reason: str) -> bool:
    """True when it is new. Saying it again changes nothing."""
    made = await session.scalar(
        insert(MailSuppression)
        .values(org_id=org_id, address=address.lower(), scope=scope, reason=reason[:300])
        .on_conflict_do_nothing()
        .returning(MailSuppression.id)
    )
    return made is not None


async def mark_bounced(session: AsyncSession, row: MailMessage, problem: str) -> None:
    """The mail came back for good. The second time for an address, nothing more is sent to it. `row` is locked."""
    if row.state == "bounced":
        return
    row.state, row.problem, row.lease_until, row.next_attempt_at = "bounced", problem[:500], None, None
    row.dismissed_at = None
    await session.flush()
    count = await session.scalar(
        select(func.count()).where(
            MailMessage.org_id == row.org_id,
            func.lower(MailMessage.recipient) == row.recipient.lower(),
            MailMessage.state == "bounced",
        )
    )
    stopped = (count or 0) >= BOUNCES_BEFORE_SUPPRESSED and await suppress(
        session, row.org_id, row.recipient, "all", problem
    )
    await record(
        session, row.org_id, Event.MAIL_BOUNCED, proposal_id=row.proposal_id, mail_id=row.id, kind=row.kind,
        recipient=row.recipient, reason=row.problem, suppressed=stopped,
    )  # fmt: skip
