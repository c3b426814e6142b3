"""Tells the app what changed: CloudEvents, signed with the verifier token, sent again until acknowledged."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.quickbooks.company import Change, Company

ANSWER_SECONDS = 3.0
"""Intuit gives an app three seconds to answer."""
MAX_WAITING = 10_000
MAX_KEPT = 1_000
GATHER_SECONDS = 0.05


@dataclass
class Delivery:
    """One body that was or will be sent."""

    body: str
    signature: str
    attempts: list[str] = field(default_factory=list)
    delivered: bool = False


class WebhookSender:
    """Collects changes and delivers them in the background while the server runs."""

    def __init__(self, config: SandboxConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MAX_WAITING)
        self.deliveries: deque[Delivery] = deque(maxlen=MAX_KEPT)
        self._sent = 0
        self._current: Delivery | None = None
        self.attempts = 0
        """How often something was sent so far."""

    @property
    def on(self) -> bool:
        """Whether there is somewhere to send to and a token to sign with."""
        return bool(self._config.qbo_webhook_url and self._config.qbo_verifier_token)

    def clear(self) -> None:
        """Forgets what waits and what was sent."""
        self._waiting.clear()
        self.deliveries.clear()

    def snapshot(self) -> dict[str, Any]:
        """What waits (with what is being sent now) and what was sent."""
        sending = json.loads(self._current.body) if self._current else []
        return {
            "waiting": [*sending, *self._waiting],
            "deliveries": [one for one in self.deliveries if one is not self._current],
            "sent": self._sent,
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on where a snapshot stood; what was just being sent is sent again, signed with today's token."""
        self.clear()
        self._waiting.extend(kept["waiting"])
        self.deliveries.extend(kept["deliveries"])
        self._sent = kept["sent"]

    def note(self, company: Company, change: Change) -> None:
        """Queues one change as a CloudEvent."""
        if self.on:
            at = change.at + timedelta(seconds=self._clock.webhook_skew("quickbooks"))
            self._waiting.append(
                cloud_event(company.realm_id, change.entity, change.id, change.operation, at)
            )

    async def run(self) -> None:
        """Delivers until cancelled. One body holds what changed together, as Intuit gathers changes."""
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            if not self._waiting:
                continue
            if self._config.webhook_delay_seconds:
                await asyncio.sleep(self._config.webhook_delay_seconds)
            events = list(self._waiting)
            self._waiting.clear()
            body = json.dumps(events, separators=(",", ":"))
            delivery = Delivery(body, sign(str(self._config.qbo_verifier_token), body.encode()))
            self.deliveries.append(delivery)
            self._current = delivery
            await self._deliver(delivery)
            self._current = None

    async def _deliver(self, delivery: Delivery) -> None:
        for wait in (*self._config.webhook_retry_seconds, None):
            outcome = await asyncio.to_thread(self._post, delivery)
            self.attempts += 1
            delivery.attempts.append(outcome)
            if outcome == "200":
                delivery.delivered = True
                self._sent += 1
                every = self._config.webhook_duplicate_every
                if every and self._sent % every == 0:
                    delivery.attempts.append(await asyncio.to_thread(self._post, delivery))
                return
            if wait is not None:
                await asyncio.sleep(wait)

    def _post(self, delivery: Delivery) -> str:
        headers = {"content-type": "application/json; charset=utf-8", "intuit-signature": delivery.signature}
        request = urllib.request.Request(  # noqa: S310 - the address comes from the one who started us
            str(self._config.qbo_webhook_url), delivery.body.encode(), headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                return str(answer.status)
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                return str(error.code)
        except OSError as error:
            return type(error).__name__

    def summary(self) -> dict[str, Any]:
        """What waits and what was sent, newest last."""
        return {
            "on": self.on,
            "waiting": len(self._waiting),
            "deliveries": [asdict(d) for d in self.deliveries],
        }


def cloud_event(
    realm_id: str, entity: str, ident: str, operation: str, at: Any, data: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One change in the body that Intuit sends since 2026 (type qbo.<entity>.<operation>.v1)."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": f"qbo.{entity.lower()}.{operation}.v1",
        "datacontenttype": "application/json",
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "intuitentityid": ident,
        "intuitaccountid": realm_id,
        "data": data or {},
    }
    return event


def sign(verifier_token: str, body: bytes) -> str:
    """The value of the intuit-signature header: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()
