"""Proposals over HTTP: written, priced, sent, frozen, replaced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp, settings_for

from crm.kit.database import Database
from crm.proposals.decision import expire_due

LINE = {
    "name": "Shingles",
    "quantity": "2.5",
    "unit": "sq",
    "unit_price_minor": 168_00,
    "tax_percent": "8.81",
}


def draft(api: httpx2.Client, **more) -> dict:
    answer = api.post("/proposals", json={"customer_id": 1, "title": "New roof", "lines": [LINE], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def events(owner_sql: psycopg.Connection, proposal_id: int) -> list[str]:
    rows = owner_sql.execute(
        "SELECT event FROM portal_activity_log WHERE proposal_id = %s ORDER BY id", [proposal_id]
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("proposal_id", "total", "deposit"),
    [(7, 1_575_000, 472_500), (9, 1_500_000, 450_000), (10, 1_000_000, 300_000)],
)
def test_demo_proposals_cost_what_the_contract_says(
    api: httpx2.Client, proposal_id: int, total: int, deposit: int
):
    """Total and deposit to the cent, sent, and nothing paid."""
    proposal = api.get(f"/proposals/{proposal_id}").json()
    assert proposal["status"] == "sent"
    assert proposal["total_minor"] == total
    assert proposal["deposit"] == {"rule": "standard", "percent": 30, "amount_minor": deposit}
    shown = proposal["options"][0]["lines"] if proposal["options"] else []
    assert sum(line["amount_minor"] for line in proposal["lines"] + shown) == proposal["subtotal_minor"]
    assert proposal["subtotal_minor"] + proposal["tax_minor"] == total


def test_demo_proposals_follow_the_installations_deposit(database_url: str, start_app):
    """DEPOSIT_PERCENT decides where neither the proposal nor the company has a rule of its own."""
    api = start_app(settings_for(database_url, deposit_percent=50)).as_user("admin@peakpro.io")
    assert api.get("/proposals/7").json()["deposit"] == {
        "rule": "standard",
        "percent": 50,
        "amount_minor": 787_500,
    }


def test_a_draft_is_priced_by_us(api: httpx2.Client):
    """Amounts come from quantity and price; what the caller may send holds no total."""
    made = draft(api)
    assert made["status"] == "draft"
    assert made["lines"][0]["amount_minor"] == 420_00
    assert made["lines"][0]["quantity"] == "2.5"
    assert (made["subtotal_minor"], made["tax_minor"], made["total_minor"]) == (420_00, 37_00, 457_00)
    refused = api.post("/proposals", json={"customer_id": 1, "title": "x", "total_minor": 1})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"lines": [{**LINE, "quantity": "0"}]}, "lines.0.quantity"),
        ({"lines": [{**LINE, "quantity": "1000000.001"}]}, "lines.0.quantity"),
        ({"lines": [{**LINE, "quantity": "NaN"}]}, "lines.0.quantity"),
        ({"lines": [{**LINE, "unit_price_minor": 1.5}]}, "lines.0.unit_price_minor"),
        ({"lines": [{**LINE, "unit_price_minor": -100}]}, "lines"),
        ({"lines": [{**LINE, "tax_percent": "-1"}]}, "lines.0.tax_percent"),
        ({"lines": [LINE] * 201}, "lines"),
        ({"lines": [{**LINE, "quantity": "1000000", "unit_price_minor": 9_999_999_999}]}, "lines"),
        ({"lines": [{**LINE, "unit_price_minor": 2**63}]}, "lines.0.unit_price_minor"),
        ({"currency": "XXX"}, "currency"),
        ({"valid_until": "tomorrow"}, "valid_until"),
        ({"deposit": {"percent": 0}}, "deposit.percent"),
        ({"deposit": {"percent": 30, "amount_minor": 100}}, "deposit"),
        ({"deposit": {"amount_minor": 10_000_00}}, "deposit.amount_minor"),
        ({"customer_id": 12345}, "customer_id"),
    ],
)
def test_what_cannot_be_is_refused_by_name(api: httpx2.Client, wrong: dict, field: str):
    """The answer names the field, down to the line."""
    refused = api.post("/proposals", json={"customer_id": 1, "title": "x", "lines": [LINE], **wrong})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"] == field


def test_an_offer_that_is_over_is_not_sent(api: httpx2.Client):
    """A last day in the past is refused at the sending by its field, and nothing is frozen; a new day makes it good."""
    made = draft(api, valid_until=(datetime.now(UTC) - timedelta(days=3)).date().isoformat())
    refused = api.post(f"/proposals/{made['id']}/send", json={"notify": False})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"] == "valid_until"
    again = api.get(f"/proposals/{made['id']}").json()
    assert (again["status"], again["content_hash"]) == ("draft", None)
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    assert api.patch(f"/proposals/{made['id']}", json={"valid_until": day}).status_code == 200
    assert api.post(f"/proposals/{made['id']}/send", json={"notify": False}).status_code == 200


def test_a_draft_can_be_rewritten(api: httpx2.Client):
    """Lines and options given replace those before; the rest stays; the total follows."""
    made = draft(api, terms="Net 30")
    options = [{"name": "Good", "lines": [LINE]}, {"name": "Better", "lines": [LINE, LINE]}]
    changed = api.patch(f"/proposals/{made['id']}", json={"lines": [], "options": options}).json()
    assert changed["terms"] == "Net 30"
    assert changed["lines"] == []
    assert [option["total_minor"] for option in changed["options"]] == [457_00, 914_00]
    assert changed["total_minor"] == 457_00
    assert api.get(f"/proposals/{made['id']}").json() == changed


def test_sending_freezes_the_content(api: httpx2.Client, owner_sql: psycopg.Connection):
    """A sent proposal has a hash and a link, and no change is taken any more, nor a second sending."""
    made = draft(api)
    sent = api.post(f"/proposals/{made['id']}/send").json()
    assert sent["proposal"]["status"] == "sent"
    assert len(sent["proposal"]["content_hash"]) == 64
    assert sent["portal_url"].startswith(f"http://localhost:5173/proposal/{made['id']}#t=")
    refused = api.patch(f"/proposals/{made['id']}", json={"title": "Cheaper"})
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/proposal-frozen")
    assert api.post(f"/proposals/{made['id']}/send").status_code == 409
    assert events(owner_sql, made["id"]) == ["proposal_created", "proposal_sent", "portal_link_created"]


def test_the_deposit_rule_is_frozen_with_the_offer(api: httpx2.Client):
    """Changing the company's standard changes drafts, not what a customer was sent."""
    sent, written = draft(api), draft(api)
    api.post(f"/proposals/{sent['id']}/send")
    api.patch("/org", json={"deposit_percent": 50})
    assert api.get(f"/proposals/{sent['id']}").json()["deposit"]["percent"] == 30
    assert api.get(f"/proposals/{written['id']}").json()["deposit"]["percent"] == 50


def test_an_empty_proposal_is_not_sent(api: httpx2.Client):
    """There must be something to approve."""
    made = draft(api, lines=[])
    assert api.post(f"/proposals/{made['id']}/send").json()["errors"][0]["field"] == "lines"


def test_a_link_belongs_to_something_sent(api: httpx2.Client):
    """A draft has no links."""
    made = draft(api)
    refused = api.post(f"/proposals/{made['id']}/portal-links")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/proposal-draft")


def test_a_new_version_replaces_the_old(app_server: RunningApp, api: httpx2.Client):
    """The copy is a draft with the same price and parts; the old one's link says that there is a newer one."""
    customer = app_server.as_customer(api, 9)
    assert customer.get("/portal/9").status_code == 200
    answer = api.post("/proposals/9/supersede")
    assert answer.status_code == 201
    new = answer.json()
    old = api.get("/proposals/9").json()
    assert (old["status"], old["superseded_by"]) == ("superseded", new["id"])
    assert new["status"] == "draft"
    assert new["total_minor"] == old["total_minor"]
    assert [option["total_minor"] for option in new["options"]] == [
        option["total_minor"] for option in old["options"]
    ]
    refused = customer.get("/portal/9")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/proposal-superseded")
    assert api.post("/proposals/9/supersede").status_code == 409


async def test_offers_past_their_date_expire(
    api: httpx2.Client, app_server: RunningApp, database: Database, owner_sql: psycopg.Connection
):
    """They count as expired at once, cannot be approved, and the schedule writes it down once."""
    customer = app_server.as_customer(api, 10)
    shown = customer.get("/portal/10").json()
    long_ago = (datetime.now(UTC) - timedelta(days=2)).date()
    owner_sql.execute("UPDATE proposals SET valid_until = %s WHERE id = 10", [long_ago])
    assert api.get("/proposals/10").json()["status"] == "expired"
    assert customer.get("/portal/10").json()["can_approve"] is False
    body = {"signer_name": "Gordon Pryce", "content_hash": shown["content_hash"], "agree": True}
    refused = customer.post("/portal/10/approve", json=body)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/proposal-expired")
    for expected in (1, 0):
        async with database.transaction(1) as session:
            assert await expire_due(session, 1) == expected
    assert events(owner_sql, 10).count("proposal_expired") == 1


def test_lists_are_searched(api: httpx2.Client):
    """By part of title or customer, by status and by customer; a percent sign is only that."""
    found = [row["id"] for row in api.get("/proposals", params={"q": "hartley"}).json()["items"]]
    assert found == [7]
    assert [row["id"] for row in api.get("/proposals").json()["items"]] == [10, 9, 7]
    assert api.get("/proposals", params={"status": "draft"}).json()["items"] == []
    assert [row["id"] for row in api.get("/proposals", params={"customer_id": 2}).json()["items"]] == [9]
    assert api.get("/proposals", params={"q": "%"}).json()["items"] == []
