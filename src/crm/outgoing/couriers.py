"""Carries what waits to each address: one courier per address, so that a slow one holds up no other.

Couriers run beside the queue and take none of its slots. A message may arrive twice (we cannot know whether an
answer was lost), always under the same id; the order is not promised.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.gateways.webhooks import TOTAL_SECONDS, Answer, WebhookGateway
from crm.kit import clock
from crm.kit.database import Database, get_own
from crm.kit.encryption import Sealer
from crm.kit.errors import OutsideError
from crm.kit.logging import logger
from crm.kit.settings import Settings
from crm.outgoing import schedule
from crm.outgoing.signature import signed_headers
from crm.outgoing.switching import switch_off
from crm.outgoing.tables import WebhookAttempt, WebhookDelivery, WebhookEndpoint

COURIERS_MAX = (
    64  # at once in one worker; each holds a connection to the database only before and after a call
)
ROUND_MAX = 50  # messages a courier carries before others have their turn
# Longer than a call can last: after this a courier that is silent is dead.
LEASE = timedelta(seconds=TOTAL_SECONDS + 5)
ANSWER_LENGTH_MAX = 1_000
SEALED_FOR = "outgoing-webhooks"
GONE = 410

_SECRET = re.compile(r"(v1a?,|whsec_)[A-Za-z0-9+/=_-]{8,}")

log = logger("outgoing")


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One message, ready to go."""

    delivery_id: int
    event_id: str
    url: str
    payload: bytes
    keys: list[str]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one attempt; `problem` is None when it was taken."""

    started_at: datetime
    duration_ms: int
    answer: Answer | None
    problem: str | None


class Couriers:
    """Those of one worker process."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._gateway = WebhookGateway(public_only=settings.crm_env == "production")
        self._sealer = Sealer(settings.secret_keys, SEALED_FOR)
        self._out: dict[tuple[int, int], asyncio.Task[None]] = {}

    async def wake(self) -> None:
        """Sends a courier to every address that has something due and none on the way; does not wait for them."""
        async with self._db.transaction() as session:
            org_ids = (await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all()
        async with self._db.transaction(*org_ids) as session:
            rows = await session.execute(
                text(
                    "SELECT e.org_id, e.id FROM webhook_endpoints e CROSS JOIN LATERAL ("
                    "SELECT d.next_attempt_at FROM webhook_deliveries d WHERE d.org_id = e.org_id "
                    "AND d.endpoint_id = e.id AND d.state = 'waiting' AND d.next_attempt_at <= :now "
                    "ORDER BY d.next_attempt_at LIMIT 1) due "
                    "WHERE e.active AND e.deleted_at IS NULL AND (e.lease_until IS NULL OR e.lease_until <= :now) "
                    "ORDER BY due.next_attempt_at LIMIT :most"
                ),
                {"now": clock.now(), "most": COURIERS_MAX},
            )
            due = [(org_id, endpoint_id) for org_id, endpoint_id in rows]
        for key in due:
            if key not in self._out and len(self._out) < COURIERS_MAX:
                self._out[key] = asyncio.create_task(self._carry(*key))

    async def all_back(self) -> None:
        """Returns when every courier on the way has returned."""
        await asyncio.gather(*self._out.values())

    async def close(self) -> None:
        """Calls them back; what they carried goes out again later, under the same id."""
        for task in list(self._out.values()):
            task.cancel()
        await asyncio.gather(*self._out.values(), return_exceptions=True)
        await self._gateway.close()

    async def _carry(self, org_id: int, endpoint_id: int) -> None:
        lease = secrets.token_hex(8)
        try:
            for _ in range(ROUND_MAX):
                parcel = await self._take(org_id, endpoint_id, lease)
                if parcel is None:
                    break
                outcome = await self._deliver(parcel)
                async with self._db.transaction(org_id) as session:
                    await _keep(session, org_id, endpoint_id, parcel, outcome)
                if outcome.problem is not None:
                    break
        except Exception:
            log.exception("a courier failed; another goes", org_id=org_id, endpoint_id=endpoint_id)
        finally:
            self._out.pop((org_id, endpoint_id), None)
            async with self._db.transaction(org_id) as session:
                await session.execute(
                    update(WebhookEndpoint)
                    .where(
                        WebhookEndpoint.org_id == org_id,
                        WebhookEndpoint.id == endpoint_id,
                        WebhookEndpoint.lease == lease,
                    )
                    .values(lease=None, lease_until=None)
                )

    async def _take(self, org_id: int, endpoint_id: int, lease: str) -> _Parcel | None:
        """The next message that is due, with the lease on its address begun or renewed. None: nothing to carry,
        or another courier holds the address."""
        now = clock.now()
        async with self._db.transaction(org_id) as session:
            endpoint = await get_own(session, WebhookEndpoint, endpoint_id, org_id, lock=True)
            if not endpoint.active or endpoint.deleted_at is not None:
                return None
            if endpoint.lease != lease and endpoint.lease_until is not None and endpoint.lease_until > now:
                return None
            delivery = await session.scalar(
                select(WebhookDelivery)
                .where(
                    WebhookDelivery.org_id == org_id,
                    WebhookDelivery.endpoint_id == endpoint_id,
                    WebhookDelivery.state == "waiting",
                    WebhookDelivery.next_attempt_at <= now,
                )
                .order_by(WebhookDelivery.next_attempt_at, WebhookDelivery.id)
                .limit(1)
            )
            if delivery is None:
                return None
            endpoint.lease, endpoint.lease_until = lease, now + LEASE
            return _Parcel(
                delivery.id,
                delivery.event_id,
                endpoint.url,
                delivery.payload.encode(),
                [self._sealer.open(sealed) for sealed in _secrets_in_use(endpoint, now)],
            )

    async def _deliver(self, parcel: _Parcel) -> _Outcome:
        started_at, started = clock.now(), time.monotonic()
        headers = {
            "content-type": "application/json",
            "user-agent": "PeakPro-Webhooks/1.0",
            **signed_headers(parcel.event_id, int(started_at.timestamp()), parcel.payload, parcel.keys),
        }
        answer: Answer | None = None
        try:
            answer = await self._gateway.post(parcel.url, parcel.payload, headers)
            problem = _problem(answer.status)
        except OutsideError as error:
            problem = error.detail
        return _Outcome(started_at, round((time.monotonic() - started) * 1000), answer, problem)


def _secrets_in_use(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    until = endpoint.previous_secret_until
    if endpoint.previous_secret is not None and until is not None and until > now:
        return [endpoint.secret, endpoint.previous_secret]
    return [endpoint.secret]


def _problem(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"Answered with a redirect ({status}); redirects are not followed."
    return f"Answered with {status}."


async def _keep(
    session: AsyncSession, org_id: int, endpoint_id: int, parcel: _Parcel, outcome: _Outcome
) -> None:
    """The attempt in the log, and what follows for the message and its address."""
    now = clock.now()
    endpoint = await get_own(session, WebhookEndpoint, endpoint_id, org_id, lock=True)
    delivery = await get_own(session, WebhookDelivery, parcel.delivery_id, org_id, lock=True)
    session.add(
        WebhookAttempt(
            org_id=org_id,
            delivery_id=delivery.id,
            url=parcel.url,
            started_at=outcome.started_at,
            duration_ms=outcome.duration_ms,
            status=outcome.answer.status if outcome.answer else None,
            problem=outcome.problem,
            answer=_readable(outcome.answer.body) if outcome.answer else "",
        )
    )
    if outcome.problem is None:
        delivery.state, delivery.delivered_at = "delivered", now
        endpoint.failing_since = None
        return
    endpoint.failing_since = endpoint.failing_since or now
    if delivery.state == "waiting":
        delivery.tries += 1
        again = schedule.next_attempt_at(delivery.tries, now)
        delivery.state, delivery.next_attempt_at = (
            ("waiting", again) if again is not None else ("failed", delivery.next_attempt_at)
        )
    if outcome.answer is not None and outcome.answer.status == GONE:
        await switch_off(session, endpoint, "it answered that it is gone (410)")
    elif schedule.switched_off(endpoint.failing_since, now):
        days = schedule.FAILING_MAX.days
        await switch_off(session, endpoint, f"it has taken nothing for {days} days")


def _readable(body: bytes) -> str:
    """The beginning as text, without what PostgreSQL cannot hold and without signatures or secrets sent back."""
    shown = body.decode("utf-8", "replace").replace("\0", "�")
    return _SECRET.sub(r"\1…", shown)[:ANSWER_LENGTH_MAX]
