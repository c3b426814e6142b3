"""A report as XML: a `Report` whose cells carry their values in attributes, as recorded of a TransactionList."""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.xml_form import NAMESPACE


def is_report(body: JsonObject) -> bool:
    """Whether an answer is a report: those stand alone, without a wrapping and without a time."""
    return "Header" in body and "Rows" in body


def to_report_xml(body: JsonObject) -> str:
    """The report in the order of Report.xsd: header, columns, rows."""
    inner = "".join(_element(name, body[name]) for name in ("Header", "Columns", "Rows"))
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Report xmlns="{NAMESPACE}">{inner}</Report>'


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if not isinstance(value, dict):
        return f"<{name}>{escape(str(value))}</{name}>"
    if name == "ColData":
        return f"<ColData{_attributes(value, 'value', 'id')}/>"
    attributes = _attributes(value, "type", "group") if name == "Row" else ""
    inner = "".join(_element(key, part) for key, part in value.items() if key not in ("type", "group"))
    return f"<{name}{attributes}>{inner}</{name}>"


def _attributes(value: JsonObject, *names: str) -> str:
    return "".join(f" {name}={quoteattr(str(value[name]))}" for name in names if name in value)
