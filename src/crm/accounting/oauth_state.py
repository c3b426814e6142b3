"""The `state` of a consent: signed, good for ten minutes, used once, bound to the person and org that began."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import jwt
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.tables import OauthState
from crm.kit import clock
from crm.kit.encryption import derive_key
from crm.kit.errors import BadRequest

GOOD_FOR = timedelta(minutes=10)
PURPOSE = "qbo-oauth-state"
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Began:
    org_id: int
    user_id: int
    nonce: str


async def begin(session: AsyncSession, secret_keys: tuple[str, ...], org_id: int, user_id: int) -> str:
    """A new state, remembered; states that ran out are forgotten on the way."""
    now = clock.now()
    await session.execute(
        delete(OauthState).where(OauthState.org_id == org_id, OauthState.expires_at < now - GOOD_FOR)
    )
    nonce = secrets.token_urlsafe(24)
    session.add(
        OauthState(org_id=org_id, nonce_hash=_hash(nonce), user_id=user_id, expires_at=now + GOOD_FOR)
    )
    claims = {"org": org_id, "sub": str(user_id), "nonce": nonce, "exp": now + GOOD_FOR}
    return jwt.encode(claims, derive_key(secret_keys[0], PURPOSE), algorithm=ALGORITHM)


def read(state: str, secret_keys: tuple[str, ...]) -> Began:
    """Who began. Raises BadRequest for a state that is forged or too old."""
    for secret in secret_keys:
        try:
            claims = jwt.decode(
                state,
                derive_key(secret, PURPOSE),
                algorithms=[ALGORITHM],
                options={"verify_exp": False},  # compared below: jwt asks the machine, not our clock
            )
            over = int(claims["exp"]) <= clock.now().timestamp()
            began = Began(int(claims["org"]), int(claims["sub"]), str(claims["nonce"]))
        except (jwt.InvalidTokenError, KeyError, ValueError):
            continue
        if over:
            raise BadRequest("This sign-in took too long. Please start again.", kind="oauth-state-expired")
        return began
    raise BadRequest(
        "This sign-in did not start here. Please start again from Books.", kind="oauth-state-forged"
    )


async def use(session: AsyncSession, began: Began) -> None:
    """Uses the state up. Raises BadRequest when it was used before."""
    used = await session.execute(
        update(OauthState)
        .where(
            OauthState.org_id == began.org_id,
            OauthState.nonce_hash == _hash(began.nonce),
            OauthState.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(OauthState.user_id)
    )
    if used.first() is None:
        raise BadRequest(
            "This sign-in was used already. Please start again from Books.", kind="oauth-state-used"
        )


def _hash(nonce: str) -> bytes:
    return hashlib.sha256(nonce.encode()).digest()
