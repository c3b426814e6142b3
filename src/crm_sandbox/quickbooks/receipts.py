"""Payments: what a customer paid, to which invoices it goes, and what stays as credit."""

from collections import defaultdict

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.ledger import Posting
from crm_sandbox.quickbooks.money import home_cents, to_cents, to_decimal, to_number
from crm_sandbox.quickbooks.refusals import business, cannot_link, deleted_transaction, missing
from crm_sandbox.quickbooks.sales import check_money_account, money_account
from crm_sandbox.quickbooks.shapes import JsonObject

LINKABLE = ("Invoice", "CreditMemo")


def work_out(company: Company, obj: JsonObject) -> JsonObject:
    """The payment with its links checked and the unapplied rest computed; raises Refused.

    No line at all leaves the whole amount unapplied, unless the company applies credits by itself.
    """
    total = to_cents(obj["TotalAmt"], "TotalAmt")
    if total < 0:
        raise business("The transaction amount must be 0 or greater. Please enter a positive amount.")
    check_money_account(company, obj)
    lines = obj.get("Line") or []
    if not lines and company.settings.auto_apply_credit:
        lines = _oldest_open_invoices(company, obj, total)
    done: list[JsonObject] = []
    applied = 0
    for line in lines:
        if line.get("Amount") is None:
            raise missing("Amount")
        cents = to_cents(line["Amount"])
        links = line.get("LinkedTxn") or []
        if len(links) != 1:
            raise missing("Line.LinkedTxn")
        link = links[0]
        target = _target(company, obj, link["TxnType"], link["TxnId"])
        open_cents = to_cents(target["Balance"])
        already = sum(to_cents(d["Amount"]) for d in done if d["LinkedTxn"] == [_bare(link)])
        if cents < 0 or cents + already > open_cents:
            raise business(
                f"You can't apply more than the open balance of {link['TxnType']} {link['TxnId']}: "
                f"{to_number(open_cents)} is open, {line['Amount']} was sent."
            )
        applied += cents if link["TxnType"] == "Invoice" else -cents
        done.append({"Amount": to_number(cents), "LinkedTxn": [_bare(link)], "LineEx": _line_extras(target)})
    if applied > total:
        raise business("The amounts applied to invoices are more than the amount received.")
    if applied < 0:
        raise business("Credits must be applied to invoices.")
    return {
        **obj,
        "TotalAmt": to_number(total),
        "UnappliedAmt": to_number(total - applied),
        "ProcessPayment": bool(obj.get("ProcessPayment")),
        "DepositToAccountRef": {"value": money_account(company, obj)},
        "Line": [line for line in done if line["Amount"]],
    }


def postings(company: Company, obj: JsonObject) -> tuple[Posting, ...]:
    """Money in, receivable down; what the exchange rate did in between goes to its own account.

    What settles an invoice lowers the balance of the invoice's customer, who may be a job of the payer.
    """
    total = to_cents(obj["TotalAmt"])
    rate = to_decimal(obj.get("ExchangeRate", 1), "ExchangeRate")
    payer = obj["CustomerRef"]["value"]
    home: defaultdict[str, int] = defaultdict(int)
    settled: defaultdict[str, int] = defaultdict(int)
    for kind, ident, cents in applications(obj):
        target = company.objects[kind][ident]
        owner = target["CustomerRef"]["value"]
        signed = cents if kind == "Invoice" else -cents
        home[owner] += home_cents(signed, to_decimal(target.get("ExchangeRate", 1), "ExchangeRate"))
        settled[owner] += signed
    rest = total - sum(settled.values())
    home[payer] += home_cents(rest, rate)
    settled[payer] += rest
    receivable = company.account_of_type("Accounts Receivable")["Id"]
    gain = company.account_of_type("Other Expense", "ExchangeGainOrLoss")["Id"]
    lines = [
        Posting(money_account(company, obj), home_cents(total, rate)),
        *(Posting(receivable, -home[owner], owner, -cents) for owner, cents in settled.items()),
    ]
    lines.append(Posting(gain, -sum(line.cents for line in lines)))
    return tuple(line for line in lines if line.cents or line.foreign_cents)


def applications(obj: JsonObject) -> list[tuple[str, str, int]]:
    """(entity, Id, cents) of everything that the payment is linked to in its lines."""
    return [
        (line["LinkedTxn"][0]["TxnType"], line["LinkedTxn"][0]["TxnId"], to_cents(line["Amount"]))
        for line in obj.get("Line") or []
    ]


def applied_totals(obj: JsonObject) -> dict[tuple[str, str], int]:
    """(entity, Id) of everything that the payment is linked to, with all that it applies to it, in cents."""
    totals: dict[tuple[str, str], int] = {}
    for kind, ident, cents in applications(obj):
        totals[kind, ident] = totals.get((kind, ident), 0) + cents
    return totals


def applied_to(obj: JsonObject, invoice: JsonObject, cents: int) -> JsonObject:
    """The payment with some of what it left over applied to an invoice."""
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    line = {"Amount": to_number(cents), "LinkedTxn": [link], "LineEx": _line_extras(invoice)}
    rest = to_cents(obj["UnappliedAmt"]) - cents
    return {**obj, "Line": [*(obj.get("Line") or []), line], "UnappliedAmt": to_number(rest)}


def without(obj: JsonObject, kind: str, ident: str) -> JsonObject:
    """The payment after what it was linked to went away: the amount becomes unapplied.

    Without a credit that it had used, less is there for the invoices: the last ones get less, or nothing.
    """
    stays = [line for line in obj["Line"] if line["LinkedTxn"][0] != {"TxnId": ident, "TxnType": kind}]
    signed = [cents if of == "Invoice" else -cents for of, _, cents in applications({"Line": stays})]
    left = to_cents(obj["TotalAmt"]) - sum(signed)
    for place in reversed(range(len(stays))):
        if left < 0 < signed[place]:
            less = min(-left, signed[place])
            stays[place] = {**stays[place], "Amount": to_number(signed[place] - less)}
            left += less
    return {**obj, "Line": [line for line in stays if line["Amount"]], "UnappliedAmt": to_number(left)}


def _target(company: Company, obj: JsonObject, kind: str, ident: str) -> JsonObject:
    if kind not in LINKABLE:
        raise cannot_link(ident)
    target = company.get(kind, ident)
    if target is None:
        if (kind, ident) in company.deleted:
            raise deleted_transaction()
        raise cannot_link(ident)
    if not _is_customer_or_below(company, target["CustomerRef"]["value"], obj["CustomerRef"]["value"]):
        raise business(f"{kind} {ident} belongs to another customer than this payment.")
    if target["CurrencyRef"]["value"] != obj["CurrencyRef"]["value"]:
        raise business("The payment must be in the currency of the invoice.")
    return target


def _is_customer_or_below(company: Company, owner: str | None, payer: str) -> bool:
    """A payment may settle invoices of the customer and of its jobs."""
    for _ in range(6):
        if owner is None or owner == payer:
            return owner == payer
        parent = (company.get("Customer", owner) or {}).get("ParentRef")
        owner = parent["value"] if parent else None
    return False


def _oldest_open_invoices(company: Company, obj: JsonObject, total: int) -> list[JsonObject]:
    customer = obj["CustomerRef"]["value"]
    open_ones = [
        invoice
        for invoice in company.objects["Invoice"].having("CustomerRef", customer)
        if invoice["Balance"]
    ]
    lines = []
    for invoice in sorted(open_ones, key=lambda one: (one["TxnDate"], int(one["Id"]))):
        cents = min(total, to_cents(invoice["Balance"]))
        if cents:
            link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
            lines.append({"Amount": to_number(cents), "LinkedTxn": [link]})
        total -= cents
    return lines


def _bare(link: JsonObject) -> JsonObject:
    return {"TxnId": link["TxnId"], "TxnType": link["TxnType"]}


def _line_extras(target: JsonObject) -> JsonObject:
    """The name-value block that Intuit puts on payment lines, in the very shape of its Java classes."""
    values = (
        ("txnId", target["Id"]),
        ("txnOpenBalance", f"{to_cents(target['Balance']) / 100:.2f}"),
        ("txnReferenceNumber", target.get("DocNumber")),
    )
    return {
        "any": [
            {
                "name": "{http://schema.intuit.com/finance/v3}NameValue",
                "declaredType": "com.intuit.schema.finance.v3.NameValue",
                "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                "value": {"Name": name, "Value": value},
                "nil": False,
                "globalScope": True,
                "typeSubstituted": False,
            }
            for name, value in values
            if value
        ]
    }
