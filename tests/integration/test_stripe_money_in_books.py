"""What Stripe moves by itself stands in QuickBooks: fees, payouts, disputes; the trial balance is computed apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.ledger_world import Ledger, open_ledger


@pytest.fixture(scope="module")
def ledger(postgres_url: str, demo_template: str) -> Iterator[Ledger]:
    with open_ledger(postgres_url, demo_template) as opened:
        opened.connect()
        yield opened


def expected_accounts(ledger: Ledger) -> Counter[str]:
    """The trial balance, worked out from Stripe's own list of movements and nothing of ours; debit positive."""
    books: Counter[str] = Counter()
    for t in ledger.at_stripe():
        amount, fee = t["amount"], t["fee"]
        books["Stripe Clearing"] += amount - fee
        books["Stripe Fees"] += fee
        other = {
            "charge": "income", "refund": "income", "refund_failure": "income", "payout": "Checking",
            "payout_reversal": "Checking", "dispute": "Stripe Disputes", "dispute_reversal": "Stripe Disputes",
        }[t["reporting_category"]]  # fmt: skip
        books[other] -= amount
    for dispute in ledger.sandbox.call("GET", "/_state/stripe/disputes")["data"]:
        if dispute["status"] == "lost":
            books["Stripe Disputes"] -= dispute["amount"]
            books["Stripe Dispute Losses"] += dispute["amount"]
    return Counter({name: cents for name, cents in books.items() if cents})


def assert_books_right(ledger: Ledger) -> None:
    """Every account that Stripe's money touches holds what it should, and nothing waits or needs a person."""
    open_ = ledger.rows("SELECT kind, subject, problem FROM postings WHERE org_id = 1 AND state <> 'posted'")
    assert open_ == []
    expected = expected_accounts(ledger)
    income = expected.pop("income")
    found = ledger.accounts()
    assert {name: found.get(name, 0) for name in expected} == dict(expected)
    touched = {"Stripe Clearing", "Stripe Fees", "Checking", "Stripe Disputes", "Stripe Dispute Losses"}
    assert {name for name in touched if found.get(name)} == set(expected)
    assert sum(cents for name, cents in found.items() if name not in touched) == income
    assert found.get("Stripe Clearing", 0) == ledger.stripe_balance()


def test_a_card_payment_brings_its_fee(ledger: Ledger) -> None:
    """An expense from clearing to Stripe Fees, dated as the payment, naming it; once however often it is heard of."""
    paid = ledger.pay()
    ledger.hear()
    ledger.hear()
    (expense,) = ledger.in_books("Purchase")
    assert (round(expense["TotalAmt"] * 100), expense["PaymentType"]) == (
        13_733,
        "Cash",
    )  # 2.9 % + 0.30 of 4,725.00
    assert f"proposal #{paid.proposal_id}" in expense["PrivateNote"]
    (line,) = [i for i in ledger.staff.get("/postings").json()["items"] if i["kind"] == "stripe_fee"]
    assert (line["state"], line["amount_minor"], line["proposal_id"]) == ("posted", 13_733, paid.proposal_id)
    assert_books_right(ledger)


def test_bank_transfer_refund_and_refund_that_fails_weeks_later(ledger: Ledger) -> None:
    """The fee of a bank transfer is its own; a partial refund leaves clearing, and comes back there."""
    paid = ledger.pay_by_bank()
    ledger.hear()
    answer = ledger.staff.post(f"/payments/{paid.payment_id}/refunds", json={"amount_minor": 125_000})
    assert answer.status_code == 201, answer.text
    ledger.hear()
    ((refund,),) = ledger.rows("SELECT refund_id FROM refunds WHERE payment_id = %s", paid.payment_id)
    ledger.stripe(f"refunds/{refund}/settle")
    ledger.hear()
    assert_books_right(ledger)
    ledger.stripe(f"refunds/{refund}/fail")
    ledger.hear()
    assert_books_right(ledger)


def test_disputes_lost_and_won(ledger: Ledger) -> None:
    """Withdrawal with its fee first; a lost one becomes a loss, a won one comes back, the fee stays paid."""
    lost, won = ledger.pay(), ledger.pay()
    ledger.hear()
    disputes = [ledger.stripe("disputes", {"session": paid.session_id})["id"] for paid in (lost, won)]
    ledger.hear()
    assert_books_right(ledger)
    assert ledger.accounts()["Stripe Disputes"] == 2 * 472_500
    ledger.stripe(f"disputes/{disputes[0]}/lost")
    ledger.stripe(f"disputes/{disputes[1]}/won")
    ledger.hear()
    ledger.hear()
    assert_books_right(ledger)
    found = ledger.accounts()
    assert (found.get("Stripe Disputes", 0), found["Stripe Dispute Losses"]) == (0, 472_500)
    assert len(ledger.in_books("JournalEntry")) == 4


def test_payouts_equal_the_banks_lines(ledger: Ledger) -> None:
    """An automatic payout is a transfer of its amount on the day it arrives; one that fails comes back once."""
    payout = ledger.stripe("payouts")
    ledger.hear()
    (made,) = [t for t in ledger.in_books("Transfer") if payout["id"] in t["PrivateNote"]]
    (day,) = ledger.rows(
        "SELECT (arrival_date AT TIME ZONE 'UTC')::date FROM payouts WHERE payout_id = %s", payout["id"]
    )
    assert (round(made["Amount"] * 100), made["TxnDate"]) == (payout["amount"], day[0].isoformat())
    assert_books_right(ledger)
    assert ledger.stripe_balance() == 0
    ledger.stripe(f"payouts/{payout['id']}/fail")
    ledger.hear()
    ledger.hear()
    assert len(ledger.in_books("Transfer")) == 2
    assert_books_right(ledger)
    assert ledger.accounts().get("Checking", 0) == 0


@pytest.mark.parametrize("action", ["drop_after", "garbage"])
def test_an_answer_that_is_lost_books_one_expense(ledger: Ledger, action: str) -> None:
    """Whatever becomes of QuickBooks' answer, the fee waits with a sentence and is booked once."""
    before = len(ledger.in_books("Purchase"))
    options: dict[str, Any] = {"effect": True} if action == "garbage" else {}
    ledger.sandbox.add_fault(action, r"/purchase$", times=1, **options)
    ledger.pay()
    ledger.hear()
    ledger.hear()
    assert len(ledger.in_books("Purchase")) == before + 1
    assert_books_right(ledger)


def test_fees_of_a_day_are_one_document_where_the_org_wants_it(ledger: Ledger) -> None:
    """With fees per day nothing is booked before the day is over, then one expense over all of them; each way shows what it
    makes, the same money in both."""
    choices = ledger.staff.get("/books/policy").json()["fee_choices"]
    assert {one["fee_documents"]: len(one["example"]) for one in choices} == {"per_payment": 3, "per_day": 1}
    sums = [sum(e["debit_minor"] for d in one["example"] for e in d["entries"]) for one in choices]
    assert sums[0] == sums[1] > 0
    chosen = ledger.staff.patch("/books/policy", json={"fee_documents": "per_day"})
    assert (chosen.status_code, chosen.json()["fee_documents"]) == (200, "per_day")
    before = len(ledger.in_books("Purchase"))
    for _ in range(2):
        ledger.pay()
    ledger.hear()
    assert len(ledger.in_books("Purchase")) == before
    ledger.money.sql.execute(
        "UPDATE stripe_transactions SET created_at = created_at - interval '2 days' WHERE fee_group IS NULL AND fee_minor <> 0"
    )
    ledger.hear()
    made = ledger.in_books("Purchase")[before:]
    assert [round(one["TotalAmt"] * 100) for one in made] == [2 * 13_733]
    ledger.staff.patch("/books/policy", json={"fee_documents": "per_payment"}).raise_for_status()
    assert_books_right(ledger)


def test_several_checking_accounts_ask_a_person(ledger: Ledger) -> None:
    """Which account Stripe pays out to is never guessed among several: the payout waits with a sentence."""
    ledger.money.sql.execute("DELETE FROM qbo_links WHERE local_id = 'bank_account'")
    other = ledger.quickbooks(
        "account", {"Name": "Payroll Checking", "AccountType": "Bank", "AccountSubType": "Checking"}
    )["Account"]
    ledger.pay()
    ledger.hear()
    payout = ledger.stripe("payouts")
    ledger.hear()
    (line,) = [
        i for i in ledger.staff.get("/postings?state=needs_you").json()["items"] if i["kind"] == "payout"
    ]
    assert line["problem_code"] == "bank-account-unknown"
    assert "Books > Mapping" in line["problem"]
    ledger.quickbooks("account", {**other, "Active": False})
    assert ledger.staff.post(f"/postings/{line['id']}/retry").status_code == 200
    ledger.hear()
    assert [t for t in ledger.in_books("Transfer") if payout["id"] in t["PrivateNote"]]
    assert_books_right(ledger)
