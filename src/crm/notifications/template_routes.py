"""A company's own words in its mails, and whom they come from and go to."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.dependencies import SettingsDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.principal import Principal
from crm.identity.tables import Org, User
from crm.kit.database import ROW_LOCK
from crm.kit.errors import Invalid
from crm.kit.settings import Settings
from crm.notifications import letter
from crm.notifications.composing import contact_of, sender_of
from crm.notifications.kinds import KINDS, Kind, words_of
from crm.notifications.reminders import STANDARD_DAYS
from crm.notifications.shapes import (
    Language,
    LetterOut,
    MailSettingsIn,
    MailSettingsOut,
    TemplateOut,
    WordingIn,
    WordingOut,
)
from crm.notifications.tables import MailSettings, MailTemplate
from crm.notifications.texts import STANDARD

router = APIRouter(prefix="/mail", tags=["mail"])
READ = [require(Permission.READ)]
MANAGE = [require(Permission.ORG_MANAGE)]

LANGUAGES: tuple[Language, ...] = ("en", "es")

# What a preview is filled with.
EXAMPLE: dict[str, dict[str, str]] = {
    "en": {
        "customer": "Elena Hartley",
        "title": "Roof replacement, 142 Alder Street",
        "number": "7",
        "total": "$15,750.00",
        "deposit": "$4,725.00",
        "amount": "$4,725.00",
        "part": "Deposit",
        "paid_on": "November 22, 2026",
        "cancelled_on": "November 24, 2026",
        "remaining": "$11,025.00",
        "valid_until": "December 22, 2026",
        "message": "We can start in the first week of December.",
        "contact": "+1 303 555 0142, elena.hartley@example.com",
        "signer": "Elena Hartley",
        "reason": "We chose another date.",
        "change": "Rotten decking",
        "answer": "approved",
    },
}
EXAMPLE["es"] = EXAMPLE["en"] | {
    "title": "Reemplazo del techo, 142 Alder Street",
    "part": "Depósito",
    "paid_on": "22 de noviembre de 2026",
    "cancelled_on": "24 de noviembre de 2026",
    "valid_until": "22 de diciembre de 2026",
    "message": "Podemos empezar la primera semana de diciembre.",
    "reason": "Elegimos otra fecha.",
    "change": "Madera podrida",
    "answer": "aprobado",
}


@router.get("/templates", dependencies=READ, summary="Every kind of mail with its text")
async def list_templates(principal: StaffDep, session: OrgTx) -> list[TemplateOut]:
    rows = (await session.scalars(select(MailTemplate).where(MailTemplate.org_id == principal.org_id))).all()
    return [_template_out(kind, language, rows) for kind in Kind for language in LANGUAGES]


@router.put("/templates/{kind}/{language}", dependencies=MANAGE, summary="Use your own text")
async def write_template(
    kind: Kind, language: Language, body: WordingIn, principal: StaffDep, session: OrgTx
) -> TemplateOut:
    """Raises 422 for a placeholder that this kind has not, naming those it has."""
    letter.check(kind, body.subject, body.body)
    row = await session.get(MailTemplate, (principal.org_id, kind, language), with_for_update=ROW_LOCK)
    if row is None:
        row = MailTemplate(org_id=principal.org_id, kind=kind, language=language)
        session.add(row)
    row.subject, row.body = body.subject, body.body
    await session.flush()
    await _changed(session, principal, f"mail_template:{kind}:{language}")
    return _template_out(kind, language, [row])


@router.delete("/templates/{kind}/{language}", dependencies=MANAGE, summary="Back to the standard text")
async def reset_template(kind: Kind, language: Language, principal: StaffDep, session: OrgTx) -> TemplateOut:
    row = await session.get(MailTemplate, (principal.org_id, kind, language), with_for_update=ROW_LOCK)
    if row is not None:
        await session.delete(row)
        await _changed(session, principal, f"mail_template:{kind}:{language}")
    return _template_out(kind, language, [])


@router.post("/templates/{kind}/{language}/preview", dependencies=READ, summary="How a text would look")
async def preview_template(
    kind: Kind,
    language: Language,
    body: WordingIn,
    principal: StaffDep,
    session: OrgTx,
    settings: SettingsDep,
) -> LetterOut:
    letter.check(kind, body.subject, body.body)
    org = await session.get_one(Org, principal.org_id)
    values = EXAMPLE[language] | {
        "company": org.name,
        "company_phone": org.phone or "",
        "company_email": org.email or "",
    }
    public = settings.portal_public_url.rstrip("/")
    frame = letter.Frame(
        company=org.name,
        color=org.brand_color,
        contact=contact_of(org),
        url=f"{public}/",
        unsubscribe_url=f"{public}/" if kind is Kind.REMINDER else None,
    )
    wording = letter.wording_for(kind, language, (body.subject, body.body))
    made = letter.compose(kind, KINDS[kind].audience, language, wording, values, frame)
    return LetterOut(subject=made.subject, text=made.text, html=made.html)


@router.get("/settings", dependencies=READ, summary="Whom mail comes from and who gets notices")
async def read_mail_settings(principal: StaffDep, session: OrgTx, settings: SettingsDep) -> MailSettingsOut:
    return _settings_out(await session.get(MailSettings, principal.org_id), settings)


@router.put("/settings", dependencies=MANAGE, summary="Change them")
async def write_mail_settings(
    body: MailSettingsIn, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> MailSettingsOut:
    known = await session.scalars(
        select(User.id).where(User.org_id == principal.org_id, User.id.in_(body.notice_user_ids))
    )
    if set(body.notice_user_ids) - set(known.all()):
        raise Invalid("Somebody here is not of your team.", field="notice_user_ids")
    row = await session.get(MailSettings, principal.org_id, with_for_update=ROW_LOCK)
    if row is None:
        row = MailSettings(org_id=principal.org_id)
        session.add(row)
    row.from_name, row.reminder_days = body.from_name, body.reminder_days
    row.notice_user_ids = sorted(set(body.notice_user_ids))
    await session.flush()
    await _changed(session, principal, "mail_settings")
    return _settings_out(row, settings)


async def _changed(session: AsyncSession, principal: Principal, what: str) -> None:
    await record(session, principal.org_id, Event.ORG_UPDATED, actor=principal.actor, fields=[what])


def _template_out(kind: Kind, language: Language, rows: Sequence[MailTemplate]) -> TemplateOut:
    standard = STANDARD[language][kind]
    own = next((row for row in rows if (row.kind, row.language) == (kind, language)), None)
    return TemplateOut(
        kind=kind,
        language=language,
        audience=KINDS[kind].audience,
        placeholders=list(words_of(kind)),
        standard=WordingOut(subject=standard.subject, body=standard.body),
        own=WordingOut(subject=own.subject, body=own.body) if own else None,
    )


def _settings_out(row: MailSettings | None, settings: Settings) -> MailSettingsOut:
    return MailSettingsOut(
        from_name=row.from_name if row else None,
        from_address=sender_of(settings),
        notice_user_ids=row.notice_user_ids if row else [],
        reminder_days=row.reminder_days if row else STANDARD_DAYS,
        sending=settings.smtp_url is not None,
    )
