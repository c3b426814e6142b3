"""Sends one queued mail: claimed under a lease, handed over outside of any transaction, written down by outcome.

A mail is sent at least once and recognisably the same each time. Should we die between the server's acceptance
and our commit, it goes again under the same Message-ID, by which receiving systems drop the second copy: a
receipt that comes twice is better than a link that never comes (docs/decisions/mail.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.email import read_smtp_url, send_mail
from crm.identity.tables import Org
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import Database
from crm.kit.errors import NotConfigured, Refused, Unavailable
from crm.kit.settings import Settings
from crm.notifications.attaching import PaperOf, attachment
from crm.notifications.composing import sender_of, unseal
from crm.notifications.letter import one_line
from crm.notifications.suppressing import is_suppressed, mark_bounced
from crm.notifications.tables import MailMessage, MailSettings
from crm.papers.paper import Kind as PaperKind

# Longer than all can take: the paper, and a dialogue of eight steps of gateways.email.TIMEOUT_SECONDS.
LEASE = timedelta(seconds=240)
ATTEMPTS_MAX = 12
WAIT_MAX = timedelta(hours=6)
SWEPT_AT_ONCE_MAX = 500


@dataclass(frozen=True, slots=True)
class _Claimed:
    attempt: int
    recipient: str
    message: EmailMessage
    paper: PaperOf | None


def next_try_at(attempts: int, now: datetime) -> datetime | None:
    """After `attempts` tries: half a minute, doubling up to six hours; None after ATTEMPTS_MAX (about two days)."""
    if attempts >= ATTEMPTS_MAX:
        return None
    return now + timedelta(seconds=min(WAIT_MAX.total_seconds(), 30.0 * 2.0 ** (attempts - 1)))


async def send(db: Database, settings: Settings, org_id: int, mail_id: int) -> None:
    """The job. Harmless when repeated: only a mail that is due and that nobody holds is sent."""
    if settings.smtp_url is None:
        raise NotConfigured("SMTP_URL is not set, so this mail cannot be sent.")
    server = read_smtp_url(settings.smtp_url.get_secret_value())
    async with db.transaction(org_id) as session:
        claimed = await _claim(session, settings, org_id, mail_id)
    if claimed is None:
        return
    failure: Refused | Unavailable | None = None
    without: str | None = None
    try:
        without = await _attach(db, settings, org_id, claimed)
        await send_mail(server, sender_of(settings), claimed.recipient, claimed.message)
    except (Refused, Unavailable) as error:
        failure = error
    async with db.transaction(org_id) as session:
        row = await _held(session, org_id, mail_id, claimed.attempt)
        if row is not None:
            await _settle(session, row, failure, without)


async def _attach(db: Database, settings: Settings, org_id: int, claimed: _Claimed) -> str | None:
    """Puts the mail's paper into it; returns why it goes without one, if so."""
    if claimed.paper is None:
        return None
    found = await attachment(db, settings, org_id, claimed.paper, claimed.attempt)
    if isinstance(found, str):
        return found
    language = claimed.message["Content-Language"]
    claimed.message.add_attachment(found.pdf, maintype="application", subtype="pdf", filename=found.name)
    claimed.message["Content-Language"] = (
        language  # attaching moved it to the text, which is now one part of two
    )
    return None


async def _claim(session: AsyncSession, settings: Settings, org_id: int, mail_id: int) -> _Claimed | None:
    row = await session.scalar(
        select(MailMessage)
        .where(MailMessage.org_id == org_id, MailMessage.id == mail_id)
        .with_for_update(key_share=True)
    )
    now = clock.now()
    if row is None or row.state not in {"queued", "sending"}:
        return None
    if row.lease_until is not None and row.lease_until > now:
        # Its worker is sending, or died: look again when the lease has ended.
        await queue.enqueue(session, "send_mail", at=row.lease_until, org_id=org_id, mail_id=mail_id)
        return None
    if problem := await is_suppressed(session, org_id, row.recipient, reminder=row.kind == "reminder"):
        row.state, row.problem, row.lease_until = "suppressed", problem, None
        return None
    row.state, row.lease_until, row.attempts = "sending", now + LEASE, row.attempts + 1
    org = await session.get_one(Org, org_id)
    chosen = await session.get(MailSettings, org_id)
    message = envelope(settings, row, org, chosen.from_name if chosen else None)
    paper = None
    if row.paper_kind is not None and row.paper_subject_id is not None:
        paper = PaperOf(cast("PaperKind", row.paper_kind), row.paper_subject_id)
    return _Claimed(row.attempts, row.recipient, message, paper)


async def _held(session: AsyncSession, org_id: int, mail_id: int, attempt: int) -> MailMessage | None:
    """The mail, if this attempt still holds it: one that lost its lease has nothing to say."""
    row: MailMessage | None = await session.scalar(
        select(MailMessage)
        .where(
            MailMessage.org_id == org_id,
            MailMessage.id == mail_id,
            MailMessage.state == "sending",
            MailMessage.attempts == attempt,
        )
        .with_for_update(key_share=True)
    )
    return row


async def _settle(
    session: AsyncSession, row: MailMessage, failure: Refused | Unavailable | None, without: str | None
) -> None:
    row.lease_until = None
    if failure is None:
        row.state, row.sent_at, row.problem, row.next_attempt_at = "sent", clock.now(), without, None
        await record(
            session, row.org_id, Event.MAIL_SENT, proposal_id=row.proposal_id, mail_id=row.id, kind=row.kind,
            recipient=row.recipient, subject=row.subject,
        )  # fmt: skip
    elif isinstance(failure, Refused) and failure.code == "recipient":
        await mark_bounced(session, row, failure.detail)
    elif isinstance(failure, Refused):
        row.state, row.problem, row.next_attempt_at = "failed", failure.detail, None
    else:
        row.problem, again = failure.detail, next_try_at(row.attempts, clock.now())
        row.state, row.next_attempt_at = ("failed" if again is None else "queued"), again
        if again is not None:
            await queue.enqueue(session, "send_mail", at=again, org_id=row.org_id, mail_id=row.id)


def envelope(settings: Settings, row: MailMessage, org: Org, from_name: str | None) -> EmailMessage:
    """The mail as it travels (RFC 5322): both parts in UTF-8, quoted-printable, no line over 76 characters."""
    parts = unseal(settings, row)
    user, _, domain = sender_of(settings).rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(one_line(from_name or org.name), user, domain)
    to_user, _, to_domain = row.recipient.rpartition("@")
    message["To"] = Address(username=to_user, domain=to_domain)
    if reply_to := org.reply_to or org.email:
        reply_user, _, reply_domain = reply_to.rpartition("@")
        message["Reply-To"] = Address(one_line(org.name), reply_user, reply_domain)
    message["Subject"] = one_line(row.subject)
    message["Message-ID"] = row.message_id
    message["Date"] = format_datetime(row.created_at)
    # Nobody's holiday notice should come back for a mail that a program wrote (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if leave := parts["leave"]:
        message["List-Unsubscribe"] = f"<{leave}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(parts["text"] or "", cte="quoted-printable")
    message.add_alternative(parts["html"] or "", subtype="html", cte="quoted-printable")
    message["Content-Language"] = row.language  # last: setting the content drops what was said of it
    return message


async def sweep(session: AsyncSession, org_id: int) -> int:
    """A job for every mail that is due and was forgotten, as after a crash; returns how many."""
    overdue = clock.now() - timedelta(minutes=2)
    rows = await session.scalars(
        update(MailMessage)
        .where(
            MailMessage.org_id == org_id,
            MailMessage.id.in_(
                select(MailMessage.id)
                .where(
                    MailMessage.org_id == org_id,
                    MailMessage.state.in_(["queued", "sending"]),
                    MailMessage.next_attempt_at < overdue,
                    (MailMessage.lease_until.is_(None)) | (MailMessage.lease_until < clock.now()),
                )
                .limit(SWEPT_AT_ONCE_MAX)
            ),
        )
        .values(next_attempt_at=clock.now())
        .returning(MailMessage.id)
    )
    found = rows.all()
    for mail_id in found:
        await queue.enqueue(session, "send_mail", org_id=org_id, mail_id=mail_id)
    return len(found)
