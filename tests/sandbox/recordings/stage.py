"""Makes a company of the simulator like the one that was recorded, through the API that any client has.

Objects of a recording are created with their recorded content; what they refer to is created first, by its recorded
name. Ids differ: `ids` says which of this company stand for a recorded one.
"""

import itertools
from typing import Any

from tests.sandbox.quickbooks_world import Books, Json, token
from tests.sandbox.recordings.reading import ACCOUNTS, TARGETS, applied, as_estimate, name_values, sale

from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.testing import RunningSandbox

FIRST_REALM = 4_620_816_365_000_000_000
_realms = itertools.count(FIRST_REALM)

GIVEN_BY_QUICKBOOKS = ("Id", "SyncToken", "MetaData", "domain", "status", "time", "LinkedTxn")
FOREIGN_TAX_CODES = "2"
"""The first tax code of a simulated company; codes cannot be chosen, so every recorded one stands for it."""


class Stage:
    """One company, fresh, in a sandbox that other recordings use too."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.books = Books(sandbox, str(next(_realms)))
        self.ids: dict[str, set[str]] = {}
        self.known: dict[tuple[str, str], str] = {}
        """(kind, recorded Id) -> Id here."""
        self.recorded: dict[tuple[str, str], Json] = {}
        """Objects that the recording shows, by kind and recorded Id."""
        self.currency: str | None = None
        """The currency of customers and vendors that the recording only names, where it is not the usual one."""
        self._counterpart: str | None = None
        self._spares: dict[str, list[Json]] = {}

    def settings(self, **changes: object) -> None:
        """Switches settings of the company."""
        self.books.settings(**changes)

    def adopt(self, kind: str, recorded_id: str, here: str) -> None:
        """From now on the recorded Id means this object."""
        self.known[kind, recorded_id] = here
        self.ids.setdefault(recorded_id, set()).add(here)

    def put(self, kind: str, recorded: Json) -> Json:
        """Creates the recorded object with all that it refers to, pays and links it as recorded; as it is now."""
        ident = str(recorded.get("Id", ""))
        if (kind, ident) in self.known:
            known = self.books.read(kind, self.known[kind, ident])
            if kind == "Account":  # others have referred to it before: now it gets its balance
                self._settle(kind, recorded, known)
            return known
        self.recorded.setdefault((kind, ident), recorded)
        if kind in ("Payment", "Deposit"):
            self._make_linked(kind, recorded)
            if (kind, ident) in self.known:  # it was made on the way, with what it pays
                return self.books.read(kind, self.known[kind, ident])
        estimate = self._estimate_link(recorded) if kind == "Invoice" else {}
        body = {**self.body(kind, recorded), **estimate}
        made = self._make(kind, body)
        if ident:
            self.adopt(kind, ident, made["Id"])
        self._settle(kind, recorded, made)
        if (
            ENTITIES[kind].is_txn and recorded.get("SyncToken", "0") != "0"
        ):  # it was changed since it was made
            self.books.make(kind, {**token(self.books.read(kind, made["Id"])), "sparse": True})
        self.books.sandbox.clock.advance(1)  # so that each has a time of its own, in the recorded order
        return self.books.read(kind, made["Id"])

    def body(self, kind: str, recorded: Json) -> Json:
        """What an app would have sent to get the recorded object: without what QuickBooks gives by itself."""
        body = {name: value for name, value in recorded.items() if name not in GIVEN_BY_QUICKBOOKS}
        parent = recorded.get("FullyQualifiedName", "").rpartition(":")[0]
        if parent and "ParentRef" in body and "name" not in body["ParentRef"]:
            body["ParentRef"] = {**body["ParentRef"], "name": parent}
        return self.mapped(kind, body)

    def mapped(self, kind: str, value: Any, name: str = "") -> Any:
        """The value with every reference pointing to an object of this company, made where it is missing."""
        if isinstance(value, list):
            return [self.mapped(kind, one, name) for one in value]
        if not isinstance(value, dict):
            return value
        if "value" in value and (name.endswith("Ref") or name == "Entity"):
            return self._reference(kind, name, value)
        if name == "LinkedTxn":
            return {**value, "TxnId": self.known[value["TxnType"], value["TxnId"]]}
        return {key: self.mapped(kind, part, key) for key, part in value.items() if key != "LineEx"}

    def _reference(self, kind: str, name: str, ref: Json) -> Json:
        target = TARGETS.get(name) or (kind if name == "ParentRef" else None)
        if name in ("Entity", "EntityRef"):
            target = str(ref.get("type") or "Customer").capitalize()
        ident = str(ref["value"])
        if target is None:
            is_code = name.endswith(("TaxCodeRef", "TaxRateRef")) and ident.isdigit()
            return {**ref, "value": FOREIGN_TAX_CODES} if is_code else ref
        if (target, ident) not in self.known:
            shown = self.recorded.get((target, ident))
            if shown:
                self.put(target, shown)
            else:
                called = ref.get("name") or self._name_elsewhere(target, ident) or f"{target} {ident}"
                self.adopt(target, ident, self._stand_in(target, name, str(called)))
        return {**ref, "value": self.known[target, ident]}

    def _name_elsewhere(self, target: str, ident: str) -> str | None:
        """The name that another object of the recording gives to what this one refers to by Id only."""
        for one in self.recorded.values():
            for name, ref in one.items():
                if (
                    TARGETS.get(name) == target
                    and isinstance(ref, dict)
                    and ref.get("value") == ident
                    and "name" in ref
                ):
                    return str(ref["name"])
        return None

    def _stand_in(self, target: str, name: str, shown: str) -> str:
        """An object that the recording only names: one of the company's own of that name, else a new one."""
        plain = shown.rpartition(":")[2]
        field = "DisplayName" if ENTITIES[target].shape == "name" else "Name"
        if name == "DepositToAccountRef" and shown == "Account 4":
            plain = "Undeposited Funds"  # Account 4 of every sample company, recorded without its name
        parent = shown.rpartition(":")[0]
        found = None if parent else self.find(target, field, plain)
        if found:
            return str(found["Id"])
        extra: Json = {}
        if parent:
            flag = "Job" if target == "Customer" else f"Sub{target}"
            extra = {flag: True, "ParentRef": {"value": self._stand_in(target, name, parent)}}
        if ENTITIES[target].shape == "name" and self.currency:
            extra["CurrencyRef"] = {"value": self.currency}
        if target == "Account":
            extra["AccountType"] = ACCOUNTS.get(name, "Expense")
        elif target == "Item":
            extra |= {"Type": "Service", "IncomeAccountRef": {"value": "5"}}
        return str(self.books.make(target, {field: plain, **extra})["Id"])

    def find(self, kind: str, field: str, value: str) -> Json | None:
        """The object of that name, inactive ones too."""
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        found = self.books.ask(
            f"select * from {kind} where {field} = '{escaped}' and Active in (true, false)"
        )
        return next(iter(found.get(kind, [])), None)

    def _make(self, kind: str, body: Json) -> Json:
        """Creates the object; one of the company's own of that name is changed into it instead."""
        entity = ENTITIES[kind]
        inactive = body.get("Active") is False
        if kind == "TaxCode":
            return self._tax_code(body)
        if kind == "CompanyCurrency":
            return self.books.make(kind, {"Code": body["Code"]})
        if entity.is_txn:
            return self.books.make(kind, body)
        field = "DisplayName" if entity.shape == "name" else "Name"
        full = (
            "FullyQualifiedName" if kind in ("Customer", "Account", "Item", "Class", "Department") else field
        )
        own = self.find(kind, full, str(body.get(full) or body.get(field))) or self._spare(kind)
        without_code = kind == "Customer" and "DefaultTaxCodeRef" not in body
        if without_code:  # customers from before the company used sales tax have no default code
            self.settings(using_sales_tax=False)
        made = self.books.make(
            kind,
            {**body, **(token(own) if own else {}), "Active": True},
        )
        if without_code:
            self.settings(using_sales_tax=True)
        if inactive and made["Active"]:
            rest = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "Active": False}
            made = self.books.make(kind, {**body, **rest})
        return made

    def _tax_code(self, body: Json) -> Json:
        """Tax codes are made by the tax service, each with its rates; whose percentage is not shown has 8."""
        own = self.find("TaxCode", "Name", body["Name"])
        if own:
            return own
        details, named = [], {}
        for applies_to, rates in (("Sales", "SalesTaxRateList"), ("Purchase", "PurchaseTaxRateList")):
            for rate in (body.get(rates) or {}).get("TaxRateDetail") or []:
                ident, name = rate["TaxRateRef"]["value"], rate["TaxRateRef"].get("name")
                if ("TaxRate", ident) in self.known:
                    details.append({"TaxRateId": self.known["TaxRate", ident], "TaxApplicableOn": applies_to})
                    continue
                named[ident] = name
                percent = self.recorded.get(("TaxRate", ident), {}).get("RateValue", 8)
                details.append(
                    {
                        "TaxRateName": name,
                        "RateValue": percent,
                        "TaxAgencyId": "1",
                        "TaxApplicableOn": applies_to,
                    }
                )
        answer = self.books.client.post(
            "/taxservice/taxcode", json={"TaxCode": body["Name"], "TaxRateDetails": details}
        )
        assert answer.status_code == 200, answer.text
        made = {detail["TaxRateName"]: detail["TaxRateId"] for detail in answer.json()["TaxRateDetails"]}
        for ident, name in named.items():
            self.adopt("TaxRate", ident, made[name])
        return self.books.read("TaxCode", answer.json()["TaxCodeId"])

    def _spare(self, kind: str) -> Json | None:
        """A customer, vendor or employee that a fresh company has and the recorded one had not: to be renamed."""
        if ENTITIES[kind].shape != "name" or self.currency:
            return None
        if kind not in self._spares:
            shown = {obj.get("DisplayName") for (one, _), obj in self.recorded.items() if one == kind}
            own = self.books.ask(f"select * from {kind}").get(kind, [])
            taken = {here for (one, _), here in self.known.items() if one == kind}
            self._spares[kind] = [
                obj for obj in own if obj["DisplayName"] not in shown and obj["Id"] not in taken
            ]
        return self._spares[kind].pop() if self._spares[kind] else None

    def _owe_vendor(self, vendor: str, amount: float) -> None:
        lines = [
            {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}
            for detail in (
                {"PostingType": "Debit", "AccountRef": {"value": "31"}},
                {"PostingType": "Credit", "AccountRef": {"value": "33"},
                 "Entity": {"Type": "Vendor", "EntityRef": {"value": vendor}}},
            )
        ]  # fmt: skip
        self.books.make("JournalEntry", {"Line": lines})

    # -- what hangs on an object ----------------------------------------------------------------------

    def _estimate_link(self, recorded: Json) -> Json:
        links = [link for link in recorded.get("LinkedTxn") or [] if link["TxnType"] == "Estimate"]
        for link in links:
            if ("Estimate", link["TxnId"]) not in self.known:
                shown = self.recorded.get(("Estimate", link["TxnId"])) or recorded
                made = self.books.make(
                    "Estimate", {**self.body("Estimate", as_estimate(shown)), "TxnStatus": "Accepted"}
                )
                self.adopt("Estimate", link["TxnId"], made["Id"])
        return {"LinkedTxn": self.mapped("Invoice", links, "LinkedTxn")} if links else {}

    def _make_linked(self, kind: str, recorded: Json) -> None:
        """What the lines are linked to and the recording does not show, as large as the lines need."""
        for line in recorded.get("Line") or []:
            for link in line.get("LinkedTxn") or []:
                target = (link["TxnType"], link["TxnId"])
                if target in self.known:
                    continue
                if target in self.recorded:
                    self.put(link["TxnType"], self.recorded[target])
                elif kind == "Payment":
                    self._invoice_to_pay(recorded, line, link)
                else:
                    self._money_to_deposit(line, link)

    def _invoice_to_pay(self, payment: Json, line: Json, link: Json) -> None:
        shown = name_values(line.get("LineEx") or {})
        body = {
            "CustomerRef": self.mapped("Payment", payment["CustomerRef"], "CustomerRef"),
            "Line": [sale(float(shown.get("txnOpenBalance") or line["Amount"]))],
        }
        number = {"DocNumber": shown["txnReferenceNumber"]} if "txnReferenceNumber" in shown else {}
        self.adopt(link["TxnType"], link["TxnId"], self.books.make(link["TxnType"], {**body, **number})["Id"])

    def _money_to_deposit(self, line: Json, link: Json) -> None:
        method = (line.get("DepositLineDetail") or {}).get("PaymentMethodRef")
        body: Json = {"CustomerRef": {"value": "1"}, "DepositToAccountRef": {"value": "4"}}
        if method:
            body["PaymentMethodRef"] = self.mapped("Deposit", method, "PaymentMethodRef")
        if link["TxnType"] == "Payment":
            body["TotalAmt"] = line["Amount"]
        else:
            body["Line"] = [sale(line["Amount"])]
        self.adopt(link["TxnType"], link["TxnId"], self.books.make(link["TxnType"], body)["Id"])

    def _settle(self, kind: str, recorded: Json, made: Json) -> None:
        """Brings about links and balances that only other documents can: payments, deposits, money owed."""
        links = recorded.get("LinkedTxn") or []
        if kind == "Invoice":
            self._pay(recorded, made, [link["TxnId"] for link in links if link["TxnType"] == "Payment"])
        elif kind == "Estimate":
            for link in links:
                self._bill(link["TxnId"], recorded, made)
        elif kind in ("Payment", "SalesReceipt"):
            for link in links:
                self._bring_to_bank(kind, link["TxnId"], made)
        elif kind == "CreditMemo" and recorded.get("Balance") == 0 and recorded["TotalAmt"]:
            self._use_credit(made)
        elif kind == "Customer" and recorded.get("Balance"):
            self.owe(made["Id"], round(recorded["Balance"] - self.books.owed(made["Id"]), 2))
        elif kind == "Vendor" and recorded.get("Balance"):
            self._owe_vendor(made["Id"], recorded["Balance"])
        elif (
            kind == "Account"
            and recorded.get("CurrentBalance", made.get("CurrentBalance")) != made["CurrentBalance"]
        ):
            self._fill_account(made, round(recorded["CurrentBalance"] - made["CurrentBalance"], 2))

    def owe(self, customer: str, amount: float) -> None:
        """Books what a customer owes; a negative amount is a payment that nothing was applied to."""
        if not amount:
            return
        if amount > 0:
            self.books.make("Invoice", {"CustomerRef": {"value": customer}, "Line": [sale(amount)]})
        else:
            self.books.make("Payment", {"CustomerRef": {"value": customer}, "TotalAmt": -amount})

    def _pay(self, recorded: Json, made: Json, payments: list[str]) -> None:
        """Links come newest first, so the last one is paid first; a payment that is not shown takes what is left."""
        open_amount = round(recorded["TotalAmt"] - recorded.get("Balance", 0), 2)
        shown = {one: self.recorded.get(("Payment", one)) for one in payments}
        known = sum(applied(payment, recorded["Id"]) for payment in shown.values() if payment)
        unseen = [one for one, payment in shown.items() if not payment]
        for one in reversed(payments):
            payment = shown[one]
            amount = (
                applied(payment, recorded["Id"]) if payment else round((open_amount - known) / len(unseen), 2)
            )
            body = self.body("Payment", payment) if payment else {}
            line = {"Amount": amount, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}
            paid = self.books.make(
                "Payment", {"TotalAmt": amount, **body, "CustomerRef": made["CustomerRef"], "Line": [line]}
            )
            self.adopt("Payment", one, paid["Id"])

    def _bill(self, ident: str, recorded: Json, estimate: Json) -> None:
        if ("Invoice", ident) in self.known:
            return
        body = {name: recorded[name] for name in ("CustomerRef", "Line")}
        body = self.mapped("Invoice", body) | {
            "LinkedTxn": [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]
        }
        self.adopt("Invoice", ident, self.books.make("Invoice", body)["Id"])

    def _bring_to_bank(self, kind: str, deposit: str, made: Json) -> None:
        line = {
            "Amount": made["TotalAmt"],
            "LinkedTxn": [{"TxnId": made["Id"], "TxnType": kind, "TxnLineId": "0"}],
        }
        body: Json = {"DepositToAccountRef": {"value": "35"}, "Line": [line]}
        if ("Deposit", deposit) in self.recorded and ("Deposit", deposit) not in self.known:
            self.put("Deposit", self.recorded["Deposit", deposit])
        if ("Deposit", deposit) in self.known:
            before = self.books.read("Deposit", self.known["Deposit", deposit])
            if any(
                made["Id"] == link["TxnId"] for one in before["Line"] for link in one.get("LinkedTxn") or []
            ):
                return
            body = {**before, "Line": [*before["Line"], line]}
        self.adopt("Deposit", deposit, self.books.make("Deposit", body)["Id"])

    def _use_credit(self, memo: Json) -> None:
        customer, amount = memo["CustomerRef"], memo["TotalAmt"]
        invoice = self.books.make("Invoice", {"CustomerRef": customer, "Line": [sale(amount)]})
        lines = [
            {"Amount": amount, "LinkedTxn": [{"TxnId": one["Id"], "TxnType": one_kind}]}
            for one_kind, one in (("Invoice", invoice), ("CreditMemo", memo))
        ]
        self.books.make("Payment", {"CustomerRef": customer, "TotalAmt": 0, "Line": lines})

    def _fill_account(self, account: Json, amount: float) -> None:
        sides = ("Debit", "Credit") if amount > 0 else ("Credit", "Debit")
        if self._counterpart is None:
            self._counterpart = self.books.make("Account", {"Name": "Counterpart", "AccountType": "Equity"})[
                "Id"
            ]
        lines = [
            {"Amount": abs(amount), "DetailType": "JournalEntryLineDetail",
             "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": ident}}}
            for side, ident in zip(sides, (account["Id"], self._counterpart), strict=True)
        ]  # fmt: skip
        # An account holds one currency; at a rate of one its figure is the recorded one in both.
        currency = (account.get("CurrencyRef") or {}).get("value", "USD")
        rate = {} if currency == "USD" else {"ExchangeRate": 1}
        self.books.make("JournalEntry", {"Line": lines, "CurrencyRef": {"value": currency}} | rate)
