"""A transaction on paper: a small PDF, written by hand, with the lines and the total."""

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import Entity
from crm_sandbox.quickbooks.shapes import JsonObject

MAX_LINES_SHOWN = 40


def invoice_pdf(company: Company, entity: Entity, obj: JsonObject) -> bytes:
    """One page in Courier; not for printing, but any viewer opens it."""
    customer = (obj.get("CustomerRef") or {}).get("name", "")
    rows = [
        f"{company.settings.company_name}",
        f"{entity.name} {obj.get('DocNumber', obj['Id'])}     {obj['TxnDate']}",
        f"To: {customer}",
        "",
    ]
    rows += [
        f"{(line.get('Description') or '')[:60]:60s} {line.get('Amount', 0):>14,.2f}"
        for line in (obj.get("Line") or [])[:MAX_LINES_SHOWN]
        if line.get("DetailType") != "SubTotalLineDetail"
    ]
    rows += [
        "",
        f"{'TOTAL':60s} {obj.get('TotalAmt', 0):>14,.2f}",
        f"{'BALANCE':60s} {obj.get('Balance', 0):>14,.2f}",
    ]
    return _page(rows)


def _page(rows: list[str]) -> bytes:
    text = "BT /F1 10 Tf 50 780 Td 14 TL " + " ".join(f"({_escaped(row)}) Tj T*" for row in rows) + " ET"
    stream = text.encode("latin-1", "replace")
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(bodies) + 1
    return (
        out + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    )  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
