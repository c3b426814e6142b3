"""Prices that the API and the console's editor must both compute: `tests/vectors/prices.json` is read by both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crm.kit.errors import Invalid
from crm.proposals import pricing, schedule
from crm.proposals.inputs import DepositIn, LineIn, MilestoneIn

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "prices.json").read_text(encoding="utf-8")
)
STANDARD_PERCENT = 30


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_api_computes_the_shared_price(vector: dict[str, Any]) -> None:
    """Lines, totals and parts are those of the file; `web/src/console/editor/totals.test.ts` says the same."""
    currency = vector["currency"]
    lines = [LineIn(name="x", **line) for line in vector["lines"]]
    assert [pricing.line_amount(line) for line in lines] == vector["line_amounts"]
    totals = pricing.totals([line for line in lines if not line.optional or line.preselected], currency)
    assert (totals.subtotal_minor, totals.tax_minor, totals.total_minor) == (
        vector["subtotal_minor"],
        vector["tax_minor"],
        vector["total_minor"],
    )
    deposit = DepositIn(**vector["deposit"])
    rule = pricing.deposit_rule(deposit.percent, deposit.amount_minor, None, STANDARD_PERCENT)
    milestones = [MilestoneIn(**milestone) for milestone in vector["milestones"]]
    if vector["parts"] is None:
        with pytest.raises(Invalid):
            schedule.plan(totals.total_minor, currency, rule, milestones)
        return
    parts = schedule.plan(totals.total_minor, currency, rule, milestones)
    assert [part.amount_minor for part in parts] == vector["parts"]
