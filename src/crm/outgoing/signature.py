"""Signatures as Standard Webhooks 1.0.0 defines them (github.com/standard-webhooks, spec, "Signature scheme")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
SECRET_BYTES = 32  # the scheme asks for 24 to 64


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(event_id: str, timestamp: int, payload: bytes, keys: Iterable[str]) -> dict[str, str]:
    """`webhook-signature` holds one signature for each secret, so that a receiver may hold either of two.

    `timestamp` is seconds since 1970 and signed too: a receiver refuses what was sent long ago.
    """
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_sign(event_id, timestamp, payload, key) for key in keys),
    }


def _sign(event_id: str, timestamp: int, payload: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, f"{event_id}.{timestamp}.".encode() + payload, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
