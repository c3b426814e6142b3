"""The way out of reminders: a sealed address in a link, taken by a page's button or a mail program's (RFC 8058)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from crm.dependencies import DatabaseDep, SettingsDep
from crm.notifications.suppressing import suppress
from crm.notifications.unsubscribe_link import PATH, open_token

router = APIRouter(tags=["mail"])
TOKEN_LENGTH_MAX = 1000

Token = Annotated[str, Query(alias="t", max_length=TOKEN_LENGTH_MAX)]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>{title}</title></head>
<body style="font:16px/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem"><h1>{title}</h1>{body}</body>
</html>"""


@router.get(PATH, include_in_schema=False)
async def ask_unsubscribe(settings: SettingsDep, token: Token) -> HTMLResponse:
    """Opening changes nothing, because scanners of mail open every link; the button does."""
    open_token(settings, token)
    button = (
        "<p>You will get no more reminders about proposals. Proposals, receipts and answers still reach you.</p>"
        '<p lang="es">No recibirá más recordatorios de propuestas. Las propuestas, los recibos y las respuestas sí.'
        '</p><form method="post"><button style="font:inherit;padding:.75rem 1.5rem">No more reminders / '
        '<span lang="es">No más recordatorios</span></button></form>'
    )
    return HTMLResponse(_PAGE.format(title="No more reminders?", body=button))


@router.post(PATH, include_in_schema=False)
async def unsubscribe(settings: SettingsDep, database: DatabaseDep, token: Token) -> HTMLResponse:
    """One-click as RFC 8058 has it: no sign-in, no second page, any number of times."""
    org_id, address = open_token(settings, token)
    async with database.transaction(org_id) as session:
        await suppress(session, org_id, address, "reminders", "Unsubscribed with the link in a reminder.")
    done = (
        '<p>No more reminders will be sent to you.</p><p lang="es">No se le enviarán más recordatorios.</p>'
    )
    return HTMLResponse(_PAGE.format(title="Done", body=done))
