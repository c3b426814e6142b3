"""A dispute's evidence: files, what is kept for later and what is submitted, and evidence that decides."""

from __future__ import annotations

import io
from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import StripeWorld, world

__all__ = ["world"]

PDF = b"%PDF-1.7\r\n\x00\xff\r\n--not a boundary\r\n"


def new_dispute(world: StripeWorld) -> str:
    """The dispute of a card that is disputed as soon as it has paid."""
    asked: Any = {
        "amount": 10_000,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_createDispute",
    }
    intent = world.client.v1.payment_intents.create(asked)
    (dispute,) = world.client.v1.disputes.list({"payment_intent": intent.id}).data
    assert dispute.status == "needs_response"
    return dispute.id


def upload(world: StripeWorld, content: bytes = PDF, purpose: str = "dispute_evidence") -> Any:
    file = io.BytesIO(content)
    file.name = "contract.pdf"
    asked: Any = {"purpose": purpose, "file": file}
    return world.client.v1.files.create(asked)


def test_evidence_with_a_file_is_kept_and_then_submitted(world: StripeWorld) -> None:
    """submit=false keeps what is given; a later submit hands it in, once."""
    dispute, file = new_dispute(world), upload(world)
    assert (file.size, file.type, file.filename) == (len(PDF), "pdf", "contract.pdf")
    asked: Any = {"evidence": {"receipt": file.id, "customer_name": "Ann"}, "submit": False}
    kept = world.client.v1.disputes.update(dispute, asked)
    assert (kept.status, kept.evidence_details.submission_count) == ("needs_response", 0)
    assert world.client.v1.disputes.update(dispute, {"metadata": {"seen": "yes"}}).status == "needs_response"
    submitted = world.client.v1.disputes.update(dispute, {"submit": True})
    assert (submitted.status, submitted.evidence_details.submission_count) == ("under_review", 1)
    assert submitted.evidence.receipt == file.id


@pytest.mark.parametrize(("words", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_words_of_stripe_decide_a_test_dispute(world: StripeWorld, words: str, status: str) -> None:
    """Stripe's test words win or lose the dispute a moment later; won, the money comes back without the fee."""
    dispute = new_dispute(world)
    world.client.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": words}})
    world.clock.advance(1)
    closed = world.receiver.wait_for("charge.dispute.closed")["data"]["object"]
    assert (closed["id"], closed["status"]) == (dispute, status)
    assert sum(moved["net"] for moved in closed["balance_transactions"]) == -11_500
    if status == "won":
        back = world.receiver.wait_for("charge.dispute.funds_reinstated")["data"]["object"]
        assert sum(moved["net"] for moved in back["balance_transactions"]) == -1_500


def test_files_that_are_no_evidence_are_refused(world: StripeWorld) -> None:
    """Text, a file of another purpose and one that does not exist are refused in words, and so is a bad form."""
    dispute = new_dispute(world)
    with pytest.raises(stripe.InvalidRequestError, match="no PDF, JPEG or PNG"):
        upload(world, b"plain text")
    logo = upload(world, b"\x89PNG\r\n\x1a\n", "business_logo")
    for id, says in ((logo.id, "purpose dispute_evidence"), ("file_none", "No such file")):
        asked: Any = {"evidence": {"receipt": id}}
        with pytest.raises(stripe.InvalidRequestError, match=says):
            world.client.v1.disputes.update(dispute, asked)
    cut = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = world.raw("POST", "/v1/files", content=b"--x\r\nhalf", headers=cut)
    assert (answer.status_code, "closing boundary" in answer.text) == (400, True)
    assert [file.id for file in world.client.v1.files.list({"purpose": "business_logo"}).data] == [logo.id]
