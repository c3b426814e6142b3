"""Reports of the QuickBooks simulator, against figures that the test adds up by itself from what it brought in."""

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.sandbox.quickbooks_world import (
    AMY,
    BILL,
    CHECKING,
    RECEIVABLE,
    RECORDINGS,
    SERVICES,
    UNDEPOSITED,
    Books,
    Json,
    line,
    open_books,
    payment_body,
)

from crm_sandbox.clock import Clock

SAVINGS, FEES, TAX_PAYABLE, ROOFING, LOAN, MATERIALS, RETAINED, OPENING, DISCOUNTS = (
    "36", "8", "89", "45", "91", "13", "92", "34", "86"
)  # fmt: skip
INCOME = (SERVICES, ROOFING, DISCOUNTS)
EXPENSES = (FEES,)
TODAY = "2026-11-22"


def expense(account: str, amount: float) -> Json:
    """A line of an expense."""
    detail = {"AccountRef": {"value": account}}
    kind = "AccountBasedExpenseLineDetail"
    return {"Amount": amount, "DetailType": kind, kind: detail}


def entry(kind: str, account: str, amount: float) -> Json:
    """A line of a journal entry."""
    detail: Json = {"PostingType": kind, "AccountRef": {"value": account}}
    if account == RECEIVABLE:
        detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": BILL}}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}


def sale(customer: str, *lines: Json, **more: object) -> Json:
    """A sales form."""
    return {"CustomerRef": {"value": customer}, "Line": list(lines), **more}


TAXED = line(1000, item="3", TaxCodeRef={"value": "TAX"})
DISCOUNT: Json = {"Amount": 30, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
TO_CHECKING = {"DepositToAccountRef": {"value": CHECKING}}
TAX = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
STORY: tuple[tuple[str, str, Json, dict[str, int]], ...] = (
    ("2025-11-30", "Invoice", sale(AMY, line(500)), {RECEIVABLE: 50000, SERVICES: -50000}),
    ("2025-12-15", "Purchase", {"AccountRef": {"value": CHECKING}, "PaymentType": "Cash",
                                "Line": [expense(FEES, 20)]}, {FEES: 2000, CHECKING: -2000}),
    ("2026-01-02", "Invoice", sale(AMY, TAXED, **TAX),
     {RECEIVABLE: 108000, ROOFING: -100000, TAX_PAYABLE: -8000}),
    ("2026-02-10", "Invoice", sale(BILL, line(400), DISCOUNT),
     {RECEIVABLE: 37000, SERVICES: -40000, DISCOUNTS: 3000}),
    ("2026-03-01", "SalesReceipt", sale(AMY, line(60), **TO_CHECKING), {CHECKING: 6000, SERVICES: -6000}),
    ("2026-03-05", "RefundReceipt", sale(AMY, line(10), **TO_CHECKING), {CHECKING: -1000, SERVICES: 1000}),
    ("2026-04-01", "CreditMemo", sale(BILL, line(15)), {RECEIVABLE: -1500, SERVICES: 1500}),
    ("2026-05-01", "Transfer", {"FromAccountRef": {"value": CHECKING}, "ToAccountRef": {"value": SAVINGS},
                                "Amount": 12.34}, {SAVINGS: 1234, CHECKING: -1234}),
    ("2026-06-01", "JournalEntry", {"Line": [entry("Debit", CHECKING, 900), entry("Credit", LOAN, 900)]},
     {CHECKING: 90000, LOAN: -90000}),
    ("2026-06-02", "JournalEntry", {"Line": [entry("Debit", RECEIVABLE, 7), entry("Credit", OPENING, 7)]},
     {RECEIVABLE: 700, OPENING: -700}),
    ("2026-07-01", "Purchase", {"AccountRef": {"value": CHECKING}, "PaymentType": "Check",
                                "Line": [expense(MATERIALS, 80), expense(FEES, 5)]},
     {MATERIALS: 8000, FEES: 500, CHECKING: -8500}),
    ("2026-10-30", "Estimate", sale(AMY, line(9999)), {}),
)  # fmt: skip
"""What is brought in, on which day, and what it debits (positive) and credits, in cents."""


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    """The story in the books, and then: 600 of Amy's two invoices paid, and brought to the bank less a fee."""
    clock = Clock()
    clock.offset = datetime.fromisoformat(f"{TODAY}T12:00-08:00") - datetime.now(UTC)
    with open_books(clock=clock) as opened:
        made = [opened.make(kind, {"TxnDate": day, **body}) for day, kind, body, _ in STORY]
        paid = payment_body(600, (made[0]["Id"], 500), (made[2]["Id"], 80))
        payment = opened.make("Payment", {"TxnDate": "2026-02-01", **paid})
        fee = {"AccountRef": {"value": FEES}}
        lines = [
            {"Amount": 600, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]},
            {"Amount": -18, "DetailType": "DepositLineDetail", "DepositLineDetail": fee},
        ]
        opened.make("Deposit", {"TxnDate": "2026-02-03", **TO_CHECKING, "Line": lines})
        yield opened


ALL = (
    *((day, postings) for day, _, _, postings in STORY),
    ("2026-02-01", {UNDEPOSITED: 60000, RECEIVABLE: -60000}),
    ("2026-02-03", {CHECKING: 58200, FEES: 1800, UNDEPOSITED: -60000}),
)
"""Every posting with its day."""


def sums(start: str, end: str) -> dict[str, int]:
    """Account -> cents of those days."""
    found: defaultdict[str, int] = defaultdict(int)
    for day, postings in ALL:
        if start <= day <= end:
            for account, cents in postings.items():
                found[account] += cents
    return {account: cents for account, cents in found.items() if cents}


def report(books: Books, name: str, **parameters: str) -> Json:
    """A report in JSON."""
    answer = books.client.get(f"/reports/{name}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"Header", "Columns", "Rows"}
    return answer.json()


def rows(part: Json) -> Iterator[Json]:
    """All rows of a report that carry data, however deep."""
    for row in part.get("Rows", {}).get("Row", []):
        if "ColData" in row:
            yield row
        yield from rows(row)


def totals(part: Json) -> dict[str, list[str]]:
    """Group -> the values of its summary, however deep."""
    found = {}
    for row in part.get("Rows", {}).get("Row", []):
        if "group" in row and "Summary" in row:
            found[row["group"]] = [cell["value"] for cell in row["Summary"]["ColData"][1:]]
        found.update(totals(row))
    return found


def cents(text: str) -> int:
    """An amount of a report."""
    return round(float(text or 0) * 100)


def by_account(part: Json, column: int = 1) -> dict[str, int]:
    """Account id -> cents in a column."""
    return {row["ColData"][0]["id"]: cents(row["ColData"][column]["value"]) for row in rows(part)}


@pytest.mark.parametrize("end", ["2025-12-31", "2026-02-02", "2026-06-30", TODAY])
def test_the_trial_balance_is_the_sum_of_all_debits_and_credits(books: Books, end: str) -> None:
    """On each day the accounts hold what was booked until then; last year's profit stands in Retained Earnings."""
    expected: defaultdict[str, int] = defaultdict(int, sums("", end))
    if end > "2026":
        for account, amount in sums("", "2025-12-31").items():
            if account in (*INCOME, *EXPENSES, MATERIALS):
                expected[account] -= amount
                expected[RETAINED] += amount
    found = report(books, "TrialBalance", start_date="2025-01-01", end_date=end)
    debits, credits = by_account(found, 1), by_account(found, 2)
    mine = {account: amount for account, amount in expected.items() if amount}
    assert {account: debits[account] - credits[account] for account in debits} == mine
    debit, credit = totals(found)["GrandTotal"]
    assert cents(debit) == cents(credit) == sum(amount for amount in mine.values() if amount > 0)
    assert (found["Header"]["StartPeriod"], found["Header"]["EndPeriod"]) == ("2025-01-01", end)


@pytest.mark.parametrize(
    ("start", "end"), [("2025-01-01", "2025-12-31"), ("2026-01-01", TODAY), ("2026-03-01", "2026-03-31")]
)
def test_profit_and_loss_is_what_was_earned_and_spent_in_those_days(
    books: Books, start: str, end: str
) -> None:
    """Income, gross profit and net income follow from the postings of the days alone."""
    mine = sums(start, end)
    income = -sum(mine.get(account, 0) for account in INCOME)
    gross = income - mine.get(MATERIALS, 0)
    net = gross - sum(mine.get(account, 0) for account in EXPENSES)
    found = report(books, "ProfitAndLoss", start_date=start, end_date=end)
    shown = {group: cents(values[0]) for group, values in totals(found).items()}
    assert (shown["Income"], shown["GrossProfit"], shown["NetIncome"]) == (income, gross, net)
    accounts = {account: mine[account] for account in (*INCOME, *EXPENSES, MATERIALS) if account in mine}
    signed = {account: -amount if account in INCOME else amount for account, amount in accounts.items()}
    assert by_account(found) == signed
    assert found["Header"]["ReportBasis"] == "Accrual"


def test_the_balance_sheet_balances_with_the_years_profit_in_equity(books: Books) -> None:
    """Assets, liabilities and equity are the sums of their accounts; both sides are equal."""
    mine = sums("", TODAY)
    found = report(books, "BalanceSheet", end_date=TODAY)
    shown = {group: cents(values[0]) for group, values in totals(found).items()}
    assets = sum(mine.get(account, 0) for account in (CHECKING, SAVINGS, RECEIVABLE, UNDEPOSITED))
    liabilities = -sum(mine.get(account, 0) for account in (TAX_PAYABLE, LOAN))
    assert (shown["TotalAssets"], shown["Liabilities"]) == (assets, liabilities)
    assert shown["TotalLiabilitiesAndEquity"] == assets
    assert shown["BankAccounts"] == mine[CHECKING] + mine[SAVINGS]
    named = {row["ColData"][0]["value"]: row["ColData"][1]["value"] for row in rows(found)}
    earlier = sums("", "2025-12-31")
    retained = -sum(earlier.get(account, 0) for account in (*INCOME, *EXPENSES))
    assert cents(named["Retained Earnings"]) == retained
    this_year = sums("2026-01-01", TODAY)
    profit = -sum(this_year.get(account, 0) for account in (*INCOME, *EXPENSES, MATERIALS))
    assert cents(named["Net Income"]) == profit


def test_the_general_ledger_leads_from_each_beginning_to_its_end(books: Books) -> None:
    """Beginning balance and the amounts of the days add up to the last running balance of each account."""
    found = report(books, "GeneralLedger", start_date="2026-01-01", end_date=TODAY)
    keys = [column["MetaData"][0]["Value"] for column in found["Columns"]["Column"]]
    amount_at, balance_at = keys.index("subt_nat_amount"), keys.index("rbal_nat_amount")
    mine = sums("2026-01-01", TODAY)
    before = sums("", "2025-12-31")
    credit = (*INCOME, TAX_PAYABLE, LOAN, OPENING)
    seen = set()
    for part in found["Rows"]["Row"]:
        account = part["Header"]["ColData"][0]["id"]
        sign = -1 if account in credit else 1
        lines = [[cell["value"] for cell in row["ColData"]] for row in part["Rows"]["Row"]]
        assert sum(cents(one[amount_at]) for one in lines) == sign * mine.get(account, 0)
        assert cents(lines[-1][balance_at]) == sign * (mine.get(account, 0) + before.get(account, 0))
        assert (lines[0][0] == "Beginning Balance") == (account in before)
        assert cents(part["Summary"]["ColData"][amount_at]["value"]) == sign * mine.get(account, 0)
        seen.add(account)
    assert seen == set(mine) | set(before) | {UNDEPOSITED}
    one = report(books, "GeneralLedger", account=SAVINGS, columns="tx_date,subt_nat_amount,txn_type")
    (part,) = one["Rows"]["Row"]
    (row,) = rows(one)
    assert [cell["value"] for cell in row["ColData"]] == ["2026-05-01", "Transfer", "12.34"]


def test_the_transaction_list_has_the_recorded_columns_in_json_and_xml(books: Books) -> None:
    """One row for each booked document, by date; in XML the columns stand as in a recorded one."""
    found = report(books, "TransactionList", start_date="2025-01-01", end_date=TODAY)
    listed = [row["ColData"] for row in rows(found)]
    assert len(listed) == len(ALL) - 1  # an estimate books nothing
    assert [cells[0]["value"] for cells in listed] == sorted(day for day, postings in ALL if postings)
    headers = {"accept": "application/xml"}
    answer = books.client.get("/reports/TransactionList", headers=headers)
    mine = ET.fromstring(answer.content)
    space = {"q": "http://schema.intuit.com/finance/v3"}
    first = mine.find("q:Rows/q:Row/q:ColData", space)
    assert first is not None
    assert first.attrib["value"] == "2026-01-02"  # this fiscal year to date
    recorded = RECORDINGS / "ruckus-quickbooks-ruby" / "transaction_list_report.xml"
    if recorded.exists():
        theirs = ET.parse(recorded).getroot()

        def columns(root: Any) -> list[list[str]]:
            found = root.findall("q:Columns/q:Column", space)
            return [[part.text or "" for part in column.iter() if part.text] for column in found]

        assert mine.tag == theirs.tag
        assert columns(mine) == [[text for text in one if text.strip()] for one in columns(theirs)]


@pytest.mark.parametrize(
    ("day", "amy", "bill"),
    [
        ("2026-01-15", [108000, 50000, 0, 0, 0], []),
        ("2026-02-01", [98000, 0, 0, 0, 0], []),
        ("2026-03-20", [0, 0, 98000, 0, 0], [0, 37000, 0, 0, 0]),
        (TODAY, [0, 0, 0, 0, 98000], [0, 0, 0, 0, 36200]),
    ],
)
def test_receivables_are_aged_by_the_day_they_were_due(
    books: Books, day: str, amy: list[int], bill: list[int]
) -> None:
    """Open amounts move from age to age as days pass, credits with them; the sums are the customers' balances."""
    aged = report(books, "AgedReceivables", report_date=day)
    found = {
        row["ColData"][0]["id"]: [cents(cell["value"]) for cell in row["ColData"][1:]] for row in rows(aged)
    }
    balance = report(books, "CustomerBalance", report_date=day)
    owed = by_account(balance)
    ledger = sums("", day).get(RECEIVABLE, 0)
    assert {customer: ages[-1] for customer, ages in found.items()} == owed
    assert sum(owed.values()) == ledger == cents(totals(balance)["GrandTotal"][0])
    assert (found[AMY][:-1], found.get(BILL, [])[:-1]) == (amy, bill)
    assert aged["Header"]["Option"][0] == {"Name": "report_date", "Value": day}


def test_jobs_stand_below_their_customer() -> None:
    """The customer's line sums up the jobs, and so does the total."""
    with open_books() as books:
        job = books.make("Customer", {"DisplayName": "Garage", "Job": True, "ParentRef": {"value": AMY}})
        books.invoice(10)
        books.invoice(5, customer=job["Id"])
        found = report(books, "CustomerBalance")
        parent = found["Rows"]["Row"][0]
        assert [cell["value"] for cell in parent["Header"]["ColData"]] == ["Amy's Bird Sanctuary", "10.00"]
        assert [cell["value"] for cell in parent["Summary"]["ColData"]][1] == "15.00"
        assert totals(found)["GrandTotal"] == ["15.00"]
        empty = report(books, "CustomerBalance", customer=BILL)
        assert {"Name": "NoReportData", "Value": "true"} in empty["Header"]["Option"]


@pytest.mark.parametrize(
    ("macro", "start", "end"),
    [
        ("Today", "2026-11-22", "2026-11-22"),
        ("Yesterday", "2026-11-21", "2026-11-21"),
        ("This Week", "2026-11-22", "2026-11-28"),
        ("Last Week", "2026-11-15", "2026-11-21"),
        ("Next 4 Weeks", "2026-11-29", "2026-12-26"),
        ("This Month", "2026-11-01", "2026-11-30"),
        ("This Month-to-date", "2026-11-01", "2026-11-22"),
        ("Last Month", "2026-10-01", "2026-10-31"),
        ("Last Month-to-date", "2026-10-01", "2026-10-22"),
        ("Next Month", "2026-12-01", "2026-12-31"),
        ("This Calendar Quarter", "2026-10-01", "2026-12-31"),
        ("Last Fiscal Quarter", "2026-07-01", "2026-09-30"),
        ("This Fiscal Year", "2026-01-01", "2026-12-31"),
        ("Last Fiscal Year", "2025-01-01", "2025-12-31"),
        ("Last Fiscal Year-to-date", "2025-01-01", "2025-11-22"),
        ("Next Calendar Year", "2027-01-01", "2027-12-31"),
    ],
)
def test_intuits_words_for_stretches_of_time(books: Books, macro: str, start: str, end: str) -> None:
    """Each word of Report.xsd means the days that a bookkeeper means by it."""
    found = report(books, "ProfitAndLoss", date_macro=macro)["Header"]
    assert (found["StartPeriod"], found["EndPeriod"], found["DateMacro"]) == (start, end, macro.lower())


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("Nonsense", {}, "500"),
        ("TrialBalance", {"accounting_method": "Cash"}, "500"),
        ("TrialBalance", {"accounting_method": "Barter"}, "2170"),
        ("ProfitAndLoss", {"summarize_column_by": "Month"}, "500"),
        ("ProfitAndLoss", {"class": "1"}, "500"),
        ("ProfitAndLoss", {"start_date": "yesterday"}, "2070"),
        ("ProfitAndLoss", {"start_date": "2026-02-01", "end_date": "2026-01-01"}, "2190"),
        ("ProfitAndLoss", {"date_macro": "Next Eon"}, "2170"),
        ("GeneralLedger", {"columns": "tx_date,colour"}, "500"),
    ],
)
def test_what_a_report_cannot_tell_is_refused(
    books: Books, name: str, parameters: dict[str, str], code: str
) -> None:
    """A filter or basis that is not kept is never ignored: the figures would be others."""
    answer = books.client.get(f"/reports/{name}", params=parameters)
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, code)
