"""Makes a repeated POST harmless: the same `Idempotency-Key` gets the first answer again.

The key is claimed and the answer kept in the transaction of the request itself, so there is an answer to
repeat if and only if the request took effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.dependencies import app_state
from crm.identity.authentication import OrgTx, StaffDep
from crm.identity.kept_answers import KEPT_FOR
from crm.identity.principal import Principal
from crm.identity.tables import IdempotencyKey
from crm.kit import clock
from crm.kit.encryption import Sealer
from crm.kit.errors import Conflict, CrmError, Invalid

KEY_LENGTH_MAX = 255

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=KEY_LENGTH_MAX,
        pattern=r"^[\x21-\x7e]+$",
        description="Any unique text. Repeating the request with the same key repeats the answer, not the effect.",
    ),
]


class _Replay(CrmError):
    """Not an error of the caller: ends the handling with the kept answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__("kept answer")
        self.kept_status, self.kept_body = status, body


class IdempotentRoute(APIRoute):
    """A route class: `APIRouter(route_class=IdempotentRoute)`, with `dependencies=[once]` on creating POSTs.

    FastAPI closes function-scoped dependencies (our transaction) after the handler below has returned and
    before the answer is sent, which is the moment at which answer and effect commit together.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            try:
                response = await handle(request)
            except _Replay as replay:
                return Response(
                    replay.kept_body,
                    replay.kept_status,
                    {"Idempotency-Replayed": "true"},
                    media_type="application/json",
                )
            claim: _Claim | None = getattr(request.state, "idempotency", None)
            if claim is not None:
                await claim.keep(response)
            return response

        return handle_once


class _Claim:
    def __init__(self, session: AsyncSession, row: IdempotencyKey, sealer: Sealer) -> None:
        self._session, self._row, self._sealer = session, row, sealer

    async def keep(self, response: Response) -> None:
        """Sealed, because an answer may hold what is shown only once (an API key)."""
        self._row.status = response.status_code
        self._row.body = self._sealer.seal(bytes(response.body).decode()).encode()
        await self._session.flush()


async def claim_key(request: Request, principal: StaffDep, session: OrgTx, key: KeyHeader = None) -> None:
    """Claims the key for this request. Raises Conflict while the first is under way, Invalid when it differs."""
    if key is None:
        return
    sealer = Sealer(app_state(request).settings.secret_keys, "idempotency")
    own_key = _own(principal, key)
    wanted = hashlib.sha256(
        b"\n".join(
            [
                request.method.encode(),
                str(request.url.path).encode(),
                request.url.query.encode(),
                await request.body(),
            ]
        )
    ).digest()
    # The unique row is what makes it once; the lock only lets the second caller know at once.
    free = await session.scalar(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, :org))"),
        {"key": own_key, "org": principal.org_id},
    )
    if not free:
        raise Conflict(
            "The first request with this Idempotency-Key is still under way.", kind="idempotency-busy"
        )
    row = await session.get(IdempotencyKey, (principal.org_id, own_key))
    if row is not None and row.created_at < clock.now() - KEPT_FOR:
        await session.delete(row)
        await session.flush()
        row = None
    if row is not None:
        if row.request_hash != wanted:
            raise Invalid(
                "This Idempotency-Key was used for another request; use a new one.",
                field="Idempotency-Key",
                kind="idempotency-mismatch",
            )
        raise _Replay(row.status or 200, sealer.open((row.body or b"").decode()).encode())
    row = IdempotencyKey(org_id=principal.org_id, key=own_key, request_hash=wanted, created_at=clock.now())
    session.add(row)
    await session.flush()
    request.state.idempotency = _Claim(session, row, sealer)


once = Depends(claim_key, scope="function")


def _own(principal: Principal, key: str) -> str:
    """Keys of two callers never meet."""
    return f"{principal.actor} {key}"
