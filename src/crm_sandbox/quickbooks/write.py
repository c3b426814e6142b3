"""Create, update, void and delete: what happens to one object and to everything that hangs on it."""

from datetime import date, timedelta

from crm_sandbox.quickbooks import banking, listings, receipts, sales
from crm_sandbox.quickbooks.auto_apply import credits_to_link, use_unapplied_payments
from crm_sandbox.quickbooks.checks import clean, require
from crm_sandbox.quickbooks.company import MAX_OBJECTS, Company
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.linking import (
    book,
    check_open_period,
    free_estimates,
    let_go,
    links,
    open_cents,
    rebook_payments,
    store,
)
from crm_sandbox.quickbooks.money import home_cents, to_cents, to_decimal, to_number
from crm_sandbox.quickbooks.refusals import (
    business,
    company_read_only,
    deleted_transaction,
    deposited,
    duplicate_number,
    invalid_id,
    missing,
    not_found,
    other_currency,
    refusal,
    stale,
    unsupported,
)
from crm_sandbox.quickbooks.sales import SALES_FORMS
from crm_sandbox.quickbooks.shapes import JsonObject

DEFAULT_DUE_DAYS = 30
MAX_SYNC_TOKEN_LENGTH = 10


def create(
    company: Company, entity: Entity, body: JsonObject, *, duplicate_number_ok: bool = False,
    system: JsonObject | None = None,
) -> JsonObject:  # fmt: skip
    """Creates the object and everything that follows from it; returns it as stored. Raises Refused.

    `system` are fields that only the server may set.
    """
    _check_writable(company, entity)
    if entity.name == "CompanyInfo":
        raise unsupported("create CompanyInfo")
    if len(company.objects[entity.name]) >= MAX_OBJECTS:
        raise business(f"This sandbox holds at most {MAX_OBJECTS} objects of a kind.")
    with company.transaction():
        sent = {name: value for name, value in clean(company, entity, body).items() if value is not None}
        require(entity, sent)
        obj = {**sent, **(system or {}), "Id": company.next_id(entity)}
        if entity.is_txn:
            obj = _new_transaction(company, entity, obj, duplicate_ok=duplicate_number_ok)
            book(company, entity, obj)
        else:
            obj = listings.work_out(company, entity, obj)
        stored = store(company, entity, obj, None)
        company.note(entity.name, stored["Id"], "created")
        if company.settings.auto_apply_credit and entity.name in ("Invoice", "CreditMemo"):
            stored = _with_credits(company, entity, stored)
        return stored


def _with_credits(company: Company, entity: Entity, stored: JsonObject) -> JsonObject:
    """The new document after QuickBooks has brought it together with what was open."""
    if entity.name == "Invoice":
        use_unapplied_payments(company, stored["Id"])
    payment = ENTITIES["Payment"]
    for body in credits_to_link(company, entity.name, stored["Id"]):
        made = _worked_out(company, payment, body)
        book(company, payment, made)
        store(company, payment, made, None)
        company.note(payment.name, made["Id"], "created")
    return company.objects[entity.name][stored["Id"]]


def update(
    company: Company, entity: Entity, body: JsonObject, *, duplicate_number_ok: bool = False
) -> JsonObject:
    """Full update (fields left out are cleared) or, with `sparse`, only the fields sent. Raises Refused."""
    _check_writable(company, entity)
    before = find(company, entity, body)
    with company.transaction():
        sent = clean(company, entity, body)
        # Payments too: Intuit's samples of sparse updates lack them, but its page of Payment says "full ... or sparse".
        sparse = body.get("sparse") in (True, "true")
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
            obj = _changed_transaction(company, entity, before, obj, duplicate_ok=duplicate_number_ok)
        else:
            _check_not_merged(company, entity, before["Id"])
            _check_fixed(entity, before, obj)
            if before.get("Active") is False and obj.get("Active") is False:
                if sent.get("Active") is False:  # deleted once more: nothing happens (recorded)
                    return before
                raise business("You cannot modify a list element that has been deleted.")
            listings.check_can_rest(company, entity, before, obj)
            obj = listings.awake(entity, before, obj, sent)
            obj = listings.work_out(company, entity, obj)
        stored = store(company, entity, obj, before)
        rebook_payments(company, entity.name, stored["Id"])
        company.note(entity.name, stored["Id"], "updated")
        return stored


def delete(company: Company, entity: Entity, body: JsonObject) -> JsonObject:
    """Deletes a transaction; what was linked to it is free again. List objects can only be made inactive."""
    _check_writable(company, entity)
    if not entity.deletable:
        raise unsupported(f"delete {entity.name}")
    before = find(company, entity, body)
    with company.transaction():
        if entity.is_txn:
            _check_changeable(company, entity, before)
            let_go(company, entity, before)
        company.remove(entity, before["Id"])
        company.note(entity.name, before["Id"], "deleted")
        company.files.pop(before["Id"] if entity.name == "Attachable" else "", None)
    return {"domain": "QBO", "status": "Deleted", "Id": before["Id"]}


def void(company: Company, entity: Entity, body: JsonObject) -> JsonObject:
    """Sets all amounts to zero and keeps the document, with "Voided" in its note."""
    _check_writable(company, entity)
    if not entity.voidable:
        raise unsupported(f"void {entity.name}")
    before = find(company, entity, body)
    with company.transaction():
        _check_changeable(company, entity, before)
        let_go(company, entity, before)
        before = company.get(entity.name, before["Id"]) or before
        note = before.get("PrivateNote")
        zeroed = {**before, "PrivateNote": f"{note} - Voided" if note else "Voided", "TotalAmt": 0}
        if entity.name == "Payment":
            zeroed |= {"UnappliedAmt": 0, "Line": []}
        else:
            zeroed |= {"Balance": 0, "Line": [_zeroed_line(line) for line in before["Line"]]}
            zeroed |= {"TxnTaxDetail": {"TotalTax": 0}, "LinkedTxn": []} if entity.name in SALES_FORMS else {}
        if "Deposit" in zeroed:
            zeroed["Deposit"] = 0
        stored = store(company, entity, zeroed, before)
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
            raise refusal(
                "2090", "Invalid Number", f"SyncToken should be a number. Supplied value:{token}", "SyncToken"
            )
        raise stale(company.settings.other_user)
    return before


def read(company: Company, entity: Entity, ident: str) -> JsonObject:
    """The stored object of that Id; raises Refused 2030 or 610."""
    obj = company.get(entity.name, ident)
    if obj is None:  # looked up first: the tax codes TAX and NON of a US company have no numbers
        if not ident.lstrip("-").isdigit():
            raise invalid_id(ident)
        raise deleted_transaction() if (entity.name, ident) in company.deleted else not_found()
    return obj


# -- transactions -------------------------------------------------------------------------------------


def _new_transaction(company: Company, entity: Entity, obj: JsonObject, *, duplicate_ok: bool) -> JsonObject:
    obj = {"TxnDate": company.today(), **obj}
    check_open_period(company, obj["TxnDate"])
    if entity.name in SALES_FORMS and not obj.get("DocNumber") and not company.settings.custom_txn_numbers:
        obj["DocNumber"] = company.next_doc_number(entity)
    elif entity.name in SALES_FORMS and obj.get("DocNumber"):
        company.number_given(entity, obj["DocNumber"])
    _check_number(company, entity, obj, duplicate_ok=duplicate_ok)
    return _worked_out(company, entity, obj)


def _changed_transaction(
    company: Company, entity: Entity, before: JsonObject, obj: JsonObject, *, duplicate_ok: bool
) -> JsonObject:
    _check_changeable(company, entity, before)
    obj.setdefault("TxnDate", before["TxnDate"])
    check_open_period(company, obj["TxnDate"])
    if obj.get("DocNumber") != before.get("DocNumber"):
        _check_number(company, entity, obj, duplicate_ok=duplicate_ok)
    applied = company.applied_cents((entity.name, before["Id"]))
    if applied and obj["CustomerRef"]["value"] != before["CustomerRef"]["value"]:
        raise business("The customer cannot be changed while payments are linked to this transaction.")
    if entity.name in ("Payment", "Deposit"):
        let_go(company, entity, before)
    elif entity.name == "Invoice":
        free_estimates(company, before)
    obj = _worked_out(company, entity, obj)
    if applied + to_cents(obj.get("Deposit") or 0, "Deposit") > to_cents(obj.get("TotalAmt", 0)):
        raise business("The amount is less than the payments that are already applied to this transaction.")
    book(company, entity, obj)
    return obj


def _worked_out(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    obj = _with_currency(company, entity, _tracked(company, entity, obj))
    if entity.name in SALES_FORMS:
        obj = _with_sales_defaults(company, entity, sales.work_out(company, entity, obj))
    elif entity.name == "Payment":
        obj = receipts.work_out(company, obj)
    else:
        obj = banking.work_out(company, entity.name, obj)
    return obj


def _tracked(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    """Without the classes and locations that the company does not track: they are ignored without an error.

    Sales forms have a class on the form or on each line, as the company wants; all else has it on its lines.
    Source: what Rutter and others found for classes; for locations a guess after them.
    """
    settings = company.settings
    by_line = settings.track_classes_per_line or (settings.track_classes and entity.name not in SALES_FORMS)
    dropped = [
        name
        for name, kept in (
            ("ClassRef", settings.track_classes),
            ("DepartmentRef", settings.track_departments),
        )
        if not kept
    ]
    obj = {name: value for name, value in obj.items() if name not in dropped}
    if by_line or not obj.get("Line"):
        return obj
    return {**obj, "Line": [_without_class(line) for line in obj["Line"]]}


def _without_class(line: JsonObject) -> JsonObject:
    kind = line.get("DetailType")
    detail = line.get(kind) if isinstance(kind, str) else None
    if not isinstance(detail, dict) or "ClassRef" not in detail:
        return line
    return {**line, str(kind): {name: value for name, value in detail.items() if name != "ClassRef"}}


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
        raise other_currency()
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
        "PrintStatus": obj.get("PrintStatus") or "NeedToPrint",
    }
    if company.settings.country == "US":
        filled["ApplyTaxAfterDiscount"] = obj.get("ApplyTaxAfterDiscount", False)
    if entity.name != "RefundReceipt":  # recorded without it: what was refunded is not sent by e-mail
        filled["EmailStatus"] = obj.get("EmailStatus") or "NotSet"
    if filled.get("EmailStatus") == "NeedToSend":
        filled["DeliveryInfo"] = {"DeliveryType": "Email"}
    if company.settings.custom_fields:
        filled["CustomField"] = sales.custom_fields(company, obj)
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
        filled["LinkedTxn"] = links(company, entity, obj)
        filled["DueDate"] = obj.get("DueDate") or _due_date(company, obj)
        filled["Balance"] = to_number(open_cents(company, entity, obj))
        paid_now = to_cents(obj.get("Deposit") or 0, "Deposit")
        if paid_now and not company.settings.allow_deposit:
            raise business("Deposits on sales forms are not turned on in this company.")
        if not 0 <= paid_now <= to_cents(obj["TotalAmt"]):
            raise business("The deposit must be between 0 and the total of the invoice.")
    elif entity.name == "CreditMemo":
        rest = to_number(open_cents(company, entity, obj))
        filled |= {"Balance": rest, "RemainingCredit": rest, "LinkedTxn": links(company, entity, obj)}
    elif entity.name == "Estimate":
        filled["TxnStatus"] = obj.get("TxnStatus") or "Pending"
        if filled["TxnStatus"] not in ("Pending", "Accepted", "Closed", "Rejected", "Converted"):
            detail = f"Unknown TxnStatus. Supplied value:{filled['TxnStatus']}"
            raise refusal("2170", "Invalid Enumeration", detail, "TxnStatus")
    else:
        filled["Balance"] = 0
        filled["DepositToAccountRef"] = _named_account(company, sales.money_account(company, obj))
    if company.settings.multicurrency:
        rate = to_decimal(obj["ExchangeRate"], "ExchangeRate")
        filled["HomeTotalAmt"] = to_number(home_cents(to_cents(obj["TotalAmt"]), rate))
    return {**obj, **filled}


def _due_date(company: Company, obj: JsonObject) -> str:
    term = company.get("Term", (obj.get("SalesTermRef") or {}).get("value", "")) or {}
    days = int(term.get("DueDays", DEFAULT_DUE_DAYS))
    return (date.fromisoformat(obj["TxnDate"]) + timedelta(days=days)).isoformat()


def _named_account(company: Company, ident: str) -> JsonObject:
    return {"value": ident, "name": (company.get("Account", ident) or {}).get("FullyQualifiedName", "")}


# -- rules --------------------------------------------------------------------------------------------


def _check_writable(company: Company, entity: Entity) -> None:
    if company.settings.read_only:
        raise company_read_only()
    if not entity.writable:
        raise unsupported(f"create or update {entity.name}")


def _check_changeable(company: Company, entity: Entity, before: JsonObject) -> None:
    check_open_period(company, before["TxnDate"])
    if (entity.name, before["Id"]) in company.in_deposit:
        raise deposited()


def _check_number(company: Company, entity: Entity, obj: JsonObject, *, duplicate_ok: bool) -> None:
    number = obj.get("DocNumber")
    if not number or duplicate_ok or not company.settings.custom_txn_numbers:
        return
    alike = company.objects[entity.name].having("DocNumber", number.casefold())
    others = [one["Id"] for one in alike if one["DocNumber"] == number and one["Id"] != obj["Id"]]
    if others:
        raise duplicate_number(number, entity.name, others[0])


def _check_not_merged(company: Company, entity: Entity, ident: str) -> None:
    if (entity.name, ident) in company.merged:
        raise business("You cannot modify a list element that has been deleted.")


def _check_fixed(entity: Entity, before: JsonObject, obj: JsonObject) -> None:
    if entity.shape == "name" and obj.get("CurrencyRef", {}).get("value") != before.get(
        "CurrencyRef", {}
    ).get("value"):
        raise business("The currency of a customer or vendor cannot be changed once it is set.")


def _zeroed_line(line: JsonObject) -> JsonObject:
    detail_type = str(line.get("DetailType"))
    kept = {name: value for name, value in line.items() if name != "LinkedTxn"}
    if detail_type in kept and isinstance(kept[detail_type], dict):
        detail = {
            name: value for name, value in kept[detail_type].items() if name not in ("UnitPrice", "Qty")
        }
        if detail_type == "GroupLineDetail":
            detail["Line"] = [_zeroed_line(one) for one in detail["Line"]]
        kept = {**kept, detail_type: detail}
    return {**kept, "Amount": 0}
