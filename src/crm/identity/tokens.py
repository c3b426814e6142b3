"""The signed token of somebody who logged in: short claims, HS256 under a key derived from CRM_SECRET_KEY."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from crm.kit import clock
from crm.kit.encryption import derive_key
from crm.kit.errors import Unauthenticated

HOURS = 12
_ALGORITHM = "HS256"
_PURPOSE = "jwt"


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the token is for. `generation` must still be the user's: a changed role or password raises it."""

    user_id: int
    org_id: int
    role: str
    generation: int


def issue(claims: Claims, secrets: tuple[str, ...], now: datetime) -> str:
    return jwt.encode(
        {
            "sub": str(claims.user_id),
            "org": claims.org_id,
            "role": claims.role,
            "gen": claims.generation,
            "iat": now,
            "exp": now + timedelta(hours=HOURS),
        },
        derive_key(secrets[0], _PURPOSE),
        algorithm=_ALGORITHM,
    )


def read(token: str, secrets: tuple[str, ...]) -> Claims:
    """Accepts a token under any of `secrets`, so that keys can be rotated. Raises Unauthenticated."""
    for secret in secrets:
        try:
            payload = jwt.decode(
                token,
                derive_key(secret, _PURPOSE),
                algorithms=[_ALGORITHM],
                options={
                    "require": ["exp", "sub", "org", "role", "gen"],
                    # Compared below: jwt asks the machine, not our clock.
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            over = int(payload["exp"]) <= clock.now().timestamp()
            claims = Claims(
                int(payload["sub"]), int(payload["org"]), str(payload["role"]), int(payload["gen"])
            )
        except (jwt.InvalidTokenError, ValueError):
            continue
        if over:
            raise Unauthenticated("Your session has ended. Please sign in again.", kind="session-ended")
        return claims
    raise Unauthenticated("This token is not one of ours. Please sign in.")
