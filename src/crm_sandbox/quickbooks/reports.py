"""Reports: the trial balance in Intuit's rows and columns, and rates of exchange."""

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.refusals import missing, unsupported
from crm_sandbox.quickbooks.shapes import JsonObject

RATES_TO_USD = {"USD": 1.0, "EUR": 1.08, "GBP": 1.27, "CAD": 0.73, "AUD": 0.66, "MXN": 0.055, "JPY": 0.0067}
"""Home units per foreign unit in a US company; other home currencies are crossed over these."""


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


def exchange_rate(company: Company, parameters: dict[str, str]) -> JsonObject:
    """Home units per one foreign unit; the same on every day. Raises Refused without a currency."""
    code = parameters.get("sourcecurrencycode", "").upper()
    if not code:
        raise missing("sourcecurrencycode")
    if code not in RATES_TO_USD:
        raise unsupported(f"exchange rate of {code}")
    home = company.settings.home_currency
    rate = round(RATES_TO_USD[code] / RATES_TO_USD.get(home, 1.0), 6)
    return {
        "SourceCurrencyCode": code,
        "TargetCurrencyCode": home,
        "Rate": rate,
        "AsOfDate": parameters.get("asofdate") or company.today(),
        "MetaData": {"LastUpdatedTime": company.now().isoformat(timespec="seconds")},
    }


def _amount(cents: int) -> str:
    return f"{cents / 100:.2f}"
