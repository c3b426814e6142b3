"""The documents of a contract as QuickBooks' JSON: its invoice, and what is taken out of what was sold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm.accounting.contracts.lines import Agreed, Share, SoldLine, tax_percent
from crm.accounting.contracts.mapping import Mapping, line_keys, percent_key
from crm.accounting.documents import (
    PRIVATE_NOTE_LENGTH_MAX,
    SHORT_LENGTH_MAX,
    Company,
    currency_fields,
    display_name,
)
from crm.kit.errors import Refused
from crm.kit.money import plain, to_decimal

LINES_MAX = 500  # QuickBooks takes 10,000; no form of it shows more than this
BOOKS_MAPPING = "Books > Mapping"


@dataclass(frozen=True, slots=True)
class Frame:
    """What all documents of one contract share. `places` are the mapping's keys of the job's place."""

    company: Company
    mapping: Mapping
    customer_id: str
    sales_item: str
    deposit_item: str | None
    places: tuple[str, ...] = ()
    email: str | None = None
    rate: Decimal | None = None


def invoice_body(
    frame: Frame,
    agreed: Agreed,
    *,
    used_minor: int,
    day: str,
    requestid: str,
    subject: str,
    estimate_id: str | None,
) -> dict[str, Any]:
    """The real lines, taxed by their own rates, less `used_minor` of deposits; closes the estimate."""
    lines = [_line(frame, agreed.currency, line) for line in agreed.lines]
    if len(lines) > LINES_MAX:
        raise Refused(
            f"This contract has more than {LINES_MAX} lines, too many for one invoice.", code="too-long"
        )
    lines += tax_line(frame, agreed.currency, agreed.tax_minor)
    if used_minor:
        lines.append(
            deposit_line(frame, agreed.currency, -used_minor, f"Less deposits paid on {agreed.title}")
        )
    body = _head(frame, agreed, day, requestid, subject) | {"Line": lines, "DueDate": day}
    body |= tax_fields(frame, agreed.currency, agreed.tax_minor, tax_percent(agreed.lines))
    if frame.email:
        body["BillEmail"] = {"Address": frame.email[:100]}
    if (term := frame.mapping.get("term")) is not None:
        body["SalesTermRef"] = {"value": term}
        del body["DueDate"]  # the terms say it
    if frame.company.custom_numbers:
        body["DocNumber"] = f"PP{agreed.proposal_id}-{requestid[:4]}"[:SHORT_LENGTH_MAX]
    if estimate_id is not None:
        body["LinkedTxn"] = [{"TxnId": estimate_id, "TxnType": "Estimate"}]
    return body


def estimate_body(
    frame: Frame, offered: Agreed, *, status: str, day: str, until: str | None, requestid: str, subject: str
) -> dict[str, Any]:
    body = _head(frame, offered, day, requestid, subject) | {"TxnStatus": status}
    body |= estimate_lines(frame, offered)
    if until is not None:
        body["ExpirationDate"] = until
    if frame.email:
        body["BillEmail"] = {"Address": frame.email[:100]}
    if frame.company.custom_numbers:
        body["DocNumber"] = f"PE{offered.proposal_id}-{requestid[:4]}"[:SHORT_LENGTH_MAX]
    return body


def estimate_lines(frame: Frame, offered: Agreed) -> dict[str, Any]:
    """The real lines with their tax, as the contract's invoice will have them."""
    lines = [_line(frame, offered.currency, line) for line in offered.lines]
    lines += tax_line(frame, offered.currency, offered.tax_minor)
    return {"Line": lines} | tax_fields(
        frame, offered.currency, offered.tax_minor, tax_percent(offered.lines)
    )


def credit_memo_body(
    frame: Frame, agreed: Agreed, share: Share, *, said: str, day: str, requestid: str, subject: str
) -> dict[str, Any]:
    return _head(frame, agreed, day, requestid, subject) | sale_fields(frame, agreed, share, said)


def sale_fields(frame: Frame, agreed: Agreed, share: Share, said: str) -> dict[str, Any]:
    """Lines and tax of a part of what was sold, as money given back has them."""
    sold = SoldLine(f"{said}{agreed.title}", "", "", Decimal(1), share.net_minor,
                    tax_percent(agreed.lines) if share.tax_minor else Decimal(0))  # fmt: skip
    lines = [_line(frame, agreed.currency, sold), *tax_line(frame, agreed.currency, share.tax_minor)]
    return {"Line": lines} | tax_fields(frame, agreed.currency, share.tax_minor, sold.tax_percent)


def deposit_line(frame: Frame, currency: str, amount_minor: int, said: str) -> dict[str, Any]:
    """On the deposit item; not taxable in the US, since the tax is due on the work (facts 3.1)."""
    if frame.deposit_item is None:
        raise Refused("No deposit item is chosen. Choose one under Books > Mapping.", code="deposit-item")
    return sales_line(
        frame.company, frame.deposit_item, to_decimal(amount_minor, currency), said,
        tax_code=deposit_tax_code(frame.company, frame.mapping),
    )  # fmt: skip


def deposit_tax_code(company: Company, mapping: Mapping) -> str | None:
    if company.country == "US":
        return "NON"
    if not company.uses_sales_tax:
        return None
    code = mapping.get("deposit_tax_code")
    if code is None:
        raise Refused(
            "Outside the US each line needs a tax code, and none is chosen for deposits. Choose one under "
            f"{BOOKS_MAPPING} (Tax on deposits; ask your accountant whether it is due on deposits), then retry.",
            code="deposit-tax-code",
        )
    return code


def sales_line(
    company: Company,
    item_id: str,
    amount: Decimal,
    said: str,
    *,
    tax_code: str | None,
    quantity: Decimal = Decimal(1),
) -> dict[str, Any]:
    detail: dict[str, Any] = {"ItemRef": {"value": item_id}}
    if quantity and amount == (amount / quantity).quantize(Decimal("0.00001")) * quantity:
        detail |= {
            "Qty": quantity,
            "UnitPrice": (amount / quantity).quantize(Decimal("0.00001")).normalize() + 0,
        }
    else:
        detail |= {"Qty": 1, "UnitPrice": amount}
    if tax_code is not None:
        detail["TaxCodeRef"] = {"value": tax_code}
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "Description": display_name(said, "", company, longest=4000),
        "SalesItemLineDetail": detail,
    }


def _line(frame: Frame, currency: str, line: SoldLine) -> dict[str, Any]:
    keys = line_keys(line)
    item = frame.mapping.get("sales_item", *keys) or frame.sales_item
    said = f"{line.name}: {line.description}" if line.description else line.name
    amount = to_decimal(line.amount_minor, currency)
    made = sales_line(
        frame.company, item, amount, said, tax_code=_line_code(frame, line), quantity=line.quantity
    )
    if frame.company.class_per_line and (found := frame.mapping.get("class", *keys, *frame.places)):
        made["SalesItemLineDetail"]["ClassRef"] = {"value": found}
    return made


def _line_code(frame: Frame, line: SoldLine) -> str | None:
    if frame.company.country == "US":
        return "TAX" if line.tax_percent and frame.company.uses_sales_tax else "NON"
    if not frame.company.uses_sales_tax:
        return None
    code = frame.mapping.get("tax_code", percent_key(line.tax_percent))
    if code is None:
        raise _no_code(line.tax_percent)
    return code


def tax_line(frame: Frame, currency: str, tax_minor: int) -> list[dict[str, Any]]:
    """The tax as a line of its own, where the company has sales tax switched off."""
    if not tax_minor or frame.company.uses_sales_tax:
        return []
    item = frame.mapping.get("tax_item")
    if item is None:
        raise Refused(
            "The contract has sales tax, but this QuickBooks company has sales tax switched off. Switch it on in "
            f"QuickBooks (Taxes), or choose an item for it under {BOOKS_MAPPING} (Sales tax as a line), then retry.",
            code="sales-tax-off",
        )
    code = "NON" if frame.company.country == "US" else None
    return [sales_line(frame.company, item, to_decimal(tax_minor, currency), "Sales tax", tax_code=code)]


def tax_fields(frame: Frame, currency: str, tax_minor: int, percent: Decimal) -> dict[str, Any]:
    """Our tax, overriding what QuickBooks would work out, when a code is mapped (facts 2.4). With automated sales tax and
    no code QuickBooks works it out itself, and the total is compared."""
    company = frame.company
    if not company.uses_sales_tax:
        return {}
    if company.country != "US":
        return {"GlobalTaxCalculation": "TaxExcluded"}
    code = frame.mapping.get("tax_code", percent_key(percent))
    if code is not None and (tax_minor or company.automated_tax):
        return {
            "TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}, "TotalTax": to_decimal(tax_minor, currency)}
        }
    if tax_minor and not company.automated_tax:
        raise _no_code(percent)
    return {}


def _no_code(percent: Decimal) -> Refused:
    return Refused(
        f"No tax code of QuickBooks is chosen for {plain(percent)} %. Choose it under {BOOKS_MAPPING} (Sales tax), "
        "then retry.",
        code="tax-code",
    )


def _head(frame: Frame, agreed: Agreed, day: str, requestid: str, subject: str) -> dict[str, Any]:
    note = f"Auto-created from PeakPro CRM (Proposal #{agreed.proposal_id})\nKey: {requestid}\nFor: {subject}"
    body: dict[str, Any] = {
        "CustomerRef": {"value": frame.customer_id},
        "TxnDate": day,
        "PrivateNote": note[:PRIVATE_NOTE_LENGTH_MAX],
    }
    return body | place_fields(frame) | currency_fields(frame.company, agreed.currency, frame.rate)


def place_fields(frame: Frame) -> dict[str, Any]:
    """Class and location of a whole document, where the company has them on the document."""
    fields: dict[str, Any] = {}
    if frame.company.class_per_txn and (found := frame.mapping.get("class", *frame.places)):
        fields["ClassRef"] = {"value": found}
    if frame.company.departments and (found := frame.mapping.get("department", *frame.places)):
        fields["DepartmentRef"] = {"value": found}
    return fields
