"""Refunds and payouts come page by page to the last one, also those that came at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.money_world import Money, stripe_settings

from crm.kit.settings import Settings

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
COUNT = 230  # more than one page can hold


def walked(api: httpx2.Client, path: str, name: str, limit: int) -> list[str]:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        given = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        answer = api.get(path, params=given)
        assert answer.status_code == 200, answer.text
        seen += [row[name] for row in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return seen


def test_every_payout_and_refund_is_reached(
    database_url: str, start_app: Callable[[Settings], RunningApp], owner_sql: psycopg.Connection
):
    """230 of each, five at every moment: each stands on exactly one page, newest first; another company sees none."""
    money = Money(start_app(stripe_settings(database_url)), owner_sql)
    due, api = money.due(), money.app.as_user("admin@peakpro.io")
    for number in range(COUNT):
        at = FIRST + timedelta(minutes=number // 5)
        owner_sql.execute(
            "INSERT INTO payouts (org_id, payout_id, amount_minor, currency, status, automatic, created_at) "
            "VALUES (%s, %s, 100, 'USD', 'paid', true, %s)",
            (due.org_id, f"po_{number:04}", at),
        )
        owner_sql.execute(
            "INSERT INTO refunds (org_id, refund_id, payment_id, amount_minor, currency, status, created_at) "
            "VALUES (%s, %s, %s, 1, 'USD', 'succeeded', %s)",
            (due.org_id, f"re_{number:04}", due.payment_id, at),
        )
    newest_first = [f"{number:04}" for number in reversed(range(COUNT))]
    assert walked(api, "/payouts", "payout_id", 200)[:COUNT] == [f"po_{number}" for number in newest_first]
    assert walked(api, "/refunds", "refund_id", 33)[:COUNT] == [f"re_{number}" for number in newest_first]
    of_one = walked(api, f"/refunds?payment_id={due.payment_id}", "refund_id", 200)
    assert set(of_one) >= {f"re_{number}" for number in newest_first}
    summit = money.app.as_user("admin@summit.example")
    assert walked(summit, "/payouts", "payout_id", 200) == []


@pytest.mark.parametrize("cursor", ["x", "AAAAAAAAAAE", "f" * 44, "____________", "AAAAAAAAAAAA", "%ff"])
def test_a_cursor_of_somebody_else_is_refused(api: httpx2.Client, cursor: str):
    """A cursor that we did not make is told as such, and breaks nothing."""
    for path in ("/payouts", "/refunds"):
        refused = api.get(path, params={"cursor": cursor})
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["field"] == "cursor"
