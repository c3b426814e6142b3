"""Random documents of every kind, written into a company of the QuickBooks simulator through its HTTP interface.

`Dice` decides, so that Hypothesis can look for the shortest run that breaks a rule, and a plain generator of random
numbers can fill one company with thousands (`tests.sandbox.long_books`).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tests.sandbox.books_by_hand import RECEIVABLE, UNDEPOSITED, Json, cents, waiting_cents

T = TypeVar("T")

CHECKING, SAVINGS, CARD, CHARGES, MATERIALS, LOAN = "35", "36", "41", "8", "13", "91"
SALES_ITEMS = ("1", "2", "3", "4", "5")
ONE_INCOME_ACCOUNT = ("1", "2", "5")
"""Items whose income goes to the same account."""
DAYS = ("2026-03-31", "2026-04-01", "2026-05-17", "2026-11-01")
RATES = (1.1, 0.9137, 1.08314, 2)
LINKABLE_TO_BANK = ("Payment", "SalesReceipt", "RefundReceipt", "Transfer", "JournalEntry")


class Dice(Protocol):
    """Where chance comes from."""

    def number(self, lowest: int, highest: int) -> int:
        """A number from the range, both ends included."""


class Random:
    """Dice from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self, lowest: int, highest: int) -> int:
        return self._random.randint(lowest, highest)


@dataclass(frozen=True)
class Setting:
    """What kind of company it is."""

    country: str = "US"
    multicurrency: bool = False
    using_sales_tax: bool = True
    automated_sales_tax: bool = False
    auto_apply_credit: bool = False
    custom_txn_numbers: bool = False

    @property
    def home(self) -> str:
        """Its currency."""
        return "USD"


def any_setting(dice: Dice) -> Setting:
    """A company of some country with some switches on."""
    country = ("US", "US", "GB", "CA")[dice.number(0, 3)]
    switches = dice.number(0, 31)
    return Setting(
        country,
        multicurrency=bool(switches & 1),
        using_sales_tax=switches & 6 != 2,
        automated_sales_tax=country == "US" and switches & 24 == 8,
        auto_apply_credit=switches & 24 == 16,
        custom_txn_numbers=switches & 12 == 12,
    )


Post = Callable[[str, Json, dict[str, str]], Json | None]
"""Entity, body and parameters of a write; the object, or None when it was refused."""


@dataclass
class RandomBooks:
    """Writes what the dice say. It knows what it wrote only from the answers."""

    dice: Dice
    setting: Setting
    post: Post
    post_batch: Callable[[list[Json]], list[Json]]
    written: Counter[str] = field(default_factory=Counter)
    """How many documents of each kind were created."""
    last: dict[str, dict[str, Json]] = field(default_factory=dict)
    """Entity -> Id -> the object as last answered; what followed from other writes may be newer."""
    deleted: list[tuple[str, str]] = field(default_factory=list)

    def step(self) -> None:
        """One write, or several in a batch."""
        choice = self.dice.number(0, 99)
        if choice < 62:
            self._send("create", *self._document())
        elif choice < 82:
            self._change()
        elif choice < 88:
            self._list_object()
        elif choice < 91:
            self._rest_or_wake()
        else:
            self._batch()

    def start(self) -> None:
        """Two customers, one of them with a job, and with multi-currency one abroad."""
        for name, currency in (("Ann", self.setting.home), ("Ben", self.setting.home)):
            self._send("create", "Customer", {"DisplayName": name, **self._currency_of(currency)})
        ann = next(iter(self.last["Customer"]))
        self._send("create", "Customer", {"DisplayName": "Roof", "Job": True, "ParentRef": {"value": ann},
                                          **self._currency_of(self.setting.home)})  # fmt: skip
        if self.setting.multicurrency:
            self._send("create", "Customer", {"DisplayName": "Chloe", **self._currency_of("EUR")})

    # -- what to write --------------------------------------------------------------------------------

    def _document(self) -> tuple[str, Json]:
        kind = self._one(
            ("Invoice", "Invoice", "Invoice", "Payment", "Payment", "Payment", "Estimate", "CreditMemo", "SalesReceipt",
             "RefundReceipt", "Deposit", "Deposit", "Transfer", "Purchase", "JournalEntry")
        )  # fmt: skip
        body: Json = {"TxnDate": self._one(DAYS)}
        if self._chance(30):
            body["PrivateNote"] = self._one(("pi_3Qx", "it's 10% off", "a \\ b", "é"))
        if kind == "Payment":
            return kind, {**body, **self._payment()}
        if kind in ("Invoice", "Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt"):
            return kind, {**body, **self._sales_form(kind)}
        made = {
            "Deposit": self._deposit, "Transfer": self._transfer, "Purchase": self._purchase,
            "JournalEntry": self._journal_entry,
        }[kind]()  # fmt: skip
        return kind, {**body, **made}

    def _sales_form(self, kind: str) -> Json:
        customer = self._customer()
        body: Json = {"CustomerRef": {"value": customer["Id"]}, **self._rate(customer)}
        inclusive = self.setting.country != "US" and self._chance(40)
        if inclusive:
            body["GlobalTaxCalculation"] = "TaxInclusive"
        elif self.setting.country == "US" and self._chance(40):
            body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": self._one(("2", "3"))}}
            if self._chance(20):
                body["TxnTaxDetail"]["TotalTax"] = self._amount(5_00)
            body["ApplyTaxAfterDiscount"] = self._chance(50)
        items = ONE_INCOME_ACCOUNT if inclusive else SALES_ITEMS
        body["Line"] = [self._line(self._one(items)) for _ in range(self.dice.number(1, 3))]
        if self._chance(20):
            body["Line"].append(self._discount())
        if self.setting.custom_txn_numbers and self._chance(70):
            body["DocNumber"] = f"N-{self.dice.number(1, 30)}"
        if kind in ("SalesReceipt", "RefundReceipt"):
            account = self._one((UNDEPOSITED, UNDEPOSITED, CHECKING))
            if kind == "RefundReceipt" or self._chance(60):
                body["DepositToAccountRef"] = {"value": account}
        if kind == "Invoice" and self._chance(10):
            body |= {"Deposit": self._amount(20_00), "DepositToAccountRef": {"value": CHECKING}}
        estimates = [one for one in self._known("Estimate") if one["CustomerRef"]["value"] == customer["Id"]]
        if kind == "Invoice" and estimates and self._chance(40):
            body["LinkedTxn"] = [{"TxnId": self._one(estimates)["Id"], "TxnType": "Estimate"}]
        return body

    def _line(self, item: str) -> Json:
        detail: Json = {"ItemRef": {"value": item}}
        amount = self._amount()
        if self._chance(30):
            quantity, price = self.dice.number(1, 12), self._amount(99_99)
            detail |= {"Qty": quantity, "UnitPrice": price}
            amount = round(quantity * cents(price)) / 100
        elif self._chance(10):
            amount = -amount
        if self.setting.country == "US":
            detail["TaxCodeRef"] = {"value": self._one(("TAX", "NON"))}
        else:
            detail["TaxCodeRef"] = {"value": self._one(("2", "3", "4"))}
        return {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail}

    def _discount(self) -> Json:
        if self._chance(50):
            detail: Json = {"PercentBased": True, "DiscountPercent": self.dice.number(1, 1000) / 10}
            return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
        return {"DetailType": "DiscountLineDetail", "Amount": self._amount(30_00), "DiscountLineDetail": {}}

    def _payment(self) -> Json:
        customer = self._customer()
        body: Json = {
            "CustomerRef": {"value": customer["Id"]},
            **self._rate(customer),
            "TotalAmt": self._amount(),
        }
        lines = []
        mine = [
            one for one in self._known("Invoice") if self._pays(customer["Id"], one["CustomerRef"]["value"])
        ]
        for _ in range(self.dice.number(0, 3) if mine else 0):
            invoice = self._one(mine)
            part = cents(invoice["Balance"]) if self._chance(50) else self.dice.number(1, 60_00)
            lines.append(_link(part, "Invoice", invoice["Id"]))
        memos = [one for one in self._known("CreditMemo") if one["CustomerRef"]["value"] == customer["Id"]]
        if lines and memos and self._chance(30):
            memo = self._one(memos)
            lines.append(
                _link(
                    min(cents(memo["RemainingCredit"]), cents(lines[0]["Amount"])), "CreditMemo", memo["Id"]
                )
            )
        if lines:
            body["Line"] = lines
            due = sum(
                cents(line["Amount"]) * (1 if line["LinkedTxn"][0]["TxnType"] == "Invoice" else -1)
                for line in lines
            )
            body["TotalAmt"] = max(due + (self.dice.number(0, 20_00) if self._chance(25) else 0), 0) / 100
        if self._chance(30):
            body["DepositToAccountRef"] = {"value": CHECKING}
        return body

    def _deposit(self) -> Json:
        currency = self._currency()
        waiting = [
            (kind, one, amount)
            for kind in LINKABLE_TO_BANK
            for one in self._known(kind)
            if (amount := waiting_cents(kind, one))
            and (one["CurrencyRef"]["value"] == currency or self._chance(2))
        ]
        lines: list[Json] = []
        for _ in range(self.dice.number(0, 3) if waiting else 0):
            kind, one, amount = self._one(waiting)
            lines.append(
                {
                    "Amount": amount / 100,
                    "LinkedTxn": [{"TxnId": one["Id"], "TxnType": kind, "TxnLineId": "0"}],
                }
            )
        if not lines or self._chance(50):
            account = self._one((CHARGES, LOAN, MATERIALS))
            other = -self._amount(9_00) if lines else self._amount()  # a fee, or money from elsewhere
            lines.append({"Amount": other, "DetailType": "DepositLineDetail",
                          "DepositLineDetail": {"AccountRef": {"value": account}}})  # fmt: skip
        body: Json = {"DepositToAccountRef": {"value": CHECKING}, "Line": lines, **self._rate_of(currency)}
        if self._chance(10):
            body["CashBack"] = {"AccountRef": {"value": SAVINGS}, "Amount": self._amount(5_00)}
        return body

    def _transfer(self) -> Json:
        there, here = self._one(((CHECKING, SAVINGS), (SAVINGS, UNDEPOSITED), (UNDEPOSITED, LOAN)))
        return {"FromAccountRef": {"value": here}, "ToAccountRef": {"value": there}, "Amount": self._amount(),
                **self._rate_of(self._currency())}  # fmt: skip

    def _purchase(self) -> Json:
        kind = self._one(("Cash", "Check", "CreditCard"))
        lines: list[Json] = []
        for _ in range(self.dice.number(1, 2)):
            if self._chance(70):
                name, detail = (
                    "AccountBasedExpenseLineDetail",
                    {"AccountRef": {"value": self._one((CHARGES, MATERIALS))}},
                )
            else:
                name, detail = "ItemBasedExpenseLineDetail", {"ItemRef": {"value": self._one(SALES_ITEMS)}}
            lines.append({"Amount": self._amount(), "DetailType": name, name: detail})
        body: Json = {"PaymentType": kind, "AccountRef": {"value": CARD if kind == "CreditCard" else CHECKING},
                      "Line": lines, **self._rate_of(self._currency())}  # fmt: skip
        if kind == "CreditCard" and self._chance(30):
            body["Credit"] = True
        return body

    def _journal_entry(self) -> Json:
        currency = self._currency()
        parts = [self.dice.number(1, 90_00) for _ in range(self.dice.number(1, 2))]
        sides = [("Debit", sum(parts)), *(("Credit", part) for part in parts)]
        lines = []
        for posting, amount in sides:
            detail: Json = {
                "PostingType": posting,
                "AccountRef": {"value": self._one((CHECKING, LOAN, UNDEPOSITED, RECEIVABLE))},
            }
            if detail["AccountRef"]["value"] == RECEIVABLE:
                everybody = self._known("Customer")
                alike = [one for one in everybody if self._currency_in(one) == currency]
                customer = self._one(alike if self._chance(95) else everybody)
                detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer["Id"]}}
            lines.append(
                {
                    "Amount": amount / 100,
                    "DetailType": "JournalEntryLineDetail",
                    "JournalEntryLineDetail": detail,
                }
            )
        return {"Line": lines, **self._rate_of(currency)}

    # -- what to do with what is there ----------------------------------------------------------------

    def _change(self) -> None:
        kinds = [kind for kind in self.last if kind not in ("Customer", "Item") and self.last[kind]]
        if not kinds:
            return
        kind = self._one(kinds)
        obj = self._one(self._known(kind))
        how = self.dice.number(0, 5)
        token = {"Id": obj["Id"], "SyncToken": obj["SyncToken"]}
        if how == 0:
            self._send("delete", kind, token, {"operation": "delete"})
        elif how == 1 and (kind in ("Invoice", "Payment", "SalesReceipt") or self._chance(5)):
            by_update = {"operation": "update", "include": "void"}
            self._send("void", kind, token, {"operation": "void"} if kind == "Invoice" else by_update)
        elif how == 2:
            self._send(
                "update", kind, {**token, "sparse": True, "PrivateNote": self._one(("later", "again"))}
            )
        elif how == 3 and kind in ("Invoice", "SalesReceipt", "Estimate", "RefundReceipt", "CreditMemo"):
            self._send(
                "update", kind, {**token, "sparse": True, "Line": [self._line(self._one(ONE_INCOME_ACCOUNT))]}
            )
        elif how == 4 and kind == "Payment":
            self._send("update", kind, {**self._payment(), **token, "CustomerRef": obj["CustomerRef"],
                                        "CurrencyRef": obj["CurrencyRef"]})  # fmt: skip
        elif self.setting.multicurrency and self._chance(30):
            self._send("update", kind, {**obj, "ExchangeRate": self._one(RATES)})
        else:
            self._send("update", kind, {**obj, "TxnDate": self._one(DAYS)})

    def _list_object(self) -> None:
        number = self.dice.number(0, 2_000)
        if self._chance(25):
            account = self._one(("5", "45", LOAN))
            self._send(
                "create",
                "Item",
                {"Name": f"Item {number}", "Type": "Service", "IncomeAccountRef": {"value": account}},
            )
            return
        body: Json = {"DisplayName": f"Customer {number}"}
        above = self._one(self._known("Customer"))
        if self._chance(50):
            body |= {"Job": True, "ParentRef": {"value": above["Id"]}}
            currency = self._currency_in(above)
        else:
            currency = self._currency()
        if self._chance(30):
            fields = {
                "Id": above["Id"],
                "SyncToken": above["SyncToken"],
                "sparse": True,
                "Notes": body["DisplayName"],
            }
            self._send("update", "Customer", fields)
            return
        self._send("create", "Customer", {**body, **self._currency_of(currency)})

    def _rest_or_wake(self) -> None:
        one = self._one(self._known("Customer"))
        wakes = one.get("Active") is False
        self._send(
            "update",
            "Customer",
            {"Id": one["Id"], "SyncToken": one["SyncToken"], "sparse": True, "Active": wakes},
        )

    def _batch(self) -> None:
        items: list[Json] = []
        for number in range(self.dice.number(1, 4)):
            if self._chance(75):
                kind, body = self._document()
                items.append({"bId": str(number), "operation": "create", kind: body})
                continue
            kinds = [kind for kind in self.last if kind not in ("Customer", "Item") and self.last[kind]]
            if kinds:
                kind = self._one(kinds)
                obj = self._one(self._known(kind))
                token = {"Id": obj["Id"], "SyncToken": obj["SyncToken"]}
                items.append({"bId": str(number), "operation": "delete", kind: token})
        if not items:
            return
        for asked, answered in zip(items, self.post_batch(items), strict=True):
            kind = next(name for name in asked if name[0].isupper())
            self._note(asked["operation"], kind, asked[kind], answered.get(kind))

    # -- sending and remembering ----------------------------------------------------------------------

    def _send(self, operation: str, kind: str, body: Json, parameters: dict[str, str] | None = None) -> None:
        self._note(operation, kind, body, self.post(kind, body, parameters or {}))

    def _note(self, operation: str, kind: str, body: Json, answered: Json | None) -> None:
        if answered is None:
            return
        if operation == "delete":
            self.last[kind].pop(body["Id"], None)
            self.deleted.append((kind, body["Id"]))
            return
        self.last.setdefault(kind, {})[answered["Id"]] = answered
        if operation == "create" and "TxnDate" in answered:
            self.written[kind] += 1

    # -- small choices --------------------------------------------------------------------------------

    def _one(self, options: Sequence[T]) -> T:
        return options[self.dice.number(0, len(options) - 1)]

    def _chance(self, percent: int) -> bool:
        return self.dice.number(0, 99) >= 100 - percent

    def _amount(self, highest: int = 2_000_00) -> float:
        return self.dice.number(1, highest) / 100

    def _known(self, kind: str) -> list[Json]:
        return list(self.last.get(kind, {}).values())

    def _customer(self) -> Json:
        everybody = self._known("Customer")
        awake = [one for one in everybody if one["Active"]]
        return self._one(awake if awake and self._chance(95) else everybody)

    def _pays(self, payer: str, owner: str) -> bool:
        above = (self.last["Customer"].get(owner, {}).get("ParentRef") or {}).get("value")
        return payer in (owner, above)

    def _currency_in(self, customer: Json) -> str:
        return str(customer["CurrencyRef"]["value"])

    def _currency(self) -> str:
        return "EUR" if self.setting.multicurrency and self._chance(30) else self.setting.home

    def _currency_of(self, currency: str) -> Json:
        return {"CurrencyRef": {"value": currency}} if self.setting.multicurrency else {}

    def _rate(self, customer: Json) -> Json:
        return self._rate_of(self._currency_in(customer))

    def _rate_of(self, currency: str) -> Json:
        rate = {"ExchangeRate": self._one(RATES)} if currency != self.setting.home else {}
        return {**self._currency_of(currency), **rate}


def _link(part: int, kind: str, ident: str) -> Any:
    return {"Amount": part / 100, "LinkedTxn": [{"TxnId": ident, "TxnType": kind}]}
