"""Cells of CSV files: written so that no spreadsheet runs them, read however an office saved them; pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm.kit.errors import Invalid

FILE_BYTES_MAX = 10_000_000
ROWS_MAX = 20_000
COLUMNS_MAX = 100
CELL_LENGTH_MAX = 30_000
# Excel reads UTF-8 only when the file begins with this.
BOM = "\ufeff"

# What spreadsheets take for the beginning of a formula (OWASP, "CSV injection"), also behind our own quotes.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
# A plain number or a phone number like +1 303 555 0142 starts with a sign and is no formula.
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?|\+[0-9]+( [0-9]+)*")
_DELIMITERS = (",", ";", "\t", "|")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run; `unguarded` takes exactly that off again."""
    return f"'{cell}" if _FORMULA.match(cell) and not _PLAIN.fullmatch(cell) else cell


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV (RFC 4180), each cell guarded."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's header and its rows, each with its number as a spreadsheet shows it (the header is row 1)."""

    headers: list[str]
    rows: list[tuple[int, list[str]]]


def read_sheet(content: bytes) -> Sheet:
    """Reads UTF-8, UTF-16 or Windows' own, with commas, semicolons, tabs or bars. Raises Invalid, saying what to do."""
    text = _text(content)
    if "\0" in text:
        raise Invalid("This is not a CSV file. Save the sheet as CSV and try again.", field="file")
    csv.field_size_limit(CELL_LENGTH_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[tuple[int, list[str]]] = []
    headers: list[str] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if not headers:
                headers = [cell.strip() for cell in cells]
                continue
            if not any(cell.strip() for cell in cells):
                continue
            rows.append((number, [unguarded(cell) for cell in cells]))
            if len(rows) > ROWS_MAX:
                raise Invalid(
                    f"A file may hold at most {ROWS_MAX:,} rows. Split it and import the parts.", field="file"
                )
    except csv.Error as error:
        raise Invalid(f"Row {number + 1} cannot be read: {error}.", field="file") from None
    if not any(headers):
        raise Invalid("The first row must hold the names of the columns.", field="file")
    if len(headers) > COLUMNS_MAX:
        raise Invalid(f"A file may hold at most {COLUMNS_MAX} columns.", field="file")
    if not rows:
        raise Invalid("There are no rows below the names of the columns.", field="file")
    return Sheet(headers, rows)


def _text(content: bytes) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if wide else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("These letters cannot be read. Save the sheet as “CSV UTF-8” and try again.", field="file")


def _delimiter(text: str) -> str:
    """What stands most often in the first line, outside quotes."""
    first = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    return max(_DELIMITERS, key=first.count)
