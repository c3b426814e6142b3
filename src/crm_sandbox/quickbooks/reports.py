"""Reports in Intuit's rows and columns, all counted from the ledger on accrual basis.

Sources: Report.xsd, Intuit's reference of reports (its samples give titles, groups and column keys), and a
recorded TransactionList. A filter or a way to summarize that is not kept is refused rather than ignored.
"""

from collections.abc import Callable

from crm_sandbox.quickbooks import customer_reports, ledger_lists, statements
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.refusals import refusal, unsupported
from crm_sandbox.quickbooks.shapes import JsonObject

KNOWN_PARAMETERS = frozenset(
    {"accounting_method", "date_macro", "end_date", "format", "minorversion", "start_date"}
)
_Report = Callable[[Company, dict[str, str]], JsonObject]
REPORTS: dict[str, tuple[_Report, frozenset[str]]] = {
    "TrialBalance": (statements.trial_balance, frozenset()),
    "ProfitAndLoss": (statements.profit_and_loss, frozenset()),
    "BalanceSheet": (statements.balance_sheet, frozenset()),
    "GeneralLedger": (ledger_lists.general_ledger, frozenset({"account", "columns"})),
    "TransactionList": (ledger_lists.transaction_list, frozenset({"columns"})),
    "CustomerBalance": (customer_reports.customer_balance, frozenset({"customer", "report_date"})),
    "AgedReceivables": (customer_reports.aged_receivables, frozenset({"customer", "report_date"})),
}
"""Name -> how it is made, and which parameters it knows besides those of all reports."""


def report(company: Company, name: str, parameters: dict[str, str]) -> JsonObject:
    """The report of that name; raises Refused for another one and for what would change its figures unseen."""
    found = next((known for known in REPORTS if known.lower() == name.lower()), None)
    if found is None:
        raise unsupported(f"report {name}")
    make, more = REPORTS[found]
    for parameter, value in parameters.items():
        if parameter == "summarize_column_by" and value == "Total":
            continue
        if parameter not in KNOWN_PARAMETERS | more and value:
            raise unsupported(f"{parameter} of report {found}")
    method = parameters.get("accounting_method") or "Accrual"
    if method not in ("Accrual", "Cash"):
        text = f"accounting_method must be one of Accrual, Cash. Supplied value:{method}"
        raise refusal("2170", "Invalid Enumeration", text, "accounting_method")
    if method == "Cash":
        raise unsupported(f"cash basis of report {found}; this sandbox keeps accrual books only, and that")
    return make(company, parameters)
