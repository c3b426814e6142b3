"""Contract law's guard-rails: deposits over a state's cap, and the right to cancel with its papers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp

from crm.law.business_days import cancel_until

LINE = {"name": "Roof", "quantity": "1", "unit_price_minor": 1_575_000}


def offer(api: httpx2.Client, state: str, **more: Any) -> dict[str, Any]:
    """A draft of $15,750 with a deposit of 30 % for a house in this state."""
    address = {"line1": "1 Main Street", "city": "Somewhere", "state": state, "postal_code": "90210"}
    customer = api.post("/customers", json={"name": "June Park", "site_address": address}).json()
    new = {"customer_id": customer["id"], "title": "Roof", "lines": [LINE], **more}
    answer = api.post("/proposals", json=new)
    assert answer.status_code == 201, answer.text
    return answer.json()


def send(api: httpx2.Client, proposal: dict[str, Any], **body: Any) -> httpx2.Response:
    return api.post(f"/proposals/{proposal['id']}/send", json=body or None)


def test_a_deposit_over_californias_cap_needs_a_reason(api: httpx2.Client, owner_sql: psycopg.Connection):
    """The draft says what is wrong, why and what to do; it is sent only with a reason, which the log keeps."""
    draft = offer(api, "California")
    (finding,) = draft["findings"]
    assert (finding["deposit_minor"], finding["cap_minor"], finding["mode"]) == (472_500, 100_000, "block")
    assert "7159.5" in finding["source"]
    assert "not legal advice" in finding["not_advice"]
    refused = send(api, draft)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "law-blocks")
    assert refused.json()["findings"][0]["cap_minor"] == 100_000
    assert api.get(f"/proposals/{draft['id']}").json()["status"] == "draft"
    assert send(api, draft, override_reason="   ").status_code == 409
    assert send(api, draft, override_reason="We have a blanket bond.").status_code == 200
    said = owner_sql.execute(
        "SELECT meta->>'reason', actor FROM portal_activity_log WHERE event = 'law_overridden'"
    ).fetchall()
    assert said == [("We have a blanket bond.", "user:1")]


def test_within_the_cap_nothing_is_said(api: httpx2.Client):
    """$1,000 in California and any deposit in Colorado are sent without a word."""
    for state, deposit in (("CA", {"amount_minor": 100_000}), ("CO", {"percent": 50})):
        draft = offer(api, state, deposit=deposit)
        assert draft["findings"] == []
        assert send(api, draft).status_code == 200


def test_the_company_edits_a_rule(api: httpx2.Client):
    """Its own cap, a warning instead of a block, or nothing; and back to what is sourced."""
    rules = {one["state"]: one for one in api.get("/law/deposit-rules").json()["items"]}
    assert (rules["CA"]["percent"], rules["CA"]["amount_minor"], rules["CA"]["own"]) == ("10", 100_000, False)
    draft = offer(api, "CA")
    warn = api.put("/law/deposit-rules/CA", json={"mode": "warn"}).json()
    assert (warn["amount_minor"], warn["own"]) == (100_000, True)
    assert [one["mode"] for one in api.get(f"/proposals/{draft['id']}").json()["findings"]] == ["warn"]
    assert api.put("/law/deposit-rules/CO", json={"mode": "block", "percent": "25"}).status_code == 200
    assert send(api, offer(api, "CO")).status_code == 409
    api.put("/law/deposit-rules/CO", json={"mode": "off"})
    assert send(api, offer(api, "CO")).status_code == 200
    assert api.delete("/law/deposit-rules/CA").status_code == 204
    assert api.get(f"/proposals/{draft['id']}").json()["findings"][0]["mode"] == "block"


def test_a_rule_tells_what_is_sourced_and_what_the_company_set(api: httpx2.Client):
    """The office sees both, and every state without a rule, so that it can go back or set another one."""
    listed = api.get("/law/deposit-rules").json()
    assert len(listed["items"]) + len(listed["without_rule"]) == 51
    assert {"state": "CO", "name": "Colorado"} in listed["without_rule"]
    own = {"mode": "warn", "percent": "12.5", "amount_minor": None, "text": "Our lawyer says 12.5 %."}
    set_ = api.put("/law/deposit-rules/CA", json=own).json()
    assert set_["own_rule"] == own
    assert (set_["percent"], set_["scope"]) == ("12.5", "Our lawyer says 12.5 %.")
    assert (set_["standard"]["percent"], set_["standard"]["amount_minor"]) == ("10", 100_000)
    assert "7159.5" in set_["standard"]["source"]
    colorado = api.put("/law/deposit-rules/CO", json={"mode": "block", "amount_minor": 50_000}).json()
    assert colorado["standard"] is None
    listed = api.get("/law/deposit-rules").json()
    assert "CO" not in {one["state"] for one in listed["without_rule"]}
    assert {one["state"]: one["own_rule"] for one in listed["items"]}["MA"] is None


def test_rules_that_cannot_be_are_refused(app_server: RunningApp, api: httpx2.Client):
    """No such state, no cap where none is sourced, more than all; and only who manages the company may."""
    put = api.put
    assert put("/law/deposit-rules/ZZ", json={"mode": "warn"}).json()["errors"][0]["field"] == "state"
    assert put("/law/deposit-rules/CO", json={"mode": "warn"}).json()["errors"][0]["field"] == "percent"
    over = put("/law/deposit-rules/CO", json={"mode": "warn", "percent": "101"})
    assert over.json()["errors"][0]["field"] == "percent"
    office = app_server.as_user("office@peakpro.io")
    assert office.put("/law/deposit-rules/CA", json={"mode": "off"}).status_code == 403
    other = app_server.as_user("admin@summit.example")
    put("/law/deposit-rules/CA", json={"mode": "off"})
    assert {one["mode"] for one in other.get("/law/deposit-rules").json()["items"]} == {"block", "warn"}


@pytest.mark.parametrize(("language", "says"), [("en", "may cancel"), ("es", "puede cancelar")])
def test_the_contract_carries_the_right_to_cancel(
    app_server: RunningApp, api: httpx2.Client, language: str, says: str
):
    """Statement and form stand in the contract in the language of the sale; signing fills in the dates."""
    sent = send(api, offer(api, "CO", language=language)).json()
    client = app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")
    url = f"/portal/{sent['proposal']['id']}"
    view = client.get(url).json()
    assert says in view["cancellation"]["statement"]
    assert "PeakPro Roofing" in view["cancellation"]["form"]
    assert "2400 Larimer Street" in view["cancellation"]["form"]
    assert (view["cancel_until"], view["cancellation"]["form"].count("____________________")) == (None, 4)
    body = {"signer_name": "June Park", "content_hash": view["content_hash"], "agree": True}
    signed = client.post(f"{url}/approve", json={**body, "language": language}).json()
    approved_at = datetime.fromisoformat(signed["approved_at"])
    assert datetime.fromisoformat(signed["cancel_until"]) == cancel_until(approved_at, "America/Denver")
    assert signed["cancellation"]["form"].count("____________________") == 2
    assert str(approved_at.year) in signed["cancellation"]["form"]


def test_the_right_is_a_switch_and_part_of_what_is_signed(
    app_server: RunningApp, api: httpx2.Client, owner_sql: psycopg.Connection
):
    """A proposal or the company leaves it out; once sent, neither switch changes what the customer reads."""
    without = send(api, offer(api, "CO", right_to_cancel=False)).json()["proposal"]
    assert (without["right_to_cancel"], without["cancellation"]) == (False, None)
    draft = offer(api, "CO")
    assert draft["right_to_cancel"] is True
    api.patch("/org", json={"right_to_cancel": False})
    assert api.get(f"/proposals/{draft['id']}").json()["right_to_cancel"] is False
    back = api.patch(f"/proposals/{draft['id']}", json={"right_to_cancel": True}).json()
    sent = send(api, back).json()
    assert sent["proposal"]["right_to_cancel"] is True
    owner_sql.execute("UPDATE proposals SET right_to_cancel = false WHERE id = %s", [draft["id"]])
    client = app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")
    body = {"signer_name": "June Park", "content_hash": sent["proposal"]["content_hash"], "agree": True}
    refused = client.post(f"/portal/{draft['id']}/approve", json=body)
    assert refused.json()["type"].rpartition("/")[2] == "content-changed"
