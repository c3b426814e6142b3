"""The short form of `make month`: a month of twenty contracts, one of everything, ends with books that are right."""

from __future__ import annotations

import httpx2
import pytest
from tests.month.__main__ import next_month
from tests.month.checks import CLEARING, DOCUMENTS, TRIAL_BALANCE, all_checks
from tests.month.drive import Month
from tests.month.plan import JOBS_MIN, make_plan
from tests.month.report import report
from tests.month.world import World, open_world


@pytest.mark.timeout(600)
def test_a_month_ends_with_books_that_are_right(database_url: str):
    """Three policies, cards and bank transfers, refunds that come back, disputes, payouts, hands in QuickBooks, a closed
    period, two days without connection: trial balance by an independent computation, clearing = Stripe, unexplained
    $0.00, every injected difference named, nothing twice."""
    plan = make_plan(7, JOBS_MIN, next_month())
    with open_world(database_url, plan.first) as world:
        month = Month(world, plan)
        month.live()
        checks = all_checks(month)
        assert all(check.holds for check in checks), report(month, checks)
        _entry_by_hand(world)
        wrong = {check.claim for check in all_checks(month) if not check.holds}
        assert wrong == {TRIAL_BALANCE, DOCUMENTS, CLEARING}, "what is wrong is told"


def _entry_by_hand(world: World) -> None:
    """Somebody moves a cent from Stripe Clearing to the bank, and nobody is told."""
    tokens = world.sandbox.connect_quickbooks(world.realm_id)
    accounts = {one["Name"]: one["Id"] for one in world.in_books("Account")}

    def line(account: str, side: str) -> dict:
        detail = {"PostingType": side, "AccountRef": {"value": accounts[account]}}
        return {"Amount": 0.01, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    answer = httpx2.post(
        f"{world.sandbox.base_url}/v3/company/{world.realm_id}/journalentry",
        json={"Line": [line("Checking", "Debit"), line("Stripe Clearing", "Credit")]},
        headers=tokens.headers,
    )
    assert answer.status_code == 200, answer.text
