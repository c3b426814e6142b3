"""Versions, extras, discounts and payment schedules as they are written, signed and stored."""

from __future__ import annotations

from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp


def line(name: str, cents: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "quantity": "1", "unit_price_minor": cents, **more}


OFFER: dict[str, Any] = {
    "customer_id": 1,
    "title": "Roof and gutters",
    "deposit": {"percent": 20},
    "milestones": [{"name": "Dried in", "percent": "40"}],
    "lines": [
        line("Roof", 1_000_000, section="Roof", discount_percent="10"),
        line("Gutters", 100_000, section="Gutters", optional=True),
        line("Leaf guards", 50_000, section="Gutters", optional=True, preselected=True),
    ],
}


@pytest.fixture
def sent(api: httpx2.Client) -> dict[str, Any]:
    """A proposal of its own, sent."""
    draft = api.post("/proposals", json=OFFER)
    assert draft.status_code == 201, draft.text
    answer = api.post(f"/proposals/{draft.json()['id']}/send")
    assert answer.status_code == 200, answer.text
    return answer.json()


def customer_of(app_server: RunningApp, sent: dict[str, Any]) -> httpx2.Client:
    return app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")


def approve(client: httpx2.Client, view: dict[str, Any], **more: Any) -> httpx2.Response:
    body = {"signer_name": "Elena Hartley", "content_hash": view["content_hash"], "agree": True, **more}
    return client.post(f"/portal/{view['id']}/approve", json=body)


def test_discount_extras_and_schedule_add_up(sent: dict[str, Any]):
    """A discount of 10 %, one extra ticked to begin with, three payments: every figure follows from the others."""
    offer = sent["proposal"]
    assert [one["amount_minor"] for one in offer["lines"]] == [900_000, 100_000, 50_000]
    assert offer["total_minor"] == 950_000
    assert [(part["key"], part["amount_minor"]) for part in offer["schedule"]] == [
        ("deposit", 190_000), ("milestone:1", 380_000), ("final", 380_000),
    ]  # fmt: skip


def test_what_is_ticked_is_signed_for(
    app_server: RunningApp, sent: dict[str, Any], owner_sql: psycopg.Connection
):
    """The extras chosen set the price; the schedule's rows are the whole, and only the deposit is due."""
    client = customer_of(app_server, sent)
    view = client.get(f"/portal/{sent['proposal']['id']}").json()
    gutters = view["lines"][1]["id"]
    path = "M10 20 L30.5 40 L50 60"
    after = approve(client, view, line_ids=[gutters], signature_path=path, language="es").json()
    assert after["total_minor"] == 1_000_000
    assert [(part["key"], part["state"], part["amount_minor"]) for part in after["payments"]] == [
        ("deposit", "due", 200_000), ("milestone:1", "planned", 400_000), ("final", "planned", 400_000),
    ]  # fmt: skip
    row = owner_sql.execute(
        "SELECT line_ids, signature_kind, signature_path, language, consent FROM approvals WHERE proposal_id = %s",
        [view["id"]],
    ).fetchone()
    assert row is not None
    assert row[:4] == ([gutters], "drawn", path, "es")
    assert "electrónica" in row[4]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"line_ids": [1]}, "line_ids"),
        ({"signature_path": '"/><script>alert(1)</script>'}, "signature_path"),
        ({"signature_path": "M1 1 L" + "9" * 30_000}, "signature_path"),
        ({"language": "fr"}, "language"),
    ],
)
def test_a_choice_that_is_none_is_refused(
    app_server: RunningApp, sent: dict[str, Any], wrong: dict[str, Any], field: str
):
    """A line of another proposal, a drawing that is none and an unknown language are each named."""
    client = customer_of(app_server, sent)
    view = client.get(f"/portal/{sent['proposal']['id']}").json()
    refused = approve(client, view, **wrong)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].startswith(field)


def test_versions_have_one_number(api: httpx2.Client, app_server: RunningApp, sent: dict[str, Any]):
    """An edit makes version 2 of the same number and closes the old link; discarding it opens the link again."""
    first = sent["proposal"]
    client = customer_of(app_server, sent)
    second = api.post(f"/proposals/{first['id']}/supersede").json()
    assert (second["number"], second["version"], second["status"]) == (first["number"], 2, "draft")
    assert second["milestones"] == first["milestones"]
    closed = client.get(f"/portal/{first['id']}")
    assert closed.json()["type"].endswith("/proposal-superseded")
    assert api.delete(f"/proposals/{second['id']}").json() == {"reopened": first["id"]}
    assert client.get(f"/portal/{first['id']}").json()["status"] in {"sent", "viewed"}
    assert api.get(f"/proposals/{second['id']}").status_code == 404
    refused = api.delete(f"/proposals/{first['id']}")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "proposal-sent")


def test_a_planned_part_is_paid_when_it_is_asked_for(
    api: httpx2.Client, app_server: RunningApp, sent: dict[str, Any], owner_sql: psycopg.Connection
):
    """Nobody pays a milestone early; asked for, it has a page of its own beside the deposit's."""
    client = customer_of(app_server, sent)
    proposal_id = sent["proposal"]["id"]
    after = approve(client, client.get(f"/portal/{proposal_id}").json(), line_ids=[]).json()
    milestone = next(part for part in after["payments"] if part["key"] == "milestone:1")
    page = {"proposal_id": proposal_id, "payment_id": milestone["id"]}
    early = client.post("/payments/checkout_session", params=page)
    assert (early.status_code, early.json()["detail"]) == (409, "The payment “Dried in” is not due yet.")
    asked = api.post(f"/payments/{milestone['id']}/request")
    assert (asked.status_code, asked.json()["state"]) == (200, "due")
    opened = client.post("/payments/checkout_session", params=page).json()
    assert opened["deposit_cents"] == milestone["amount_minor"]
    deposit = client.post("/payments/checkout_session", params={"proposal_id": proposal_id}).json()
    assert deposit["session_id"] != opened["session_id"]
    other = client.post(
        "/payments/checkout_session", params={"proposal_id": proposal_id, "payment_id": 999_999}
    )
    assert other.status_code == 404
    said = owner_sql.execute(
        "SELECT meta ->> 'name' FROM portal_activity_log WHERE event = 'payment_requested'"
    ).fetchall()
    assert said == [("Dried in",)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"milestones": [{"name": "Most", "percent": "90"}]}, "milestones"),
        ({"milestones": [{"name": "Both", "percent": "10", "amount_minor": 5}]}, "milestones"),
        ({"lines": [line("Roof", 100, discount_minor=200)]}, "lines"),
        ({"lines": [line("Credit", -100, optional=True), line("Roof", 500)]}, "lines"),
        ({"lines": [line("Roof", 100, preselected=True)]}, "lines"),
        ({"lines": [line("Roof", 100, discount_minor=1, discount_percent="1")]}, "lines"),
    ],
)
def test_rules_that_contradict_each_other_are_named(api: httpx2.Client, changes: dict[str, Any], field: str):
    """Over 100 %, two rules at once, a discount above its line, an optional credit: refused by name."""
    refused = api.post("/proposals", json=OFFER | changes)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"].startswith(field)
