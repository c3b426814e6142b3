"""Bad days with a name: a set of faults and settings that are switched on together and taken back together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm_sandbox.faults import FaultRules
from crm_sandbox.quickbooks import QuickBooksState
from crm_sandbox.quickbooks.wire import throttled
from crm_sandbox.stripe import StripeState

Undo = Callable[[], None]
QUICKBOOKS = r"^/(v3|oauth2|v2/oauth2)/"
STRIPE = r"^/v1/(?!openid_connect/)"
MAINTENANCE = (
    "<html><body><h1>Service Unavailable</h1><p>QuickBooks is down for maintenance.</p></body></html>"
)
STRIPE_AWAY = {"error": {"type": "api_error", "message": "An unknown error occurred."}}


@dataclass(frozen=True)
class Preset:
    """One bad day: what it is called, what happens in it, and what ends it."""

    title: str
    says: str
    ends: str
    rules: tuple[dict[str, Any], ...] = ()
    switch: Callable[[QuickBooksState, StripeState], Undo] | None = None
    """Does what no rule can do, and returns what takes it back."""
    once: bool = False
    """Happens, and is over: there is nothing to take back."""


def _revoke_all(books: QuickBooksState, _money: StripeState) -> Undo:
    books.tokens.revoke_realm(None)
    return lambda: None  # a grant that is gone is gone


def _close_books(books: QuickBooksState, _money: StripeState) -> Undo:
    before = {realm: company.settings.book_close_date for realm, company in books.companies.items()}
    for realm in before:
        books.change_settings(realm, {"book_close_date": books.companies[realm].today()})

    def open_again() -> None:
        for realm, date in before.items():
            if realm in books.companies:
                books.change_settings(realm, {"book_close_date": date})

    return open_again


def _stripe_in_disorder(_books: QuickBooksState, money: StripeState) -> Undo:
    delivery = money.delivery
    before = delivery.shuffle, delivery.duplicate_every
    delivery.shuffle, delivery.duplicate_every = True, 1

    def in_order() -> None:
        delivery.shuffle, delivery.duplicate_every = before

    return in_order


def _quickbooks_in_disorder(books: QuickBooksState, _money: StripeState) -> Undo:
    before = books.webhooks.settings()
    books.webhooks.change({"shuffle": True, "duplicate_every": 1})

    def in_order() -> None:
        books.webhooks.change({name: before[name] for name in ("shuffle", "duplicate_every")})

    return in_order


UNTIL_REMOVED = "Lasts until you end it."
ONE_MINUTE = "Ends by itself after a minute."

PRESETS: dict[str, Preset] = {
    "intuit-is-slow": Preset(
        "Intuit is slow", "Every answer of QuickBooks and of Intuit's sign-in takes four seconds.", UNTIL_REMOVED,
        ({"action": "delay", "seconds": 4, "times": None, "match": {"path": QUICKBOOKS}},),
    ),
    "answers-get-lost": Preset(
        "Answers get lost", "Half of all writes take effect, but the connection is cut before the answer.",
        UNTIL_REMOVED,
        (
            {
                "action": "drop_after", "times": None, "probability": 0.5, "seed": 7,
                "match": {"method": "POST", "path": f"{QUICKBOOKS}|{STRIPE}"},
            },
        ),
    ),
    "quickbooks-429-storm": Preset(
        "429 storm", "QuickBooks answers everything with 429 Too Many Requests, in XML.", ONE_MINUTE,
        (
            {
                "action": "status", "status": 429, "content_type": "application/xml", "times": None,
                "body": bytes(throttled("1970-01-01T00:00:00.000-08:00").body).decode(),
                "until_seconds": 60, "match": {"path": "^/v3/"},
            },
        ),
    ),
    "token-revoked": Preset(
        "Token revoked", "Every owner disconnects the app in QuickBooks, at once.",
        "Cannot be taken back: the app must be connected again.",
        switch=_revoke_all, once=True,
    ),
    "quickbooks-maintenance": Preset(
        "QuickBooks maintenance", "QuickBooks and Intuit's sign-in answer everything with 503 and a page of HTML.",
        ONE_MINUTE,
        (
            {
                "action": "status", "status": 503, "content_type": "text/html", "body": MAINTENANCE, "times": None,
                "until_seconds": 60, "match": {"path": QUICKBOOKS},
            },
        ),
    ),
    "books-closed": Preset(
        "Books closed", "Every company closes its books up to today: what is dated today or earlier gets 6210.",
        UNTIL_REMOVED, switch=_close_books,
    ),
    "quickbooks-lags-behind": Preset(
        "QuickBooks lags behind", "Reads and queries do not yet know of the last write.", UNTIL_REMOVED,
        ({"action": "stale", "writes": 1, "times": None, "match": {"path": "^/v3/"}},),
    ),
    "stripe-twice-and-out-of-order": Preset(
        "Stripe delivers twice and out of order", "Every event comes twice, and later ones overtake earlier ones.",
        UNTIL_REMOVED, switch=_stripe_in_disorder,
    ),
    "quickbooks-webhooks-twice-and-out-of-order": Preset(
        "QuickBooks' webhooks twice and out of order", "Each change is told alone, in random order, and twice.",
        UNTIL_REMOVED, switch=_quickbooks_in_disorder,
    ),
    "stripe-is-away": Preset(
        "Stripe is away", "Stripe's API answers everything with 500; its events still come.", ONE_MINUTE,
        (
            {
                "action": "status", "status": 500, "body": STRIPE_AWAY, "times": None,
                "until_seconds": 60, "match": {"path": STRIPE},
            },
        ),
    ),
    "clocks-disagree": Preset(
        "Clocks disagree", "Both services are ten minutes ahead: dates, tokens, and the signatures of webhooks.",
        UNTIL_REMOVED, ({"action": "clock_skew", "seconds": 600, "times": None},),
    ),
}  # fmt: skip


class FaultPresets:
    """Which bad days are on. Their rules are ordinary faults that carry the preset's name."""

    def __init__(self, rules: FaultRules, books: QuickBooksState, money: StripeState) -> None:
        self._rules, self._books, self._money = rules, books, money
        self._on: dict[str, Undo] = {}

    def start(self, name: str, until_seconds: object = None) -> list[str]:
        """Switches a preset on, afresh if it was on; returns the ids of its faults.

        `until_seconds` changes when its faults end. Raises KeyError for an unknown name, ValueError for a
        time that is none.
        """
        preset = PRESETS[name]
        if until_seconds is not None and not preset.rules:
            raise ValueError(
                f"until_seconds means nothing to {name}: it has no faults that could end by themselves"
            )
        self.end(name)
        lasts = {} if until_seconds is None else {"until_seconds": until_seconds}
        added = [self._rules.add(rule | lasts, preset=name).id for rule in preset.rules]
        self._on[name] = preset.switch(self._books, self._money) if preset.switch else lambda: None
        return added

    def end(self, name: str) -> None:
        """Takes a preset back: its faults go, and what it switched stands as before. KeyError for an unknown name."""
        PRESETS[name]
        for rule in list(self._rules.rules.values()):
            if rule.preset == name:
                self._rules.remove(rule.id)
        self._on.pop(name, lambda: None)()

    def end_all(self) -> None:
        """Takes back all that are on."""
        for name in list(self._on):
            self.end(name)

    def as_json(self) -> list[dict[str, Any]]:
        """All presets, with `on` for those that act now."""
        acting = {rule["preset"] for rule in self._rules.as_json() if not rule["over"]}
        return [
            {
                "name": name,
                "title": preset.title,
                "says": preset.says,
                "ends": preset.ends,
                "once": preset.once,
                "on": name in self._on and not preset.once and (name in acting or not preset.rules),
            }
            for name, preset in PRESETS.items()
        ]
