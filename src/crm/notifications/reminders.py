"""Reminds customers of offers that end soon: once per sending, by day where the contractor works."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.tables import ActivityEntry
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.settings import Settings
from crm.notifications.composing import write
from crm.notifications.kinds import Kind
from crm.notifications.tables import MailMessage, MailSettings
from crm.proposals.content import today
from crm.proposals.lifecycle import OPEN
from crm.proposals.tables import Proposal

STANDARD_DAYS = 3
REMINDED_AT_ONCE_MAX = 200
HOURS = range(8, 19)  # of the contractor's day
NOT_BEFORE = timedelta(days=1)  # whoever got the offer today needs no reminder


async def remind(session: AsyncSession, settings: Settings, org_id: int) -> int:
    """Writes the reminders that are due; returns how many."""
    org = await session.get_one(Org, org_id)
    chosen = await session.get(MailSettings, org_id)
    days = STANDARD_DAYS if chosen is None else chosen.reminder_days
    now = clock.now()
    if not days or now.astimezone(ZoneInfo(org.time_zone)).hour not in HOURS:
        return 0
    reminded = select(MailMessage.fact_id).where(
        MailMessage.org_id == org_id, MailMessage.kind == Kind.REMINDER
    )
    sent = (
        select(func.max(ActivityEntry.id))
        .join(
            Proposal,
            (Proposal.org_id == ActivityEntry.org_id) & (Proposal.id == ActivityEntry.proposal_id),
        )
        .where(
            Proposal.org_id == org_id,
            Proposal.status.in_([str(status) for status in OPEN]),
            Proposal.valid_until.between(today(org), today(org) + timedelta(days=days)),
            Proposal.sent_at < now - NOT_BEFORE,
            ActivityEntry.event == Event.PROPOSAL_SENT,
        )
        .group_by(Proposal.id)
    )
    entries = await session.scalars(
        select(ActivityEntry)
        .where(
            ActivityEntry.org_id == org_id,
            ActivityEntry.id.in_(sent),
            ActivityEntry.id.not_in(reminded),
        )
        .order_by(ActivityEntry.id)
        .limit(REMINDED_AT_ONCE_MAX)
    )
    made = 0
    for entry in entries.all():
        if entry.meta.get("notify") is not False:
            made += await write(session, settings, Kind.REMINDER, entry)
    return made
