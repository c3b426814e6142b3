"""Mail that came back: reads delivery status notifications (RFC 3464) and marks the mail they are about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser

from sqlalchemy import select, text

from crm.kit.database import Database
from crm.notifications.suppressing import mark_bounced
from crm.notifications.tables import MailMessage

SIZE_MAX = 2_000_000
_ID = re.compile(r"<[^<>\s]{3,250}>")


@dataclass(frozen=True, slots=True)
class Returned:
    """What a notification says: whose mail, that it failed for good, and why."""

    message_ids: tuple[str, ...]
    permanent: bool
    reason: str


def read_returned(content: bytes) -> Returned | None:
    """None when it is no delivery status notification (a holiday notice, an answer)."""
    message = BytesParser(policy=policy.default).parsebytes(content[:SIZE_MAX])
    if message.get_content_type() != "multipart/report":
        return None
    failed, reason = False, ""
    ids: list[str] = []
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for fields in _blocks(part):
                if str(fields.get("Action", "")).strip().lower() == "failed" and str(
                    fields.get("Status", "5")
                ).strip().startswith("5"):
                    failed = True
                    reason = " ".join(str(fields.get("Diagnostic-Code", fields.get("Status", ""))).split())
        elif kind == "message/rfc822":
            ids += [str(inner.get("Message-ID", "")) for inner in _blocks(part)]
        elif kind == "text/rfc822-headers":
            found = re.search(
                r"^Message-ID:\s*(<\S+>)", str(part.get_payload()), re.IGNORECASE | re.MULTILINE
            )
            ids += [found[1]] if found else []
    ids += _ID.findall(f"{message.get('In-Reply-To', '')} {message.get('References', '')}")
    known = tuple(dict.fromkeys(one.strip() for one in ids if _ID.fullmatch(one.strip())))
    return Returned(known, failed, reason[:300])


def _blocks(part: EmailMessage | Message) -> list[Message]:
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


async def take_returned(db: Database, content: bytes) -> bool:
    """Marks the mail that came back; True when one of ours did, for good. Taking it again changes nothing."""
    returned = read_returned(content)
    if returned is None or not returned.permanent:
        return False
    for message_id in returned.message_ids:
        async with db.transaction() as session:
            route = (
                await session.execute(
                    text("SELECT org_id, mail_id FROM crm_message_route(:id)"), {"id": message_id}
                )
            ).one_or_none()
        if route is None:
            continue
        async with db.transaction(route.org_id) as session:
            row = (
                await session.scalars(
                    select(MailMessage)
                    .where(MailMessage.org_id == route.org_id, MailMessage.id == route.mail_id)
                    .with_for_update(key_share=True)
                )
            ).one()
            await mark_bounced(session, row, f"The mail came back: {returned.reason or 'address not known'}")
        return True
    return False
