"""The link out of reminders: an address sealed in a token, so that nobody unsubscribes another one."""

from __future__ import annotations

from urllib.parse import quote

import orjson

from crm.kit.encryption import Sealer
from crm.kit.errors import BadRequest
from crm.kit.settings import Settings

PATH = "/mail/unsubscribe"


def url(settings: Settings, org_id: int, address: str) -> str:
    token = Sealer(settings.secret_keys, "unsubscribe").seal(orjson.dumps([org_id, address]).decode())
    return f"{settings.portal_public_url.rstrip('/')}{PATH}?t={quote(token)}"


def open_token(settings: Settings, token: str) -> tuple[int, str]:
    """Raises BadRequest for a token that is not ours."""
    try:
        org_id, address = orjson.loads(Sealer(settings.secret_keys, "unsubscribe").open(token))
    except ValueError:
        raise BadRequest("This link is not complete. Please use the whole link from your message.") from None
    return int(org_id), str(address)
