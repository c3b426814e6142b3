"""Whom Stripe's events are believed about: the page, account, amount and currency that we stored, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.money_world import DEPOSIT, Money, event, metric, money_on, payout, refund

CONNECTED = "acct_summit_of_org_2"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def money(postgres_url: str, demo_template: str) -> Iterator[Money]:
    """One server for the file. Org 2 has a Stripe account of its own, org 1 uses the platform's."""
    with money_on(postgres_url, demo_template) as made:
        made.sql.execute("UPDATE orgs SET stripe_account = %s WHERE id = 2", [CONNECTED])
        yield made


def test_a_connected_accounts_events_belong_to_its_org(money: Money):
    """`account` finds org 2: its payment, its payout; org 1 sees nothing of it."""
    due = money.due(org_id=2, account=CONNECTED)
    paid_out = payout("paid", "paid", "po_summit")
    money.deliver({**due.paid(), "account": CONNECTED}, {**paid_out, "account": CONNECTED})
    assert money.payment(due) == "paid"
    assert money.one("SELECT org_id FROM payouts WHERE payout_id = 'po_summit'") == 2
    assert money.one("SELECT org_id FROM inbox_events WHERE event_key = %s", paid_out["id"]) == 2


@pytest.mark.parametrize("account", ["acct_nobodys", "", None])
def test_a_connected_accounts_page_is_not_paid_by_another_account(money: Money, account: str | None):
    """The right session id from the wrong account, or from the platform's own, moves nothing."""
    due = money.due(org_id=2, account=CONNECTED)
    said = due.paid()
    if account:
        said["account"] = account
    money.deliver(said)
    assert (money.payment(due), money.facts(due)) == ("due", [])


def test_a_connected_account_cannot_pay_another_orgs_page(money: Money):
    """Org 2's account names a page and a proposal of org 1 in its metadata: org 1 is not touched, also when
    the two come together with org 1's own events."""
    due, own = money.due(), money.due()
    forged = {**due.paid(), "account": CONNECTED}
    taken = {**refund(own, "refund.updated", "succeeded"), "account": CONNECTED}
    money.deliver(own.paid(), forged, taken)
    assert (money.payment(due), money.facts(due)) == ("due", [])
    assert money.facts(own) == ["payment_success"]
    assert ("unknown_session", due.session_id) not in money.differences(1)


def test_a_disconnected_account_takes_no_more_payments(money: Money):
    """Deauthorising is said once and stored; a restricted account is a difference until it is well again."""
    restricted = event("account.updated", {"id": CONNECTED, "charges_enabled": False}, account=CONNECTED)
    money.deliver(restricted)
    assert ("stripe_account_restricted", CONNECTED) in money.differences(2)
    well = event("account.updated", {"id": CONNECTED, "charges_enabled": True}, account=CONNECTED)
    money.deliver(well)
    open_ = "SELECT count(*) FROM differences WHERE subject = 'acct_summit_of_org_2' AND resolved_at IS NULL"
    assert money.one(open_) == 0
    gone = [event("account.application.deauthorized", {"id": "ca_1"}, account=CONNECTED) for _ in range(2)]
    money.deliver(*gone)
    assert money.one("SELECT stripe_disconnected_at IS NOT NULL FROM orgs WHERE id = 2") is True
    said = "SELECT count(*) FROM portal_activity_log WHERE org_id = 2 AND event = 'stripe_disconnected'"
    assert money.one(said) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_total": DEPOSIT - 1},
        {"amount_total": 0},
        {"amount_total": str(DEPOSIT)},
        {"amount_total": float(DEPOSIT) + 0.5},
        {"currency": "eur"},
        {"currency": None, "amount_total": 1},
        {"currency": 7},
    ],
    ids=str,
)
def test_another_amount_or_currency_pays_nothing(money: Money, wrong: Json):
    """The stored deposit counts: what differs is a difference for a person, once, and nothing is paid."""
    due = money.due()
    for _ in range(2):
        said = due.paid(**wrong)
        money.deliver(said)
        assert money.inbox(said) == "difference"
    assert money.payment(due) == "due"
    assert money.facts(due) == ["difference_found"]
    assert money.differences().count(("amount_mismatch", due.session_id)) == 1
    sentence = money.one("SELECT sentence FROM differences WHERE subject = %s", due.session_id)
    assert "$4,725.00 was due" in sentence


def test_another_proposal_in_the_metadata_changes_nothing(money: Money):
    """The page decides which proposal is paid; metadata can be written by others."""
    due, other = money.due(), money.due()
    money.deliver(due.paid(metadata={"org_id": "2", "proposal_id": str(other.proposal_id)}))
    assert (money.payment(due), money.payment(other)) == ("paid", "due")


def test_a_page_that_we_did_not_make_is_a_difference(money: Money):
    """With keys a paid session of unknown origin is kept for a person, and pays nothing."""
    due = money.due()
    said = due.paid(id="cs_test_from_elsewhere")
    money.deliver(said)
    assert money.inbox(said) == "difference"
    assert money.payment(due) == "due"
    assert ("unknown_session", "cs_test_from_elsewhere") in money.differences()


def test_paid_twice_is_a_difference(money: Money):
    """Two pages of one deposit both paid: one payment, and a sentence that asks to refund the second."""
    due = money.due()
    money.another_page(due, f"{due.session_id}_second", state="expired")
    money.deliver(due.paid(), due.paid(id=f"{due.session_id}_second", payment_intent="pi_second"))
    assert money.facts(due) == ["payment_success", "difference_found"]
    assert ("paid_twice", f"{due.session_id}_second") in money.differences()


def test_a_page_that_expired_here_but_was_paid_there_counts(money: Money):
    """Money that came is never denied: a replaced page that was paid all the same pays the deposit."""
    due = money.due()
    money.deliver(due.session("expired", "unpaid"), due.paid())
    assert money.payment(due) == "paid"
    assert money.facts(due) == ["checkout_expired", "payment_success"]


@pytest.fixture
def staff(money: Money) -> httpx2.Client:
    return money.app.as_user("admin@peakpro.io")


def test_processing_is_not_paid(money: Money, staff: httpx2.Client):
    """A bank transfer under way counts nowhere as money: metrics, overview, portal, books."""

    def figures() -> tuple[float, float, int, int]:
        paid = staff.get("/overview").json()["payments"]
        count = metric(money.http, "crm_portal_payments_total", org_id="1")
        cents = metric(money.http, "crm_portal_payment_amount_cents_sum", org_id="1")
        return count, cents, paid["count"], paid["amount_minor"]

    before = figures()
    due = money.due()
    money.deliver(due.session("completed", "unpaid"))
    assert figures() == before
    assert staff.get(f"/overview/proposals/{due.proposal_id}").json()["payment_state"] == "processing"
    assert staff.get("/overview").json()["payments"]["processing_count"] >= 1
    view = money.app.as_customer(staff, due.proposal_id).get(f"/portal/{due.proposal_id}").json()
    assert (view["payment"]["state"], view["payment"]["paid_at"], view["can_pay"]) == (
        "processing",
        None,
        False,
    )
    refused = staff.post(f"/qbo/invoice/{due.proposal_id}")
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "not-paid")
    money.deliver(due.session("async_payment_succeeded", "paid"))
    after = figures()
    assert after == (before[0] + 1, before[1] + DEPOSIT, before[2] + 1, before[3] + DEPOSIT)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 472_500), ("KWD", 472_500)])
def test_other_currencies_are_paid_in_their_own_units(money: Money, currency: str, amount: int):
    """Yen without decimals and dinars with three are stored and said as they are."""
    due = money.due(currency=currency, amount=amount)
    money.deliver(due.paid())
    row = money.sql.execute(
        "SELECT amount_minor, currency, state FROM payments WHERE id = %s", [due.payment_id]
    )
    assert row.fetchall() == [(amount, currency, "paid")]


def test_dev_mode_believes_a_page_nobody_made(app_server: RunningApp, owner_sql: psycopg.Connection):
    """As the seeds' tests have it; but only for a proposal that exists, and only with an amount."""
    dev = Money(app_server, owner_sql)

    def paid(session_id: str, **changes: Any) -> None:
        metadata = {"proposal_id": "9", "org_id": "1"}
        object_ = {"id": session_id, "amount_total": 450_000, "payment_status": "paid", "metadata": metadata}
        answer = dev.post(json.dumps(event("checkout.session.completed", {**object_, **changes})).encode())
        assert (answer.status_code, answer.json()) == (200, {"received": True})

    cases: list[Json] = [
        {"metadata": {"proposal_id": "999", "org_id": "1"}},
        {"metadata": {"proposal_id": "9", "org_id": "77"}},
        {"metadata": {"proposal_id": "9", "org_id": "2"}},
        {"metadata": {"proposal_id": "-9", "org_id": "1"}},
        {"metadata": {"proposal_id": "9" * 40, "org_id": "1"}},
        {"metadata": {"proposal_id": "９", "org_id": "1"}},
        {"metadata": None},
        {"metadata": []},
        {"amount_total": -5},
        {"amount_total": None},
        {"amount_total": True},
        {"amount_total": 2**63},
        {"amount_total": 1e300},
        {"payment_status": "unpaid", "amount_total": 0},
    ]
    for number, wrong in enumerate(cases):
        paid(f"cs_wrong_{number}", **wrong)
        assert dev.one("SELECT count(*) FROM payments WHERE paid_at IS NOT NULL") == 0, wrong
    assert dev.one("SELECT count(*) FROM inbox_events WHERE state = 'failed'") == 0
    paid("cs_test_789")
    assert dev.one("SELECT amount_minor FROM payments WHERE proposal_id = 9 AND state = 'paid'") == 450_000
