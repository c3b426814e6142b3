"""One QuickBooks company: its objects, numbers, settings and books, with undo for writes that fail."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm_sandbox.clock import Clock
from crm_sandbox.packed import JSON, Bulk, Packed
from crm_sandbox.quickbooks.answers import Answers
from crm_sandbox.quickbooks.collection import Collection, all_collections
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.ledger import Ledger, Posting
from crm_sandbox.quickbooks.shapes import JsonObject

PACIFIC = ZoneInfo("America/Los_Angeles")
"""Intuit writes all times in Pacific time and uses its date where TxnDate is missing."""

MAX_OBJECTS = 200_000
MAX_DELETED = 200_000
"""How many deleted transactions change data can tell of."""
MAX_DIGITS_COUNTED = 9
"""Longer document numbers are taken for names: numbering does not go on from them."""
CURRENCY_NAMES = {
    "USD": "United States Dollar", "AUD": "Australian Dollar", "BRL": "Brazilian Real", "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc", "CNY": "Chinese Yuan", "DKK": "Danish Krone", "EUR": "Euro",
    "GBP": "British Pound Sterling", "HKD": "Hong Kong Dollar", "INR": "Indian Rupee", "JPY": "Japanese Yen",
    "MXN": "Mexican Peso", "NOK": "Norwegian Krone", "NZD": "New Zealand Dollar", "PLN": "Polish Zloty",
    "SEK": "Swedish Krona", "SGD": "Singapore Dollar", "ZAR": "South African Rand",
    "MYR": "Malaysian Ringgit", "VND": "Vietnamese Dong", "UAH": "Ukrainian Hryvnia", "YER": "Yemeni Rial",
    "AED": "United Arab Emirates Dirham", "ARS": "Argentine Peso", "AWG": "Aruban Florin",
    "BAM": "Bosnia-Herzegovina Convertible Mark", "BBD": "Barbadian Dollar", "BDT": "Bangladeshi Taka",
    "BGN": "Bulgarian Lev", "BHD": "Bahraini Dinar", "BIF": "Burundian Franc", "BMD": "Bermudan Dollar",
    "BND": "Brunei Dollar", "BOB": "Bolivian Boliviano", "BSD": "Bahamian Dollar",
    "BTN": "Bhutanese Ngultrum", "BWP": "Botswanan Pula", "CDF": "Congolese Franc", "CLP": "Chilean Peso",
    "COP": "Colombian Peso", "CRC": "Costa Rican Colón", "CUP": "Cuban Peso", "CVE": "Cape Verdean Escudo",
    "CZK": "Czech Republic Koruna", "DJF": "Djiboutian Franc",
}  # fmt: skip

_SMALL = ("settings", "_last_id", "_last_number")
_MANY = ("deleted", "in_deposit", "merged", "files")
"""The fields of a company that a snapshot holds: as they are, and as copies. What is packed is copied besides."""


@dataclass
class CompanySettings:
    """What a bookkeeper can switch in the company's settings; see docs/sandbox-quickbooks.md for the meaning."""

    company_name: str = "Sandbox Company_US_1"
    country: str = "US"
    home_currency: str = "USD"
    custom_txn_numbers: bool = False
    multicurrency: bool = False
    book_close_date: str | None = None
    read_only: bool = False
    using_sales_tax: bool = True
    automated_sales_tax: bool = False
    automated_sales_tax_percent: float = 8.0
    allow_deposit: bool = True
    auto_apply_credit: bool = False
    track_classes: bool = False
    """One class for each transaction."""
    track_classes_per_line: bool = False
    """One class for each line; at most one of the two."""
    track_departments: bool = False
    custom_fields: list[str] = field(default_factory=list)
    """Names of the custom text fields on sales forms, at most three."""
    inactive_names_stay_taken: bool = True
    """Whether the name of something inactive is still refused to others; Intuit was seen to do both."""
    webhook_shape: str = "cloudevents"
    """Or `legacy`: the body that Intuit sent until 2026."""
    other_user: str = "Christian Pelczarski"
    """The person whom a 5010 names as having been faster."""


@dataclass(frozen=True)
class Change:
    """One thing that happened to an object, for change data capture and webhooks."""

    entity: str
    id: str
    operation: str
    at: datetime
    deleted_id: str | None = None
    """Of a merge: whose place the object took."""


@dataclass
class Company:
    """Everything that one realm holds. A write runs inside `transaction()` and leaves no trace if it fails."""

    realm_id: str
    clock: Clock
    settings: CompanySettings = field(default_factory=CompanySettings)
    objects: dict[str, Collection] = field(default_factory=all_collections)
    ledger: Ledger = field(default_factory=Ledger)
    deleted: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When each transaction that is gone was deleted, oldest first."""
    answers: Answers = field(default_factory=Answers)
    """What was answered to each requestid."""
    applied: Packed[tuple[str, str], dict[str, int]] = field(default_factory=lambda: Packed(JSON))
    """(entity, Id) of an invoice or credit memo -> Payment Id -> cents applied to it."""
    in_deposit: dict[tuple[str, str], str] = field(default_factory=dict)
    """(entity, Id) of what was brought to the bank -> Id of the Deposit."""
    merged: dict[tuple[str, str], str] = field(default_factory=dict)
    """(entity, Id) of a list object that was merged into another one -> the Id of that one."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Id of an attachable -> its file."""
    files_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Signs the temporary addresses of files; of one run."""
    base_url: str = "http://localhost:8090"
    on_change: Callable[["Company", Change], None] | None = None
    _last_id: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _last_number: dict[str, int] = field(default_factory=lambda: {"sales": 1000, "Estimate": 1000})
    _undo: list[Callable[[], None]] | None = None
    _pending: list[Change] = field(default_factory=list)

    # -- kept in a file -------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """All between two writes. What is small is shared with this company, what is many are copies."""
        small = {name: getattr(self, name) for name in _SMALL}
        many = {name: Bulk(getattr(self, name)) for name in _MANY}
        return (
            small
            | many
            | {
                "objects": {name: found.copied() for name, found in self.objects.items()},
                "applied": self.applied.copied(),
                "answers": self.answers.copied(),
                "postings": self.ledger.postings.copied(),
            }
        )

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes a snapshot's place. Raises KeyError for what it lacks."""
        for name in _SMALL:
            setattr(self, name, kept[name])
        for name in _MANY:
            setattr(self, name, dict(kept[name]))
        self.applied.restore(kept["applied"])
        self.objects = all_collections()
        for name, found in kept["objects"].items():
            self.objects[name].restore(found)
        self.answers = Answers()
        self.answers.restore(kept["answers"])
        self.ledger = Ledger()
        self.ledger.restore(kept["postings"])

    # -- time -----------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The current time as Intuit writes it: in Pacific time."""
        return self.clock.now().astimezone(PACIFIC)

    def today(self) -> str:
        """The date in Pacific time, YYYY-MM-DD."""
        return self.now().date().isoformat()

    # -- objects --------------------------------------------------------------------------------------

    def get(self, entity: str, object_id: str) -> JsonObject | None:
        """The stored object, or None; not to be changed in place."""
        return self.objects[entity].get(object_id)

    def next_id(self, entity: Entity) -> str:
        """A fresh Id in the number sequence that the entity shares with its kin."""
        self._last_id[entity.id_space] += 1
        return str(self._last_id[entity.id_space])

    def next_address_id(self) -> str:
        """A fresh Id for an address: they are numbered through the whole company."""
        self._last_id["address"] += 1
        return str(self._last_id["address"])

    def start_ids_after(self, id_space: str, last: int) -> None:
        """Leaves room below: the next Id of the space is above `last`."""
        self._last_id[id_space] = max(self._last_id[id_space], last)

    def next_doc_number(self, entity: Entity) -> str:
        """The number that QuickBooks gives by itself: estimates count apart from all other sales forms."""
        self._last_number[_sequence(entity)] += 1
        return str(self._last_number[_sequence(entity)])

    def number_given(self, entity: Entity, number: str) -> None:
        """A number that the client chose: those that QuickBooks gives go on above it."""
        if number.isdecimal() and len(number) <= MAX_DIGITS_COUNTED:
            last = self._last_number[_sequence(entity)]
            self._last_number[_sequence(entity)] = max(last, int(number))

    def put(self, entity: Entity, obj: JsonObject) -> None:
        """Stores the object under its Id in place of the one before, and keeps the indexes."""
        object_id, kept = obj["Id"], self.objects[entity.name]
        before = kept.get(object_id)
        kept[object_id] = obj

        def take_back() -> None:
            if before is None:
                del kept[object_id]
            else:
                kept[object_id] = before

        self._remember(take_back)

    def remove(self, entity: Entity, object_id: str) -> None:
        """Deletes a transaction for good; its Id is never given again."""
        kept = self.objects[entity.name]
        before = kept.pop(object_id)
        self.deleted[entity.name, object_id] = self.clock.now()
        if len(self.deleted) > MAX_DELETED:
            del self.deleted[next(iter(self.deleted))]

        def take_back() -> None:
            kept[object_id] = before
            self.deleted.pop((entity.name, object_id), None)

        self._remember(take_back)

    # -- books and links ------------------------------------------------------------------------------

    def post(self, entity: str, object_id: str, lines: tuple[Posting, ...]) -> None:
        """Replaces what the document has in the books."""
        self._remember(self.ledger.post((entity, object_id), lines))

    def apply(self, target: tuple[str, str], payment_id: str, cents: int) -> None:
        """Notes that the payment covers `cents` of the target; 0 takes the link away."""
        before = self.applied.get(target, {})
        others = {payment: amount for payment, amount in before.items() if payment != payment_id or cents}
        self._set_links(target, {**others, payment_id: cents} if cents else others)
        self._remember(lambda: self._set_links(target, before))

    def _set_links(self, target: tuple[str, str], links: dict[str, int]) -> None:
        if links:
            self.applied[target] = links
        else:
            self.applied.pop(target, None)

    def applied_cents(self, target: tuple[str, str]) -> int:
        """How much of the invoice is paid (or of the credit memo is used)."""
        return sum(self.applied.get(target, {}).values())

    def bring_to_bank(self, source: tuple[str, str], deposit_id: str | None) -> None:
        """Notes (or, with None, forgets) that the source is part of the deposit."""
        before = self.in_deposit.get(source)
        if deposit_id is None:
            self.in_deposit.pop(source, None)
        else:
            self.in_deposit[source] = deposit_id

        def take_back() -> None:
            if before is None:
                self.in_deposit.pop(source, None)
            else:
                self.in_deposit[source] = before

        self._remember(take_back)

    # -- one write ------------------------------------------------------------------------------------

    def mark_merged(self, gone: tuple[str, str], into: str) -> None:
        """Notes that a list object lives on in another one."""
        self.merged[gone] = into
        self._remember(lambda: (self.merged.pop(gone), None)[1])

    def note(self, entity: str, object_id: str, operation: str, deleted_id: str | None = None) -> None:
        """Records a change (created, updated, deleted, voided, merged) that is told when the write succeeds."""
        self._pending.append(Change(entity, object_id, operation, self.clock.now(), deleted_id))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Runs one write: everything inside happens, or nothing does."""
        self._undo, self._pending = [], []
        try:
            yield
        except BaseException:
            for take_back in reversed(self._undo):
                take_back()
            raise
        else:
            if self.on_change:
                for change in self._pending:
                    if ENTITIES[change.entity].told:
                        self.on_change(self, change)
        finally:
            self._undo, self._pending = None, []

    def _remember(self, take_back: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(take_back)

    # -- looking up -----------------------------------------------------------------------------------

    def account_of_type(self, account_type: str, sub_type: str | None = None) -> JsonObject:
        """The first active account of the type; LookupError when the chart has none."""
        for account in self.objects["Account"].having("AccountType", account_type.casefold()):
            fits = sub_type is None or account.get("AccountSubType") == sub_type
            if fits and account.get("Active", True):
                return account
        raise LookupError(f"no account of type {account_type}/{sub_type}")

    def currency(self, code: str) -> JsonObject:
        """The reference to a currency: its value is the ISO code, never a number."""
        return {"value": code, "name": CURRENCY_NAMES.get(code, code)}


def _sequence(entity: Entity) -> str:
    return "Estimate" if entity.name == "Estimate" else "sales"
