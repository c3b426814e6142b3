"""Proves that a webhook came from Intuit (facts/quickbooks.md 2.9)."""

from __future__ import annotations

import base64
import hmac


def is_from_intuit(body: bytes, signature: str | None, verifier_token: str) -> bool:
    """`intuit-signature` is base64(HMAC-SHA256(verifier token, raw body)); compared in constant time."""
    expected = base64.b64encode(hmac.digest(verifier_token.encode(), body, "sha256"))
    return hmac.compare_digest(expected, (signature or "").encode(errors="replace"))
