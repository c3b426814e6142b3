"""What the office is told a change or a cancellation would do is what it does, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from tests.integration.contract_world import OFFER, Contracts, contracts_on, line


@pytest.fixture(scope="module")
def world(postgres_url: str, demo_template: str) -> Iterator[Contracts]:
    with contracts_on(postgres_url, demo_template) as made:
        # By itself a bank transfer clears within seconds, which a busy machine may take to look.
        made.stripe.call("POST", "/_state/stripe/settings", {"ach_clear_seconds": 3600})
        yield made


def foreseen(world: Contracts, proposal_id: int, *lines: dict[str, Any]) -> httpx2.Response:
    url = f"/proposals/{proposal_id}/change-orders/preview"
    return world.staff.post(url, json={"title": "More work", "lines": list(lines)})


def kind(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@pytest.mark.parametrize(
    ("offer", "lines", "overpaid"),
    [
        (OFFER, [line("Skylight", 50_000, tax_percent="8"), line("Credit", -4_000)], 0),
        (OFFER, [line("Less roof", -350_001)], 0),
        (OFFER, [line("Almost nothing", -699_950)], 0),
        (OFFER | {"deposit": {"percent": 100}, "milestones": []}, [line("Gutter", 12_345)], 0),
        (OFFER | {"deposit": {"percent": 90}, "milestones": []}, [line("Less roof", -250_000)], 150_000),
    ],
    ids=["more", "less", "crumbs", "new part", "overpaid"],
)
def test_a_change_does_what_was_foreseen(
    world: Contracts, offer: dict[str, Any], lines: list[dict[str, Any]], overpaid: int
):
    """Signed after looking, the parts are those that were told; looking stored nothing."""
    proposal_id, customer = world.approved(offer)
    world.pay(customer, proposal_id)
    before = world.parts(proposal_id)
    told = foreseen(world, proposal_id, *lines).json()
    assert world.parts(proposal_id) == before
    assert world.staff.get(f"/proposals/{proposal_id}/change-orders").json()["items"] == []
    assert [(one["key"], one["before_minor"]) for one in told["parts"] if one["before_minor"]] == [
        (key, amount) for key, _, amount in before
    ]
    view = world.sign(customer, world.change(proposal_id, *lines)).json()
    assert told["contract_after_minor"] == view["total_minor"] + view["changes_minor"]
    assert told["contract_before_minor"] == 1_000_000
    assert told["overpaid_minor"] == overpaid
    new_key = "change:1"
    assert [
        (new_key if one["key"] == "change:new" else one["key"], one["after_minor"])
        for one in told["parts"]
        if one["after_minor"] is not None
    ] == [(key, amount) for key, _, amount in world.parts(proposal_id)]


def test_what_cannot_be_is_said_before_it_is_sent(world: Contracts):
    """A credit over the contract, no lines, a draft, another company's contract: refused as sending would be."""
    proposal_id, _ = world.approved()
    assert kind(foreseen(world, proposal_id, line("Credit", -1_000_001))) == (422, "total-negative")
    assert foreseen(world, proposal_id).status_code == 422
    draft = world.staff.post("/proposals", json=OFFER).json()["id"]
    assert kind(foreseen(world, draft, line("Vent", 1))) == (409, "proposal-draft")
    assert kind(world.staff.get(f"/proposals/{draft}/cancellation")) == (409, "proposal-draft")
    other = world.money.app.as_user("admin@summit.example")
    assert other.get(f"/proposals/{proposal_id}/cancellation").status_code == 404
    url = f"/proposals/{proposal_id}/change-orders/preview"
    assert other.post(url, json={"title": "x", "lines": [line("Vent", 1)]}).status_code == 404


def test_a_cancellation_gives_back_what_was_foreseen(world: Contracts):
    """Paid less what went back before; with another amount than expected nothing is cancelled."""
    proposal_id, customer = world.approved()
    world.pay(customer, proposal_id)
    world.refund(world.payment_id(proposal_id), amount_minor=1_000)
    world.settle()
    told = world.staff.get(f"/proposals/{proposal_id}/cancellation").json()
    assert (told["refund_minor"], told["processing_minor"], told["in_time"]) == (299_000, 0, True)
    url = f"/proposals/{proposal_id}/cancel"
    body = {"reason": "Customer moved away", "refund_minor": 300_000}
    stale = world.staff.post(url, json=body)
    assert kind(stale) == (409, "amount-differs")
    assert "$2,990.00" in stale.json()["detail"]
    assert world.staff.get(f"/proposals/{proposal_id}").json()["status"] == "approved"
    assert world.staff.post(url, json=body | {"refund_minor": told["refund_minor"]}).status_code == 200
    world.settle()
    orders = world.staff.get("/refund-orders", params={"proposal_id": proposal_id}).json()["items"]
    assert [(one["amount_minor"], one["reason"], one["refund_status"]) for one in orders] == [
        (299_000, "cancelled", "succeeded"),
        (1_000, "requested_by_customer", "succeeded"),
    ]
    elsewhere, _ = world.approved()
    assert world.staff.get("/refund-orders", params={"proposal_id": elsewhere}).json()["items"] == []


def test_a_bank_transfer_under_way_is_told_apart(world: Contracts):
    """It goes back when it clears, so it is no part of what goes back at once."""
    proposal_id, customer = world.approved()
    world.pay_by_bank(customer, proposal_id)
    told = world.staff.get(f"/proposals/{proposal_id}/cancellation").json()
    assert (told["refund_minor"], told["processing_minor"]) == (0, 300_000)
