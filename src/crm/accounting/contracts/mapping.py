"""What in QuickBooks stands for what of ours: the slots there are, and which object a line or a contract gets. Pure."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from crm.accounting.contracts.lines import SoldLine
from crm.kit.money import plain

Entity = Literal["Item", "Account", "TaxCode", "Class", "Department", "Term"]


@dataclass(frozen=True, slots=True)
class Slot:
    """Something that can be mapped. `account_types` are those it may have (an item: those its income account may).

    `keys`: by what it can be told apart besides the default; "price", "section", "place", "percent" or "currency".
    """

    name: str
    entity: Entity
    title: str
    help: str
    account_types: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


INCOME = ("Income", "Other Income")
SLOTS = (
    Slot("sales_item", "Item", "What was sold", "The item of the lines on a contract's invoice.", INCOME,
         ("price", "section")),
    Slot("deposit_item", "Item", "Deposits as a liability", "The item on which deposits are invoiced while they are "
         "a liability.", ("Other Current Liability",)),
    Slot("income_item", "Item", "Deposits as income", "The item on which deposits are invoiced when they are income.",
         ("Income", "Other Income", "Other Current Liability")),
    Slot("clearing_account", "Account", "Stripe clearing", "Holds what Stripe holds.", ("Bank", "Other Current Asset"),
         ("currency",)),
    Slot("fee_account", "Account", "Stripe fees", "The expense that Stripe's fees are.",
         ("Expense", "Other Expense", "Cost of Goods Sold")),
    Slot("bank_account", "Account", "Bank", "Where Stripe's payouts arrive. Never made: it must be the "
         "account whose statement shows them; the company's only checking account is chosen by itself.", ("Bank",), ("currency",)),
    Slot("dispute_account", "Account", "Disputed money", "Holds what banks took back until it is decided.",
         ("Other Current Asset",), ("currency",)),
    Slot("loss_account", "Account", "Lost disputes", "The expense that a lost dispute is.", ("Expense", "Other Expense")),
    Slot("tax_code", "TaxCode", "Sales tax", "Sent with our tax, so that QuickBooks' total is the one that was signed.",
         (), ("percent",)),
    Slot("deposit_tax_code", "TaxCode", "Tax on deposits", "Outside the US each line needs a code. Choose "
         "one of 0 %: tax that is due on deposits is not split off here, so others can't be chosen."),
    Slot("tax_item", "Item", "Sales tax as a line", "For companies that have sales tax switched off.",
         ("Other Current Liability",)),
    Slot("class", "Class", "Class", "By section of the work, or by the place of the job.", (), ("section", "place")),
    Slot("department", "Department", "Location", "By the place of the job.", (), ("place",)),
    Slot("term", "Term", "Terms", "Of the contract's invoice."),
)  # fmt: skip
BY_NAME = {slot.name: slot for slot in SLOTS}
KEYS_MAX = 500  # of one company: sections, places and price items that somebody mapped by hand


@dataclass(frozen=True, slots=True)
class Mapped:
    qbo_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """`of[slot, key]`; the empty key is the slot's default."""

    of: Dict[tuple[str, str], Mapped] = field(default_factory=dict)

    def get(self, slot: str, *keys: str) -> str | None:
        """The Id for the first of `keys` that is mapped, else the slot's default."""
        for key in (*keys, ""):
            if (found := self.of.get((slot, key))) is not None:
                return found.qbo_id
        return None

    def in_currency(self, slot: str, currency: str, home_currency: str) -> str | None:
        """The Id of an account that holds money, in this currency: an account has one, so there the default is the home's."""
        found = self.of.get((slot, "" if currency == home_currency else f"currency:{currency.casefold()}"))
        return found.qbo_id if found else None

    def name(self, slot: str, *keys: str) -> str | None:
        for key in (*keys, ""):
            if (found := self.of.get((slot, key))) is not None:
                return found.name
        return None


def line_keys(line: SoldLine) -> tuple[str, ...]:
    """From the narrowest: the price item's name, then the section."""
    return (f"price:{_plain(line.name)}", f"section:{_plain(line.section)}")


def place_keys(address: Dict[str, object] | None) -> tuple[str, ...]:
    """From the narrowest: the city, then the state."""
    if not address:
        return ()
    return tuple(f"place:{_plain(str(address[name]))}" for name in ("city", "state") if address.get(name))


def percent_key(percent: Decimal) -> str:
    return f"percent:{plain(percent)}"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
