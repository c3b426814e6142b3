"""Secret keys: which account a request's key belongs to."""

from __future__ import annotations

import base64
import binascii
import re

from starlette.requests import Request

from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.state import DEFAULT_PLATFORM

_KEY_WITH_ACCOUNT = re.compile(r"^(?:sk|rk)_test_5(1[A-Za-z0-9]{15})[A-Za-z0-9]+$")


def account_of_key(request: Request) -> str:
    """The account a secret key belongs to: the one written in the key, as in real ones
    (`sk_test_51ABC...` is of `acct_1ABC...`), or the simulator's default one. Raises ApiError 401."""
    key = _key(request.headers.get("Authorization", ""))
    if not key:
        raise ApiError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details.",
            status=401,
            stored=False,
        )
    if not re.fullmatch(r"(?:sk|rk)_test_[A-Za-z0-9_]+", key):
        shown = f"{key[:8]}{'*' * max(0, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
        raise ApiError(f"Invalid API Key provided: {shown}", status=401, stored=False)
    found = _KEY_WITH_ACCOUNT.match(key)
    return f"acct_{found[1]}" if found else DEFAULT_PLATFORM


def _key(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
