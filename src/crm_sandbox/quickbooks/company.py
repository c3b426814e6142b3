"""One QuickBooks company: its objects, numbers, settings and books, with undo for writes that fail."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm_sandbox.clock import Clock
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.ledger import Ledger, Posting

PACIFIC = ZoneInfo("America/Los_Angeles")
"""Intuit writes all times in Pacific time and uses its date where TxnDate is missing."""

MAX_OBJECTS = 200_000
MAX_CHANGES = 50_000
CURRENCY_NAMES = {
    "USD": "United States Dollar", "CAD": "Canadian Dollar", "EUR": "Euro", "GBP": "British Pound Sterling",
    "AUD": "Australian Dollar", "MXN": "Mexican Peso", "JPY": "Japanese Yen",
}  # fmt: skip

_KEPT = (
    "settings", "objects", "changes", "deleted", "answers", "applied", "in_deposit", "names", "numbers", "has_jobs",
    "_last_id", "_last_number",
)  # fmt: skip
"""The fields of a company that a snapshot holds as they are; the ledger's postings besides."""

JsonObject = dict[str, Any]
"""An object in the shape that Intuit sends; never changed in place, always replaced."""


@dataclass
class CompanySettings:
    """What a bookkeeper can switch in the company's settings; see docs/sandbox.md for the meaning."""

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
    track_departments: bool = False
    other_user: str = "Christian Pelczarski"
    """The person whom a 5010 names as having been faster."""


@dataclass(frozen=True)
class Change:
    """One thing that happened to an object, for change data capture and webhooks."""

    entity: str
    id: str
    operation: str
    at: datetime


@dataclass
class Company:
    """Everything that one realm holds. A write runs inside `transaction()` and leaves no trace if it fails."""

    realm_id: str
    clock: Clock
    settings: CompanySettings = field(default_factory=CompanySettings)
    objects: dict[str, dict[str, JsonObject]] = field(default_factory=lambda: {name: {} for name in ENTITIES})
    ledger: Ledger = field(default_factory=Ledger)
    changes: list[Change] = field(default_factory=list)
    deleted: dict[tuple[str, str], datetime] = field(default_factory=dict)
    answers: OrderedDict[str, tuple[int, JsonObject]] = field(default_factory=OrderedDict)
    """What was answered to each requestid."""
    applied: defaultdict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """(entity, Id) of an invoice or credit memo -> Payment Id -> cents applied to it."""
    in_deposit: dict[tuple[str, str], str] = field(default_factory=dict)
    """(entity, Id) of what was brought to the bank -> Id of the Deposit."""
    names: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(name group, name in small letters) -> entity and Id that have it."""
    numbers: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """(entity, DocNumber) -> Ids that carry it."""
    has_jobs: bool = False
    """Whether any customer was ever given a parent; spares looking for jobs when there are none."""
    on_change: Callable[["Company", Change], None] | None = None
    _last_id: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _last_number: dict[str, int] = field(default_factory=lambda: {"sales": 1000, "Estimate": 1000})
    _undo: list[Callable[[], None]] | None = None
    _pending: list[Change] = field(default_factory=list)

    # -- kept in a file -------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """All between two writes, as plain data shared with this company."""
        return {name: getattr(self, name) for name in _KEPT} | {"postings": self.ledger.postings}

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes a snapshot's place. Raises KeyError for what it lacks."""
        for name in _KEPT:
            setattr(self, name, kept[name])
        self.objects = {name: {} for name in ENTITIES} | self.objects
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

    def start_ids_after(self, id_space: str, last: int) -> None:
        """Leaves room below: the next Id of the space is above `last`."""
        self._last_id[id_space] = max(self._last_id[id_space], last)

    def next_doc_number(self, entity: Entity) -> str:
        """The number that QuickBooks gives by itself: estimates count apart from all other sales forms."""
        sequence = "Estimate" if entity.name == "Estimate" else "sales"
        self._last_number[sequence] += 1
        return str(self._last_number[sequence])

    def put(self, entity: Entity, obj: JsonObject) -> None:
        """Stores the object under its Id in place of the one before, and keeps the indexes."""
        object_id = obj["Id"]
        before = self.objects[entity.name].get(object_id)
        self._index(entity, object_id, before, obj)
        self.objects[entity.name][object_id] = obj

        def take_back() -> None:
            self._index(entity, object_id, obj, before)
            if before is None:
                self.objects[entity.name].pop(object_id, None)
            else:
                self.objects[entity.name][object_id] = before

        self._remember(take_back)

    def remove(self, entity: Entity, object_id: str) -> None:
        """Deletes a transaction for good; its Id is never given again."""
        before = self.objects[entity.name].pop(object_id)
        self._index(entity, object_id, before, None)
        self.deleted[entity.name, object_id] = self.clock.now()

        def take_back() -> None:
            self._index(entity, object_id, None, before)
            self.objects[entity.name][object_id] = before
            self.deleted.pop((entity.name, object_id), None)

        self._remember(take_back)

    def _index(self, entity: Entity, object_id: str, old: JsonObject | None, new: JsonObject | None) -> None:
        if entity.is_txn:
            if old and old.get("DocNumber"):
                self.numbers[entity.name, old["DocNumber"]].remove(object_id)
            if new and new.get("DocNumber"):
                self.numbers[entity.name, new["DocNumber"]].append(object_id)
        elif entity.name_group:
            if old:
                self.names.pop((entity.name_group, name_key(entity, old)), None)
            if new:
                self.names[entity.name_group, name_key(entity, new)] = (entity.name, object_id)

    # -- books and links ------------------------------------------------------------------------------

    def post(self, entity: str, object_id: str, lines: tuple[Posting, ...]) -> None:
        """Replaces what the document has in the books."""
        self._remember(self.ledger.post((entity, object_id), lines))

    def apply(self, target: tuple[str, str], payment_id: str, cents: int) -> None:
        """Notes that the payment covers `cents` of the target; 0 takes the link away."""
        links = self.applied[target]
        before = links.get(payment_id, 0)
        _set_or_drop(links, payment_id, cents)
        self._remember(lambda: _set_or_drop(links, payment_id, before))

    def applied_cents(self, target: tuple[str, str]) -> int:
        """How much of the invoice is paid (or of the credit memo is used)."""
        return sum(self.applied[target].values()) if target in self.applied else 0

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

    def note(self, entity: str, object_id: str, operation: str) -> None:
        """Records a change (created, updated, deleted, voided) that is told when the write succeeds."""
        self._pending.append(Change(entity, object_id, operation, self.clock.now()))

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
            self.changes.extend(self._pending)
            del self.changes[:-MAX_CHANGES]
            if self.on_change:
                for change in self._pending:
                    self.on_change(self, change)
        finally:
            self._undo, self._pending = None, []

    def _remember(self, take_back: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(take_back)

    # -- looking up -----------------------------------------------------------------------------------

    def account_of_type(self, account_type: str, sub_type: str | None = None) -> JsonObject:
        """The first active account of the type; LookupError when the chart has none."""
        for account in self.objects["Account"].values():
            same = account["AccountType"] == account_type and account.get("Active", True)
            if same and (sub_type is None or account.get("AccountSubType") == sub_type):
                return account
        raise LookupError(f"no account of type {account_type}/{sub_type}")

    def currency(self, code: str) -> JsonObject:
        """The reference to a currency: its value is the ISO code, never a number."""
        return {"value": code, "name": CURRENCY_NAMES.get(code, code)}


def name_key(entity: Entity, obj: JsonObject) -> str:
    """What must be unique: the display name, or for accounts and items the full name with its parents."""
    name = (
        obj.get("DisplayName") if entity.shape == "name" else obj.get("FullyQualifiedName") or obj.get("Name")
    )
    return str(name or "").strip().casefold()


def _set_or_drop(links: dict[str, int], key: str, cents: int) -> None:
    if cents:
        links[key] = cents
    else:
        links.pop(key, None)
