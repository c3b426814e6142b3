"""Stripe's balance transactions are kept here: every one, once, with gross, fee, net, source and payout."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.ledger_world import Ledger, open_ledger

from crm.kit.errors import Unavailable


@pytest.fixture(scope="module")
def ledger(postgres_url: str, demo_template: str) -> Iterator[Ledger]:
    with open_ledger(postgres_url, demo_template) as opened:
        yield opened


def assert_same_as_stripe(ledger: Ledger) -> None:
    """Each movement at Stripe stands here once with the same figures, and nothing else does."""
    ours = ledger.rows(
        "SELECT transaction_id, type, source, amount_minor, fee_minor, net_minor, lower(currency), "
        "extract(epoch FROM created_at)::bigint, extract(epoch FROM available_on)::bigint "
        "FROM stripe_transactions WHERE account = '' ORDER BY 1"
    )
    theirs = sorted(
        (t["id"], t["type"], t["source"], t["amount"], t["fee"], t["net"], t["currency"], t["created"], t["available_on"])
        for t in ledger.at_stripe()
    )  # fmt: skip
    assert ours == theirs
    assert sum(row[5] for row in ours) == ledger.stripe_balance()


def test_every_kind_of_movement_is_kept_once(ledger: Ledger) -> None:
    """Card, bank transfer, partial refund, a refund that fails, a lost and a won dispute, a payout that fails:
    heard twice, the copy equals Stripe's list and its sum the balance."""
    card, bank, contested, won = ledger.pay(), ledger.pay_by_bank(), ledger.pay(), ledger.pay()
    ledger.hear()
    answer = ledger.staff.post(f"/payments/{card.payment_id}/refunds", json={"amount_minor": 125_000})
    assert answer.status_code == 201, answer.text
    ledger.hear()
    (refund,) = ledger.rows("SELECT refund_id FROM refunds WHERE payment_id = %s", card.payment_id)
    ledger.stripe(f"refunds/{refund[0]}/fail")
    for paid, outcome in ((contested, "lost"), (won, "won")):
        dispute = ledger.stripe("disputes", {"session": paid.session_id})
        ledger.stripe(f"disputes/{dispute['id']}/{outcome}")
    payout = ledger.stripe("payouts")
    ledger.hear()
    ledger.stripe(f"payouts/{payout['id']}/fail")
    ledger.hear()
    ledger.hear()
    assert_same_as_stripe(ledger)
    types = {row[0] for row in ledger.kept()}
    assert types == {
        "charge",
        "payment",
        "refund",
        "refund_failure",
        "adjustment",
        "payout",
        "payout_failure",
    }
    assert bank.payment_id != card.payment_id


def test_a_payout_says_what_is_in_it(ledger: Ledger) -> None:
    """Once Stripe has reconciled an automatic payout its movements carry its id, and their net is its amount."""
    ledger.pay()
    payout = ledger.stripe("payouts")
    ledger.hear()
    rows = ledger.rows(
        "SELECT type, net_minor FROM stripe_transactions WHERE org_id = 1 AND payout_id = %s", payout["id"]
    )
    assert sum(net for type_, net in rows if type_ != "payout") == payout["amount"]
    assert sum(net for _, net in rows) == 0
    (itemised,) = ledger.rows(
        "SELECT itemised_at IS NOT NULL FROM payouts WHERE payout_id = %s", payout["id"]
    )
    assert itemised == (True,)


def test_movements_of_an_account_that_several_use_go_to_whose_payment_they_are(ledger: Ledger) -> None:
    """Two orgs on one Stripe account: a charge is the paying org's, a payout nobody's, and neither sees the other's."""
    ledger.money.sql.execute("UPDATE orgs SET stripe_account = NULL WHERE id = 2")
    try:
        paid = ledger.pay()
        payout = ledger.stripe("payouts")
        ledger.hear()
        owners = ledger.rows(
            "SELECT t.org_id FROM stripe_transactions t JOIN payments p ON p.stripe_charge = t.charge WHERE p.id = %s",
            paid.payment_id,
        )
        assert owners == [(1,)]
        of_payout = ledger.rows("SELECT org_id FROM stripe_transactions WHERE source = %s", payout["id"])
        assert of_payout == [(0,)]
    finally:
        ledger.money.sql.execute("UPDATE orgs SET stripe_account = 'acct_2' WHERE id = 2")


def test_a_pull_that_ends_half_way_goes_on_there(ledger: Ledger) -> None:
    """Stripe fails between two pages: the mark stays, the next pull goes on behind the first page, skips nothing, and
    what moved meanwhile comes with the one after."""
    paid = ledger.pay()
    ledger.hear()
    (intent,) = ledger.rows("SELECT stripe_payment_intent FROM payments WHERE id = %s", paid.payment_id)
    for _ in range(101):  # more than one page
        ledger.at_stripe_refund(str(intent[0]), 100)
    ledger.money.sql.execute("DELETE FROM stripe_transactions")
    ledger.money.sql.execute("DELETE FROM stripe_transaction_cursors")
    ledger.sandbox.add_fault(
        "status", r"/v1/balance_transactions$", "GET", query="starting_after", times=2, status=503
    )
    with pytest.raises(Unavailable):
        ledger.pull()
    assert len(ledger.kept()) == 100
    (cursor,) = ledger.rows("SELECT pulled_until, resume_after IS NOT NULL FROM stripe_transaction_cursors")
    assert cursor == (None, True)
    ledger.at_stripe_refund(str(intent[0]), 200)
    ledger.pull()
    (cursor,) = ledger.rows("SELECT pulled_until IS NOT NULL, resume_after FROM stripe_transaction_cursors")
    assert cursor == (True, None)
    ledger.pull()
    assert_same_as_stripe(ledger)
