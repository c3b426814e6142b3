"""Sales forms: lines, tax and totals of Invoice, SalesReceipt, RefundReceipt, CreditMemo and Estimate."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import Entity
from crm_sandbox.quickbooks.ledger import Posting
from crm_sandbox.quickbooks.money import home_cents, round_to_cents, to_cents, to_decimal, to_number
from crm_sandbox.quickbooks.refusals import business, missing, refusal, wrong_amount
from crm_sandbox.quickbooks.shapes import JsonObject

SALES_FORMS = ("Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo", "Estimate")
CENT_OF_SLACK = 1
"""How far Amount may be from UnitPrice * Qty, in cents, before 6070."""


def work_out(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    """The document with its lines numbered, tax and totals computed; raises Refused."""
    lines = [line for line in obj.get("Line") or [] if line.get("DetailType") != "SubTotalLineDetail"]
    if not lines:
        raise missing("Line")
    lines = [_worked_out_line(company, entity, line, obj.get("GlobalTaxCalculation")) for line in lines]
    subtotal = sum(_cents(line) for line in sold(lines))
    lines = [_worked_out_discount(line, subtotal) for line in lines]
    discounts = [_bare_discount(line) for line in lines if line["DetailType"] == "DiscountLineDetail"]
    lines = _numbered_bundles([line for line in lines if line["DetailType"] != "DiscountLineDetail"])
    discount = sum(_cents(line) for line in discounts)
    tax_detail, tax, tax_inside = _tax(company, obj, lines, subtotal, discount)
    total = subtotal - discount + (0 if tax_inside else tax)
    if total < 0:
        raise business("The transaction amount must be 0 or greater. Please enter a positive amount.")
    subtotal_line: JsonObject = {
        "Amount": to_number(subtotal),
        "DetailType": "SubTotalLineDetail",
        "SubTotalLineDetail": {},
    }
    return {
        **obj,
        "Line": [*lines, subtotal_line, *discounts],
        "TxnTaxDetail": tax_detail,
        "TotalAmt": to_number(total),
    }


def custom_fields(company: Company, obj: JsonObject) -> list[JsonObject]:
    """Every custom field that the company has set up, with the value if one was sent."""
    sent = {str(one.get("DefinitionId")): one.get("StringValue") for one in obj.get("CustomField") or []}
    return [
        {"DefinitionId": str(place), "Name": name, "Type": "StringType",
         **({"StringValue": sent[str(place)]} if sent.get(str(place)) else {})}
        for place, name in enumerate(company.settings.custom_fields, 1)
    ]  # fmt: skip


def postings(company: Company, entity: Entity, obj: JsonObject) -> tuple[Posting, ...]:
    """What the sales form books: receivable or money on one side, income and tax on the other."""
    if entity.name == "Estimate" or not (obj["TotalAmt"] or _has_amounts(obj)):
        return ()
    sign = -1 if entity.name in ("CreditMemo", "RefundReceipt") else 1
    rate = to_decimal(obj.get("ExchangeRate", 1), "ExchangeRate")
    income: defaultdict[str, int] = defaultdict(int)
    for line in sold(obj["Line"]):
        income[_income_account(company, line)] += _cents(line)
    for line in obj["Line"]:
        if line["DetailType"] == "DiscountLineDetail":
            detail = line["DiscountLineDetail"]
            account = (detail.get("DiscountAccountRef") or {}).get("value") or company.account_of_type(
                "Income", "DiscountsRefundsGiven"
            )["Id"]
            income[account] -= _cents(line)
    tax = to_cents(obj["TxnTaxDetail"].get("TotalTax", 0), "TotalTax")
    if tax:
        income[company.account_of_type("Other Current Liability", "SalesTaxPayable")["Id"]] += tax
        if obj.get("GlobalTaxCalculation") == "TaxInclusive":
            _take_tax_out(income, obj, company)
    lines = [Posting(account, -sign * home_cents(cents, rate)) for account, cents in income.items() if cents]
    money_home = -sum(line.cents for line in lines)
    paid_now = to_cents(obj.get("Deposit") or 0, "Deposit") if entity.name == "Invoice" else 0
    total = to_cents(obj["TotalAmt"], "TotalAmt")
    if entity.name in ("Invoice", "CreditMemo"):
        paid_home = home_cents(paid_now, rate)
        receivable = company.account_of_type("Accounts Receivable")["Id"]
        customer = obj["CustomerRef"]["value"]
        lines.append(Posting(receivable, money_home - paid_home, customer, sign * (total - paid_now)))
        if paid_now:
            lines.append(Posting(money_account(company, obj), paid_home))
    else:
        lines.append(Posting(money_account(company, obj), money_home))
    return tuple(line for line in lines if line.cents or line.foreign_cents)


def money_account(company: Company, obj: JsonObject) -> str:
    """Where the money goes: the account that the document names, else Undeposited Funds."""
    ref = obj.get("DepositToAccountRef")
    if ref:
        return str(ref["value"])
    return str(company.account_of_type("Other Current Asset", "UndepositedFunds")["Id"])


def check_money_account(company: Company, obj: JsonObject) -> None:
    """Refuses an account that cannot hold money received: only Bank and Other Current Asset can."""
    ref = obj.get("DepositToAccountRef")
    if ref:
        account = company.get("Account", ref["value"])
        if account and account["AccountType"] not in ("Bank", "Other Current Asset"):
            raise business("Select a Bank or Other Current Asset account for this transaction.")


def sold(lines: list[JsonObject]) -> list[JsonObject]:
    """The lines that sell something, those inside bundles included."""
    found = []
    for line in lines:
        if line["DetailType"] == "SalesItemLineDetail":
            found.append(line)
        elif line["DetailType"] == "GroupLineDetail":
            found += line["GroupLineDetail"]["Line"]
    return found


def _worked_out_line(
    company: Company, entity: Entity, line: JsonObject, global_tax: str | None
) -> JsonObject:
    kind = line.get("DetailType")
    if not kind:
        raise missing("DetailType")
    if kind not in entity.lines:
        raise refusal(
            "2120", "Invalid Type", f"The line type {kind} is not supported on {entity.name}", "DetailType"
        )
    if kind == "GroupLineDetail":
        return _worked_out_bundle(company, entity, line, global_tax)
    if kind != "SalesItemLineDetail":
        return line
    if line.get("Amount") is None:
        raise missing("Amount")
    detail = dict(line["SalesItemLineDetail"])
    if not detail.get("ItemRef"):
        first = next(iter(company.objects["Item"].values()))
        detail["ItemRef"] = {"value": first["Id"], "name": first["Name"]}
    price, quantity = detail.get("UnitPrice"), detail.get("Qty")
    if price is not None and quantity is not None and (price or quantity):
        # Both at 0 count as not sent: python-quickbooks fills them in like that, and Intuit takes its lines.
        exact = to_decimal(price, "UnitPrice") * to_decimal(quantity, "Qty")
        if abs(round_to_cents(exact) - to_cents(line["Amount"])) > CENT_OF_SLACK:
            raise wrong_amount(line["Amount"])
    code = _line_tax_code(company, detail.pop("TaxCodeRef", None), global_tax)
    if code:
        detail["TaxCodeRef"] = code
    return {**line, "Amount": to_number(to_cents(line["Amount"])), "SalesItemLineDetail": detail}


def _worked_out_bundle(
    company: Company, entity: Entity, line: JsonObject, global_tax: str | None
) -> JsonObject:
    """A bundle stands for the lines inside it, which are sold one by one; its own amount is 0 (recorded)."""
    detail = line["GroupLineDetail"]
    inside = detail.get("Line") or []
    if not inside:
        raise missing("GroupLineDetail.Line")
    for one in inside:
        if one.get("DetailType") != "SalesItemLineDetail":
            raise refusal("2120", "Invalid Type", "A bundle holds sales lines only", "DetailType")
    worked_out = [_worked_out_line(company, entity, one, global_tax) for one in inside]
    return {**line, "Amount": 0, "GroupLineDetail": {**detail, "Line": worked_out}}


def _line_tax_code(company: Company, sent: JsonObject | None, global_tax: str | None) -> JsonObject | None:
    settings = company.settings
    if settings.country == "US":
        code = sent["value"] if sent else "NON"
        if code not in ("TAX", "NON"):
            detail = (
                f"Invalid Line TaxCode in the request : For US, specify TAX or NON. Supplied value:{code}"
            )
            raise refusal("6100", "Invalid Line TaxCode in the request", detail)
        return {"value": code}
    if not settings.using_sales_tax or global_tax == "NotApplicable":
        return sent
    if not sent:
        raise business("Make sure all your transactions have a VAT rate before you save.")
    if not company.get("TaxCode", sent["value"]):
        raise refusal("6100", "Invalid Line TaxCode in the request", f"Supplied value:{sent['value']}")
    return {"value": sent["value"]}


def _worked_out_discount(line: JsonObject, subtotal: int) -> JsonObject:
    if line["DetailType"] != "DiscountLineDetail":
        return line
    detail = line["DiscountLineDetail"]
    if detail.get("PercentBased"):
        percent = detail.get("DiscountPercent")
        if percent is None:
            raise refusal(
                "6090", "Discount Line missing required info", "A discount amount or percent is required."
            )
        cents = round_to_cents(Decimal(subtotal) / 100 * to_decimal(percent, "DiscountPercent") / 100)
    elif line.get("Amount") is None:
        raise refusal(
            "6090", "Discount Line missing required info", "A discount amount or percent is required."
        )
    else:
        cents = to_cents(line["Amount"])
    return {**line, "Amount": to_number(cents)}


def _bare_discount(line: JsonObject) -> JsonObject:
    """A discount stands after the subtotal and has neither Id nor number (recorded)."""
    return {name: value for name, value in line.items() if name not in ("Id", "LineNum")}


def _numbered(lines: list[JsonObject]) -> list[JsonObject]:
    used = {str(line["Id"]) for line in lines if line.get("Id")}
    last = max((int(ident) for ident in used if ident.isdigit()), default=0)
    done = []
    for number, line in enumerate(lines, 1):
        ident = line.get("Id")
        if not ident:
            last += 1
            ident = str(last)
        done.append({**line, "Id": str(ident), "LineNum": number})
    return done


def _numbered_bundles(lines: list[JsonObject]) -> list[JsonObject]:
    """Lines inside bundles are numbered with all others, each bundle before what it holds."""
    flat: list[JsonObject] = []
    for line in lines:
        flat += [line, *(line["GroupLineDetail"]["Line"] if line["DetailType"] == "GroupLineDetail" else [])]
    numbered = iter(_numbered(flat))
    done = []
    for line in lines:
        first = next(numbered)
        if line["DetailType"] == "GroupLineDetail":
            inside = [next(numbered) for _ in line["GroupLineDetail"]["Line"]]
            first = {**first, "GroupLineDetail": {**first["GroupLineDetail"], "Line": inside}}
        done.append(first)
    return done


def _tax(
    company: Company, obj: JsonObject, lines: list[JsonObject], subtotal: int, discount: int
) -> tuple[JsonObject, int, bool]:
    """TxnTaxDetail, the tax in cents, and whether the amounts already hold it."""
    sent = obj.get("TxnTaxDetail") or {}
    if company.settings.country != "US":
        return _tax_by_line(company, obj, lines)
    taxable = sum(_cents(line) for line in sold(lines) if _tax_code(line) == "TAX")
    if obj.get("ApplyTaxAfterDiscount") and subtotal:
        taxable -= round_to_cents(Decimal(discount * taxable) / subtotal / 100)
    code = (sent.get("TxnTaxCodeRef") or {}).get("value")
    given = sent.get("TotalTax")
    if not company.settings.using_sales_tax:
        return {"TotalTax": 0}, 0, False
    if company.settings.automated_sales_tax and not (code and given is not None):
        # Automated sales tax ignores the codes that were sent unless the total overrides it as well.
        percent = Decimal(str(company.settings.automated_sales_tax_percent))
        tax = round_to_cents(Decimal(taxable) * percent / 10_000)
        return {"TotalTax": to_number(tax)}, tax, False
    if not code:
        return {"TotalTax": 0}, 0, False
    percent, rate_id = _rate(company, code)
    tax = (
        to_cents(given, "TotalTax")
        if given is not None
        else round_to_cents(Decimal(taxable) * percent / 10_000)
    )
    detail: JsonObject = {"TxnTaxCodeRef": {"value": code}, "TotalTax": to_number(tax)}
    detail["TaxLine"] = [_tax_line(tax, rate_id, percent, taxable)] if tax else []
    return detail, tax, False


def _tax_by_line(company: Company, obj: JsonObject, lines: list[JsonObject]) -> tuple[JsonObject, int, bool]:
    how = obj.get("GlobalTaxCalculation", "TaxExcluded")
    if how == "NotApplicable" or not company.settings.using_sales_tax:
        return {"TotalTax": 0}, 0, False
    amounts: defaultdict[str, int] = defaultdict(int)
    for line in sold(lines):
        amounts[str(_tax_code(line))] += _cents(line)
    tax_lines, tax = [], 0
    for code, cents in amounts.items():
        percent, rate_id = _rate(company, code)
        inclusive = how == "TaxInclusive"
        net = round_to_cents(Decimal(cents) / (100 + percent)) if inclusive else cents
        part = cents - net if inclusive else round_to_cents(Decimal(cents) * percent / 10_000)
        tax += part
        tax_lines.append(_tax_line(part, rate_id, percent, net))
    return {"TotalTax": to_number(tax), "TaxLine": tax_lines}, tax, how == "TaxInclusive"


def _tax_line(tax: int, rate_id: str, percent: Decimal, taxable: int) -> JsonObject:
    detail = {
        "TaxRateRef": {"value": rate_id}, "PercentBased": True, "TaxPercent": float(percent),
        "NetAmountTaxable": to_number(taxable),
    }  # fmt: skip
    return {"Amount": to_number(tax), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def _rate(company: Company, code: str) -> tuple[Decimal, str]:
    """The percentage of a tax code and the id of its first rate."""
    tax_code = company.get("TaxCode", code)
    if not tax_code:
        raise refusal("6160", "Invalid TaxCodeRef Error", f"Invalid TaxCodeRef. Supplied value:{code}")
    details: list[Any] = tax_code.get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    rates = [company.get("TaxRate", detail["TaxRateRef"]["value"]) for detail in details]
    percent = sum((Decimal(str(rate["RateValue"])) for rate in rates if rate), Decimal(0))
    return percent, details[0]["TaxRateRef"]["value"] if details else "0"


def _take_tax_out(income: defaultdict[str, int], obj: JsonObject, company: Company) -> None:
    """With tax inside the amounts, income is what remains after tax: taken from each account by its lines."""
    for line in sold(obj["Line"]):
        if _tax_code(line):
            percent, _ = _rate(company, str(_tax_code(line)))
            income[_income_account(company, line)] -= _cents(line) - round_to_cents(
                Decimal(_cents(line)) / (100 + percent)
            )
    # Tax is rounded per code, income per line: what rounding leaves over stays with the first account.
    over = sum(income.values()) - to_cents(obj["TotalAmt"])
    income[next(iter(income))] -= over


def _income_account(company: Company, line: JsonObject) -> str:
    item = company.get("Item", line["SalesItemLineDetail"]["ItemRef"]["value"]) or {}
    ref = item.get("IncomeAccountRef")
    return str(ref["value"]) if ref else str(company.account_of_type("Income")["Id"])


def _tax_code(line: JsonObject) -> str | None:
    return (line.get("SalesItemLineDetail", {}).get("TaxCodeRef") or {}).get("value")


def _cents(line: JsonObject) -> int:
    return to_cents(line.get("Amount") or 0)


def _has_amounts(obj: JsonObject) -> bool:
    return any(line.get("Amount") for line in [*obj["Line"], *sold(obj["Line"])])
