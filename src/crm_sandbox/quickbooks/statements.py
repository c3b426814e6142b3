"""Trial balance, profit and loss, balance sheet: the figures of the accounts in three arrangements."""

from datetime import timedelta

from crm_sandbox.quickbooks.account_types import CLASSIFICATIONS
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.listings import PROFIT_AND_LOSS
from crm_sandbox.quickbooks.report_periods import FIRST_DAY, Period, fiscal_year_start, period_of
from crm_sandbox.quickbooks.report_rows import amount, balances, column, data, header, section, summary
from crm_sandbox.quickbooks.shapes import JsonObject

CREDIT_SIDE = ("Revenue", "Liability", "Equity")
TYPE_ORDER = {kind: place for place, kind in enumerate(CLASSIFICATIONS)}
_ASSETS = (
    ("Current Assets", "CurrentAssets", (
        ("Bank", "Bank Accounts", "BankAccounts"), ("Accounts Receivable", "Accounts Receivable", "AR"),
        ("Other Current Asset", "Other Current Assets", "OtherCurrentAssets"),
    )),
    ("Fixed Assets", "FixedAssets", (("Fixed Asset", "", ""),)),
    ("Other Assets", "OtherAssets", (("Other Asset", "", ""),)),
)  # fmt: skip
_LIABILITIES = (
    ("Current Liabilities", "CurrentLiabilities", (
        ("Accounts Payable", "Accounts Payable", "AP"), ("Credit Card", "Credit Cards", "CreditCards"),
        ("Other Current Liability", "Other Current Liabilities", "OtherCurrentLiabilities"),
    )),
    ("Long-Term Liabilities", "LongTermLiabilities", (("Long Term Liability", "", ""),)),
)  # fmt: skip


def trial_balance(company: Company, parameters: dict[str, str]) -> JsonObject:
    """Each account with a balance on the last day, in two columns of equal sums.

    Income and expenses count from the beginning of the fiscal year; those before stand in Retained Earnings.
    """
    period = period_of(company, parameters)
    rows: list[JsonObject] = []
    debit = credit = 0
    found = _closed(company, period)
    for account in _accounts(company, found):
        cents = found[account["Id"]]
        debit, credit = debit + max(cents, 0), credit + max(-cents, 0)
        cells = (amount(cents), "") if cents > 0 else ("", amount(-cents))
        rows.append(data((account["FullyQualifiedName"], account["Id"]), *cells))
    rows.append(summary("GrandTotal", "TOTAL", amount(debit), amount(credit)))
    columns = [
        column("", "Account", "account"),
        column("Debit", "Money", "debit"),
        column("Credit", "Money", "credit"),
    ]
    head = header(company, "TrialBalance", period, empty=not found)
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows}}


def profit_and_loss(company: Company, parameters: dict[str, str]) -> JsonObject:
    """Income less costs and expenses of the days."""
    period = period_of(company, parameters)
    found = balances(company, period.end, period.start)
    income, income_cents = _of_type(company, found, "Income")
    costs, costs_cents = _of_type(company, found, "Cost of Goods Sold")
    expenses, expenses_cents = _of_type(company, found, "Expense")
    more, more_cents = _of_type(company, found, "Other Income")
    less, less_cents = _of_type(company, found, "Other Expense")
    gross, operating = income_cents - costs_cents, income_cents - costs_cents - expenses_cents
    rows = [_group("Income", income, income_cents, "Income")]
    if costs:
        rows.append(_group("Cost of Goods Sold", costs, costs_cents, "COGS"))
    rows.append(summary("GrossProfit", "Gross Profit", amount(gross)))
    rows.append(_group("Expenses", expenses, expenses_cents, "Expenses"))
    rows.append(summary("NetOperatingIncome", "Net Operating Income", amount(operating)))
    if more:
        rows.append(_group("Other Income", more, more_cents, "OtherIncome"))
    if less:
        rows.append(_group("Other Expenses", less, less_cents, "OtherExpenses"))
    if more or less:
        rows.append(summary("NetOtherIncome", "Net Other Income", amount(more_cents - less_cents)))
    rows.append(summary("NetIncome", "Net Income", amount(operating + more_cents - less_cents)))
    empty = not (income or costs or expenses or more or less)
    return _statement(company, "ProfitAndLoss", period, rows, empty=empty)


def balance_sheet(company: Company, parameters: dict[str, str]) -> JsonObject:
    """What the company has on the last day, and whose it is; the year's profit stands with the equity."""
    period = period_of(company, parameters)
    found = _closed(company, period)
    assets, assets_cents = _blocks(company, found, _ASSETS)
    liabilities, liabilities_cents = _blocks(company, found, _LIABILITIES)
    equity, equity_cents = _of_type(company, found, "Equity")
    profit = -sum(found.get(one["Id"], 0) for one in _accounts(company, found) if _is_profit_and_loss(one))
    if profit:
        equity.append({**data("Net Income", amount(profit)), "group": "NetIncome"})
    equity_cents += profit
    below = []
    if liabilities:
        below.append(_group("Liabilities", liabilities, liabilities_cents, "Liabilities"))
    below.append(_group("Equity", equity, equity_cents, "Equity"))
    total = amount(liabilities_cents + equity_cents)
    rows = [
        section(("ASSETS", ""), assets, ("TOTAL ASSETS", amount(assets_cents)), "TotalAssets"),
        section(
            ("LIABILITIES AND EQUITY", ""),
            below,
            ("TOTAL LIABILITIES AND EQUITY", total),
            "TotalLiabilitiesAndEquity",
        ),
    ]
    return _statement(company, "BalanceSheet", period, rows, empty=not found)


def _closed(company: Company, period: Period) -> dict[str, int]:
    """Balances on the last day, with the profit of earlier fiscal years in Retained Earnings."""
    year = fiscal_year_start(company, period.end)
    found = balances(company, period.end)
    if year > FIRST_DAY:
        retained = company.account_of_type("Equity", "RetainedEarnings")["Id"]
        for ident, cents in balances(company, year - timedelta(days=1)).items():
            if _is_profit_and_loss(company.objects["Account"][ident]):
                found[ident] = found.get(ident, 0) - cents
                found[retained] = found.get(retained, 0) + cents
    return {ident: cents for ident, cents in found.items() if cents}


def _accounts(company: Company, found: dict[str, int]) -> list[JsonObject]:
    accounts = [company.objects["Account"][ident] for ident in found]
    return sorted(accounts, key=lambda one: (TYPE_ORDER[one["AccountType"]], one["FullyQualifiedName"]))


def _is_profit_and_loss(account: JsonObject) -> bool:
    return account["Classification"] in PROFIT_AND_LOSS


def _of_type(company: Company, found: dict[str, int], kind: str) -> tuple[list[JsonObject], int]:
    """Rows of the accounts of a type, sub-accounts under their parents, and their sum on its usual side."""
    sign = -1 if CLASSIFICATIONS[kind] in CREDIT_SIDE else 1
    accounts = company.objects["Account"].having("AccountType", kind.casefold())
    below: dict[str | None, list[JsonObject]] = {}
    for account in sorted(accounts, key=lambda one: str(one["FullyQualifiedName"])):
        below.setdefault((account.get("ParentRef") or {}).get("value"), []).append(account)

    def rows_under(parent: str | None) -> tuple[list[JsonObject], int]:
        rows, total = [], 0
        for account in below.get(parent, []):
            own = sign * found.get(account["Id"], 0)
            inner, inner_cents = rows_under(account["Id"])
            title = (account["Name"], account["Id"])
            if inner:
                shown = amount(own) if own else ""
                sums = (f"Total {account['Name']}", amount(own + inner_cents))
                rows.append(section((title, shown), inner, sums))
            elif own:
                rows.append(data(title, amount(own)))
            total += own + inner_cents
        return rows, total

    return rows_under(None)


def _blocks(
    company: Company, found: dict[str, int], blocks: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...]
) -> tuple[list[JsonObject], int]:  # fmt: skip
    rows, total = [], 0
    for title, group, kinds in blocks:
        inner: list[JsonObject] = []
        cents = 0
        for kind, name, key in kinds:
            lines, kind_cents = _of_type(company, found, kind)
            cents += kind_cents
            if lines:
                inner.extend([_group(name, lines, kind_cents, key)] if name else lines)
        if inner:
            rows.append(_group(title, inner, cents, group))
        total += cents
    return rows, total


def _group(title: str, rows: list[JsonObject], cents: int, group: str) -> JsonObject:
    return section((title, ""), rows, (f"Total {title}", amount(cents) if rows else ""), group)


def _statement(
    company: Company, name: str, period: Period, rows: list[JsonObject], *, empty: bool
) -> JsonObject:
    columns = [column("", "Account", "account"), column("Total", "Money", "total")]
    head = header(company, name, period, empty=empty, AccountingStandard="GAAP")
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows}}
