"""The outbox over HTTP: what was written to whom, what became of it, and sending it again."""

from __future__ import annotations

import hmac
from email.utils import make_msgid
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.customers.tables import Customer
from crm.dependencies import DatabaseDep, SettingsDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.identity.principal import Principal
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict, TooLarge, Unauthenticated
from crm.kit.inputs import ID_MAX, SearchText
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.search import find
from crm.kit.settings import Settings
from crm.notifications import bounces
from crm.notifications.composing import put_in_queue, sender_of, unseal
from crm.notifications.shapes import BounceTaken, MailOut, MailState, MailSummary, Resend, SuppressionOut
from crm.notifications.suppressing import is_suppressed
from crm.notifications.tables import MailMessage, MailSuppression
from crm.proposals.tables import Proposal

router = APIRouter(prefix="/mail", tags=["mail"], route_class=IdempotentRoute)

# One proposal has far fewer mails; its words are looked for among this many that hold them.
MATCHES_MAX = 1_000

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
READ = [require(Permission.READ)]
SEND = [require(Permission.PROPOSALS_WRITE)]


@router.get("/messages", dependencies=READ, summary="Mails, newest first")
async def list_mails(
    principal: StaffDep,
    session: OrgTx,
    state: MailState | None = None,
    proposal_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    q: Annotated[SearchText | None, Query(description="Part of the subject or the address.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[MailSummary]:
    query = (
        select(MailMessage)
        .where(MailMessage.org_id == principal.org_id)
        .order_by(MailMessage.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        query = query.where(MailMessage.state == state)
    if proposal_id is not None:
        query = query.where(MailMessage.proposal_id == proposal_id)
    before = after(cursor)
    if q:
        only = [state] if state is not None else None
        most = limit + 1 if proposal_id is None else MATCHES_MAX
        found = await find(session, principal.org_id, "mail_messages", q, before=before, most=most, only=only)
        query = query.where(MailMessage.id.in_(found))
    elif before is not None:
        query = query.where(MailMessage.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(
        items=[MailSummary.model_validate(row, from_attributes=True) for row in rows], next_cursor=next_cursor
    )


@router.get("/messages/{id}", dependencies=READ, summary="One mail with its content")
async def read_mail(id: Id, principal: StaffDep, session: OrgTx, settings: SettingsDep) -> MailOut:
    return _out(await get_own(session, MailMessage, id, principal.org_id), principal, settings)


@router.post("/messages/{id}/send", dependencies=[*SEND, once], summary="Send it (again)")
async def send_mail_again(
    id: Id, principal: StaffDep, session: OrgTx, settings: SettingsDep, body: Resend | None = None
) -> MailOut:
    """A mail that went out before goes as a new one, under another Message-ID. 409 without a mail server,
    while it is being sent, or when its address takes no mail."""
    if settings.smtp_url is None:
        raise Conflict(
            "There is no mail server yet. Set SMTP_URL, or pass on the link from this mail.",
            kind="mail-no-server",
        )
    row = await get_own(session, MailMessage, id, principal.org_id, lock=True)
    if row.state in {"queued", "sending"}:
        raise Conflict("This mail is on its way already.", kind="mail-under-way")
    address = (body.to if body else None) or row.recipient or await _address_today(session, row)
    if not address:
        raise Conflict("Name an address to send this to.", kind="mail-no-address")
    if problem := await is_suppressed(session, principal.org_id, address, reminder=row.kind == "reminder"):
        raise Conflict(problem, kind="mail-suppressed")
    if not (unseal(settings, row)["url"]):
        raise Conflict(
            "What this mail is about can no longer be opened. Send the newer version instead.",
            kind="mail-outdated",
        )
    taken = await session.scalar(
        select(MailMessage.id).where(
            MailMessage.org_id == row.org_id,
            MailMessage.kind == row.kind,
            MailMessage.fact_id == row.fact_id,
            MailMessage.recipient == address,
            MailMessage.id != row.id,
        )
    )
    if taken is not None:
        raise Conflict("This address has this mail already; send that one again.", kind="mail-exists")
    row.recipient, row.attempts, row.dismissed_at = address, 0, None
    if row.sent_at is not None or row.state == "bounced":
        row.message_id = make_msgid(domain=sender_of(settings).rpartition("@")[2])
    await put_in_queue(session, row)
    await session.flush()
    return _out(row, principal, settings)


@router.post("/messages/{id}/dismiss", dependencies=SEND, summary="Nothing more is to be done about it")
async def dismiss_mail(id: Id, principal: StaffDep, session: OrgTx, settings: SettingsDep) -> MailOut:
    row = await get_own(session, MailMessage, id, principal.org_id, lock=True)
    row.dismissed_at = row.dismissed_at or clock.now()
    return _out(row, principal, settings)


@router.get("/suppressions", dependencies=READ, summary="Addresses that get no mail or no reminders")
async def list_suppressions(
    principal: StaffDep, session: OrgTx, limit: Limit = 50, cursor: Cursor = None
) -> Page[SuppressionOut]:
    query = (
        select(MailSuppression)
        .where(MailSuppression.org_id == principal.org_id)
        .order_by(MailSuppression.id.desc())
        .limit(limit + 1)
    )
    if (before := after(cursor)) is not None:
        query = query.where(MailSuppression.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(
        items=[SuppressionOut.model_validate(row, from_attributes=True) for row in rows],
        next_cursor=next_cursor,
    )


@router.delete("/suppressions/{id}", dependencies=SEND, status_code=204, summary="Send to it again")
async def delete_suppression(id: Id, principal: StaffDep, session: OrgTx) -> None:
    await session.delete(await get_own(session, MailSuppression, id, principal.org_id, lock=True))


@router.post("/bounces", summary="Take a returned mail (RFC 3464), with MAIL_BOUNCE_TOKEN as bearer")
async def take_bounce(
    request: Request,
    settings: SettingsDep,
    database: DatabaseDep,
    authorization: Annotated[str, Header(max_length=500)] = "",
) -> BounceTaken:
    """The body is the whole message, as the mail server keeps it."""
    if settings.mail_bounce_token is None:
        raise Unauthenticated("MAIL_BOUNCE_TOKEN is not set, so nothing is taken here.")
    wanted = f"Bearer {settings.mail_bounce_token.get_secret_value()}"
    if not hmac.compare_digest(authorization.encode(), wanted.encode()):
        raise Unauthenticated("This needs the token that MAIL_BOUNCE_TOKEN holds.")
    content = await request.body()
    if len(content) > bounces.SIZE_MAX:
        raise TooLarge("A returned mail has at most 2 MB here.")
    return BounceTaken(marked=await bounces.take_returned(database, content))


async def _address_today(session: AsyncSession, row: MailMessage) -> str | None:
    """The customer's address by now, for a mail that had none."""
    if row.audience != "customer" or row.proposal_id is None:
        return None
    address: str | None = await session.scalar(
        select(Customer.email)
        .join(Proposal, (Proposal.org_id == Customer.org_id) & (Proposal.customer_id == Customer.id))
        .where(Proposal.org_id == row.org_id, Proposal.id == row.proposal_id)
    )
    return address


def _out(row: MailMessage, principal: Principal, settings: Settings) -> MailOut:
    """Whoever may not send proposals does not get a customer's link either."""
    plain = unseal(settings, row)
    text, html, url = plain["text"] or "", plain["html"] or "", plain["url"] or ""
    link, mark, secret = url.partition("#t=")
    if secret and not principal.may(Permission.PROPOSALS_WRITE):
        text, html = (part.replace(url, f"{link}{mark}hidden") for part in (text, html))
    summary = MailSummary.model_validate(row, from_attributes=True)
    return MailOut(**summary.model_dump(), text=text, html=html, message_id=row.message_id)
