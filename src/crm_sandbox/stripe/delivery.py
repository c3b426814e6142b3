"""Sends events to webhook endpoints like Stripe: signed, again on failure, at times twice or out of order."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from crm_sandbox.config import SandboxConfig
from crm_sandbox.packed import JSON
from crm_sandbox.stripe.posting import post
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.timers import Timers

if TYPE_CHECKING:
    from crm_sandbox.stripe.state import StripeState

DEFAULT_ENDPOINT = "we_from_configuration"
MAX_IN_FLIGHT = 32
MAX_KEPT = 20_000
MAX_ATTEMPTS_SHOWN = 50
ANSWER_TIMEOUT_SECONDS = 10.0
SHUFFLE_SECONDS = 0.3
DUPLICATE_AFTER_SECONDS = 0.05


@dataclass(frozen=True)
class Target:
    """Where to send, and the secrets to sign with: several while a secret is being rolled."""

    endpoint: str
    url: str
    secrets: tuple[str, ...]


def configured_target(config: SandboxConfig) -> Target | None:
    """The address that the sandbox was started with, or None."""
    if not config.stripe_webhook_url:
        return None
    return Target(DEFAULT_ENDPOINT, config.stripe_webhook_url, config.stripe_webhook_secrets)


@dataclass
class Sending:
    """One event on its way to one endpoint. `state` is waiting, sending, delivered or failed."""

    id: int
    packed: bytes
    target: Target
    state: str = "waiting"
    attempts: list[dict[str, Any]] = field(default_factory=list)
    attempt_count: int = 0

    @property
    def event(self) -> StripeObject:
        """What is sent; packed, because thousands of sendings are remembered."""
        return JSON.unpack_often(self.packed)

    def shown(self) -> dict[str, Any]:
        """For `GET /_state/stripe/deliveries`."""
        return {
            "id": self.id,
            "event": self.event["id"],
            "type": self.event["type"],
            "account": self.event.get("account"),
            "endpoint": self.target.endpoint,
            "url": self.target.url,
            "state": self.state,
            "attempt_count": self.attempt_count,
            "attempts": self.attempts,
        }


class Delivery:
    """The queue of sendings. The order is kept at dispatch, but nothing waits for the answer before it."""

    def __init__(self, config: SandboxConfig, timers: Timers, rng: random.Random) -> None:
        self._config = config
        self._timers = timers
        self._random = rng
        self._tasks: dict[int, asyncio.Task[None]] = {}
        """What is being sent, by the number of the sending."""
        self.attempts = 0
        """How many answers (or failures) came so far."""
        self.reset()

    def reset(self) -> None:
        """Forgets all sendings and goes back to the configured behaviour."""
        self.close()
        self._ids = itertools.count(1)
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self.sendings: dict[int, Sending] = {}
        self._held: list[Sending] = []
        self._undelivered: dict[str, set[str]] = {}
        self._stumbled: dict[str, None] = {}
        self.paused = False
        self.shuffle = False
        self.duplicate_every = self._config.webhook_duplicate_every
        self.delay_seconds = self._config.webhook_delay_seconds

    def close(self) -> None:
        """Stops what is being sent."""
        for task in self._tasks.values():
            task.cancel()

    def snapshot(self) -> dict[str, Any]:
        """All sendings with how they stand; what waits for its time is in the timers' snapshot."""
        return {
            "sendings": self.sendings,
            "held": [sending.id for sending in self._held],
            "in_flight": list(self._tasks),
            "undelivered": self._undelivered,
            "stumbled": self._stumbled,
            "paused": self.paused,
            "shuffle": self.shuffle,
            "duplicate_every": self.duplicate_every,
            "delay_seconds": self.delay_seconds,
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on where a snapshot stood; what was just being sent is sent again. Needs a running loop.

        What was on its way to the configured address goes to the one configured now, signed with today's
        secrets; when there is none now, it failed.
        """
        self.reset()
        self.sendings = kept["sendings"]
        self._ids = itertools.count(max(self.sendings, default=0) + 1)
        self._undelivered, self._stumbled = kept["undelivered"], kept["stumbled"]
        self.paused, self.shuffle = kept["paused"], kept["shuffle"]
        self.duplicate_every, self.delay_seconds = kept["duplicate_every"], kept["delay_seconds"]
        configured = configured_target(self._config)
        for sending in self.sendings.values():
            if sending.state in ("waiting", "sending") and sending.target.endpoint == DEFAULT_ENDPOINT:
                sending.target = configured or replace(sending.target, url="", secrets=())
        self._held = [self.sendings[id] for id in kept["held"] if id in self.sendings]
        for id in kept["in_flight"]:
            self.start(id)

    def pending(self, event_id: str) -> int:
        """How many endpoints have not yet answered an event with 2xx."""
        return len(self._undelivered.get(event_id, ()))

    def undelivered(self) -> list[str]:
        """The events that an endpoint has not taken yet, in the order in which they were sent."""
        return list(self._undelivered)

    def failed(self, event_id: str) -> bool:
        """Whether an attempt to deliver the event failed and its endpoint has not taken it since."""
        return event_id in self._stumbled and self.pending(event_id) > 0

    def send(self, event: StripeObject, targets: Sequence[Target]) -> None:
        """Sends an event to each target, and every n-th sending a second time."""
        if targets:
            self._undelivered[event["id"]] = {target.endpoint for target in targets}
        for target in targets:
            sending = self._new(event, target)
            self._dispatch(sending, self._delay())
            if self.duplicate_every and sending.id % self.duplicate_every == 0:
                self._dispatch(self._new(event, target), self._delay() + DUPLICATE_AFTER_SECONDS)

    def resend(self, event: StripeObject, targets: Sequence[Target]) -> None:
        """Sends an event once more by hand, as the dashboard's button does."""
        for target in targets:
            self._dispatch(self._new(event, target), 0)

    def pause(self, *, paused: bool) -> None:
        """Holds sendings back; letting go sends what was held, in random order when `shuffle` is on."""
        self.paused = paused
        if paused:
            return
        held, self._held = self._held, []
        if self.shuffle:
            self._random.shuffle(held)
        for sending in held:
            self._start(sending)

    def summary(self) -> dict[str, int]:
        """How many sendings are in each state."""
        states = [sending.state for sending in self.sendings.values()]
        return {state: states.count(state) for state in ("waiting", "sending", "delivered", "failed")}

    def _new(self, event: StripeObject, target: Target) -> Sending:
        sending = Sending(next(self._ids), JSON.pack(event), target)
        self.sendings[sending.id] = sending
        if len(self.sendings) > MAX_KEPT:
            oldest = self.sendings.pop(next(iter(self.sendings)))
            self._undelivered.pop(oldest.event["id"], None)
            self._stumbled.pop(oldest.event["id"], None)
        return sending

    def _delay(self) -> float:
        return self.delay_seconds + (self._random.uniform(0, SHUFFLE_SECONDS) if self.shuffle else 0)

    def _dispatch(self, sending: Sending, after_seconds: float) -> None:
        sending.state = "waiting"
        if after_seconds > 0:
            self._timers.after(after_seconds, send_now, sending.id)
        else:
            self._start(sending)

    def start(self, sending_id: int) -> None:
        """Sends what has waited; nothing when it is kept no longer."""
        sending = self.sendings.get(sending_id)
        if sending is not None:
            self._start(sending)

    def _start(self, sending: Sending) -> None:
        if self.paused and len(self._held) < MAX_KEPT:
            self._held.append(sending)
            return
        if self.paused:
            sending.state = "failed"
            return
        task = asyncio.get_running_loop().create_task(self._attempt(sending))
        self._tasks[sending.id] = task
        task.add_done_callback(lambda done: self._forget(sending.id, done))

    def _forget(self, sending_id: int, done: asyncio.Task[None]) -> None:
        if self._tasks.get(sending_id) is done:  # a reset may have given the number anew
            del self._tasks[sending_id]

    async def _attempt(self, sending: Sending) -> None:
        async with self._slots:
            sending.state = "sending"
            started = time.monotonic()
            body = orjson.dumps(sending.event, option=orjson.OPT_INDENT_2)
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                "Accept": "*/*; q=0.5, application/xml",
            }
            if sending.target.secrets:
                signed_at = int(time.time() + self._timers.clock.webhook_skew("stripe"))
                headers["Stripe-Signature"] = signature_header(body, sending.target.secrets, signed_at)
            status: int | None = None
            error: str | None = None
            try:
                status = await post(sending.target.url, body, headers, ANSWER_TIMEOUT_SECONDS)
            except (OSError, ValueError, TimeoutError) as problem:
                error = f"{type(problem).__name__}: {problem}"
            self._note(sending, status, error, time.monotonic() - started)

    def _note(self, sending: Sending, status: int | None, error: str | None, seconds: float) -> None:
        self.attempts += 1
        sending.attempt_count += 1
        if len(sending.attempts) < MAX_ATTEMPTS_SHOWN:
            sending.attempts.append({"status": status, "error": error, "seconds": round(seconds, 4)})
        event_id = sending.event["id"]
        if status is not None and 200 <= status < 300:
            sending.state = "delivered"
            undelivered = self._undelivered.get(event_id, set())
            undelivered.discard(sending.target.endpoint)
            if not undelivered:
                self._undelivered.pop(event_id, None)
                self._stumbled.pop(event_id, None)
            return
        self._stumbled[event_id] = None
        schedule = self._config.webhook_retry_seconds
        if sending.attempt_count > len(schedule):
            sending.state = "failed"
        else:
            self._dispatch(sending, schedule[sending.attempt_count - 1])


def send_now(state: StripeState, sending_id: int) -> None:
    """The time of a sending has come; a timer calls this."""
    state.delivery.start(sending_id)


def signature_header(body: bytes, secrets: Sequence[str], timestamp: int) -> str:
    """`t=...,v1=...` with one v1 per secret; the time is the real one, whatever the simulated clock says,
    because receivers compare it with theirs (https://docs.stripe.com/webhooks#verify-manually)."""
    signed = f"{timestamp}.".encode() + body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])
