"""Reports: the trial balance in Intuit's rows and columns."""

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.refusals import unsupported
from crm_sandbox.quickbooks.shapes import JsonObject


def report(company: Company, name: str, parameters: dict[str, str]) -> JsonObject:
    """The report of that name; only TrialBalance is kept. Raises Refused for others."""
    if name.lower() != "trialbalance":
        raise unsupported(f"report {name}")
    return trial_balance(company, parameters)


def trial_balance(company: Company, parameters: dict[str, str]) -> JsonObject:
    """All accounts with a balance, debits and credits in two columns of equal sums, on accrual basis."""
    rows: list[JsonObject] = []
    debit = credit = 0
    balances = company.ledger.trial_balance_cents()
    for ident, cents in sorted(balances.items(), key=lambda pair: int(pair[0])):
        account = company.objects["Account"][ident]
        debit += max(cents, 0)
        credit += max(-cents, 0)
        rows.append({"ColData": [
            {"value": account["FullyQualifiedName"], "id": ident},
            {"value": _amount(cents) if cents > 0 else ""},
            {"value": _amount(-cents) if cents < 0 else ""},
        ]})  # fmt: skip
    total = [{"value": "TOTAL"}, {"value": _amount(debit)}, {"value": _amount(credit)}]
    rows.append({"Summary": {"ColData": total}, "type": "Section", "group": "GrandTotal"})
    return {
        "Header": {
            "Time": company.now().isoformat(timespec="seconds"),
            "ReportName": "TrialBalance",
            "DateMacro": "all",
            "ReportBasis": parameters.get("accounting_method", "Accrual"),
            "StartPeriod": parameters.get("start_date", "2024-01-01"),
            "EndPeriod": parameters.get("end_date", company.today()),
            "SummarizeColumnsBy": "Total",
            "Currency": company.settings.home_currency,
            "Option": [{"Name": "NoReportData", "Value": "false" if balances else "true"}],
        },
        "Columns": {"Column": [
            {"ColTitle": "", "ColType": "Account"},
            {"ColTitle": "Debit", "ColType": "Money"},
            {"ColTitle": "Credit", "ColType": "Money"},
        ]},
        "Rows": {"Row": rows},
    }  # fmt: skip


def _amount(cents: int) -> str:
    return f"{cents / 100:.2f}"
