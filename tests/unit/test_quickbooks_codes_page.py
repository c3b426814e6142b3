"""The page of QuickBooks' codes says what the code does."""

from __future__ import annotations

from pathlib import Path

from crm.gateways.quickbooks_codes import CODES, as_document

PAGE = Path(__file__).parents[2] / "docs" / "quickbooks-codes.md"


def test_the_page_holds_the_table_of_the_code():
    """Every code, its reaction and its sentence, word for word."""
    assert PAGE.read_text().endswith(as_document())


def test_every_sentence_says_what_to_do_or_that_nothing_is_to_be_done():
    """No code alone: a refusal names a way out or quotes QuickBooks, all else says that we go on by ourselves."""
    for code, known in CODES.items():
        said = known.sentence
        if known.reaction == "a person":
            assert "{detail}" in said or "retry" in said.lower() or "Use " in said, code
        elif known.reaction == "again by itself":
            assert "We " in said, code
        else:
            assert "reconnect" in said, code
