"""Money that moves without a sales form: Deposit, Transfer, Purchase (expense) and JournalEntry."""

from collections.abc import Callable
from decimal import Decimal

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.ledger import Posting
from crm_sandbox.quickbooks.money import round_to_cents, to_cents, to_decimal, to_number
from crm_sandbox.quickbooks.refusals import business, cannot_link, missing, other_currency, refusal
from crm_sandbox.quickbooks.sales import check_money_account, money_account
from crm_sandbox.quickbooks.shapes import JsonObject

DEPOSITABLE = ("Payment", "SalesReceipt", "RefundReceipt", "JournalEntry", "Transfer")
PARTIES = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}
"""Account type -> who must be named on its lines in a journal entry."""
PAYMENT_TYPES = ("Cash", "Check", "CreditCard")


def work_out(company: Company, kind: str, obj: JsonObject) -> JsonObject:
    """The document with lines checked and totals computed; raises Refused."""
    return _WORK_OUT[kind](company, obj)


def postings(company: Company, kind: str, obj: JsonObject) -> tuple[Posting, ...]:
    """What the document books, in home currency."""
    rate = to_decimal(obj.get("ExchangeRate", 1), "ExchangeRate")
    raw = [line for line in _POSTINGS[kind](company, obj) if line.cents]
    if rate == 1:
        return tuple(raw)
    lines = [
        Posting(
            line.account_id, round_to_cents(Decimal(line.cents) * rate / 100), line.customer_id, line.cents
        )
        for line in raw
    ]
    over = sum(
        line.cents for line in lines
    )  # rounding each line leaves a cent or two: the first line takes it
    first = lines[0]
    lines[0] = Posting(first.account_id, first.cents - over, first.customer_id, first.foreign_cents)
    return tuple(lines)


def _deposit(company: Company, obj: JsonObject) -> JsonObject:
    check_money_account(company, obj)
    done: list[JsonObject] = []
    total = 0
    for line in obj.get("Line") or []:
        links = line.get("LinkedTxn") or []
        if links:
            waiting = _waiting_cents(company, obj, links[0], done)
            cents = to_cents(line["Amount"]) if line.get("Amount") is not None else waiting
            if cents != waiting:
                raise business(
                    "A deposit line must hold the whole amount of the transaction it is linked to."
                )
            link = {"TxnId": links[0]["TxnId"], "TxnType": links[0]["TxnType"], "TxnLineId": "0"}
            shown = {**line, "Amount": to_number(cents), "LinkedTxn": [link]}
            method = (line.get("DepositLineDetail") or {}).get("PaymentMethodRef")
            if method:  # on lines that bring in a transaction it is told without its name (recorded)
                shown["DepositLineDetail"] = {
                    **line["DepositLineDetail"],
                    "PaymentMethodRef": {"value": method["value"]},
                }
            done.append(shown)
        else:
            if line.get("Amount") is None:
                raise missing("Amount")
            if not line.get("DetailType"):
                raise missing("DetailType")
            if not (line.get("DepositLineDetail") or {}).get("AccountRef"):
                raise missing("AccountRef")
            cents = to_cents(line["Amount"])
            number = len([d for d in done if "LineNum" in d]) + 1
            done.append({**line, "Id": str(number), "LineNum": number, "Amount": to_number(cents)})
        total += cents
    if not done:
        raise missing("Line")
    cash = obj.get("CashBack")
    if cash:
        for name in ("AccountRef", "Amount"):
            if not cash.get(name):
                raise missing(f"CashBack.{name}")
        total -= to_cents(cash["Amount"])
    if total < 0:
        raise business("The deposit amount must be 0 or greater.")
    return {**obj, "Line": done, "TotalAmt": to_number(total)}


def deposited(obj: JsonObject) -> list[tuple[str, str]]:
    """(entity, Id) of what a Deposit brings to the bank."""
    return [
        (link["TxnType"], link["TxnId"])
        for line in obj.get("Line") or []
        for link in line.get("LinkedTxn") or []
    ]


def _waiting_cents(company: Company, obj: JsonObject, link: JsonObject, done: list[JsonObject]) -> int:
    """What the linked transaction put into Undeposited Funds; negative for what took it out.

    Refuses what is not there (any more), is brought to the bank already, or is in another currency.
    """
    kind, ident = link["TxnType"], link["TxnId"]
    source = company.get(kind, ident) if kind in DEPOSITABLE else None
    taken = (kind, ident) in company.in_deposit or (kind, ident) in deposited({"Line": done})
    if source is None or taken:
        raise cannot_link(ident)
    cents = _in_undeposited_funds(company, kind, source)
    if not cents or source["CurrencyRef"]["value"] != obj["CurrencyRef"]["value"]:
        raise cannot_link(ident)
    return cents


def _in_undeposited_funds(company: Company, kind: str, source: JsonObject) -> int:
    undeposited = company.account_of_type("Other Current Asset", "UndepositedFunds")["Id"]
    if kind in _POSTINGS:
        return sum(one.cents for one in _POSTINGS[kind](company, source) if one.account_id == undeposited)
    there = money_account(company, source) == undeposited
    sign = -1 if kind == "RefundReceipt" else 1
    return sign * to_cents(source["TotalAmt"]) if there else 0


def _deposit_postings(company: Company, obj: JsonObject) -> list[Posting]:
    undeposited = company.account_of_type("Other Current Asset", "UndepositedFunds")["Id"]
    lines = [Posting(obj["DepositToAccountRef"]["value"], to_cents(obj["TotalAmt"]))]
    cash = obj.get("CashBack")
    if cash:
        lines.append(Posting(cash["AccountRef"]["value"], to_cents(cash["Amount"])))
    for line in obj["Line"]:
        detail = line.get("DepositLineDetail") or {}
        account = undeposited if line.get("LinkedTxn") else detail["AccountRef"]["value"]
        lines.append(Posting(account, -to_cents(line["Amount"])))
    return lines


def _transfer(company: Company, obj: JsonObject) -> JsonObject:
    cents = to_cents(obj["Amount"])
    if cents < 0:
        raise refusal("2290", "NegativeAmount", "Negative amounts are not supported on transfers.", "Amount")
    if obj["FromAccountRef"]["value"] == obj["ToAccountRef"]["value"]:
        raise business("You cannot transfer money from an account to itself.")
    return {**obj, "Amount": to_number(cents)}


def _transfer_postings(company: Company, obj: JsonObject) -> list[Posting]:
    cents = to_cents(obj["Amount"])
    return [Posting(obj["ToAccountRef"]["value"], cents), Posting(obj["FromAccountRef"]["value"], -cents)]


def _purchase(company: Company, obj: JsonObject) -> JsonObject:
    if obj["PaymentType"] not in PAYMENT_TYPES:
        detail = f"PaymentType must be one of {', '.join(PAYMENT_TYPES)}. Supplied value:{obj['PaymentType']}"
        raise refusal("2170", "Invalid Enumeration", detail, "PaymentType")
    wanted = "Credit Card" if obj["PaymentType"] == "CreditCard" else "Bank"
    account = company.get("Account", obj["AccountRef"]["value"]) or {}
    if account.get("AccountType") != wanted:
        raise business(f"The account of a {obj['PaymentType']} expense must be of type {wanted}.")
    done = []
    for number, line in enumerate(obj.get("Line") or [], 1):
        if line.get("Amount") is None:
            raise missing("Amount")
        if line.get("DetailType") not in ("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"):
            raise missing("DetailType")
        detail = line[line["DetailType"]]
        wanted_ref = "AccountRef" if line["DetailType"].startswith("Account") else "ItemRef"
        if not detail.get(wanted_ref):
            raise missing(wanted_ref)
        done.append({**line, "Id": str(number), "Amount": to_number(to_cents(line["Amount"]))})
    if not done:
        raise missing("Line")
    total = sum(to_cents(line["Amount"]) for line in done)
    return {
        **obj,
        "Line": done,
        "TotalAmt": to_number(total),
        "PrintStatus": obj.get("PrintStatus", "NotSet"),
    }


def _purchase_postings(company: Company, obj: JsonObject) -> list[Posting]:
    sign = -1 if obj.get("Credit") else 1
    lines = [Posting(obj["AccountRef"]["value"], -sign * to_cents(obj["TotalAmt"]))]
    for line in obj["Line"]:
        detail = line[line["DetailType"]]
        if "AccountRef" in detail:
            account = detail["AccountRef"]["value"]
        else:
            item = company.get("Item", detail["ItemRef"]["value"]) or {}
            expense = item.get("ExpenseAccountRef") or item.get("IncomeAccountRef")
            account = expense["value"] if expense else company.account_of_type("Expense")["Id"]
        lines.append(Posting(account, sign * to_cents(line["Amount"])))
    return lines


def _journal_entry(company: Company, obj: JsonObject) -> JsonObject:
    done, balance, total = [], 0, 0
    for number, line in enumerate(obj.get("Line") or []):
        if line.get("DetailType") == "DescriptionOnly":
            done.append({**line, "Id": str(number)})
            continue
        detail = line.get("JournalEntryLineDetail")
        if not detail:
            raise missing("JournalEntryLineDetail")
        if line.get("Amount") is None:
            raise missing("Amount")
        if not detail.get("AccountRef"):
            raise missing("AccountRef")
        if detail.get("PostingType") not in ("Debit", "Credit"):
            raise refusal(
                "2260", "MissingPostingType", "A posting type is required: Credit or Debit", "PostingType"
            )
        cents = to_cents(line["Amount"])
        if cents < 0:
            raise refusal(
                "2290", "NegativeAmount", "Negative amounts are not supported on transaction lines.", "Amount"
            )
        account = company.get("Account", detail["AccountRef"]["value"]) or {}
        if account.get("AccountType") in PARTIES and not _line_party(account, detail):
            kind, who = account["AccountType"], PARTIES[account["AccountType"]].lower()
            raise business(f"When you use {kind}, you must choose a {who} in the Name field.")
        _check_party_currency(company, obj, account, detail)
        balance += cents if detail["PostingType"] == "Debit" else -cents
        total += cents if detail["PostingType"] == "Debit" else 0
        done.append({**line, "Id": str(number), "Amount": to_number(cents)})
    if len(done) < 2:
        raise refusal("2250", "Missing lines", "You must enter at least two lines.", "Line")
    if balance:
        detail_text = "Transaction is out of balance: debits and credits must be equal."
        raise refusal("2300", "Amount on debits not equal to credits", detail_text, "Line")
    return {**obj, "Line": done, "TotalAmt": to_number(total), "Adjustment": bool(obj.get("Adjustment"))}


def _check_party_currency(company: Company, obj: JsonObject, account: JsonObject, detail: JsonObject) -> None:
    """Customers and vendors have one currency for ever, so nothing else can stand in what they owe or are owed."""
    party = _line_party(account, detail)
    named = company.get(PARTIES[account["AccountType"]], party) if party else None
    if named and named["CurrencyRef"]["value"] != obj["CurrencyRef"]["value"]:
        raise other_currency()


def _journal_postings(company: Company, obj: JsonObject) -> list[Posting]:
    lines = []
    for line in obj["Line"]:
        detail = line.get("JournalEntryLineDetail")
        if detail:
            cents = to_cents(line["Amount"]) * (1 if detail["PostingType"] == "Debit" else -1)
            account = company.get("Account", detail["AccountRef"]["value"]) or {}
            party = _line_party(account, detail)
            lines.append(Posting(detail["AccountRef"]["value"], cents, party, cents if party else 0))
    return lines


def _line_party(account: JsonObject, detail: JsonObject) -> str | None:
    """Who owes or is owed what is booked on this line: a customer on receivables, a vendor on payables."""
    entity = detail.get("Entity") or {}
    fits = entity.get("Type") == PARTIES.get(account.get("AccountType", ""))
    return str(entity["EntityRef"]["value"]) if entity and fits else None


_WORK_OUT: dict[str, Callable[[Company, JsonObject], JsonObject]] = {
    "Deposit": _deposit, "Transfer": _transfer, "Purchase": _purchase, "JournalEntry": _journal_entry,
}  # fmt: skip
_POSTINGS: dict[str, Callable[[Company, JsonObject], list[Posting]]] = {
    "Deposit": _deposit_postings, "Transfer": _transfer_postings, "Purchase": _purchase_postings,
    "JournalEntry": _journal_postings,
}  # fmt: skip
