"""Currencies and their rates: what a company with more than one currency lists, reads and sets.

Source: Intuit's reference of CompanyCurrency and Exchangerate (what is required, that the home currency cannot
be set, that the target is the home currency unless named).
"""

from decimal import Decimal

from crm_sandbox.quickbooks.checks import clean, required_text
from crm_sandbox.quickbooks.company import CURRENCY_NAMES, Company
from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.linking import store
from crm_sandbox.quickbooks.money import to_decimal
from crm_sandbox.quickbooks.refusals import business, company_read_only, missing, refusal, stale
from crm_sandbox.quickbooks.shapes import JsonObject

RATES_TO_USD = {
    "USD": "1", "AUD": "0.66", "BRL": "0.18", "CAD": "0.73", "CHF": "1.13", "CNY": "0.14", "DKK": "0.145",
    "EUR": "1.08", "GBP": "1.27", "HKD": "0.128", "INR": "0.012", "JPY": "0.0067", "MXN": "0.055", "NOK": "0.094",
    "NZD": "0.61", "PLN": "0.25", "SEK": "0.096", "SGD": "0.74", "ZAR": "0.055",
    "MYR": "0.24", "VND": "0.000043", "UAH": "0.042", "YER": "0.004", "AED": "0.2723", "ARS": "0.0167",
    "AWG": "0.5556", "BAM": "0.57", "BBD": "0.5", "BDT": "0.0118", "BGN": "0.57", "BHD": "2.652",
    "BIF": "0.00053", "BMD": "1", "BND": "0.737", "BOB": "0.144", "BSD": "1", "BTN": "0.0141",
    "BWP": "0.0932", "CDF": "0.0006", "CLP": "0.0013", "COP": "0.0003", "CRC": "0.0018", "CUP": "1",
    "CVE": "0.0101", "CZK": "0.0438", "DJF": "0.0056",
}  # fmt: skip
"""What stands for the daily rates that Intuit brings by itself: the same on each day, crossed over the dollar."""

MAX_RATE = Decimal(10**9)


def rate_on(company: Company, code: str, day: str) -> JsonObject:
    """The rate that holds on that day: the newest that was set until then, else the built-in one. Raises Refused."""
    code = code.upper()
    if code not in RATES_TO_USD:
        text = f"SourceCurrencyCode must be a supported currency. Supplied value:{code}"
        raise refusal("2170", "Invalid Enumeration", text, "SourceCurrencyCode")
    set_until = [
        rate
        for rate in company.objects["ExchangeRate"].values()
        if rate["SourceCurrencyCode"] == code and rate["AsOfDate"] <= day
    ]
    if set_until:
        return shown_rate(max(set_until, key=lambda rate: str(rate["AsOfDate"])))
    home = company.settings.home_currency
    rate = round(Decimal(RATES_TO_USD[code]) / Decimal(RATES_TO_USD.get(home, "1")), 6)
    return _as_rate(company, code, float(rate) if rate % 1 else int(rate), day, "0")


def read_rate(company: Company, parameters: dict[str, str]) -> JsonObject:
    """GET exchangerate: of one currency, today unless a day is named."""
    code = parameters.get("sourcecurrencycode", "")
    if not code:
        raise missing("sourcecurrencycode")
    return rate_on(company, code, parameters.get("asofdate") or company.today())


def rates_on(company: Company, day: str) -> list[JsonObject]:
    """The rates of all currencies on a day, as a query lists them."""
    return [rate_on(company, code, day) for code in RATES_TO_USD]


def set_rate(company: Company, body: JsonObject) -> JsonObject:
    """POST exchangerate: sets the rate from a day on; raises Refused."""
    if company.settings.read_only:
        raise company_read_only()
    if not company.settings.multicurrency:
        raise business("Multi Currency is not enabled for this company, so no exchange rate can be set.")
    entity = ENTITIES["ExchangeRate"]
    token = body.get("SyncToken")
    sent = clean(company, entity, body)
    code = required_text(sent, "SourceCurrencyCode", 3).upper()
    day = required_text(sent, "AsOfDate", 10)
    if sent.get("Rate") is None:
        raise missing("Rate")
    rate = to_decimal(sent["Rate"], "Rate")
    home = company.settings.home_currency
    if code == home:
        raise business("The exchange rate of the home currency cannot be set.")
    if (sent.get("TargetCurrencyCode") or home) != home:
        raise business("Exchange rates can only be set towards the home currency.")
    if not 0 < rate <= MAX_RATE:
        raise refusal("2110", "Invalid Decimal", "Rate must be greater than 0", "Rate")
    rate_on(company, code, day)
    key = f"{code} {day}"
    before = company.get("ExchangeRate", key)
    if before and token not in (None, "") and str(token) != before["SyncToken"]:
        raise stale(company.settings.other_user)
    next_token = str(int(before["SyncToken"]) + 1) if before else "0"
    made = _as_rate(company, code, sent["Rate"], day, next_token)
    created = before["MetaData"]["CreateTime"] if before else made["MetaData"]["LastUpdatedTime"]
    kept = {**made, "Id": key, "MetaData": {"CreateTime": created, **made["MetaData"]}}
    company.objects["ExchangeRate"][key] = kept
    return shown_rate(kept)


def currency_listed(company: Company, obj: JsonObject) -> JsonObject:
    """A CompanyCurrency with its name; refuses what Intuit does not know and one currency twice."""
    if not company.settings.multicurrency:
        raise business("Multi Currency is not enabled for this company.")
    code = str(obj["Code"])
    if code not in CURRENCY_NAMES:
        text = f"Code must be a supported currency. Supplied value:{code}"
        raise refusal("2170", "Invalid Enumeration", text, "Code")
    return {"Code": code, "Name": CURRENCY_NAMES[code], "Active": obj.get("Active", True), **obj}


def shown_rate(kept: JsonObject) -> JsonObject:
    """A rate that was set as Intuit shows it: without an Id and without the time of its making."""
    times = {"LastUpdatedTime": kept["MetaData"]["LastUpdatedTime"]}
    return {**{name: value for name, value in kept.items() if name != "Id"}, "MetaData": times}


def list_currency(company: Company, code: str) -> None:
    """Puts a currency on the company's list when a customer or vendor is the first to use it.

    That Intuit does so is a guess; that an inactive one is "not available for use" is its reference's word.
    """
    entity = ENTITIES["CompanyCurrency"]
    for listed in company.objects["CompanyCurrency"].values():
        if listed["Code"] == code:
            if not listed["Active"]:
                raise business(f"The currency {code} is inactive in this company.")
            return
    made = currency_listed(company, {"Code": code, "Id": company.next_id(entity)})
    store(company, entity, made, None)
    company.note(entity.name, made["Id"], "created")


def _as_rate(company: Company, code: str, rate: float, day: str, token: str) -> JsonObject:
    return {
        "SyncToken": token, "domain": "QBO", "sparse": False, "AsOfDate": day, "SourceCurrencyCode": code,
        "Rate": rate, "TargetCurrencyCode": company.settings.home_currency,
        "MetaData": {"LastUpdatedTime": company.now().isoformat(timespec="seconds")},
    }  # fmt: skip
