"""Money given back from the console: what was paid, once, and never more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.integration.contract_world import Contracts, contracts_on

REFUNDS = r"^/v1/refunds$"


@pytest.fixture(scope="module")
def shared(postgres_url: str, demo_template: str) -> Iterator[Contracts]:
    with contracts_on(postgres_url, demo_template) as made:
        yield made


@pytest.fixture
def world(shared: Contracts) -> Iterator[Contracts]:
    """One server and Stripe for the file, without another test's faults."""
    yield shared
    shared.stripe.clear_faults()


def test_part_and_rest_go_back(world: Contracts):
    """A partial refund, then the rest by leaving the amount out: Stripe, our rows and the log agree."""
    proposal_id, customer = world.approved()
    page = world.pay(customer, proposal_id)
    payment_id = world.payment_id(proposal_id)
    asked = world.refund(payment_id, amount_minor=100_001, note="Agreed on the phone")
    assert (asked.status_code, asked.json()["state"]) == (201, "prepared")
    world.settle()
    shown = world.staff.get(f"/payments/{payment_id}").json()
    assert (shown["state"], shown["refunded_minor"], shown["refundable_minor"]) == (
        "partly_refunded", 100_001, 199_999,
    )  # fmt: skip
    assert world.refund(payment_id).json()["amount_minor"] == 199_999
    world.settle()
    assert world.staff.get(f"/payments/{payment_id}").json()["state"] == "refunded"
    assert sorted(one["amount"] for one in world.refunds_at_stripe(page)) == [100_001, 199_999]
    orders = world.staff.get("/refund-orders", params={"payment_id": payment_id}).json()["items"]
    assert {order["state"] for order in orders} == {"sent"}
    assert all(order["refund_id"] for order in orders)
    again = world.refund(payment_id, amount_minor=1)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "nothing-to-refund")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"amount_minor": 300_001}, 422, "Only $3,000.00 of this payment can be given back."),
        ({"amount_minor": 0}, 422, "greater than or equal to 1"),
        ({"amount_minor": -5}, 422, "greater than or equal to 1"),
        ({"amount_minor": 10.5}, 422, "valid integer"),
        ({"reason": "because"}, 422, "Input should be"),
        ({"reason": "overpaid", "amount_minor": 100}, 422, "$0.00 was paid beyond the total."),
        ({"note": "x" * 501}, 422, "at most 500"),
    ],
)
def test_what_cannot_go_back_is_refused(
    world: Contracts, paid: int, body: dict[str, object], status: int, said: str
):
    """More than was paid, nothing, less than nothing, unknown reasons: a sentence, and nothing is kept."""
    refused = world.refund(paid, **body)
    assert refused.status_code == status, refused.text
    assert said in refused.text
    assert world.money.one("SELECT count(*) FROM refund_orders WHERE payment_id = %s", paid) == 0


@pytest.fixture(scope="module")
def paid(shared: Contracts) -> int:
    """A deposit of $3,000.00, paid by card."""
    proposal_id, customer = shared.approved()
    shared.pay(customer, proposal_id)
    return shared.payment_id(proposal_id)


def test_roles_that_may_not(world: Contracts, paid: int):
    """Sales and readers give no money back; nobody does without signing in."""
    for email in ("sales@peakpro.io", "viewer@peakpro.io"):
        caller = world.money.app.as_user(email)
        assert caller.post(f"/payments/{paid}/refunds", json={}).status_code == 403
    assert world.money.http.post(f"/payments/{paid}/refunds", json={}).status_code == 401
    other = world.money.app.as_user("admin@summit.example")
    assert other.post(f"/payments/{paid}/refunds", json={}).status_code == 404


def test_two_people_and_a_double_click(world: Contracts):
    """Eight full refunds at once make one; the same Idempotency-Key twice is one order."""
    proposal_id, customer = world.approved()
    page = world.pay(customer, proposal_id)
    payment_id = world.payment_id(proposal_id)
    keyed = [
        world.staff.post(
            f"/payments/{payment_id}/refunds",
            json={"amount_minor": 50_000},
            headers={"Idempotency-Key": "refund-clicked-twice"},
        )
        for _ in range(2)
    ]
    assert keyed[0].json()["id"] == keyed[1].json()["id"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.refund(payment_id).status_code, range(8)))
    assert sorted(answers) == [201] + [409] * 7
    world.settle()
    assert sorted(one["amount"] for one in world.refunds_at_stripe(page)) == [50_000, 250_000]


def test_bank_transfer_under_way_waits(world: Contracts):
    """What has not cleared cannot be given back, and says so; once it has, it can, and is pending first."""
    proposal_id, customer = world.approved()
    page = world.pay_by_bank(customer, proposal_id)
    payment_id = world.payment_id(proposal_id)
    early = world.refund(payment_id)
    assert early.status_code == 409
    assert early.json()["detail"].startswith("This bank transfer has not cleared yet.")
    world.stripe.call("POST", f"/_state/stripe/ach/{page['session_id']}/clear")
    world.settle()
    assert world.refund(payment_id).status_code == 201
    world.settle()
    shown = world.staff.get(f"/payments/{payment_id}").json()
    assert (shown["state"], shown["refundable_minor"]) == ("paid", 0)  # pending: nothing has arrived yet
    (refund,) = world.refunds_at_stripe(page)
    world.stripe.call("POST", f"/_state/stripe/refunds/{refund['id']}/settle")
    world.settle()
    assert world.staff.get(f"/payments/{payment_id}").json()["state"] == "refunded"


def test_disputed_money_is_not_given_back_twice(world: Contracts):
    """While the bank holds the money of a dispute, a refund would pay it twice."""
    proposal_id, customer = world.approved()
    page = world.pay(customer, proposal_id)
    world.stripe.call("POST", "/_state/stripe/disputes", {"session": page["session_id"]})
    world.settle()
    refused = world.refund(world.payment_id(proposal_id))
    assert refused.status_code == 409
    assert "disputes this payment" in refused.json()["detail"]


@pytest.mark.parametrize("action", ["drop_after", "reset_before", "garbage"])
def test_answer_lost_is_one_refund(world: Contracts, action: str):
    """Stripe's answer is lost, before or after the effect: the order stays, and the next try makes one refund."""
    proposal_id, customer = world.approved()
    page = world.pay(customer, proposal_id)
    payment_id = world.payment_id(proposal_id)
    world.stripe.add_fault(action, REFUNDS, times=None)
    order = world.refund(payment_id, amount_minor=7_000).json()
    world.money.run_jobs()
    assert world.money.one("SELECT state FROM refund_orders WHERE id = %s", order["id"]) == "prepared"
    world.stripe.clear_faults()
    # Older than Stripe's memory of keys would be: it is looked for before it is asked for again.
    world.money.sql.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
    world.settle()
    assert [one["amount"] for one in world.refunds_at_stripe(page)] == [7_000]
    assert world.money.one("SELECT refunded_minor FROM payments WHERE id = %s", payment_id) == 7_000


def test_refusal_is_told_and_may_be_tried_again(world: Contracts):
    """Stripe says no: the order carries the sentence, a person is told, and the money can be asked for again."""
    proposal_id, customer = world.approved()
    world.pay(customer, proposal_id)
    payment_id = world.payment_id(proposal_id)
    error = {"error": {"type": "invalid_request_error", "message": "Insufficient funds in your balance."}}
    world.stripe.add_fault("status", REFUNDS, times=None, status=400, body=error)
    order = world.refund(payment_id, amount_minor=5_000).json()
    world.money.run_jobs()
    world.stripe.clear_faults()
    (shown,) = world.staff.get("/refund-orders", params={"payment_id": payment_id}).json()["items"]
    assert (shown["state"], shown["problem"]) == (
        "refused",
        "Stripe refused: Insufficient funds in your balance.",
    )
    assert ("refund_refused", str(order["id"])) in world.money.differences()
    assert world.refund(payment_id).json()["amount_minor"] == 300_000


def test_refund_that_comes_back_can_be_given_again(world: Contracts):
    """A refund that fails weeks later counts no more, a person is told, and the amount is free again."""
    proposal_id, customer = world.approved()
    page = world.pay(customer, proposal_id)
    payment_id = world.payment_id(proposal_id)
    world.refund(payment_id)
    world.settle()
    (refund,) = world.refunds_at_stripe(page)
    world.stripe.call("POST", f"/_state/stripe/refunds/{refund['id']}/fail")
    world.settle()
    shown = world.staff.get(f"/payments/{payment_id}").json()
    assert (shown["refunded_minor"], shown["refundable_minor"]) == (0, 300_000)
    assert ("refund_failed", refund["id"]) in world.money.differences()


def test_order_whose_key_stripe_forgot_is_found(world: Contracts):
    """A day later Stripe has forgotten the key: the refund that an earlier try made is found by its mark.

    Last in this file, because Stripe's clock stays two days ahead.
    """
    proposal_id, customer = world.approved()
    page = world.pay(customer, proposal_id)
    payment_id = world.payment_id(proposal_id)
    order = world.refund(payment_id, amount_minor=9_000).json()
    world.money.sql.execute(
        "UPDATE refund_orders SET created_at = date_trunc('second', now() - interval '2 days') WHERE id = %s",
        [order["id"]],
    )
    world.settle()
    world.money.sql.execute(
        "UPDATE refund_orders SET state = 'prepared', refund_id = NULL WHERE id = %s", [order["id"]]
    )
    world.stripe.call("POST", "/_state/clock", {"advance_seconds": 2 * 24 * 3600})
    world.money.sql.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'send_refund', 0, NULL, NULL, "
        "jsonb_build_object('org_id', 1, 'order_id', %s::int), NULL)::procrastinate_job_to_defer_v1])",
        [order["id"]],
    )
    world.settle()
    assert [one["amount"] for one in world.refunds_at_stripe(page)] == [9_000]
    assert world.money.one("SELECT state FROM refund_orders WHERE id = %s", order["id"]) == "sent"
