"""Cells of CSV files: harmless in a spreadsheet, and the same when they come back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.errors import Invalid
from crm.operations.csv_cells import ROWS_MAX, csv_lines, guarded, read_sheet, unguarded

CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from("'=+-@\t\n,;\"＝"),
    max_size=30,
)


@given(CELLS)
def test_a_guarded_cell_comes_back_as_it_was(cell: str):
    """Whatever it holds, quotes before formulas included."""
    assert unguarded(guarded(cell)) == cell


@given(CELLS)
def test_nothing_guarded_begins_as_a_formula(cell: str):
    """A spreadsheet that opens it shows text; only numbers and phone numbers keep their sign."""
    shown = guarded(cell)
    assert shown[:1] not in set("=@\t\n＝") or not shown
    if shown[:1] in {"+", "-"}:
        assert shown.lstrip("+-").replace(" ", "").replace(".", "").isdecimal()


@pytest.mark.parametrize("cell", ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "＝1", "'=1"])
def test_formulas_get_an_apostrophe(cell: str):
    """The known ways in are all shut."""
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-156.41", "+1 303 555 0142", "100%", "O'Neill", "'n sync", ""])
def test_plain_cells_stay(cell: str):
    """Amounts, phone numbers and names are not disfigured."""
    assert guarded(cell) == cell


@given(
    st.lists(
        st.lists(CELLS, min_size=3, max_size=3).filter(lambda row: any(c.strip() for c in row)),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_written_is_read(rows: list[list[str]]):
    """A whole sheet comes back cell by cell, with line breaks, quotes and commas in it."""
    written = csv_lines([["a", "b", "c"], *rows]).encode()
    assert [cells for _, cells in read_sheet(written).rows] == rows
    assert len(list(csv.reader(io.StringIO(written.decode(), newline="")))) == len(rows) + 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sheets_are_read_however_they_were_saved(encoding: str, delimiter: str):
    """Excel's ways of saving, on Windows and elsewhere, in the US and in Europe."""
    text = f'Name{delimiter}City\r\n"Zoë{delimiter} Müller"{delimiter}Denver\r\n\r\n'
    sheet = read_sheet(text.encode(encoding))
    assert sheet.headers == ["Name", "City"]
    assert sheet.rows == [(2, [f"Zoë{delimiter} Müller", "Denver"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "first row"),
        (b"a,b\n", "no rows"),
        (b"PK\x03\x04\x00\x00", "not a CSV"),
        (b'a\n"never closed', "cannot be read"),
        (b"a\n" + b"x\n" * (ROWS_MAX + 1), "20,000 rows"),
        (b"a\n" + b"x" * 40_000, "cannot be read"),
        (b",".join([b"c"] * 101) + b"\nx", "100 columns"),
    ],
)
def test_what_is_no_sheet_is_told_so(content: bytes, words: str):
    """Each with what to do about it."""
    with pytest.raises(Invalid, match=words):
        read_sheet(content)
