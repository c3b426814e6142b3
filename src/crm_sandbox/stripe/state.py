"""All that the Stripe simulator holds in memory: accounts, their objects, events and pending work."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.packed import JSON, Bulk, Packed
from crm_sandbox.stripe.delivery import Delivery
from crm_sandbox.stripe.funds import Funds
from crm_sandbox.stripe.idempotency import IdempotencyKeys
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.instruments import Instrument
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.timers import Timers

MAX_OBJECTS_PER_KIND = 50_000
MAX_ACCOUNTS = 1_000
DEFAULT_PLATFORM = "acct_1PeakProSandbox1"

KINDS = (
    "account", "application_fee", "balance_transaction", "charge", "checkout.session", "customer", "dispute",
    "event", "file", "payment_intent", "payment_method", "payout", "price", "product", "refund",
    "test_helpers.test_clock", "webhook_endpoint",
)  # fmt: skip

INDEXED = {
    "balance_transaction": ("source",),
    "charge": ("payment_intent",),
    "dispute": ("charge", "payment_intent"),
    "refund": ("charge", "payment_intent"),
}
"""What lists are narrowed by and never changes in an object."""


@dataclass
class SessionExtras:
    """What a Checkout Session keeps besides the object that the API shows."""

    line_items: list[StripeObject]
    payment_intent_data: dict[str, Any]


Shelf = dict[str, StripeObject] | Packed[str, StripeObject]
"""Id -> object, in the order of creation. Only events are packed: they never change, all else does, in place."""


def _shelves() -> dict[str, Shelf]:
    return {kind: Packed(JSON) if kind == "event" else {} for kind in KINDS}


def _as_json(many: dict[str, dict[str, Any]]) -> Bulk:
    return Bulk({id: JSON.pack(one) for id, one in many.items()})


class AccountSpace:
    """One account's objects by kind and id, in the order of creation; other accounts cannot see them."""

    def __init__(self, id: str, platform: AccountSpace | None = None) -> None:
        self.id = id
        self.platform = platform
        self.objects = _shelves()
        self.extras: dict[str, SessionExtras] = {}
        self.endpoint_secrets: dict[str, list[tuple[str, float]]] = {}
        """Per webhook endpoint, its signing secrets and until when each signs: newest first."""
        self.instruments: dict[str, Instrument] = {}
        """The test card or account behind a PaymentMethod."""
        self.session_of_intent: dict[str, str] = {}
        self.paid_out: dict[str, frozenset[str]] = {}
        """Per payout, the balance transactions that it paid out."""
        self.funds = Funds()
        self.idempotency = IdempotencyKeys()
        self._index: dict[tuple[str, str, str], dict[str, StripeObject]] = {}

    @property
    def client_id(self) -> str:
        """Its Connect application, as the platform of other accounts."""
        return "ca_" + self.id.removeprefix("acct_")

    def snapshot(self) -> dict[str, Any]:
        """Plain data that `restore` takes; what is small is shared with this object until it is written.

        Objects go as JSON, which takes a fifth of the time of a pickle.
        """
        return {
            "platform": self.platform.id if self.platform else None,
            "objects": {
                kind: kept.copied() if isinstance(kept, Packed) else _as_json(kept)
                for kind, kept in self.objects.items()
            },
            "extras": _as_json({id: vars(extras) for id, extras in self.extras.items()}),
            "endpoint_secrets": self.endpoint_secrets,
            "instruments": self.instruments,
            "session_of_intent": self.session_of_intent,
            "paid_out": self.paid_out,
            "funds": self.funds.snapshot(),
            "answers": self.idempotency.snapshot(),
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes all but the platform, which is another space. Raises KeyError for what a snapshot lacks."""
        self.objects = _shelves()
        for kind, found in kept["objects"].items():
            shelf = self.objects[kind]
            if isinstance(shelf, Packed):
                shelf.restore(found)
            else:
                shelf.update({id: JSON.unpack(packed) for id, packed in found.items()})
        extras = {id: JSON.unpack(packed) for id, packed in kept["extras"].items()}
        self.extras = {id: SessionExtras(**one) for id, one in extras.items()}
        self.endpoint_secrets = kept["endpoint_secrets"]
        self.instruments = kept["instruments"]
        self.session_of_intent = kept["session_of_intent"]
        self.paid_out = kept["paid_out"]
        self.funds.restore(kept["funds"])
        self.idempotency.restore(kept["answers"])
        self._index = {}
        for kind in INDEXED:
            for body in self.objects[kind].values():
                self._note(body)

    def add(self, body: StripeObject) -> StripeObject:
        """Keeps an object; the oldest of its kind is dropped beyond MAX_OBJECTS_PER_KIND.

        Of an event what it says now is kept: its object goes on changing.
        """
        kept = self.objects[body["object"]]
        kept[body["id"]] = body
        self._note(body)
        if len(kept) > MAX_OBJECTS_PER_KIND:
            oldest = next(iter(kept))
            self._forget(kept.pop(oldest))
            for register in (
                self.extras,
                self.instruments,
                self.session_of_intent,
                self.endpoint_secrets,
                self.paid_out,
            ):
                register.pop(oldest, None)
        return body

    def among(self, kind: str, wanted: dict[str, Any]) -> Shelf:
        """Objects of a kind in the order of creation, among which are all that have these values."""
        for name in INDEXED.get(kind, ()):
            if name in wanted:
                return self._index.get((kind, name, wanted[name]), {})
        return self.objects[kind]

    def _note(self, body: StripeObject) -> None:
        for name in INDEXED.get(body["object"], ()):
            if body[name] is not None:
                self._index.setdefault((body["object"], name, body[name]), {})[body["id"]] = body

    def _forget(self, body: StripeObject) -> None:
        for name in INDEXED.get(body["object"], ()):
            entries = self._index.get((body["object"], name, body[name] or ""), {})
            entries.pop(body["id"], None)
            if not entries:
                self._index.pop((body["object"], name, body[name] or ""), None)

    def find(self, id: str) -> StripeObject | None:
        """The object with this id, whatever its kind."""
        for kept in self.objects.values():
            if id in kept:
                return kept[id]
        return None


@dataclass
class Settings:
    """What tests may change while the simulator runs, through `POST /_state/stripe/settings`."""

    ach_clear_seconds: float = 5.0
    fee_seconds: float = 0.1
    """From a payment to `charge.updated`, which carries the balance transaction."""
    refund_settle_seconds: float = 1.0
    processing_seconds: float = 0.0
    """How long a POST with an idempotency key takes, so that a second one can meet it half-way."""
    converts_at: float = 0.0
    """Above 0: the account settles in dollars, and other currencies are converted to them at this rate."""


@dataclass
class StripeState:
    """The simulator's memory. `reset` empties it; `close` stops what runs in the background."""

    config: SandboxConfig
    clock: Clock
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        self.timers = Timers(self.clock, self)
        self.random = random.Random(self.config.seed)
        self.spaces: dict[str, AccountSpace] = {}
        self.delivery = Delivery(self.config, self.timers, self.random)
        self._connect_given()

    def _connect_given(self) -> None:
        for account_id in self.config.stripe_connected_accounts:
            if account_id not in self.spaces:
                self.spaces[account_id] = AccountSpace(account_id, self.platform(DEFAULT_PLATFORM))

    def now(self) -> int:
        """Seconds since 1970 by the simulated clock."""
        return int(self.clock.now().timestamp())

    def platform(self, account_id: str) -> AccountSpace:
        """A platform account, which exists as soon as one of its keys is used.

        Raises OverflowError beyond MAX_ACCOUNTS.
        """
        if account_id not in self.spaces:
            self._check_room()
            self.spaces[account_id] = AccountSpace(account_id)
        return self.spaces[account_id]

    def new_connected_account(self, platform: AccountSpace) -> AccountSpace:
        """Room for a connected account. Raises OverflowError beyond MAX_ACCOUNTS."""
        self._check_room()
        space = AccountSpace(new_id("acct_")[:21], platform)
        self.spaces[space.id] = space
        return space

    def _check_room(self) -> None:
        if len(self.spaces) >= MAX_ACCOUNTS:
            raise OverflowError(f"more than {MAX_ACCOUNTS} accounts")

    def locate(self, id: str) -> tuple[AccountSpace, StripeObject] | None:
        """An object in any account: for the hosted page and the test hooks, which have no key."""
        for space in self.spaces.values():
            found = space.find(id)
            if found is not None:
                return space, found
        return None

    def objects(self, kind: str) -> list[StripeObject]:
        """All objects of a kind in all accounts, oldest first."""
        return [body for space in self.spaces.values() for body in space.objects.get(kind, {}).values()]

    def summary(self) -> dict[str, Any]:
        """Counts by kind, and what is still to be delivered."""
        counts = {kind: len(self.objects(kind)) for kind in KINDS}
        return {"accounts": list(self.spaces), "objects": counts, "deliveries": self.delivery.summary()}

    def reset(self) -> None:
        """Forgets every account, object, event and delivery; settings go back to their defaults."""
        self.timers.clear()
        self.spaces.clear()
        self.delivery.reset()
        self.settings = Settings()
        self.random.seed(self.config.seed)
        self._connect_given()

    def snapshot(self) -> dict[str, Any]:
        """All that is needed to go on elsewhere, as plain data shared with this state: write it down at once."""
        return {
            "spaces": {id: space.snapshot() for id, space in self.spaces.items()},
            "settings": self.settings,
            "random": self.random.getstate(),
            "timers": self.timers.snapshot(),
            "delivery": self.delivery.snapshot(),
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on from a snapshot, in a running loop. Raises KeyError or the like when it is none of ours."""
        self.spaces = {id: AccountSpace(id) for id in kept["spaces"]}
        for id, space in self.spaces.items():
            space.restore(kept["spaces"][id])
            platform_id = kept["spaces"][id]["platform"]
            if platform_id is not None:
                # A deauthorized account belongs to a platform that is not kept (accounts.deauthorize).
                space.platform = self.spaces.get(platform_id) or AccountSpace(platform_id)
        self._connect_given()
        self.settings = kept["settings"]
        self.random.setstate(kept["random"])
        self.delivery.restore(kept["delivery"])
        self.timers.restore(kept["timers"])

    def changes(self) -> int:
        """A number that grows with what the simulator does by itself."""
        return self.timers.ran + self.delivery.attempts

    def close(self) -> None:
        """Stops the background tasks."""
        self.timers.close()
        self.delivery.close()

    def connected(self, platform: AccountSpace) -> Iterator[AccountSpace]:
        """The accounts connected to a platform."""
        return (space for space in self.spaces.values() if space.platform is platform)
