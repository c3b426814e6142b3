"""Tells the app what changed: CloudEvents, signed with the verifier token, sent again until acknowledged."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import random
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.delivery_settings import read_delivery_settings
from crm_sandbox.quickbooks.company import Change, Company
from crm_sandbox.quickbooks.webhook_bodies import body_of, event_of, fits_with

ANSWER_SECONDS = 3.0
"""Intuit gives an app three seconds to answer."""
MAX_WAITING = 10_000
MAX_KEPT = 1_000
GATHER_SECONDS = 0.05


@dataclass
class Delivery:
    """One body that was or will be sent. Each attempt is a status, or the name of what prevented one."""

    id: int
    body: str
    signature: str
    attempts: list[str] = field(default_factory=list)
    delivered: bool = False
    failed: bool = False

    def shown(self) -> dict[str, Any]:
        """For `GET /_state/quickbooks/deliveries`: with the events as they were sent."""
        state = "delivered" if self.delivered else "failed" if self.failed else "sending"
        return {
            "id": self.id, "state": state, "attempts": self.attempts, "signature": self.signature,
            "events": json.loads(self.body),
        }  # fmt: skip


class WebhookSender:
    """Collects changes and delivers them in the background while the server runs."""

    def __init__(self, config: SandboxConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MAX_WAITING)
        self.deliveries: deque[Delivery] = deque(maxlen=MAX_KEPT)
        self._sent = 0
        self._count = 0
        self._current: Delivery | None = None
        self._sending: list[dict[str, Any]] = []
        self.attempts = 0
        """How often something was sent so far."""
        self.clear()

    @property
    def on(self) -> bool:
        """Whether there is somewhere to send to and a token to sign with."""
        return bool(self._config.qbo_webhook_url and self._config.qbo_verifier_token)

    def clear(self) -> None:
        """Forgets what waits and what was sent, and goes back to the configured behaviour."""
        self._waiting.clear()
        self.deliveries.clear()
        self._current = None
        self._again: deque[Delivery] = deque(maxlen=MAX_KEPT)
        """What shall be sent once more by hand."""
        self.paused = False
        self.shuffle = False
        self.duplicate_every = self._config.webhook_duplicate_every
        self.delay_seconds = self._config.webhook_delay_seconds
        self._random = random.Random(self._config.seed)

    def snapshot(self) -> dict[str, Any]:
        """What waits (with what is being sent now), what was sent, and how things are sent."""
        sending = self._sending if self._current else []
        return {
            "waiting": [*sending, *self._waiting],
            "deliveries": [one for one in self.deliveries if one is not self._current],
            "sent": self._sent,
            "count": self._count - (self._current is not None),
            "settings": self.settings(),
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on where a snapshot stood; what was just being sent is sent again, signed with today's token."""
        self.clear()
        self._waiting.extend(kept["waiting"])
        self.deliveries.extend(kept["deliveries"])
        self._sent, self._count = kept["sent"], kept["count"]
        self.change(kept["settings"])

    def settings(self) -> dict[str, Any]:
        """How things are sent: held back or not, in which order, how often twice, how late."""
        return {
            "paused": self.paused,
            "shuffle": self.shuffle,
            "duplicate_every": self.duplicate_every,
            "delay_seconds": self.delay_seconds,
        }

    def change(self, given: dict[str, Any]) -> None:
        """Changes any of the settings; ValueError names one that is wrong."""
        for name, value in read_delivery_settings(given).items():
            setattr(self, name, value)

    def note(self, company: Company, change: Change) -> None:
        """Queues one change, in the shape that the company wants."""
        if self.on:
            at = change.at + timedelta(seconds=self._clock.webhook_skew("quickbooks"))
            self._waiting.append(event_of(company.settings.webhook_shape, company.realm_id, change, at))

    def send_again(self, delivery_id: int) -> bool:
        """Sends a body once more, by hand; False when it is not known (any more)."""
        found = [one for one in self.deliveries if one.id == delivery_id]
        self._again.extend(found)
        return bool(found)

    async def run(self) -> None:
        """Delivers until cancelled, one body after the other, each until it is acknowledged or given up."""
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            if self._again:
                again = self._again.popleft()
                again.attempts.append(await self._send(again))
            if not self._waiting or self.paused:
                continue
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            self._current = self._next_delivery()
            if self._current is not None:
                self.deliveries.append(self._current)
                await self._deliver(self._current)
                self._current = None

    def _next_delivery(self) -> Delivery | None:
        """One body holds what changed together, as Intuit gathers changes.

        Out of order it holds a single change, picked at random from those that wait.
        """
        if not self._waiting or self.paused:  # a reset came while we waited, or a hand
            return None
        if self.shuffle:
            picked = self._random.randrange(len(self._waiting))
            events = [self._waiting[picked]]
            del self._waiting[picked]
        else:
            waiting = list(self._waiting)
            events = [event for event in waiting if fits_with(event, waiting[0])]
            self._waiting.clear()
            self._waiting.extend(event for event in waiting if not fits_with(event, waiting[0]))
        body = body_of(events)
        self._sending = events
        self._count += 1
        return Delivery(self._count, body, sign(str(self._config.qbo_verifier_token), body.encode()))

    async def _deliver(self, delivery: Delivery) -> None:
        for wait in (*self._config.webhook_retry_seconds, None):
            outcome = await self._send(delivery)
            delivery.attempts.append(outcome)
            if outcome == "200":
                delivery.delivered = True
                self._sent += 1
                if self.duplicate_every and self._sent % self.duplicate_every == 0:
                    delivery.attempts.append(await self._send(delivery))
                return
            if wait is not None:
                await asyncio.sleep(wait)
            if self._current is not delivery:  # forgotten by a reset: what comes now must not wait for it
                return
        delivery.failed = True

    async def _send(self, delivery: Delivery) -> str:
        self.attempts += 1
        return await asyncio.to_thread(self._post, delivery)

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
        """What waits and how many bodies were sent."""
        return {
            "on": self.on,
            "waiting": len(self._waiting),
            "sending": int(self._current is not None),
            "delivered": sum(one.delivered for one in self.deliveries),
            "failed": sum(one.failed for one in self.deliveries),
        }


def sign(verifier_token: str, body: bytes) -> str:
    """The value of the intuit-signature header: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()
