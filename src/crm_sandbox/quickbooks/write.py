"""Create, update, void and delete: what happens to one object and to everything that hangs on it."""

from datetime import date, timedelta

from crm_sandbox.quickbooks import banking, listings, receipts, sales
from crm_sandbox.quickbooks.checks import clean, require
from crm_sandbox.quickbooks.company import MAX_OBJECTS, Company, JsonObject
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.ledger import Posting
from crm_sandbox.quickbooks.money import to_cents, to_number
from crm_sandbox.quickbooks.refusals import (
    books_closed,
    business,
    cannot_link,
    company_read_only,
    deleted_transaction,
    deposited,
    duplicate_number,
    invalid_id,
    missing,
    not_found,
    refusal,
    stale,
    unsupported,
)

SALES_FORMS = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo", "Estimate")
DEFAULT_DUE_DAYS = 30
MAX_SYNC_TOKEN_LENGTH = 10


def create(company: Company, entity: Entity, body: JsonObject, duplicate_number_ok: bool = False) -> JsonObject:
    """Creates the object and everything that follows from it; returns it as stored. Raises Refused."""
    _check_writable(company, entity)
    if entity.name == "CompanyInfo":
        raise unsupported("create CompanyInfo")
    if len(company.objects[entity.name]) >= MAX_OBJECTS:
        raise business(f"This sandbox holds at most {MAX_OBJECTS} objects of a kind.")
    with company.transaction():
        sent = {name: value for name, value in clean(company, entity, body).items() if value is not None}
        require(entity, sent)
        obj = {**sent, "Id": company.next_id(entity)}
        if entity.is_txn:
            obj = _new_transaction(company, entity, obj, duplicate_number_ok)
            _book(company, entity, obj)
        else:
            obj = listings.work_out(company, entity, obj)
        stored = _stored(company, entity, obj, None)
        company.note(entity.name, stored["Id"], "created")
        return stored


def update(company: Company, entity: Entity, body: JsonObject, duplicate_number_ok: bool = False) -> JsonObject:
    """Full update (fields left out are cleared) or, with `sparse`, only the fields sent. Raises Refused."""
    _check_writable(company, entity)
    before = find(company, entity, body)
    with company.transaction():
        sent = clean(company, entity, body)
        sparse = body.get("sparse") in (True, "true") and entity.sparse
        kept = {
            name: value
            for name, value in before.items()
            if sparse or name == "Id" or (entity.fields[name].keep and name not in sent)
        }
        if not sparse and entity.name == "Account":
            kept |= {name: before[name] for name in ("AccountType", "AccountSubType")}
        obj = {name: value for name, value in {**kept, **sent}.items() if value is not None}
        require(entity, obj)
        if entity.is_txn:
            obj = _changed_transaction(company, entity, before, obj, duplicate_number_ok)
        else:
            _check_fixed(entity, before, obj)
            listings.check_can_rest(company, entity, before, obj)
            obj = listings.work_out(company, entity, obj)
        stored = _stored(company, entity, obj, before)
        company.note(entity.name, stored["Id"], "updated")
        return stored


def delete(company: Company, entity: Entity, body: JsonObject) -> JsonObject:
    """Deletes a transaction; what was linked to it is free again. List objects can only be made inactive."""
    _check_writable(company, entity)
    if not entity.is_txn:
        raise unsupported(f"delete {entity.name}")
    before = find(company, entity, body)
    with company.transaction():
        _check_changeable(company, entity, before)
        _let_go(company, entity, before)
        company.remove(entity, before["Id"])
        company.note(entity.name, before["Id"], "deleted")
    return {"domain": "QBO", "status": "Deleted", "Id": before["Id"]}


def void(company: Company, entity: Entity, body: JsonObject) -> JsonObject:
    """Sets all amounts to zero and keeps the document, with "Voided" in its note."""
    _check_writable(company, entity)
    if not entity.voidable:
        raise unsupported(f"void {entity.name}")
    before = find(company, entity, body)
    with company.transaction():
        _check_changeable(company, entity, before)
        _let_go(company, entity, before)
        before = company.get(entity.name, before["Id"]) or before
        note = before.get("PrivateNote")
        zeroed = {**before, "PrivateNote": f"{note} - Voided" if note else "Voided", "TotalAmt": 0}
        if entity.name == "Payment":
            zeroed |= {"UnappliedAmt": 0, "Line": []}
        else:
            zeroed |= {"Balance": 0, "Line": [_zeroed_line(line) for line in before["Line"]]}
            zeroed |= {"TxnTaxDetail": {"TotalTax": 0}, "LinkedTxn": []} if entity.name in SALES_FORMS else {}
        zeroed.pop("Deposit", None)
        stored = _stored(company, entity, zeroed, before)
        company.note(entity.name, stored["Id"], "voided")
        return stored


def find(company: Company, entity: Entity, body: JsonObject) -> JsonObject:
    """The stored object that the body means, its SyncToken compared; raises Refused."""
    ident = body.get("Id")
    if ident in (None, ""):
        raise missing("Id")
    before = read(company, entity, str(ident))
    token = body.get("SyncToken")
    if token in (None, ""):
        raise missing("SyncToken")
    if str(token) != before["SyncToken"]:
        if not str(token).isdigit() or len(str(token)) > MAX_SYNC_TOKEN_LENGTH:
            raise refusal("2090", "Invalid Number", f"SyncToken should be a number. Supplied value:{token}", "SyncToken")
        raise stale(company.settings.other_user)
    return before


def read(company: Company, entity: Entity, ident: str) -> JsonObject:
    """The stored object of that Id; raises Refused 2030 or 610."""
    if not ident.lstrip("-").isdigit():
        raise invalid_id(ident)
    obj = company.get(entity.name, ident)
    if obj is None:
        raise deleted_transaction() if (entity.name, ident) in company.deleted else not_found()
    return obj


# -- transactions -------------------------------------------------------------------------------------


def _new_transaction(company: Company, entity: Entity, obj: JsonObject, duplicate_ok: bool) -> JsonObject:
    obj = {"TxnDate": company.today(), **obj}
    _check_open_period(company, obj["TxnDate"])
    if entity.name in SALES_FORMS and not obj.get("DocNumber") and not company.settings.custom_txn_numbers:
        obj["DocNumber"] = company.next_doc_number(entity)
    _check_number(company, entity, obj, duplicate_ok)
    return _worked_out(company, entity, obj)


def _changed_transaction(
    company: Company, entity: Entity, before: JsonObject, obj: JsonObject, duplicate_ok: bool
) -> JsonObject:
    _check_changeable(company, entity, before)
    obj.setdefault("TxnDate", before["TxnDate"])
    _check_open_period(company, obj["TxnDate"])
    if obj.get("DocNumber") != before.get("DocNumber"):
        _check_number(company, entity, obj, duplicate_ok)
    applied = company.applied_cents((entity.name, before["Id"]))
    if applied and obj["CustomerRef"]["value"] != before["CustomerRef"]["value"]:
        raise business("The customer cannot be changed while payments are linked to this transaction.")
    if entity.name in ("Payment", "Deposit"):
        _let_go(company, entity, before)
    elif entity.name == "Invoice":
        _free_estimates(company, before)
    obj = _worked_out(company, entity, obj)
    if applied > to_cents(obj.get("TotalAmt", 0)):
        raise business("The amount is less than the payments that are already applied to this transaction.")
    _book(company, entity, obj)
    return obj


def _worked_out(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    obj = _with_currency(company, entity, obj)
    if entity.name in SALES_FORMS:
        obj = _with_sales_defaults(company, entity, sales.work_out(company, entity, obj))
    elif entity.name == "Payment":
        obj = receipts.work_out(company, obj)
    else:
        obj = banking.work_out(company, entity.name, obj)
    return obj


def _with_currency(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    home = company.settings.home_currency
    sent = (obj.get("CurrencyRef") or {}).get("value")
    if not company.settings.multicurrency:
        if sent not in (None, home):
            raise business("Multi Currency is not enabled for this company, so the currency cannot be set.")
        obj = {name: value for name, value in obj.items() if name != "ExchangeRate"}
        return {**obj, "CurrencyRef": company.currency(home)}
    customer = company.get("Customer", (obj.get("CustomerRef") or {}).get("value", ""))
    if sent is None:
        raise missing("CurrencyRef")
    if customer and customer["CurrencyRef"]["value"] != sent:
        raise business("The currency of the transaction must be the currency of the customer.")
    if obj.get("ExchangeRate") is not None and float(obj["ExchangeRate"]) <= 0:
        raise refusal("2110", "Invalid Decimal", "ExchangeRate must be greater than 0", "ExchangeRate")
    # A foreign document without a rate was seen to be booked at 1: the client must send the rate.
    rate = obj.get("ExchangeRate", 1) if sent != home else 1
    return {**obj, "CurrencyRef": company.currency(sent), "ExchangeRate": rate}


def _with_sales_defaults(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    sales.check_money_account(company, obj)
    if obj.get("EmailStatus") == "NeedToSend" and not (obj.get("BillEmail") or {}).get("Address"):
        raise missing("BillEmail")
    filled: JsonObject = {
        "ApplyTaxAfterDiscount": obj.get("ApplyTaxAfterDiscount", False),
        "PrintStatus": obj.get("PrintStatus") or "NeedToPrint",
        "EmailStatus": obj.get("EmailStatus") or "NotSet",
    }
    customer = company.get("Customer", (obj.get("CustomerRef") or {}).get("value", "")) or {}
    for name in ("BillAddr", "ShipAddr"):
        if name not in obj and customer.get(name):
            filled[name] = customer[name]
    if entity.name == "Invoice":
        filled |= {
            name: obj.get(name, False)
            for name in (
                "AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"
            )
        }  # fmt: skip
        filled["LinkedTxn"] = _links(company, entity, obj)
        filled["DueDate"] = obj.get("DueDate") or _due_date(company, obj)
        filled["Balance"] = to_number(_open_cents(company, entity, obj))
        paid_now = to_cents(obj.get("Deposit") or 0, "Deposit")
        if paid_now and not company.settings.allow_deposit:
            raise business("Deposits on sales forms are not turned on in this company.")
        if not 0 <= paid_now <= to_cents(obj["TotalAmt"]):
            raise business("The deposit must be between 0 and the total of the invoice.")
    elif entity.name == "CreditMemo":
        rest = to_number(_open_cents(company, entity, obj))
        filled |= {"Balance": rest, "RemainingCredit": rest, "LinkedTxn": _links(company, entity, obj)}
    elif entity.name == "Estimate":
        filled["TxnStatus"] = obj.get("TxnStatus") or "Pending"
        if filled["TxnStatus"] not in ("Pending", "Accepted", "Closed", "Rejected", "Converted"):
            detail = f"Unknown TxnStatus. Supplied value:{filled['TxnStatus']}"
            raise refusal("2170", "Invalid Enumeration", detail, "TxnStatus")
    else:
        filled["Balance"] = 0
        filled["DepositToAccountRef"] = _named_account(company, sales.money_account(company, obj))
    if company.settings.multicurrency:
        posted = [line.cents for line in sales.postings(company, entity, {**obj, **filled}) if line.cents > 0]
        filled["HomeTotalAmt"] = to_number(sum(posted))
    return {**obj, **filled}


def _due_date(company: Company, obj: JsonObject) -> str:
    term = company.get("Term", (obj.get("SalesTermRef") or {}).get("value", "")) or {}
    days = int(term.get("DueDays", DEFAULT_DUE_DAYS))
    return (date.fromisoformat(obj["TxnDate"]) + timedelta(days=days)).isoformat()


def _open_cents(company: Company, entity: Entity, obj: JsonObject) -> int:
    used = company.applied_cents((entity.name, obj["Id"]))
    return to_cents(obj["TotalAmt"]) - to_cents(obj.get("Deposit") or 0) - used


def _named_account(company: Company, ident: str) -> JsonObject:
    return {"value": ident, "name": (company.get("Account", ident) or {}).get("FullyQualifiedName", "")}


def _book(company: Company, entity: Entity, obj: JsonObject) -> None:
    """Writes the document into the books and links it to what it pays, closes or brings to the bank."""
    lines: tuple[Posting, ...]
    if entity.name in SALES_FORMS:
        lines = sales.postings(company, entity, obj)
        if entity.name == "Invoice":
            _close_estimates(company, obj)
    elif entity.name == "Payment":
        lines = receipts.postings(company, obj)
        totals: dict[tuple[str, str], int] = {}
        for kind, ident, cents in receipts.applications(obj):
            totals[kind, ident] = totals.get((kind, ident), 0) + cents
        for (kind, ident), cents in totals.items():
            company.apply((kind, ident), obj["Id"], cents)
            _refresh(company, kind, ident)
    else:
        lines = banking.postings(company, entity.name, obj)
        for kind, ident in banking.deposited(obj) if entity.name == "Deposit" else ():
            company.bring_to_bank((kind, ident), obj["Id"])
            _refresh(company, kind, ident)
    company.post(entity.name, obj["Id"], lines)


def _let_go(company: Company, entity: Entity, obj: JsonObject) -> None:
    """Takes the document out of the books and undoes its links, as before a delete or a change."""
    company.post(entity.name, obj["Id"], ())
    if entity.name == "Payment":
        for kind, ident in {(kind, ident) for kind, ident, _ in receipts.applications(obj)}:
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
            _free_estimates(company, obj)
    elif entity.name == "Estimate" and obj.get("LinkedTxn"):
        raise business("This estimate is linked to an invoice. Delete the invoice first.")


def _unlink_payment(company: Company, payment_id: str, kind: str, ident: str) -> None:
    entity = ENTITIES["Payment"]
    payment = company.objects["Payment"][payment_id]
    if ("Payment", payment_id) in company.in_deposit and company.settings.book_close_date:
        _check_open_period(company, payment["TxnDate"])
    company.apply((kind, ident), payment_id, 0)
    freed = receipts.without(payment, kind, ident)
    _stored(company, entity, freed, payment)
    company.post("Payment", payment_id, receipts.postings(company, freed))
    company.note("Payment", payment_id, "updated")


def _refresh(company: Company, kind: str, ident: str) -> None:
    """Brings Balance and LinkedTxn of a document up to date after something was linked to it or taken off."""
    entity, obj = ENTITIES[kind], company.get(kind, ident)
    if obj is None:
        return
    fresh = dict(obj)
    if kind in ("Invoice", "CreditMemo"):
        fresh["LinkedTxn"] = _links(company, entity, obj)
        fresh["Balance"] = to_number(_open_cents(company, entity, obj))
        if kind == "CreditMemo":
            fresh["RemainingCredit"] = fresh["Balance"]
    else:
        deposit = company.in_deposit.get((kind, ident))
        others = [link for link in obj.get("LinkedTxn") or [] if link["TxnType"] != "Deposit"]
        fresh["LinkedTxn"] = [*others, *([{"TxnId": deposit, "TxnType": "Deposit"}] if deposit else [])]
    _stored(company, entity, fresh, obj)
    company.note(kind, ident, "updated")


def _links(company: Company, entity: Entity, obj: JsonObject) -> list[JsonObject]:
    """The payments that are applied, newest first, then what the client linked itself (an estimate)."""
    payments = reversed(company.applied.get((entity.name, obj["Id"]), {}))
    others = [link for link in obj.get("LinkedTxn") or [] if link["TxnType"] != "Payment"]
    return [*({"TxnId": payment, "TxnType": "Payment"} for payment in payments), *others]


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
        closed = {**estimate, "TxnStatus": "Closed", "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
        _stored(company, ENTITIES["Estimate"], closed, estimate)


def _free_estimates(company: Company, invoice: JsonObject) -> None:
    for link in invoice.get("LinkedTxn") or []:
        estimate = company.get("Estimate", link["TxnId"]) if link["TxnType"] == "Estimate" else None
        if estimate:
            opened = {**estimate, "TxnStatus": "Accepted", "LinkedTxn": []}
            _stored(company, ENTITIES["Estimate"], opened, estimate)


# -- rules --------------------------------------------------------------------------------------------


def _check_writable(company: Company, entity: Entity) -> None:
    if company.settings.read_only:
        raise company_read_only()
    if not entity.writable:
        raise unsupported(f"create or update {entity.name}")


def _check_open_period(company: Company, day: str) -> None:
    closed = company.settings.book_close_date
    if closed and day <= closed:
        raise books_closed()


def _check_changeable(company: Company, entity: Entity, before: JsonObject) -> None:
    _check_open_period(company, before["TxnDate"])
    if (entity.name, before["Id"]) in company.in_deposit:
        raise deposited()


def _check_number(company: Company, entity: Entity, obj: JsonObject, duplicate_ok: bool) -> None:
    number = obj.get("DocNumber")
    if not number or duplicate_ok or not company.settings.custom_txn_numbers:
        return
    others = [ident for ident in company.numbers[entity.name, number] if ident != obj["Id"]]
    if others:
        raise duplicate_number(number, entity.name, others[0])


def _check_fixed(entity: Entity, before: JsonObject, obj: JsonObject) -> None:
    if entity.shape == "name" and obj.get("CurrencyRef", {}).get("value") != before.get("CurrencyRef", {}).get("value"):
        raise business("The currency of a customer or vendor cannot be changed once it is set.")


def _zeroed_line(line: JsonObject) -> JsonObject:
    detail_type = str(line.get("DetailType"))
    kept = {name: value for name, value in line.items() if name != "LinkedTxn"}
    if detail_type in kept and isinstance(kept[detail_type], dict):
        detail = {name: value for name, value in kept[detail_type].items() if name not in ("UnitPrice", "Qty")}
        kept = {**kept, detail_type: detail}
    return {**kept, "Amount": 0}


def _stored(company: Company, entity: Entity, obj: JsonObject, before: JsonObject | None) -> JsonObject:
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
    stored = {**head, **rest}
    company.put(entity, stored)
    return stored
