"""What customers owe: in one sum, and by how long it is due. Jobs stand below their customer."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.money import home_cents, to_decimal
from crm_sandbox.quickbooks.receipts import applications
from crm_sandbox.quickbooks.report_periods import parse_day
from crm_sandbox.quickbooks.report_rows import amount, booked, column, data, header, section, summary
from crm_sandbox.quickbooks.shapes import JsonObject

AGES = ("Current", "1 - 30", "31 - 60", "61 - 90", "91 and over")
DAYS_IN_AN_AGE = 30


def customer_balance(company: Company, parameters: dict[str, str]) -> JsonObject:
    """Each customer with a balance on a day, in home currency."""
    day = _report_day(company, parameters)
    owed: defaultdict[str, list[int]] = defaultdict(lambda: [0])
    for document in booked(company, day):
        for line in document.lines:
            if line.customer_id:
                owed[line.customer_id][0] += line.cents
    columns = [column("", "Customer", "customer"), column("Total", "Money", "total")]
    return _made(company, "CustomerBalance", parameters, day, columns, owed)


def aged_receivables(company: Company, parameters: dict[str, str]) -> JsonObject:
    """Each customer's open invoices by the days since they were due; credits count from their own date."""
    day = _report_day(company, parameters)
    owed: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(AGES) + 1))
    for customer, due, cents in _open_amounts(company, day):
        late = (day - date.fromisoformat(due)).days
        age = 0 if late <= 0 else min(1 + (late - 1) // DAYS_IN_AN_AGE, len(AGES) - 1)
        owed[customer][age] += cents
        owed[customer][-1] += cents
    columns = [
        column("", "Customer", "customer"),
        *(column(title, "Money", title.replace(" ", "").lower()) for title in AGES),
        column("Total", "Money", "total"),
    ]
    return _made(company, "AgedReceivables", parameters, day, columns, owed)


def _open_amounts(company: Company, day: date) -> list[tuple[str, str, int]]:
    """(customer, date due, cents of home currency) of all that was open at the end of the day.

    What a payment was applied to until then is taken off both, so the sum is what the ledger says is owed.
    """
    last, found = day.isoformat(), []
    for document in booked(company, day):
        obj = document.obj
        for line in document.lines:
            if not line.customer_id:
                continue
            due = obj.get("DueDate") or document.day if document.entity == "Invoice" else document.day
            cents = line.cents
            if document.entity == "Payment":
                cents += sum(
                    one.cents for one in _settled(company, obj, last) if one.owner == line.customer_id
                )
            else:
                target = (document.entity, obj["Id"])
                for payment_id in company.applied.get(target, {}):
                    payment = company.get("Payment", payment_id) or {}
                    cents -= sum(
                        one.cents for one in _settled(company, payment, last) if one.target == target
                    )
            found.append((line.customer_id, due, cents))
    return [one for one in found if one[2]]


@dataclass(frozen=True)
class _Settled:
    """A part of a payment: what it settles, whose that is, and home cents at the target's rate (a credit's below 0)."""

    target: tuple[str, str]
    owner: str
    cents: int


def _settled(company: Company, payment: JsonObject, last: str) -> list[_Settled]:
    """What a payment settles of documents until a day."""
    if not payment or payment["TxnDate"] > last:
        return []
    found = []
    for kind, ident, cents in applications(payment):
        target = company.get(kind, ident)
        if target is not None and target["TxnDate"] <= last:
            rate = to_decimal(target.get("ExchangeRate", 1), "ExchangeRate")
            signed = home_cents(cents, rate) * (1 if kind == "Invoice" else -1)
            found.append(_Settled((kind, ident), target["CustomerRef"]["value"], signed))
    return found


def _report_day(company: Company, parameters: dict[str, str]) -> date:
    return parse_day(parameters.get("report_date") or company.today(), "report_date")


def _made(
    company: Company, name: str, parameters: dict[str, str], day: date, columns: list[JsonObject],
    owed: dict[str, list[int]],
) -> JsonObject:  # fmt: skip
    wanted = set(filter(None, parameters.get("customer", "").split(",")))
    owed = {ident: cells for ident, cells in owed.items() if any(cells) and (not wanted or ident in wanted)}
    rows, total = _customers(company, owed)
    if rows:
        rows.append(summary("GrandTotal", "TOTAL", *_amounts(total)))
    head = header(company, name, None, empty=not rows, basis=False, report_date=day.isoformat())
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows}}


def _customers(company: Company, owed: dict[str, list[int]]) -> tuple[list[JsonObject], list[int]]:
    below: dict[str | None, set[str]] = {}
    for ident in owed:
        child: str | None = ident
        while child is not None:  # the customers above are shown as well, as headings
            above = ((company.get("Customer", child) or {}).get("ParentRef") or {}).get("value")
            below.setdefault(above, set()).add(child)
            child = above
    width = len(next(iter(owed.values()), [0]))

    def rows_under(parent: str | None) -> tuple[list[JsonObject], list[int]]:
        rows, total = [], [0] * width
        customers = [company.objects["Customer"][ident] for ident in below.get(parent, ())]
        for customer in sorted(customers, key=lambda one: str(one["DisplayName"]).casefold()):
            ident, name = customer["Id"], customer["DisplayName"]
            own = owed.get(ident, [0] * width)
            inner, inner_total = rows_under(ident)
            both = [a + b for a, b in zip(own, inner_total, strict=True)]
            if inner:
                rows.append(
                    section(((name, ident), *_amounts(own)), inner, (f"Total {name}", *_amounts(both)))
                )
            else:
                rows.append(data((name, ident), *_amounts(own)))
            total = [a + b for a, b in zip(total, both, strict=True)]
        return rows, total

    return rows_under(None)


def _amounts(cents: list[int]) -> list[str]:
    """As Intuit shows them: what is nothing stays empty, but for the total."""
    return [*(amount(one) if one else "" for one in cents[:-1]), amount(cents[-1])]
