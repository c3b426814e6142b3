"""Answers reads from how things stood some writes or seconds ago, as a replica does that lags behind.

While a `stale` fault is there, a snapshot of both simulators is kept from just before each write. A read that the
fault takes is answered by a second pair of simulators, restored from the snapshot of the moment that is asked for:
so every kind of read is stale in the same way, and a new object is not found by any of them.
"""

import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.types import ASGIApp

from crm_sandbox import quickbooks, stripe
from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.payload import Payload, pickled, unpickled

MAX_SNAPSHOTS = 200
MAX_SNAPSHOT_BYTES = 256_000_000
"""All snapshots together; the oldest go first, the newest always stays."""

_READS = re.compile(r"/v3/company/|/v1/(?!openid_connect/)")
_QUERY = re.compile(r"/v3/company/[^/]+/query$")
_NOT_WRITES = re.compile(r"/oauth2/|/v2/oauth2/|/connect/|/_faults|/_state/(reset|clock)$")
# Who is let in, how often, and what is on its way to a webhook is always of today.
_OF_TODAY = {"quickbooks": ("tokens", "webhooks"), "stripe": ("timers", "delivery")}


def is_read(method: str, path: str) -> bool:
    """Whether a request only looks, and so can be answered from the past."""
    if method == "GET":
        return _READS.match(path) is not None
    return method == "POST" and _QUERY.match(path) is not None


def is_write(method: str, path: str) -> bool:
    """Whether a request can change what either simulator holds. Signing in is none."""
    if method in ("GET", "HEAD", "OPTIONS") or is_read(method, path):
        return False
    return _NOT_WRITES.match(path) is None


@dataclass(frozen=True)
class Snapshot:
    """Both simulators as they stood when a write came."""

    number: int
    taken_at: datetime
    payload: Payload


class StaleReads:
    """The last snapshots, and the simulators restored from the one that was asked for last."""

    def __init__(
        self, config: SandboxConfig, clock: Clock,
        live_quickbooks: quickbooks.QuickBooksState, live_stripe: stripe.StripeState,
    ) -> None:  # fmt: skip
        self._config, self._clock = config, clock
        self._quickbooks, self._stripe = live_quickbooks, live_stripe
        self._snapshots: deque[Snapshot] = deque()
        self._bytes = 0
        self._count = 0
        self._restored: tuple[int, ASGIApp] | None = None

    def before_write(self) -> None:
        """Keeps how things stand now. It costs what copying the lists of all objects costs."""
        states = {"quickbooks": self._quickbooks.snapshot(), "stripe": self._stripe.snapshot()}
        kept = {
            name: {key: part for key, part in state.items() if key not in _OF_TODAY[name]}
            for name, state in states.items()
        }
        self._count += 1
        snapshot = Snapshot(self._count, self._clock.unskewed(), pickled(kept))
        self._snapshots.append(snapshot)
        self._bytes += snapshot.payload.size()
        while len(self._snapshots) > MAX_SNAPSHOTS or (
            self._bytes > MAX_SNAPSHOT_BYTES and len(self._snapshots) > 1
        ):
            self._bytes -= self._snapshots.popleft().payload.size()

    def forget(self) -> None:
        """Lets go of the past: no fault asks for it any more."""
        self._snapshots.clear()
        self._bytes = 0
        self._restored = None

    def as_of(self, *, writes: int = 1, seconds: float | None = None) -> ASGIApp | None:
        """The simulators before the last `writes` writes, or as they stood `seconds` ago.

        At most as far back as the snapshots reach; None when nothing was written since.
        """
        if not self._snapshots:
            return None
        if seconds is None:
            return self._simulators(self._snapshots[max(0, len(self._snapshots) - writes)])
        then = self._clock.unskewed() - timedelta(seconds=seconds)
        since = (one for one in self._snapshots if one.taken_at > then)
        found = next(since, None)
        return self._simulators(found) if found else None

    def _simulators(self, wanted: Snapshot) -> ASGIApp:
        if self._restored is None or self._restored[0] != wanted.number:
            self._restored = wanted.number, self._restore(wanted)
        return self._restored[1]

    def _restore(self, wanted: Snapshot) -> ASGIApp:
        kept = unpickled(wanted.payload)
        books = quickbooks.QuickBooksState(self._config, self._clock)
        books.restore({**books.snapshot(), **kept["quickbooks"]})
        books.tokens, books.throttle = self._quickbooks.tokens, self._quickbooks.throttle
        money = stripe.StripeState(self._config, self._clock)
        money.restore({**money.snapshot(), **kept["stripe"]})
        money.delivery = self._stripe.delivery
        # QuickBooks first, as in the sandbox itself.
        return Starlette(
            routes=[
                *quickbooks.routes(self._config, self._clock, books),
                *stripe.routes(self._config, self._clock, money),
            ]
        )
