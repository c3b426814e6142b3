"""What hangs together: payments on invoices, invoices on estimates, payments in a bank deposit."""

from crm_sandbox.quickbooks import banking, receipts, sales
from crm_sandbox.quickbooks.addresses import with_ids
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.ledger import Posting
from crm_sandbox.quickbooks.money import to_cents, to_number
from crm_sandbox.quickbooks.refusals import books_closed, business, cannot_link, other_currency
from crm_sandbox.quickbooks.sales import SALES_FORMS
from crm_sandbox.quickbooks.shapes import JsonObject


def book(company: Company, entity: Entity, obj: JsonObject) -> None:
    """Writes the document into the books and links it to what it pays, closes or brings to the bank; raises Refused."""
    lines = _postings(company, entity, obj)
    _check_one_foreign_currency(company, obj, lines)
    if entity.name == "Invoice":
        _close_estimates(company, obj)
    elif entity.name == "Payment":
        for (kind, ident), cents in receipts.applied_totals(obj).items():
            company.apply((kind, ident), obj["Id"], cents)
            _refresh(company, kind, ident)
    elif entity.name == "Deposit":
        for kind, ident in banking.deposited(obj):
            company.bring_to_bank((kind, ident), obj["Id"])
            _refresh(company, kind, ident)
    company.post(entity.name, obj["Id"], lines)


def _postings(company: Company, entity: Entity, obj: JsonObject) -> tuple[Posting, ...]:
    if entity.name in SALES_FORMS:
        return sales.postings(company, entity, obj)
    if entity.name == "Payment":
        return receipts.postings(company, obj)
    return banking.postings(company, entity.name, obj)


def _check_one_foreign_currency(company: Company, obj: JsonObject, lines: tuple[Posting, ...]) -> None:
    """An account holds one currency: what is booked on it is in that one, or it is an account of the home currency.

    Reported of accounts in other currencies than the document's, with the code and text of `other_currency`.
    """
    home = company.settings.home_currency
    fitting = {home, (obj.get("CurrencyRef") or {}).get("value", home)}
    for line in lines:
        account = company.get("Account", line.account_id) or {}
        if (account.get("CurrencyRef") or {}).get("value", home) not in fitting:
            raise other_currency()


def let_go(company: Company, entity: Entity, obj: JsonObject) -> None:
    """Takes the document out of the books and undoes its links, as before a delete or a change."""
    company.post(entity.name, obj["Id"], ())
    if entity.name == "Payment":
        for kind, ident in receipts.applied_totals(obj):
            company.apply((kind, ident), obj["Id"], 0)
            _refresh(company, kind, ident)
    elif entity.name == "Deposit":
        for kind, ident in banking.deposited(obj):
            company.bring_to_bank((kind, ident), None)
            _refresh(company, kind, ident)
    elif entity.name in ("Invoice", "CreditMemo"):
        for payment_id in list(company.applied.get((entity.name, obj["Id"]), {})):
            _unlink_payment(company, payment_id, entity.name, obj["Id"])
        if entity.name == "Invoice":
            free_estimates(company, obj)
    elif entity.name == "Estimate" and obj.get("LinkedTxn"):
        raise business("This estimate is linked to an invoice. Delete the invoice first.")


def rebook_payments(company: Company, kind: str, ident: str) -> None:
    """What was settled counts at the rate of the document that it settles: when that changed, so does this."""
    for payment_id in company.applied.get((kind, ident), {}):
        payment = company.objects["Payment"][payment_id]
        company.post("Payment", payment_id, receipts.postings(company, payment))


def apply_more(company: Company, payment: JsonObject, invoice_id: str, cents: int) -> None:
    """Applies some of what a payment left over to one more invoice."""
    changed = receipts.applied_to(payment, company.objects["Invoice"][invoice_id], cents)
    company.apply(
        ("Invoice", invoice_id), payment["Id"], receipts.applied_totals(changed)["Invoice", invoice_id]
    )
    store(company, ENTITIES["Payment"], changed, payment)
    company.note("Payment", payment["Id"], "updated")
    _refresh(company, "Invoice", invoice_id)
    company.post("Payment", payment["Id"], receipts.postings(company, changed))


def _unlink_payment(company: Company, payment_id: str, kind: str, ident: str) -> None:
    entity = ENTITIES["Payment"]
    payment = company.objects["Payment"][payment_id]
    check_open_period(company, payment["TxnDate"])
    freed = receipts.without(payment, kind, ident)
    before, after = receipts.applied_totals(payment), receipts.applied_totals(freed)
    changed = [target for target in before if after.get(target) != before[target]]
    for target in changed:
        company.apply(target, payment_id, after.get(target, 0))
    store(company, entity, freed, payment)
    for other in changed:
        if other != (kind, ident):
            _refresh(company, *other)
    company.post("Payment", payment_id, receipts.postings(company, freed))
    company.note("Payment", payment_id, "updated")


def _refresh(company: Company, kind: str, ident: str) -> None:
    """Brings Balance and LinkedTxn of a document up to date after something was linked to it or taken off."""
    entity, obj = ENTITIES[kind], company.get(kind, ident)
    if obj is None:
        return
    fresh = dict(obj)
    if kind in ("Invoice", "CreditMemo"):
        fresh["LinkedTxn"] = links(company, entity, obj)
        fresh["Balance"] = to_number(open_cents(company, entity, obj))
        if kind == "CreditMemo":
            fresh["RemainingCredit"] = fresh["Balance"]
    else:
        deposit = company.in_deposit.get((kind, ident))
        others = [link for link in obj.get("LinkedTxn") or [] if link["TxnType"] != "Deposit"]
        fresh["LinkedTxn"] = [*others, *([{"TxnId": deposit, "TxnType": "Deposit"}] if deposit else [])]
    store(company, entity, fresh, obj)
    company.note(kind, ident, "updated")


def links(company: Company, entity: Entity, obj: JsonObject) -> list[JsonObject]:
    """What the client linked itself (an estimate), then the payments that are applied, newest first (recorded)."""
    payments = reversed(company.applied.get((entity.name, obj["Id"]), {}))
    others = [link for link in obj.get("LinkedTxn") or [] if link["TxnType"] != "Payment"]
    return [*others, *({"TxnId": payment, "TxnType": "Payment"} for payment in payments)]


def _close_estimates(company: Company, invoice: JsonObject) -> None:
    links = [link for link in invoice.get("LinkedTxn") or [] if link["TxnType"] == "Estimate"]
    if len(links) > 1:
        raise business("An invoice can be linked to only one estimate.")
    for link in links:
        estimate = company.get("Estimate", link["TxnId"])
        if estimate is None or estimate["CustomerRef"]["value"] != invoice["CustomerRef"]["value"]:
            raise cannot_link(link["TxnId"])
        if any(other["TxnId"] != invoice["Id"] for other in estimate.get("LinkedTxn") or []):
            raise cannot_link(link["TxnId"])
        closed = {
            **estimate,
            "TxnStatus": "Closed",
            "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}],
        }
        store(company, ENTITIES["Estimate"], closed, estimate)


def free_estimates(company: Company, invoice: JsonObject) -> None:
    """Opens the estimates again that the invoice had closed."""
    for link in invoice.get("LinkedTxn") or []:
        estimate = company.get("Estimate", link["TxnId"]) if link["TxnType"] == "Estimate" else None
        if estimate:
            opened = {**estimate, "TxnStatus": "Accepted", "LinkedTxn": []}
            store(company, ENTITIES["Estimate"], opened, estimate)


def store(company: Company, entity: Entity, obj: JsonObject, before: JsonObject | None) -> JsonObject:
    """Puts the object away with its SyncToken, times and the order of fields that Intuit uses."""
    now = company.now().isoformat(timespec="seconds")
    created = before["MetaData"]["CreateTime"] if before else now
    token = str(int(before["SyncToken"]) + 1) if before else "0"
    head = {
        "domain": "QBO", "sparse": False, "Id": obj["Id"], "SyncToken": token,
        "MetaData": {"CreateTime": created, "LastUpdatedTime": now},
    }  # fmt: skip
    rest = {name: value for name, value in obj.items() if name not in head and value is not None}
    if entity.name == "Invoice":
        rest.setdefault("LinkedTxn", [])
    stored = {**head, **with_ids(company, entity, rest)}
    company.put(entity, stored)
    return stored


def open_cents(company: Company, entity: Entity, obj: JsonObject) -> int:
    """What remains to be paid of an invoice, or to be used of a credit memo."""
    used = company.applied_cents((entity.name, obj["Id"]))
    return to_cents(obj["TotalAmt"]) - to_cents(obj.get("Deposit") or 0) - used


def check_open_period(company: Company, day: str) -> None:
    """Refuses a date on or before the day on which the books were closed."""
    closed = company.settings.book_close_date
    if closed and day <= closed:
        raise books_closed()
