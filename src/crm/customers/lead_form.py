"""The form on a company's website: its key and words, and what becomes of what somebody sends with it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, model_validator
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.shapes import Note
from crm.customers.spam import why_spam
from crm.customers.tables import Lead, LeadForm
from crm.identity.principal import Principal
from crm.identity.tables import Org
from crm.identity.tries import count_try, key_of
from crm.kit import clock
from crm.kit.database import Database
from crm.kit.errors import NotFound
from crm.kit.inputs import Input, Line, MailNote, Name, OptionalEmail, OptionalPhone

BODY_BYTES_MAX = 40_000
SOURCE = "Website"
ACTOR = "website"
WINDOW = timedelta(minutes=15)
PER_ADDRESS_MAX = 10
PER_COMPANY_MAX = 200
# The same words again within this time are a double click or a reload.
SAME_WITHIN = timedelta(minutes=10)


class Sent(Input):
    """What the form sends. One of e-mail and phone is needed, so that somebody can answer."""

    name: Name
    email: OptionalEmail = None
    phone: OptionalPhone = None
    street: Line = ""
    city: Line = ""
    postal_code: Line = ""
    message: Note = ""
    company_url: str = ""  # the trap: hidden from people, and named so that programs like to fill it in
    shown_at: str = ""  # seconds since 1970, from the hosted page; a form pasted into a website has none

    @model_validator(mode="after")
    def _can_be_answered(self) -> Sent:
        if self.email is None and self.phone is None:
            raise ValueError("Please leave an e-mail address or a phone number, so that we can answer.")
        return self


class LeadFormChange(Input):
    """Fields left out stay as they are. Empty words stand for ours."""

    active: bool | None = None
    heading: Line | None = None
    thanks: MailNote | None = None


class FormOfCompany(BaseModel):
    """What the public page needs: whose form, and its words."""

    org_id: int
    company: str
    website: str | None
    phone: str | None
    language: str
    color: str | None
    heading: str
    thanks: str


async def form_of(database: Database, key: str) -> FormOfCompany:
    """Raises NotFound for a key that is none, or that was switched off."""
    async with database.transaction() as session:
        org_id = await session.scalar(text("SELECT org_id FROM crm_lead_form_route(:key)"), {"key": key})
    if org_id is None:
        raise NotFound("This form is not in use. Please call the company, or use the form on its website.")
    async with database.transaction(org_id) as session:
        org = await session.get_one(Org, org_id)
        form = await session.get_one(LeadForm, org_id)
        return FormOfCompany(
            org_id=org_id,
            company=org.name,
            website=org.website,
            phone=org.phone,
            language=org.language,
            color=org.brand_color,
            heading=form.heading,
            thanks=form.thanks,
        )


async def take(database: Database, form: FormOfCompany, sent: Sent, ip: str) -> None:
    """Makes a lead of it, spam told apart; the same again within some minutes is taken once.

    Raises TooMany when one address, or all together, send too much.
    """
    limits = {
        key_of("lead-form-ip", f"{form.org_id}/{ip}"): PER_ADDRESS_MAX,
        key_of("lead-form", str(form.org_id)): PER_COMPANY_MAX,
    }
    await count_try(database, limits, WINDOW, "This form was sent very often just now.")
    async with database.transaction(form.org_id) as session:
        # One at a time for one company, so that a double click cannot slip in twice.
        await session.execute(
            select(LeadForm.org_id).where(LeadForm.org_id == form.org_id).with_for_update(key_share=True)
        )
        lead = _lead(form.org_id, sent)
        if await _is_here_already(session, lead):
            return
        session.add(lead)
        await session.flush()
        await record(
            session,
            form.org_id,
            Event.LEAD_CREATED,
            actor=ACTOR,
            lead_id=lead.id,
            source=SOURCE,
            spam=lead.spam_reason,
            **({"notify": False} if lead.spam_reason else {}),
        )


def _lead(org_id: int, sent: Sent) -> Lead:
    reason = why_spam(name=sent.name, message=sent.message, trap=sent.company_url, seconds=_seconds(sent))
    address, note = None, sent.message
    if sent.street and sent.city:
        address = _address(sent)
    elif where := ", ".join(part for part in (sent.street, sent.city, sent.postal_code) if part):
        note = f"{note}\n\n{where}".strip()
    return Lead(
        org_id=org_id,
        name=sent.name,
        email=sent.email,
        phone=sent.phone,
        source=SOURCE,
        note=note or None,
        site_address=address,
        status="spam" if reason else "new",
        spam_reason=reason,
        caught_as_spam=reason is not None,
    )


def _address(sent: Sent) -> dict[str, Any]:
    return {
        "line1": sent.street[:200],
        "line2": "",
        "city": sent.city[:100],
        "state": "",
        "postal_code": sent.postal_code[:20],
        "country": "US",
    }


def _seconds(sent: Sent) -> float | None:
    if not sent.shown_at.isdecimal() or len(sent.shown_at) > 12:
        return None
    return clock.now().timestamp() - int(sent.shown_at)


async def _is_here_already(session: AsyncSession, lead: Lead) -> bool:
    query = select(Lead.id).where(
        Lead.org_id == lead.org_id,
        Lead.created_at > clock.now() - SAME_WITHIN,
        Lead.name == lead.name,
        Lead.email.is_not_distinct_from(lead.email),
        Lead.phone.is_not_distinct_from(lead.phone),
        Lead.note.is_not_distinct_from(lead.note),
    )
    # One of the two is always there, and each has an index.
    if lead.email is not None:
        query = query.where(Lead.email_key == lead.email.lower())
    else:
        digits = "".join(c for c in lead.phone or "" if c in "0123456789")
        query = query.where(Lead.phone_key == digits[-10:])
    return await session.scalar(query.limit(1)) is not None


async def form_for_staff(session: AsyncSession, org_id: int) -> LeadForm:
    """The company's form, made when somebody first asks for it."""
    form = await session.get(LeadForm, org_id)
    if form is None:
        form = LeadForm(org_id=org_id, public_key=_new_key())
        session.add(form)
        await session.flush()
        await session.refresh(form)
    return form


async def change_form(
    session: AsyncSession, principal: Principal, change: LeadFormChange, *, new_key: bool = False
) -> LeadForm:
    form = await form_for_staff(session, principal.org_id)
    changed = []
    for name, value in change.model_dump(exclude_unset=True, exclude_none=True).items():
        if getattr(form, name) != value:
            setattr(form, name, value)
            changed.append(name)
    if new_key:
        form.public_key = _new_key()
        changed.append("public_key")
    if changed:
        await session.flush()
        await record(
            session, principal.org_id, Event.LEAD_FORM_CHANGED, actor=principal.actor, fields=sorted(changed)
        )
    return form


def _new_key() -> str:
    return secrets.token_urlsafe(12)
