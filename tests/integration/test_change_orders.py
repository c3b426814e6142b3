"""Change orders and cancellation: what is agreed, what is asked, what goes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from tests.integration.contract_world import OFFER, Contracts, contracts_on, line
from tests.integration.money_world import BANK, CARD


@pytest.fixture(scope="module")
def world(postgres_url: str, demo_template: str) -> Iterator[Contracts]:
    with contracts_on(postgres_url, demo_template) as made:
        yield made


def kind(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_addition_is_signed_and_asked_for_last(world: Contracts):
    """A signed addition raises the total and the final balance; what was paid stays, the signature is kept."""
    proposal_id, customer = world.approved()
    world.pay(customer, proposal_id)
    order = world.change(proposal_id, line("Skylight", 50_000, tax_percent="8"), line("Credit", -4_000))
    assert (order["state"], order["subtotal_minor"], order["tax_minor"], order["total_minor"]) == (
        "sent", 46_000, 4_000, 50_000,
    )  # fmt: skip
    shown = customer.get(f"/portal/{proposal_id}/change-orders").json()["items"]
    assert [one["content_hash"] for one in shown] == [order["content_hash"]]
    after = world.sign(customer, order).json()
    assert after["changes_minor"] == 50_000
    assert world.parts(proposal_id) == [
        ("deposit", "paid", 300_000), ("milestone:1", "planned", 400_000), ("final", "planned", 350_000),
    ]  # fmt: skip
    again = world.sign(customer, order)
    assert again.json()["changes_minor"] == 50_000
    row = world.money.sql.execute(
        "SELECT signer_name, content_hash, total_minor, consent FROM approvals WHERE change_order_id = %s",
        [order["id"]],
    ).fetchone()
    assert row is not None
    assert row[:3] == ("Elena Hartley", order["content_hash"], 50_000)
    assert row[3].startswith("I have read this change")


def test_all_paid_then_more_is_a_part_of_its_own(world: Contracts):
    """When everything is settled, an addition becomes a payment named after it."""
    proposal_id, customer = world.approved(OFFER | {"deposit": {"percent": 100}, "milestones": []})
    world.pay(customer, proposal_id)
    world.sign(customer, world.change(proposal_id, line("Gutter", 12_345), title="Gutter"))
    assert world.parts(proposal_id) == [("deposit", "paid", 1_000_000), ("change:1", "planned", 12_345)]
    world.pay(customer, proposal_id, "change:1")
    assert [state for _, state, _ in world.parts(proposal_id)] == ["paid", "paid"]


def test_credit_beyond_what_is_left_is_given_back_by_a_person(world: Contracts):
    """A credit larger than what is unpaid: nothing more is asked, a person is told, the refund settles it, and a
    later addition is owed in full."""
    proposal_id, customer = world.approved(OFFER | {"deposit": {"percent": 90}, "milestones": []})
    world.pay(customer, proposal_id)
    world.sign(customer, world.change(proposal_id, line("Less roof", -250_000)))
    assert world.parts(proposal_id) == [("deposit", "paid", 900_000)]
    assert ("overpaid", f"{proposal_id}:150000") in world.money.differences()
    payment_id = world.payment_id(proposal_id)
    too_much = world.refund(payment_id, reason="overpaid", amount_minor=150_001)
    assert kind(too_much) == (422, "refund-too-large")
    assert world.refund(payment_id, reason="overpaid", amount_minor=150_000).status_code == 201
    world.settle()
    open_ = world.staff.get("/differences", params={"limit": 200}).json()["items"]
    assert [d for d in open_ if d["subject"].startswith(f"{proposal_id}:")] == []
    world.sign(customer, world.change(proposal_id, line("Chimney", 10_000), title="Chimney"))
    assert world.parts(proposal_id) == [("deposit", "paid", 900_000), ("change:2", "planned", 10_000)]


@pytest.mark.parametrize(
    ("lines", "status", "said"),
    [
        ([line("Too much credit", -1_000_001)], 422, "The credit is larger than the contract"),
        ([line("Huge", 9_999_999_999)], 422, "The total would be more than"),
        ([line("Extra", 100, optional=True)], 422, "no optional lines"),
        ([line("Credit", -100, discount_percent="5")], 422, "cannot have a discount"),
        ([line("Roof", 100, discount_minor=101)], 422, "larger than the line"),
        ([], 422, "at least 1 item"),
    ],
)
def test_change_that_cannot_be_is_refused(
    world: Contracts, approved: int, lines: list[Any], status: int, said: str
):
    """Totals below zero or out of range, optional lines, discounts on credits: refused by name."""
    refused = world.staff.post(
        f"/proposals/{approved}/change-orders", json={"title": "Change", "lines": lines}
    )
    assert refused.status_code == status
    assert said in refused.text


@pytest.fixture(scope="module")
def approved(world: Contracts) -> int:
    return world.approved()[0]


def test_frozen_declined_withdrawn(world: Contracts):
    """What was sent cannot be changed, nor signed with another hash; a no and a withdrawal are final."""
    proposal_id, customer = world.approved()
    base = f"/proposals/{proposal_id}/change-orders"
    order = world.change(proposal_id, line("Vent", 5_000))
    assert kind(world.staff.patch(f"{base}/{order['id']}", json={"title": "Other"})) == (
        409, "change-order-sent",
    )  # fmt: skip
    assert kind(world.sign(customer, order | {"content_hash": "0" * 64})) == (409, "content-changed")
    path = f"/portal/{proposal_id}/change-orders/{order['id']}"
    assert customer.post(f"{path}/decline", json={"reason": "Not needed"}).status_code == 200
    assert kind(world.sign(customer, order)) == (409, "change-order-declined")
    second = world.change(proposal_id, line("Vent", 5_000))
    assert world.staff.post(f"{base}/{second['id']}/withdraw").json()["state"] == "withdrawn"
    assert kind(world.sign(customer, second)) == (409, "change-order-withdrawn")
    assert world.parts(proposal_id)[-1] == ("final", "planned", 300_000)
    other, stranger = world.approved()
    assert stranger.post(f"{path}/approve", json=world.signature("0" * 64)).status_code == 401
    assert world.staff.post(f"/proposals/{other}/change-orders/{order['id']}/send").status_code == 404
    unsigned = world.staff.post(
        path.replace("/portal", "/portal") + "/approve", json=world.signature("0" * 64)
    )
    assert unsigned.status_code == 403


def test_two_credits_cannot_go_below_zero_together(world: Contracts):
    """Two credits that each fit, but not both: the second signature is refused and nothing moves."""
    proposal_id, customer = world.approved()
    first, second = (world.change(proposal_id, line("Credit", -600_000)) for _ in range(2))
    assert world.sign(customer, first).status_code == 200
    assert kind(world.sign(customer, second)) == (422, "total-negative")
    assert sum(amount for _, _, amount in world.parts(proposal_id)) == 400_000


@pytest.mark.parametrize("method", ["card", "bank"])
def test_change_while_the_page_is_open_and_paid_in_the_same_moment(world: Contracts, method: str):
    """The final page is open when a credit arrives, and is paid before Stripe could close it: what came counts, the
    excess is told, and no cent is lost. By bank it counts from the moment it is under way."""
    proposal_id, customer = world.approved(OFFER | {"deposit": {"percent": 50}, "milestones": []})
    world.pay(customer, proposal_id)
    page = world.page(customer, proposal_id, "final")
    order = world.change(proposal_id, line("Credit", -100_000))
    assert world.sign(customer, order).status_code == 200
    assert world.parts(proposal_id)[-1] == ("final", "due", 400_000)
    form = CARD if method == "card" else BANK
    assert httpx2.post(page["checkout_url"], data=form).status_code < 400  # the job has not closed it yet
    world.settle()
    state = "paid" if method == "card" else "processing"
    assert world.parts(proposal_id) == [("deposit", "paid", 500_000), ("final", state, 500_000)]
    assert ("overpaid", f"{proposal_id}:100000") in world.money.differences()
    if method == "bank":
        world.stripe.call("POST", f"/_state/stripe/ach/{page['session_id']}/fail")
        world.settle()
        final = world.parts(proposal_id)[-1]
        assert final == ("final", "failed", 400_000)
        open_ = world.staff.get("/differences", params={"limit": 200}).json()["items"]
        assert [d for d in open_ if d["subject"].startswith(f"{proposal_id}:")] == []


def test_change_closes_the_page_of_the_older_amount(world: Contracts):
    """Once the job has run, the page of the older amount cannot be paid, and the next one asks the new amount."""
    proposal_id, customer = world.approved(OFFER | {"deposit": {"percent": 50}, "milestones": []})
    world.pay(customer, proposal_id)
    page = world.page(customer, proposal_id, "final")
    world.sign(customer, world.change(proposal_id, line("More", 1)))
    world.settle()
    assert httpx2.post(page["checkout_url"], data=CARD).status_code >= 400
    assert world.page(customer, proposal_id, "final")["deposit_cents"] == 500_001


def cancel(world: Contracts, proposal_id: int, reason: str = "Customer moved away") -> httpx2.Response:
    return world.staff.post(f"/proposals/{proposal_id}/cancel", json={"reason": reason})


def test_office_cancels_and_everything_goes_back(world: Contracts):
    """Cancelled: open pages closed, unpaid parts void, paid parts refunded in full, once however often asked."""
    proposal_id, customer = world.approved()
    deposit = world.pay(customer, proposal_id)
    world.refund(world.payment_id(proposal_id), amount_minor=1)
    open_page = world.page(customer, proposal_id, "milestone:1")
    order = world.change(proposal_id, line("Vent", 5_000))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: cancel(world, proposal_id).status_code, range(4)))
    assert answers == [200] * 4
    world.settle()
    assert world.parts(proposal_id) == [("deposit", "paid", 300_000)]
    assert sorted(one["amount"] for one in world.refunds_at_stripe(deposit)) == [1, 299_999]
    assert httpx2.post(open_page["checkout_url"], data=CARD).status_code >= 400
    assert kind(world.sign(customer, order)) == (409, "proposal-cancelled")
    params = {"proposal_id": proposal_id}
    assert kind(customer.post("/payments/checkout_session", params=params)) == (409, "proposal-cancelled")
    view = customer.get(f"/portal/{proposal_id}").json()
    assert (view["status"], view["can_pay"]) == ("cancelled", False)
    said = world.money.sql.execute(
        "SELECT count(*) FROM portal_activity_log WHERE proposal_id = %s AND event = 'proposal_cancelled'",
        [proposal_id],
    ).fetchone()
    assert said == (1,)


def test_bank_transfer_under_way_goes_back_when_it_clears(world: Contracts):
    """Cancelled while a transfer is under way: it is given back once it has cleared."""
    proposal_id, customer = world.approved()
    page = world.pay_by_bank(customer, proposal_id)
    assert cancel(world, proposal_id).status_code == 200
    world.settle()
    assert world.refunds_at_stripe(page) == []
    world.stripe.call("POST", f"/_state/stripe/ach/{page['session_id']}/clear")
    world.settle()
    assert [one["amount"] for one in world.refunds_at_stripe(page)] == [300_000]


def test_bank_transfer_that_fails_after_the_end_is_asked_for_no_more(world: Contracts):
    """Cancelled while a transfer is under way that fails: the part falls away, and no mail says to try again."""
    proposal_id, customer = world.approved()
    page = world.pay_by_bank(customer, proposal_id)
    assert cancel(world, proposal_id).status_code == 200
    world.stripe.call("POST", f"/_state/stripe/ach/{page['session_id']}/fail")
    world.settle()
    assert world.parts(proposal_id) == []
    mails = "SELECT state, problem FROM mail_messages WHERE proposal_id = %s AND kind = 'payment_failed'"
    assert world.money.sql.execute(mails, [proposal_id]).fetchall() == [
        ("suppressed", "The contract is cancelled, so nobody is asked to pay again.")
    ]


def test_page_paid_in_the_moment_of_cancelling_goes_back(world: Contracts):
    """The page is paid after the cancellation and before Stripe could close it: the money goes back by itself."""
    proposal_id, customer = world.approved()
    page = world.page(customer, proposal_id)
    assert cancel(world, proposal_id).status_code == 200
    assert httpx2.post(page["checkout_url"], data=CARD).status_code < 400
    world.settle()
    assert [one["amount"] for one in world.refunds_at_stripe(page)] == [300_000]
    assert world.parts(proposal_id) == [("deposit", "paid", 300_000)]


def test_customer_cancels_in_time_only(world: Contracts):
    """The customer cancels by themselves until `cancel_until`, never after it, and only by confirming."""
    proposal_id, customer = world.approved()
    page = world.pay(customer, proposal_id)
    path, body = f"/portal/{proposal_id}/cancel", {"confirm": True, "reason": "Changed our minds"}
    set_ = "UPDATE proposals SET cancel_until = now() + %s::interval WHERE id = %s"
    world.money.sql.execute(set_, ["-1 second", proposal_id])
    assert kind(customer.post(path, json=body)) == (409, "cancel-too-late")
    world.money.sql.execute(set_, ["1 hour", proposal_id])
    assert customer.post(path, json={}).status_code == 422
    assert world.staff.post(path, json=body).status_code == 403
    assert customer.post(path, json=body).json()["status"] == "cancelled"
    assert customer.post(path, json=body).json()["status"] == "cancelled"
    world.settle()
    assert [one["amount"] for one in world.refunds_at_stripe(page)] == [300_000]
    row = world.money.sql.execute(
        "SELECT cancelled_by, cancel_reason FROM proposals WHERE id = %s", [proposal_id]
    ).fetchone()
    assert row == ("customer", "Changed our minds")


def test_nothing_to_cancel(world: Contracts):
    """A draft has no contract to cancel; a reason is needed."""
    draft = world.staff.post("/proposals", json=OFFER).json()["id"]
    assert kind(cancel(world, draft)) == (409, "proposal-draft")
    assert cancel(world, world.approved()[0], reason="").status_code == 422
