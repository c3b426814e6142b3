"""Contracts in euro to the end: what Stripe keeps, disputes and pays out of them stands in the books, settled in euro or
converted to dollars, and reconciliation agrees on every movement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.integration.ledger_world import Ledger, open_ledger
from tests.integration.money_world import STRIPE_KEY
from tests.integration.test_reconciliation import differences, reconcile

DEPOSIT = 472_500
EUR, STRIPES = 1.08, 1.092  # QuickBooks' rate, and Stripe's where it converts


@pytest.fixture(scope="module")
def ledger(postgres_url: str, demo_template: str) -> Iterator[Ledger]:
    with open_ledger(postgres_url, demo_template) as opened:
        opened.sandbox.quickbooks.change_settings(opened.realm_id, {"multicurrency": True})
        opened.connect()
        yield opened


def newest(ledger: Ledger, entity: str) -> dict[str, Any]:
    return max(ledger.in_books(entity), key=lambda one: int(one["Id"]))


def account(ledger: Ledger, name: str) -> dict[str, Any]:
    (found,) = [one for one in ledger.in_books("Account") if one["Name"] == name]
    return found


def problems(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger.rows(
        "SELECT kind, problem_code, problem FROM postings WHERE org_id = 1 AND state = 'needs_you'"
    )


def pay_out(ledger: Ledger, currency: str) -> None:
    ledger.stripe("payouts", {"currency": currency, "include_pending": True})
    ledger.hear()


def closing(run: dict[str, Any], currency: str) -> dict[str, int]:
    (found,) = [one["closing"] for one in run["figures"]["currencies"] if one["currency"] == currency]
    return dict(found)


def test_settled_in_euro(ledger: Ledger) -> None:
    """Fee, lost dispute and payout of a balance in euro: each over its own euro accounts, never those of the dollars; the
    payout waits until somebody says which bank account takes euros, and a bank of another currency is refused."""
    ledger.pay()  # the dollars of everybody else
    ledger.pay(currency="EUR")
    disputed = ledger.pay(currency="EUR")
    ledger.hear()
    dispute = ledger.stripe("disputes", {"session": disputed.session_id})
    ledger.stripe(f"disputes/{dispute['id']}/lost")
    ledger.hear()
    assert problems(ledger) == []
    fee = newest(ledger, "Purchase")
    assert (fee["CurrencyRef"]["value"], float(fee["ExchangeRate"])) == ("EUR", EUR)
    assert fee["AccountRef"]["value"] == account(ledger, "Stripe Clearing (EUR)")["Id"]
    assert account(ledger, "Stripe Disputes (EUR)")["CurrencyRef"]["value"] == "EUR"
    assert ledger.accounts().get("Stripe Disputes (EUR)", 0) == 0  # all of it is a loss now
    assert ledger.accounts()["Stripe Dispute Losses"] == round(DEPOSIT * EUR)

    pay_out(ledger, "eur")
    ((kind, code, sentence),) = problems(ledger)
    assert (kind, code) == ("payout", "bank-account-unknown")
    assert "no checking accounts in EUR" in sentence
    dollars = account(ledger, "Checking")["Id"]
    choice = {"slot": "bank_account", "key": "currency:EUR"}
    refused = ledger.staff.put("/books/mapping", json={**choice, "qbo_id": dollars})
    assert (refused.status_code, "needs one in EUR" in refused.json()["detail"]) == (422, True)
    body = {
        "Name": "Euro Bank",
        "AccountType": "Bank",
        "AccountSubType": "Checking",
        "CurrencyRef": {"value": "EUR"},
    }
    bank = ledger.quickbooks("account", body)["Account"]
    ledger.staff.put("/books/mapping", json={**choice, "qbo_id": bank["Id"]}).raise_for_status()
    ledger.staff.post("/postings/retry").raise_for_status()
    ledger.hear()
    assert problems(ledger) == []
    transfer = newest(ledger, "Transfer")
    assert (transfer["CurrencyRef"]["value"], transfer["ToAccountRef"]["value"]) == ("EUR", bank["Id"])
    # Not a euro is left; in dollars each document was rounded by itself, as QuickBooks does it.
    assert abs(ledger.accounts().get("Stripe Clearing (EUR)", 0)) <= 3
    run = reconcile(ledger)
    assert (differences(ledger, run), run["unexplained_minor"]) == ({}, 0)
    assert set(closing(run, "EUR").values()) == {0}


def test_converted_by_stripe(ledger: Ledger) -> None:
    """Where Stripe turns euros into dollars, invoice and payment are in euro at Stripe's rate, fee, dispute and payout in the
    dollars that it holds: clearing equals its balance, and no movement differs for having two currencies."""
    before = ledger.accounts()
    ledger.stripe("settings", {"converts_at": STRIPES})
    try:
        paid, disputed = ledger.pay(currency="EUR"), ledger.pay(currency="EUR")
        ledger.hear()
        intent = ledger.money.one("SELECT stripe_payment_intent FROM payments WHERE id = %s", paid.payment_id)
        ledger.at_stripe_refund(intent, 10_000)
        dispute = ledger.stripe("disputes", {"session": disputed.session_id})
        ledger.stripe(f"disputes/{dispute['id']}/lost")
        ledger.later(days=1)
        ledger.hear()
    finally:
        ledger.stripe("settings", {"converts_at": 0})
    assert problems(ledger) == []
    after = ledger.accounts()
    assert {one["CurrencyRef"]["value"] for one in ledger.in_books("Purchase")[-2:]} == {"USD"}
    assert after.get("Stripe Disputes", 0) == 0
    assert after["Stripe Dispute Losses"] - before["Stripe Dispute Losses"] == round(DEPOSIT * STRIPES)
    run = reconcile(ledger)
    assert (differences(ledger, run), run["unexplained_minor"]) == ({}, 0), run["figures"]["causes"]
    live = run["figures"]["live"]
    assert live["stripe_minor"] == live["clearing_minor"] == after["Stripe Clearing"]
    pay_out(ledger, "usd")
    assert problems(ledger) == []
    assert newest(ledger, "Transfer")["CurrencyRef"]["value"] == "USD"
    assert ledger.accounts().get("Stripe Clearing", 0) == 0


def test_a_payout_below_zero(ledger: Ledger) -> None:
    """Money that Stripe takes back from the bank is a transfer the other way, over the same euro accounts."""
    payout_id = ledger.money.one("SELECT payout_id FROM payouts WHERE org_id = 1 AND currency = 'EUR'")
    out = next(one for one in ledger.in_books("Transfer") if one["CurrencyRef"]["value"] == "EUR")
    back = httpx2.post(
        f"{ledger.sandbox.base_url}/v1/payouts/{payout_id}/reverse",
        headers={"authorization": f"Bearer {STRIPE_KEY}"},
    )
    assert back.status_code == 200, back.text
    ledger.later(days=3)
    ledger.hear()
    assert problems(ledger) == []
    transfer = newest(ledger, "Transfer")
    assert (transfer["CurrencyRef"]["value"], transfer["Amount"]) == ("EUR", out["Amount"])
    assert (transfer["FromAccountRef"], transfer["ToAccountRef"]) == (
        out["ToAccountRef"],
        out["FromAccountRef"],
    )
    # Stripe's clock went four days ahead of ours, so the period does too: nothing may depend on the hour of the test.
    run = reconcile(ledger, last=(datetime.now(UTC) + timedelta(days=5)).date().isoformat())
    assert (differences(ledger, run), run["unexplained_minor"]) == ({}, 0), run["figures"]["causes"]
    assert set(closing(run, "EUR").values()) == {
        round(100 * out["Amount"])
    }  # it is Stripe's to pay out again
    assert set(closing(run, "USD").values()) == {0}
