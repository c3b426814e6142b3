"""Bank debits, refunds, disputes and payouts: money that moves later, or back."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import StripeWorld, world

__all__ = ["world"]


def paid_session(world: StripeWorld, amount: int = 500_000, card: str = "4242424242424242") -> Any:
    """A session paid by card whose fee is known."""
    session = world.new_session(amount)
    assert world.pay(session.url, card).status_code == 303
    world.receiver.wait_for("charge.updated")
    return world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})


@pytest.mark.parametrize(("answer", "status"), [("clear", "paid"), ("fail", "unpaid")])
def test_bank_debit_is_unpaid_until_the_bank_answers(world: StripeWorld, answer: str, status: str) -> None:
    """ACH completes the session unpaid with a pending py_ charge; the bank's answer comes later."""
    session = world.new_session()
    assert world.debit(session.url).status_code == 303
    completed = world.receiver.wait_for("checkout.session.completed")["data"]["object"]
    assert (completed["status"], completed["payment_status"]) == ("complete", "unpaid")
    pending = world.receiver.wait_for("charge.pending")["data"]["object"]
    assert pending["id"].startswith("py_")
    assert world.receiver.wait_for("payment_intent.processing")["data"]["object"]["status"] == "processing"
    world.hook(f"ach/{session.id}/{answer}")
    word = "succeeded" if answer == "clear" else "failed"
    settled = world.receiver.wait_for(f"checkout.session.async_payment_{word}")["data"]["object"]
    assert settled["payment_status"] == status
    assert world.http.post(f"{world.base_url}/_state/stripe/ach/{session.id}/clear").status_code == 409


def test_bank_debit_clears_by_itself(world: StripeWorld) -> None:
    """Without a hook the debit clears by the clock; ACH costs 0.8 %, at most 5.00."""
    world.debit(world.new_session(472_500).url)
    world.debit(world.new_session(10_000).url)
    world.clock.advance(6)
    world.receiver.wait_for("checkout.session.async_payment_succeeded", 2)
    world.receiver.wait_for("charge.updated", 2)
    fees = [t["fee"] for t in world.state.objects("balance_transaction")]
    assert sorted(fees) == [80, 500]


def test_failing_debit_says_why(world: StripeWorld) -> None:
    """The page's failing account fails by the clock with the bank's reason."""
    session = world.new_session()
    world.debit(session.url, "fails")
    world.clock.advance(6)
    failed = world.receiver.wait_for("payment_intent.payment_failed")["data"]["object"]
    assert failed["last_payment_error"]["code"] == "no_account"
    world.receiver.wait_for("checkout.session.async_payment_failed")
    assert world.receiver.wait_for("charge.failed")["data"]["object"]["status"] == "failed"


def test_partial_and_full_refund(world: StripeWorld) -> None:
    """A part and then the rest go back; amounts add up and more than the rest is refused."""
    session = paid_session(world)
    intent = session.payment_intent.id
    part = world.client.v1.refunds.create(
        {"payment_intent": intent, "amount": 125_000, "metadata": {"r": "1"}}
    )
    assert (part.status, part.amount) == ("succeeded", 125_000)
    refunded = world.receiver.wait_for("charge.refunded")["data"]
    assert (refunded["object"]["amount_refunded"], refunded["object"]["refunded"]) == (125_000, False)
    assert refunded["previous_attributes"] == {"amount_refunded": 0}
    assert "refunds" not in refunded["object"]
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        world.client.v1.refunds.create({"payment_intent": intent, "amount": 375_001})
    world.client.v1.refunds.create({"payment_intent": intent})
    assert world.receiver.wait_for("charge.refunded", 2)["data"]["object"]["refunded"] is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.client.v1.refunds.create({"payment_intent": intent})
    assert caught.value.code == "charge_already_refunded"
    assert [r.amount for r in world.client.v1.refunds.list({"payment_intent": intent}).data] == [
        375_000,
        125_000,
    ]


def test_refund_gets_its_reference_later(world: StripeWorld) -> None:
    """A card refund succeeds at once; refund.updated brings only the bank's reference number."""
    session = paid_session(world)
    refund = world.client.v1.refunds.create({"payment_intent": session.payment_intent.id})
    world.clock.advance(2)
    updated = world.receiver.wait_for("refund.updated")["data"]
    assert updated["object"]["id"] == refund.id
    assert updated["object"]["destination_details"]["card"]["reference_status"] == "available"
    assert "status" not in updated["previous_attributes"]
    world.receiver.wait_for("charge.refund.updated")


def test_refund_fails_after_it_succeeded(world: StripeWorld) -> None:
    """A refund may go from succeeded to failed weeks later; the money comes back to the balance."""
    session = paid_session(world)
    refund = world.client.v1.refunds.create({"payment_intent": session.payment_intent.id, "amount": 100_000})
    before = balance(world)
    world.clock.advance(20 * 24 * 3600)
    world.hook(f"refunds/{refund.id}/fail", reason="expired_or_canceled_card")
    failed = world.receiver.wait_for("refund.failed")["data"]
    assert failed["previous_attributes"] == {"status": "succeeded"}
    assert failed["object"]["failure_balance_transaction"].startswith("txn_")
    assert balance(world) == before + 100_000
    assert world.client.v1.charges.retrieve(refund.charge).amount_refunded == 0  # type: ignore[arg-type]


def test_cards_whose_refunds_go_another_way(world: StripeWorld) -> None:
    """7726 refunds are pending and then succeed; 5126 refunds succeed and then fail."""
    slow = paid_session(world, card="4000000000007726")
    refund = world.client.v1.refunds.create({"payment_intent": slow.payment_intent.id})
    assert refund.status == "pending"
    world.clock.advance(2)
    assert world.receiver.wait_for("refund.updated")["data"]["previous_attributes"]["status"] == "pending"
    assert world.client.v1.refunds.retrieve(refund.id).status == "succeeded"
    doomed = world.new_session()
    world.pay(doomed.url, "4000000000005126")
    intent = world.client.v1.checkout.sessions.retrieve(doomed.id).payment_intent
    assert world.client.v1.refunds.create({"payment_intent": str(intent)}).status == "succeeded"
    world.clock.advance(2)
    world.receiver.wait_for("refund.failed")


def test_dispute_takes_the_money_and_a_fee(world: StripeWorld) -> None:
    """A dispute moves amount and fee (15.00) out; won, the amount comes back."""
    session = paid_session(world, 220_000)
    dispute = world.hook("disputes", session=session.id, amount=2_200)
    created = world.receiver.wait_for("charge.dispute.created")["data"]["object"]
    (moved,) = created["balance_transactions"]
    assert (moved["amount"], moved["fee"], moved["net"]) == (-2_200, 1_500, -3_700)
    world.receiver.wait_for("charge.dispute.funds_withdrawn")
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        world.client.v1.refunds.create({"payment_intent": session.payment_intent.id})
    evidence: Any = {"evidence": {"product_description": "A roof"}}
    assert world.client.v1.disputes.update(dispute["id"], evidence).status == "under_review"
    world.hook(f"disputes/{dispute['id']}/won")
    closed = world.receiver.wait_for("charge.dispute.closed")["data"]
    assert (closed["object"]["status"], closed["previous_attributes"]) == ("won", {"status": "under_review"})
    back = world.receiver.wait_for("charge.dispute.funds_reinstated")["data"]["object"]
    assert back["balance_transactions"][1]["net"] == 2_200


def test_disputing_card_and_inquiry(world: StripeWorld) -> None:
    """0259 is disputed by itself; 1976 brings only an inquiry, which moves no money."""
    paid_session(world, card="4000000000000259")
    world.clock.advance(1)
    assert world.receiver.wait_for("charge.dispute.created")["data"]["object"]["status"] == "needs_response"
    world.pay(world.new_session().url, "4000000000001976")
    world.clock.advance(1)
    inquiry = world.receiver.wait_for("charge.dispute.created", 2)["data"]["object"]
    assert (inquiry["status"], inquiry["balance_transactions"]) == ("warning_needs_response", [])
    assert world.receiver.types().count("charge.dispute.funds_withdrawn") == 1


def test_automatic_payout_itemises_to_the_cent(world: StripeWorld) -> None:
    """The rows of an automatic payout, without the payout's own, add up to what it paid."""
    session = paid_session(world)
    world.client.v1.refunds.create({"payment_intent": session.payment_intent.id, "amount": 100_000})
    payout = world.hook("payouts")
    assert payout["amount"] == 500_000 - 14_530 - 100_000
    for type in ("payout.created", "payout.paid", "payout.reconciliation_completed"):
        assert world.receiver.wait_for(type)["data"]["object"]["id"] == payout["id"]
    rows = world.client.v1.balance_transactions.list({"payout": payout["id"]}).data
    assert sorted(row.type for row in rows) == ["charge", "payout", "refund"]
    assert sum(row.net for row in rows) == 0
    assert balance(world) == 0
    again = world.http.post(f"{world.base_url}/_state/stripe/payouts", json={})
    assert again.status_code == 409, "nothing is paid out twice"


def test_payout_fails_after_it_was_paid(world: StripeWorld) -> None:
    """A payout that looked paid comes back: payout.failed, and the balance has the money again."""
    paid_session(world)
    payout = world.hook("payouts")
    world.hook(f"payouts/{payout['id']}/fail")
    failed = world.receiver.wait_for("payout.failed")["data"]
    assert (failed["object"]["failure_code"], failed["previous_attributes"]) == (
        "account_closed",
        {"status": "paid"},
    )
    assert balance(world) == payout["amount"]


def test_manual_payout_needs_an_available_balance(world: StripeWorld) -> None:
    """Money is pending for two days; a manual payout before that is refused, afterwards it works."""
    paid_session(world)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.client.v1.payouts.create({"amount": 10_000, "currency": "usd"})
    assert caught.value.code == "balance_insufficient"
    world.clock.advance(2 * 24 * 3600 + 1)
    payout = world.client.v1.payouts.create({"amount": 10_000, "currency": "usd"})
    assert (payout.automatic, payout.reconciliation_status) == (False, "not_applicable")
    assert world.client.v1.payouts.cancel(payout.id).status == "canceled"


def test_manual_payouts_arrive_and_can_be_taken_back(world: StripeWorld) -> None:
    """Money that is available at once is paid out at once; it arrives by the clock, and a reversal brings it back."""
    asked: Any = {
        "amount": 10_000,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_bypassPending",
    }
    world.client.v1.payment_intents.create(asked)
    payouts = world.client.v1.payouts
    standard = payouts.create({"amount": 5_000, "currency": "usd"})
    instant = payouts.create({"amount": 1_000, "currency": "usd", "method": "instant"})
    assert balance(world) == 10_000 - 320 - 6_000
    assert world.receiver.wait_for("payout.paid")["data"]["object"]["id"] == instant.id
    early: Any = {"arrival_date": {"lt": standard.arrival_date}}
    assert [payout.id for payout in payouts.list(early).data] == [instant.id]
    world.clock.advance(2 * 24 * 3600)
    world.receiver.wait_for("payout.paid", 2)
    back = payouts.reverse(standard.id)
    assert (back.amount, back.original_payout) == (-5_000, standard.id)
    assert payouts.retrieve(standard.id).reversed_by == back.id
    assert balance(world) == 10_000 - 320 - 1_000
    with pytest.raises(stripe.InvalidRequestError, match="already reversed"):
        payouts.reverse(standard.id)


def balance(world: StripeWorld) -> int:
    """All the account holds, in cents."""
    held = world.client.v1.balance.retrieve()
    return sum(part["amount"] for part in (*held.available, *held.pending))
