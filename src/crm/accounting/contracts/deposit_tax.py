"""Tax on deposits outside the US, where VAT or GST is usually due when a deposit is received (facts 3.1): it is not split
off here, so a code that takes any is refused, and whoever it concerns is told."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from crm.accounting import company as qbo
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts.lists import Choice
from crm.accounting.documents import Company
from crm.gateways.quickbooks import query, quote
from crm.kit.errors import Invalid

NOT_SPLIT = (
    "VAT or GST in deposits is not split off: a deposit's invoice carries a code of 0 %, and all of the tax stands on the "
    "contract's invoice."
)
WHY = "Outside the US the tax is usually due when the deposit is received."
WAY = (
    "Ask your accountant. Either enter the tax of the deposits by hand for each period, or choose “One invoice for the whole "
    "job, paid in parts” in Books > Mapping: there the first payment makes the invoice with its tax."
)


def concerns(company: Company, policy: str) -> bool:
    """Whether deposits have invoices of their own on which somebody may expect tax."""
    return company.country != "US" and company.uses_sales_tax and policy != "whole"


async def must_take_nothing(books: Books, access: Access, code: Choice) -> None:
    """Raises Invalid for a tax code that adds tax to the deposit: one metered read."""
    rates = code.get("rates") or []
    if not rates:
        return
    ids = ", ".join(quote(str(one)) for one in rates)
    answer = await qbo.ask(
        books, access.org_id, query("list_taxrate", f"SELECT * FROM TaxRate WHERE Id IN ({ids})")
    )
    rows = answer.data.get("QueryResponse", {}).get("TaxRate", [])
    if any(_percent(row.get("RateValue")) for row in rows):
        raise Invalid(
            f"The tax code “{code['name']}” adds tax to the deposit, which then is not what was paid. Choose one of 0 %. "
            f"{NOT_SPLIT} {WAY}",
            field="qbo_id",
            kind="mapping-unfit",
        )


def _percent(value: object) -> Decimal:
    """A rate that QuickBooks does not tell refuses no choice here: what it adds shows in the deposit's total, which is compared."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
