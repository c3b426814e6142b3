"""Writes the mails that follow a fact: once per fact, kind and recipient, however often it is asked.

The row is inserted before anything else is made for it; whoever loses that race writes nothing. A customer's
mail gets a portal link of its own, whose secret stands in the sealed text only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.utils import make_msgid
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.tables import ActivityEntry
from crm.customers.tables import Lead
from crm.identity.permissions import Role
from crm.identity.tables import Org, User
from crm.jobs import queue
from crm.kit import clock
from crm.kit.dates import long_date
from crm.kit.encryption import Sealer
from crm.kit.errors import Conflict
from crm.kit.money import format_money
from crm.kit.settings import Settings
from crm.notifications import unsubscribe_link
from crm.notifications.attaching import paper_for
from crm.notifications.kinds import AFTER, KINDS, Kind
from crm.notifications.letter import Frame, Letter, compose, wording_for
from crm.notifications.suppressing import is_suppressed
from crm.notifications.tables import MailMessage, MailSettings, MailTemplate
from crm.payments.parts import parts_of
from crm.payments.tables import Payment
from crm.proposals.content import Content, load
from crm.proposals.lifecycle import Status
from crm.proposals.links import create_link
from crm.proposals.tables import ChangeOrder, Proposal

MAIL_ACTOR = "mail"
NO_ADDRESS = "There is no e-mail address to send this to. Add one to the customer, then send it again."
NOTICED_MAX = 50
_ANSWERS = {"en": ("declined", "approved"), "es": ("rechazado", "aprobado")}
_ENDED = "The contract is cancelled, so nobody is asked to pay again."
_NOTICED_ROLES = (Role.OWNER, Role.OFFICE)
_RECONNECTING_ROLES = (Role.OWNER, Role.BOOKKEEPER)


@dataclass(frozen=True, slots=True)
class _Case:
    """A fact with all that its mails may speak of."""

    entry: ActivityEntry
    org: Org
    content: Content | None
    values: dict[str, str]
    payment_id: int | None


async def stage(session: AsyncSession, settings: Settings, org_id: int, entry_ids: Collection[int]) -> int:
    """Writes and queues the mails that follow these entries of the log; returns how many are new."""
    entries = await session.scalars(
        select(ActivityEntry)
        .where(
            ActivityEntry.org_id == org_id,
            ActivityEntry.id.in_(entry_ids),
            ActivityEntry.event.in_([event.value for event in AFTER]),
        )
        .order_by(ActivityEntry.id)
    )
    made = 0
    for entry in entries.all():
        for kind in AFTER[Event(entry.event)]:
            made += await write(session, settings, kind, entry)
    return made


async def write(session: AsyncSession, settings: Settings, kind: Kind, entry: ActivityEntry) -> int:
    """The mails of one kind about one entry, one per recipient; returns how many are new."""
    case = await _case(session, settings, entry, staff=KINDS[kind].audience == "staff")
    if KINDS[kind].audience == "staff":
        recipients = [user.email for user in await _noticed(session, entry.org_id, kind)]
    else:
        recipients = [str(entry.meta.get("to") or (case.content and case.content.customer.email) or "")]
    made = 0
    for recipient in recipients:
        made += await _write_one(session, settings, kind, case, recipient)
    return made


async def _write_one(
    session: AsyncSession, settings: Settings, kind: Kind, case: _Case, recipient: str
) -> int:
    org_id, audience = case.org.id, KINDS[kind].audience
    language = case.org.language
    if case.content is not None and audience == "customer":
        language = case.content.proposal.language
    row_id = await session.scalar(
        insert(MailMessage)
        .values(
            org_id=org_id,
            kind=kind,
            audience=audience,
            fact_id=case.entry.id,
            proposal_id=case.entry.proposal_id,
            recipient=recipient,
            language=language,
            state="kept",
            message_id=make_msgid(domain=sender_of(settings).rpartition("@")[2]),
        )
        .on_conflict_do_nothing(index_elements=["org_id", "kind", "fact_id", "recipient"])
        .returning(MailMessage.id)
    )
    if row_id is None:
        return 0
    row = await session.get_one(MailMessage, (org_id, row_id))
    if paper := await paper_for(session, kind, case.entry, case.payment_id):
        row.paper_kind, row.paper_subject_id = paper.kind, paper.subject_id
    url: str | None = None
    try:
        url = await _url(session, settings, kind, case)
    except Conflict as error:  # replaced meanwhile, or too many links: there is nothing to open
        row.state, row.problem = "suppressed", error.detail
    frame = Frame(
        company=case.org.name,
        color=case.org.brand_color,
        contact=contact_of(case.org),
        url=url,
        unsubscribe_url=unsubscribe_link.url(settings, org_id, recipient) if kind is Kind.REMINDER else None,
    )
    own = await session.get(MailTemplate, (org_id, kind, language))
    wording = wording_for(kind, language, (own.subject, own.body) if own else None)
    letter = compose(kind, audience, language, wording, case.values, frame)
    row.subject, row.sealed = letter.subject, seal(settings, letter, frame)
    if row.state == "suppressed":
        return 1
    if kind is Kind.PAYMENT_FAILED and case.content and case.content.status() is Status.CANCELLED:
        row.state, row.problem = "suppressed", _ENDED
    elif not recipient:
        row.state, row.problem = "failed", NO_ADDRESS
    elif problem := await is_suppressed(session, org_id, recipient, reminder=kind is Kind.REMINDER):
        row.state, row.problem = "suppressed", problem
    elif settings.smtp_url is not None:
        await put_in_queue(session, row)
    return 1


async def put_in_queue(session: AsyncSession, row: MailMessage) -> None:
    """Due at once: the job that sends it is staged in the same transaction."""
    row.state, row.next_attempt_at, row.problem, row.lease_until = "queued", clock.now(), None, None
    await session.flush()
    await queue.enqueue(session, "send_mail", org_id=row.org_id, mail_id=row.id)


async def _url(session: AsyncSession, settings: Settings, kind: Kind, case: _Case) -> str:
    public = settings.portal_public_url.rstrip("/")
    if kind is Kind.STAFF_RECONNECT:
        return f"{public}/books"
    if kind is Kind.STAFF_READS:
        return f"{public}/books/quota"
    if kind is Kind.STAFF_LEAD:
        return f"{public}/leads/{case.entry.meta['lead_id']}"
    if case.content is None:
        return public
    if KINDS[kind].audience == "staff":
        return f"{public}/proposals/{case.content.proposal.id}"
    _, url = await create_link(session, case.content.proposal, public, actor=MAIL_ACTOR)
    return url


async def _noticed(session: AsyncSession, org_id: int, kind: Kind) -> Sequence[User]:
    """Who of the team is told: those chosen in the settings, else owners and office; of a lost connection to
    QuickBooks owners and bookkeepers."""
    people = select(User).where(User.org_id == org_id, User.active).order_by(User.id).limit(NOTICED_MAX)
    if kind in {Kind.STAFF_RECONNECT, Kind.STAFF_READS}:
        return (await session.scalars(people.where(User.role.in_(_RECONNECTING_ROLES)))).all()
    chosen = await session.get(MailSettings, org_id)
    if chosen is not None and chosen.notice_user_ids:
        return (await session.scalars(people.where(User.id.in_(chosen.notice_user_ids)))).all()
    return (await session.scalars(people.where(User.role.in_(_NOTICED_ROLES)))).all()


async def _case(session: AsyncSession, settings: Settings, entry: ActivityEntry, *, staff: bool) -> _Case:
    """Dates and names of ours in the language of the sale, for the `staff` in the company's."""
    org = await session.get_one(Org, entry.org_id)
    content = await load(session, org.id, entry.proposal_id) if entry.proposal_id is not None else None
    language = content.proposal.language if content and not staff else org.language
    values = company_values(org)
    if content is not None:
        values |= proposal_values(content, settings.deposit_percent)
    meta = entry.meta
    currency = str(meta.get("currency") or org.currency).upper()
    if isinstance(meta.get("amount_cents"), int):
        values["amount"] = format_money(meta["amount_cents"], currency)
    values["reason"] = str(meta.get("reason") or meta.get("why") or "")
    for name in ("percent", "used", "budget", "forecast"):
        if isinstance(meta.get(name), int):
            values[name] = f"{meta[name]:,}"
    values["message"] = str(meta.get("message") or meta.get("text") or "")
    values["signer"] = str(meta.get("signer_name") or "")
    if entry.event == Event.LEAD_CREATED:
        values |= await _lead_values(session, org.id, meta)
    day = long_date(entry.created_at.astimezone(ZoneInfo(org.time_zone)).date(), language)
    values |= {"paid_on": day, "cancelled_on": day}
    values |= await _change_values(session, org.id, meta, content.proposal.currency if content else currency)
    values["answer"] = _ANSWERS[org.language][entry.event == Event.CHANGE_ORDER_APPROVED]
    payment_id = None
    if content is not None:
        parts, payment_id = await _part_values(session, content.proposal, entry, language)
        values |= parts
    return _Case(entry, org, content, values, payment_id)


async def _lead_values(session: AsyncSession, org_id: int, meta: dict[str, object]) -> dict[str, str]:
    """Who wrote with the form on the website, how to reach them, and what they wrote."""
    lead = await session.get_one(Lead, (org_id, meta["lead_id"]))
    contact = ", ".join(part for part in (lead.phone, lead.email) if part)
    return {"customer": lead.name, "contact": contact, "message": lead.note or ""}


def company_values(org: Org) -> dict[str, str]:
    return {"company": org.name, "company_phone": org.phone or "", "company_email": org.email or ""}


def proposal_values(content: Content, default_percent: int) -> dict[str, str]:
    """What every mail about a proposal may say of it, in the language of the sale."""
    proposal = content.proposal
    total = format_money(proposal.total_minor + proposal.changes_minor, proposal.currency)
    # Until one is chosen the headline is an option's price among others: the mail says whose.
    if content.approval is None:
        total += "".join(
            f" ({one.name})" for one in content.options if one.id == content.headline_option_id()
        )
    deposit = content.schedule(content.headline().total_minor, default_percent)
    return {
        "customer": content.customer.name,
        "title": proposal.title,
        "number": str(proposal.number or proposal.id),
        "total": total,
        "deposit": format_money(deposit[0].amount_minor, proposal.currency) if deposit else "",
        "valid_until": long_date(proposal.valid_until, proposal.language) if proposal.valid_until else "",
    }


async def _part_values(
    session: AsyncSession, proposal: Proposal, entry: ActivityEntry, language: str
) -> tuple[dict[str, str], int | None]:
    """The payment that the fact is about, what remains after all that is paid, and the payment's id."""
    rows = [row for row in await parts_of(session, proposal) if row.state != "void"]
    named = [row for row in rows if row.id == entry.meta.get("payment_id")]
    if not named and (page := entry.meta.get("stripe_session_id")):
        named = [row for row in rows if row.stripe_session_id == page]
    # As on the page and on the receipt: what was given back is not asked for again.
    paid = sum(row.amount_minor for row in rows if row.state == "paid")
    left = max(0, proposal.total_minor + proposal.changes_minor - paid)
    values = {
        "part": part_name(named[0], language) if named else "",
        "remaining": format_money(left, proposal.currency),
    }
    return values, named[0].id if named else None


def part_name(payment: Payment, language: str) -> str:
    """Deposit and final balance are named by us, milestones and changes by the office."""
    if language == "es":
        return {"deposit": "Depósito", "final": "Saldo final"}.get(payment.part, payment.name)
    return payment.name


async def _change_values(
    session: AsyncSession, org_id: int, meta: dict[str, object], currency: str
) -> dict[str, str]:
    """What the change order is called and what it adds to the price; nothing for a fact about none."""
    change_id = meta.get("change_order_id")
    row = await session.get(ChangeOrder, (org_id, change_id)) if isinstance(change_id, int) else None
    if row is None:
        return {"change": str(meta.get("title") or "")}
    return {"change": row.title, "amount": format_money(row.total_minor, currency)}


def contact_of(org: Org) -> tuple[str, ...]:
    return tuple(part for part in (org.phone, org.email) if part)


def sender_of(settings: Settings) -> str:
    """The address that mail comes from: MAIL_FROM, else one at the portal's own host."""
    if settings.mail_from:
        return settings.mail_from
    host = urlsplit(settings.portal_public_url).hostname or "localhost"
    return f"no-reply@{host}"


def seal(settings: Settings, letter: Letter, frame: Frame) -> str:
    plain = {"text": letter.text, "html": letter.html, "url": frame.url, "leave": frame.unsubscribe_url}
    return Sealer(settings.secret_keys, "mail").seal(orjson.dumps(plain).decode())


def unseal(settings: Settings, row: MailMessage) -> dict[str, str | None]:
    """`text`, `html`, `url` and `leave` (the unsubscribe link) of a mail."""
    plain: dict[str, str | None] = orjson.loads(Sealer(settings.secret_keys, "mail").open(row.sealed))
    return plain
