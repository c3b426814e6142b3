"""What a bookkeeper would have: every balance worked out again from the documents alone.

Nothing here is the simulator's own code. The rules, with amounts in cents of the home currency, halves away from zero:

- Invoice, SalesReceipt: credit each line's income account and the tax, debit receivables or the money account;
  CreditMemo, RefundReceipt the other way round. A discount is a debit of its account.
- With a rate of exchange each account's sum is converted; receivables or money take the sum of them.
- Payment: debit the money account at its own rate; credit receivables of the customer of each invoice at the
  invoice's rate, the rest at its own; the difference is exchange gain or loss.
- Deposit, Transfer, Purchase, JournalEntry: line by line; a cent left by rounding stays with the first line.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
Snapshot = dict[str, dict[str, Json]]
"""Entity -> Id -> object, as the API shows it."""

RECEIVABLE, UNDEPOSITED, DISCOUNTS, TAX_PAYABLE, EXCHANGE = "1", "4", "86", "89", "93"
SALES = {"Invoice": 1, "SalesReceipt": 1, "CreditMemo": -1, "RefundReceipt": -1}


def cents(amount: Any) -> int:
    """An amount of the API, which has two decimals, in cents."""
    return round(amount * 100)


def round_half_up(exact: Fraction | int) -> int:
    """To a whole number, halves away from zero."""
    if isinstance(exact, int):
        return exact
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def account_balances(books: Snapshot) -> dict[str, int]:
    """Account Id -> cents, debit positive; accounts at zero left out."""
    found: defaultdict[str, int] = defaultdict(int)
    for kind in (*SALES, "Payment", "Deposit", "Transfer", "Purchase", "JournalEntry"):
        for obj in books[kind].values():
            for account, amount in _postings(books, kind, obj):
                found[account] += amount
    return {account: amount for account, amount in found.items() if amount}


def customer_balances(books: Snapshot) -> dict[str, int]:
    """Customer Id -> open invoices less credits, in cents of the customer's currency, without its jobs."""
    found = dict.fromkeys(books["Customer"], 0)
    for invoice in books["Invoice"].values():
        found[invoice["CustomerRef"]["value"]] += cents(invoice["Balance"])
    for payment in books["Payment"].values():
        found[payment["CustomerRef"]["value"]] -= cents(payment["UnappliedAmt"])
    for memo in books["CreditMemo"].values():
        found[memo["CustomerRef"]["value"]] -= cents(memo["RemainingCredit"])
    for entry in books["JournalEntry"].values():
        for line in entry["Line"]:
            detail = line["JournalEntryLineDetail"]
            if detail["AccountRef"]["value"] == RECEIVABLE:
                sign = 1 if detail["PostingType"] == "Debit" else -1
                found[detail["Entity"]["EntityRef"]["value"]] += sign * cents(line["Amount"])
    return found


def with_jobs(books: Snapshot, customer: str, own: dict[str, int]) -> int:
    """The customer's balance and that of all jobs below it."""
    jobs = [one["Id"] for one in books["Customer"].values() if _value(one, "ParentRef") == customer]
    return own[customer] + sum(with_jobs(books, job, own) for job in jobs)


def applied(books: Snapshot) -> dict[tuple[str, str], dict[str, int]]:
    """(Invoice or CreditMemo, Id) -> Payment Id -> cents, from the lines of the payments."""
    found: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for payment in books["Payment"].values():
        for line in payment.get("Line", []):
            (link,) = line["LinkedTxn"]
            sums = found[link["TxnType"], link["TxnId"]]
            sums[payment["Id"]] = sums.get(payment["Id"], 0) + cents(line["Amount"])
    return found


def waiting_cents(kind: str, obj: Json) -> int:
    """What the document put into Undeposited Funds, in its own currency; negative for what it took out."""
    if kind in ("JournalEntry", "Transfer"):
        return sum(amount for account, amount in _plain({}, kind, obj) if account == UNDEPOSITED)
    return (
        (-1 if kind == "RefundReceipt" else 1) * cents(obj["TotalAmt"]) * (_money_account(obj) == UNDEPOSITED)
    )


def _postings(books: Snapshot, kind: str, obj: Json) -> list[tuple[str, int]]:
    rate = _rate(obj)
    if kind in SALES:
        return _sales(books, kind, obj, rate)
    if kind == "Payment":
        return _payment(books, obj, rate)
    plain = [(account, amount) for account, amount in _plain(books, kind, obj) if amount]
    home = [(account, round_half_up(amount * rate)) for account, amount in plain]
    if home:
        home[0] = (home[0][0], home[0][1] - sum(amount for _, amount in home))
    return home


def _rate(obj: Json) -> Fraction | int:
    rate = obj.get("ExchangeRate", 1)
    return 1 if rate == 1 else Fraction(str(rate))


def _sales(books: Snapshot, kind: str, obj: Json, rate: Fraction | int) -> list[tuple[str, int]]:
    sign = SALES[kind]
    income: defaultdict[str, int] = defaultdict(int)
    for line in obj["Line"]:
        amount = cents(line.get("Amount") or 0)
        if line["DetailType"] == "SalesItemLineDetail":
            item = books["Item"][line["SalesItemLineDetail"]["ItemRef"]["value"]]
            income[item["IncomeAccountRef"]["value"]] += amount
        elif line["DetailType"] == "DiscountLineDetail":
            income[_value(line["DiscountLineDetail"], "DiscountAccountRef") or DISCOUNTS] -= amount
    tax = cents(obj["TxnTaxDetail"].get("TotalTax", 0))
    if tax and obj.get("GlobalTaxCalculation") == "TaxInclusive":
        (only,) = {account for account in income if account != DISCOUNTS}  # so the generator sees to it
        income[only] -= tax
    income[TAX_PAYABLE] += tax
    lines = [(account, -sign * round_half_up(amount * rate)) for account, amount in income.items()]
    rest = -sum(amount for _, amount in lines)
    if kind == "Invoice" and obj.get("Deposit"):
        paid_now = round_half_up(cents(obj["Deposit"]) * rate)
        lines += [(RECEIVABLE, rest - paid_now), (_money_account(obj), paid_now)]
    else:
        lines.append((RECEIVABLE if kind in ("Invoice", "CreditMemo") else _money_account(obj), rest))
    return lines


def _payment(books: Snapshot, obj: Json, rate: Fraction | int) -> list[tuple[str, int]]:
    total = cents(obj["TotalAmt"])
    rest, receivable = total, 0
    for line in obj.get("Line", []):
        (link,) = line["LinkedTxn"]
        sign = 1 if link["TxnType"] == "Invoice" else -1
        target = books[link["TxnType"]][link["TxnId"]]
        amount = cents(line["Amount"])
        receivable += sign * round_half_up(amount * _rate(target))
        rest -= sign * amount
    receivable += round_half_up(rest * rate)
    money = round_half_up(total * rate)
    return [(_money_account(obj), money), (RECEIVABLE, -receivable), (EXCHANGE, receivable - money)]


def _plain(books: Snapshot, kind: str, obj: Json) -> list[tuple[str, int]]:
    """The postings before the rate, what the document is named after first."""
    if kind == "Transfer":
        amount = cents(obj["Amount"])
        return [(obj["ToAccountRef"]["value"], amount), (obj["FromAccountRef"]["value"], -amount)]
    if kind == "Deposit":
        lines = [(obj["DepositToAccountRef"]["value"], cents(obj["TotalAmt"]))]
        if back := obj.get("CashBack"):
            lines.append((back["AccountRef"]["value"], cents(back["Amount"])))
        for line in obj["Line"]:
            account = (
                UNDEPOSITED if line.get("LinkedTxn") else _value(line["DepositLineDetail"], "AccountRef")
            )
            lines.append((str(account), -cents(line["Amount"])))
        return lines
    if kind == "Purchase":
        sign = -1 if obj.get("Credit") else 1
        lines = [(obj["AccountRef"]["value"], -sign * cents(obj["TotalAmt"]))]
        for line in obj["Line"]:
            detail = line[line["DetailType"]]
            if line["DetailType"] == "AccountBasedExpenseLineDetail":
                account = detail["AccountRef"]["value"]
            else:
                item = books["Item"][detail["ItemRef"]["value"]]
                account = (item.get("ExpenseAccountRef") or item["IncomeAccountRef"])["value"]
            lines.append((account, sign * cents(line["Amount"])))
        return lines
    return [
        (
            line["JournalEntryLineDetail"]["AccountRef"]["value"],
            cents(line["Amount"]) * (1 if line["JournalEntryLineDetail"]["PostingType"] == "Debit" else -1),
        )
        for line in obj["Line"]
    ]


def _money_account(obj: Json) -> str:
    return _value(obj, "DepositToAccountRef") or UNDEPOSITED


def _value(obj: Json, name: str) -> str | None:
    return (obj.get(name) or {}).get("value")
