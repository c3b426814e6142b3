"""Stripe = ours = QuickBooks to the cent, over the real simulators; each thing that is not so has its name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from tests.integration.ledger_world import Ledger, open_ledger
from tests.integration.money_world import CARD, STRIPE_KEY

DEPOSIT, CARD_FEE = 472_500, 13_733


@pytest.fixture(scope="module")
def ledger(postgres_url: str, demo_template: str) -> Iterator[Ledger]:
    with open_ledger(postgres_url, demo_template) as opened:
        opened.connect()
        yield opened


def today() -> str:
    return datetime.now(UTC).astimezone(ZoneInfo("America/Denver")).date().isoformat()


def reconcile(ledger: Ledger, first: str | None = None, last: str | None = None) -> dict[str, Any]:
    """One run on demand over this month until today, unless told otherwise; its figures."""
    body = {"from_day": first or today()[:8] + "01", "to_day": last or datetime.now(UTC).date().isoformat()}
    started = ledger.staff.post("/reconciliations", json=body)
    assert started.status_code == 202, started.text
    ledger.money.run_jobs()
    found: dict[str, Any] = ledger.staff.get(f"/reconciliations/{started.json()['id']}").json()
    assert (found["state"], found["problem"]) == ("done", None), found
    return found


def differences(ledger: Ledger, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What differed, by cause; the last of each."""
    items = ledger.staff.get(f"/reconciliations/{run['id']}/differences?limit=200").json()["items"]
    return {item["cause"]: item for item in items}


def assert_all_agree(run: dict[str, Any]) -> None:
    assert (run["differences"], run["to_do_minor"], run["unexplained_minor"]) == (0, 0, 0), run["figures"][
        "causes"
    ]
    (own,) = run["figures"]["currencies"]
    assert own["closing"]["stripe"] == own["closing"]["ours"] == own["closing"]["books"]
    live = run["figures"]["live"]
    assert live["stripe_minor"] == live["clearing_minor"] == own["closing"]["stripe"]


def test_every_kind_of_movement_agrees(ledger: Ledger) -> None:
    """Cards, a bank transfer, a partial refund and one that fails, a lost and a won dispute, payouts, a failed payout:
    three columns that are the same by kind, by day and in each payout, and clearing equals Stripe's balance."""
    refunded, _, lost, won = ledger.pay(), ledger.pay_by_bank(), ledger.pay(), ledger.pay()
    ledger.hear()
    assert (
        ledger.staff.post(
            f"/payments/{refunded.payment_id}/refunds", json={"amount_minor": 125_000}
        ).status_code
        == 201
    )
    ledger.hear()
    for paid, outcome in ((lost, "lost"), (won, "won")):
        dispute = ledger.stripe("disputes", {"session": paid.session_id})
        ledger.stripe(f"disputes/{dispute['id']}/{outcome}")
    payout = ledger.stripe("payouts")
    ledger.hear()
    ((refund,),) = ledger.rows("SELECT refund_id FROM refunds WHERE payment_id = %s", refunded.payment_id)
    ledger.stripe(f"refunds/{refund}/fail")
    ledger.stripe(f"payouts/{payout['id']}/fail")
    ledger.hear()
    ledger.stripe("payouts")
    ledger.hear()
    run = reconcile(ledger)
    assert_all_agree(run)
    kinds = {one["kind"]: one for one in run["figures"]["currencies"][0]["kinds"]}
    assert kinds["payments"]["stripe"] == 4 * DEPOSIT
    assert (kinds["refunds"]["books"], kinds["disputes"]["books"]) == (0, -DEPOSIT)
    assert kinds["fees"]["stripe"] == -(3 * CARD_FEE + 500 + 2 * 1_500)
    assert set(kinds) == {"payments", "refunds", "disputes", "fees", "payouts"}
    for line in run["figures"]["payouts"]:
        assert line["items_net"] == line["stripe"] == line["ours"] == line["books"]
        assert line["itemised"]
    shown = ledger.staff.get(f"/payouts/{payout['id']}").json()
    assert shown["items_net_minor"] == payout["amount"]
    assert {item["proposal_id"] for item in shown["items"]} >= {lost.proposal_id, won.proposal_id}


def test_what_waits_is_named_and_then_agrees(ledger: Ledger) -> None:
    """QuickBooks refuses an expense and holds back nothing else: the line says who must do what; after the retry nothing
    differs."""
    fault = {
        "Fault": {
            "Error": [{"Message": "Closed", "Detail": "Account period closed", "code": "6210", "element": ""}]
        }
    }
    ledger.sandbox.add_fault("status", r"/purchase$", times=1, status=400, body=fault)
    ledger.pay()
    ledger.hear()
    run = reconcile(ledger)
    line = differences(ledger, run)["closed_period"]
    assert (line["kind"], line["stripe_minor"], line["ours_minor"], line["books_minor"]) == (
        "fee",
        -CARD_FEE,
        -CARD_FEE,
        None,
    )
    assert line["action"] == "open_period"
    assert (run["to_do_minor"], run["unexplained_minor"]) == (CARD_FEE, 0)
    assert ledger.staff.post(f"/postings/{line['posting_id']}/retry").status_code == 200
    ledger.hear()
    assert_all_agree(reconcile(ledger))


def test_a_refund_under_way_and_a_payout_in_transit_settle_by_themselves(ledger: Ledger) -> None:
    """Stripe has taken them out of the balance and nobody else has them yet: named, nothing to do, unexplained 0."""
    paid = ledger.pay_by_bank()
    ledger.hear()
    ledger.staff.post(f"/payments/{paid.payment_id}/refunds", json={"amount_minor": 50_000})
    ledger.hear()
    run = reconcile(ledger)
    assert set(differences(ledger, run)) == {"refund_under_way"}
    assert (run["to_do_minor"], run["unexplained_minor"]) == (0, 0)
    ((refund,),) = ledger.rows("SELECT refund_id FROM refunds WHERE payment_id = %s", paid.payment_id)
    ledger.stripe(f"refunds/{refund}/settle")
    ledger.hear()
    assert_all_agree(reconcile(ledger))
    ledger.pay({**CARD, "card_number": "4000 0000 0000 0077"})  # its money is available at once
    ledger.manual_payout(100_000)
    ledger.hear()
    run = reconcile(ledger)
    assert set(differences(ledger, run)) == {"in_transit"}
    assert (run["to_do_minor"], run["unexplained_minor"]) == (0, 0)


def test_what_people_do_in_quickbooks_is_found(ledger: Ledger) -> None:
    """An expense edited, a transfer deleted, an expense entered by hand on Stripe Clearing: each is named with its amount,
    and nothing stays unexplained though our mirror was told of none of them."""
    ledger.pay()
    ledger.hear()
    ours = ledger.in_books("Purchase")[-1]
    transfer = ledger.in_books("Transfer")[0]
    ledger.quickbooks("purchase", {**ours, "Line": [{**ours["Line"][0], "Amount": 100.00}]})
    ledger.quickbooks("transfer?operation=delete", {"Id": transfer["Id"], "SyncToken": transfer["SyncToken"]})
    by_hand = {k: ours[k] for k in ("AccountRef", "PaymentType", "Line")}
    by_hand["Line"] = [
        {"Amount": 12.34, **{k: ours["Line"][0][k] for k in ("DetailType", "AccountBasedExpenseLineDetail")}}
    ]
    ledger.quickbooks("purchase", {**by_hand, "TxnDate": today()})
    run = reconcile(ledger)
    found = differences(ledger, run)
    assert {"edited", "deleted", "by_hand"} <= set(found)
    assert (found["edited"]["ours_minor"], found["edited"]["books_minor"]) == (-CARD_FEE, -10_000)
    assert found["by_hand"]["books_minor"] == -1_234
    assert found["deleted"]["books_minor"] == 0
    assert run["unexplained_minor"] == 0
    assert run["to_do_minor"] > 0
    # Nobody told us of the edit yet; once QuickBooks was looked through, the line leads to its own difference.
    assert found["edited"]["difference_id"] is None
    assert ledger.staff.post("/books/changes/look").status_code == 200
    ledger.money.run_jobs()
    difference = ledger.staff.get(
        f"/books/differences/{differences(ledger, run)['edited']['difference_id']}"
    ).json()
    assert f"{difference['entity']} {difference['qbo_id']}" == found["edited"]["document"]


def test_last_month_closes_at_its_own_cut_off(ledger: Ledger) -> None:
    """A month before any payment is empty, its closing nothing, and runs are kept with who asked, newest first."""
    first = (datetime.now(UTC).replace(day=1) - timedelta(days=40)).date().replace(day=1)
    run = reconcile(ledger, first.isoformat(), first.replace(day=28).isoformat())
    assert (run["differences"], run["figures"]["live"], run["figures"]["currencies"]) == (0, None, [])
    history = ledger.staff.get("/reconciliations").json()["items"]
    assert (history[0]["id"], history[0]["asked_by"]) == (run["id"], "user:1")
    month = first.isoformat()[:7]
    assert [one["id"] for one in ledger.staff.get(f"/reconciliations?month={month}").json()["items"]] == [
        run["id"]
    ]


def test_days_that_make_no_period_are_refused(ledger: Ledger) -> None:
    """The end before the beginning, more than a year, a month that has not begun: a sentence each."""
    far = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    for body, words in (
        ({"from_day": "2026-02-10", "to_day": "2026-02-09"}, "period of 1 to 366 days"),
        ({"from_day": "2024-01-01", "to_day": "2026-02-09"}, "period of 1 to 366 days"),
        ({"from_day": far, "to_day": far}, "has not begun"),
    ):
        answer = ledger.staff.post("/reconciliations", json=body)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]


def test_what_was_entered_by_hand_is_matched_once_and_can_be_taken_back(ledger: Ledger) -> None:
    """A payment taken elsewhere is not ours; entered by hand in QuickBooks it differs twice, until somebody says that the
    one is the other: to the cent, once, undone at will, and open again when the document is changed there."""
    made = httpx2.post(
        f"{ledger.sandbox.base_url}/v1/payment_intents",
        data={"amount": "20000", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true",
              "return_url": "https://example.com"},
        headers={"authorization": f"Bearer {STRIPE_KEY}"},
    )  # fmt: skip
    assert made.status_code == 200, made.text
    ledger.pay()
    ledger.hear()
    run = reconcile(ledger)
    before = {(one["cause"], one["currency"]): one["lines"] for one in run["figures"]["causes"]}
    assert differences(ledger, run)["not_ours"]["action"] == "by_hand"
    (clearing,) = [one["Id"] for one in ledger.in_books("Account") if one["Name"] == "Stripe Clearing"]
    (income, *_) = [one["Id"] for one in ledger.in_books("Account") if one["AccountType"] == "Income"]

    def entered(cents: int, **more: Any) -> dict[str, Any]:
        return {
            "TxnDate": today(),
            "Line": [
                {"Amount": cents / 100, "DetailType": "JournalEntryLineDetail",
                 "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}}}
                for side, account in (("Debit", clearing), ("Credit", income))
            ],
            **more,
        }  # fmt: skip

    entry = ledger.quickbooks("journalentry", entered(20_000))["JournalEntry"]
    run = reconcile(ledger)
    document = f"JournalEntry {entry['Id']}"

    def of(run: dict[str, Any], *causes: str) -> list[dict[str, Any]]:
        listed = ledger.staff.get(f"/reconciliations/{run['id']}/differences", params={"cause": causes})
        return list(listed.json()["items"])

    (by_hand,) = [one for one in of(run, "by_hand") if one["document"] == document]
    payment, fee = sorted(of(run, "not_ours"), key=lambda one: -one["stripe_minor"])
    asked = {"run_id": run["id"], "document": document, "positions": [payment["position"], fee["position"]]}
    wrong = ledger.staff.post("/clearing/by_hand", json=asked)
    assert wrong.status_code == 422
    assert "but JournalEntry" in wrong.json()["detail"]
    assert "by $200.00" in wrong.json()["detail"]
    none = ledger.staff.post("/clearing/by_hand", json={**asked, "positions": [by_hand["position"]]})
    assert "Only movements without a document" in none.json()["detail"]
    kept = ledger.staff.post("/clearing/by_hand", json={**asked, "positions": [payment["position"]]})
    assert kept.status_code == 201, kept.text
    again = ledger.staff.post("/clearing/by_hand", json={**asked, "positions": [payment["position"]]})
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "matched-already")

    run = reconcile(ledger)
    assert (of(run, "by_hand"), len(of(run, "not_ours")), run["unexplained_minor"]) == (
        [one for one in of(run, "by_hand") if one["document"] != document],
        1,  # the fee of it, which nobody entered
        0,
    )
    ledger.quickbooks("journalentry", {**entered(15_000), "Id": entry["Id"], "SyncToken": entry["SyncToken"]})
    run = reconcile(ledger)
    assert [one["books_minor"] for one in of(run, "by_hand") if one["document"] == document] == [15_000]
    assert {one["stripe_minor"] for one in of(run, "not_ours")} == {20_000, fee["stripe_minor"]}
    assert run["unexplained_minor"] == 0
    listed = ledger.staff.get("/clearing/by_hand").json()["items"]
    assert [(one["document"], one["amount_minor"], one["movements"]) for one in listed] == [
        (document, 20_000, 1)
    ]
    assert ledger.staff.delete(f"/clearing/by_hand/{listed[0]['id']}").status_code == 204
    assert ledger.staff.get("/clearing/by_hand").json()["items"] == []
    assert before[("not_ours", "USD")] == 2

    # The same from before the first payment here: all of it is one opening balance, whatever it is made of.
    ledger.money.sql.execute(
        "UPDATE stripe_transactions SET created_at = created_at - interval '90 days' WHERE org_id = 1 AND intent = %s",
        [made.json()["id"]],
    )
    net = 20_000 + fee["stripe_minor"]
    (entry,) = [one for one in ledger.in_books("JournalEntry") if one["Id"] == entry["Id"]]
    ledger.quickbooks("journalentry", {**entered(net), "Id": entry["Id"], "SyncToken": entry["SyncToken"]})
    run = reconcile(ledger)
    assert (len(of(run, "before")), len(of(run, "not_ours"))) == (2, 0)
    opening = {"run_id": run["id"], "document": document, "everything_before": True}
    kept = ledger.staff.post("/clearing/by_hand", json=opening)
    assert (kept.status_code, kept.json()["movements"], kept.json()["amount_minor"]) == (201, 2, net)
    run = reconcile(ledger)
    assert [one for one in of(run, "by_hand", "before") if one["document"] in (document, None)] == []
    assert run["unexplained_minor"] == 0


def test_without_reads_left_it_compares_what_is_known(ledger: Ledger) -> None:
    """When the month's reads are used up nothing is asked of QuickBooks: the run is done, and says in a sentence what it could
    not see and where the budget is raised."""
    ledger.money.sql.execute("INSERT INTO qbo_budgets (org_id, reads) VALUES (1, 1)")
    run = reconcile(ledger)
    assert run["figures"]["live"]["clearing_minor"] is None
    (said,) = run["figures"]["problems"]
    assert "balance of Stripe Clearing in QuickBooks is not known" in said
    assert "Books > Quota" in said
    ledger.staff.put("/qbo/quota/budget", json={"reads": 5000}).raise_for_status()


def test_what_was_forgotten_is_booked_however_old(ledger: Ledger) -> None:
    """A fee of half a year ago that has no posting gets one from the next comparison, not only one of the last weeks."""
    ledger.pay()
    ledger.work(lambda work: work.sweep_stripe())
    ledger.money.sql.execute(
        "DELETE FROM postings WHERE org_id = 1 AND kind = 'stripe_fee' AND state = 'waiting'"
    )
    ledger.money.sql.execute(
        "UPDATE stripe_transactions SET learned_at = learned_at - interval '180 days' WHERE org_id = 1"
    )
    waiting = "SELECT count(*) FROM postings WHERE org_id = 1 AND kind = 'stripe_fee' AND state = 'waiting'"
    ledger.work(lambda work: work.sweep_postings())
    assert ledger.money.one(waiting) == 0
    booked = len(ledger.in_books("Purchase"))
    reconcile(ledger)
    ledger.hear()
    assert len(ledger.in_books("Purchase")) == booked + 1
