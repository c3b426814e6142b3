"""Credits that QuickBooks applies by itself when the company wants it so: the links that an app did not ask for.

Sources: Intuit's reference of Preferences ("automatically applies credits to the next invoice you create for the
same customer"), and a recorded credit memo that was used up within a second by a payment over nothing.
"""

from collections.abc import Iterator

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.linking import apply_more
from crm_sandbox.quickbooks.money import to_cents, to_number
from crm_sandbox.quickbooks.shapes import JsonObject

NOTE = "Created by QB Online to link credits to charges."


def use_unapplied_payments(company: Company, invoice_id: str) -> None:
    """Applies what payments of the customer left over to a new invoice, oldest first."""
    invoice = company.objects["Invoice"][invoice_id]
    for payment in list(_open_of(company, "Payment", invoice, "UnappliedAmt")):
        rest = to_cents(company.objects["Invoice"][invoice_id]["Balance"])
        cents = min(rest, to_cents(payment["UnappliedAmt"]))
        if cents:
            apply_more(company, payment, invoice_id, cents)


def credits_to_link(company: Company, kind: str, ident: str) -> list[JsonObject]:
    """Payments over nothing that bring open credit memos and open invoices together: for a new one of either kind."""
    new = company.objects[kind][ident]
    other = "CreditMemo" if kind == "Invoice" else "Invoice"
    rest = to_cents(new["Balance"])
    bodies = []
    for old in _open_of(company, other, new, "Balance"):
        cents = min(rest, to_cents(old["Balance"]))
        if cents:
            rest -= cents
            bodies.append(_link(company, new, [(kind, ident), (other, old["Id"])], cents))
    return bodies


def _open_of(company: Company, kind: str, like: JsonObject, field: str) -> Iterator[JsonObject]:
    """Documents of the same customer and currency that have something left, oldest first; closed ones stay out."""
    closed = company.settings.book_close_date or ""
    found = company.objects[kind].having("CustomerRef", like["CustomerRef"]["value"].casefold())
    for obj in sorted(found, key=lambda one: (one["TxnDate"], int(one["Id"]))):
        same = obj["CurrencyRef"]["value"] == like["CurrencyRef"]["value"]
        if same and obj["Id"] != like["Id"] and obj.get(field) and obj["TxnDate"] > closed:
            yield obj


def _link(company: Company, new: JsonObject, targets: list[tuple[str, str]], cents: int) -> JsonObject:
    lines = [
        {"Amount": to_number(cents), "LinkedTxn": [{"TxnId": ident, "TxnType": kind}]}
        for kind, ident in targets
    ]
    body: JsonObject = {
        "CustomerRef": new["CustomerRef"], "TotalAmt": 0, "TxnDate": new["TxnDate"], "PrivateNote": NOTE,
        "Line": lines, "Id": company.next_id(ENTITIES["Payment"]),
    }  # fmt: skip
    if company.settings.multicurrency:
        body |= {"CurrencyRef": new["CurrencyRef"], "ExchangeRate": new.get("ExchangeRate", 1)}
    return body
