"""What Stripe's events come to: the same rows and facts in any order and any number, and never on another's word."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.money_world import Due, Money, event, money_on, payout, refund

CONNECTED = "acct_summit_of_org_2"
Json = dict[str, Any]

ANY_ORDER = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a failing order is short enough to read as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def money(postgres_url: str, demo_template: str) -> Iterator[Money]:
    """One server for the file. Org 2 has a Stripe account of its own, org 1 uses the platform's."""
    with money_on(postgres_url, demo_template) as made:
        made.sql.execute("UPDATE orgs SET stripe_account = %s WHERE id = 2", [CONNECTED])
        yield made


def charge(due: Due, type_: str, **changes: Any) -> Json:
    object_ = {
        "id": due.charge,
        "object": "charge",
        "amount": due.amount,
        "currency": due.currency.lower(),
        "payment_intent": due.intent,
        "amount_refunded": 0,
        **changes,
    }
    return event(type_, object_)


def dispute(due: Due, type_: str, status: str, *moved: tuple[int, int]) -> Json:
    """`moved` are the balance transactions so far: (fee, net)."""
    object_ = {
        "id": f"du_{due.payment_id}",
        "object": "dispute",
        "amount": 2_200,
        "currency": due.currency.lower(),
        "charge": due.charge,
        "payment_intent": due.intent,
        "status": status,
        "reason": "fraudulent",
        "created": 1_795_310_000,
        "balance_transactions": [{"fee": fee, "net": net} for fee, net in moved],
    }
    return event(f"charge.dispute.{type_}", object_)


WITHDRAWN, RETURNED = (1_500, -3_700), (0, 2_200)


def card(due: Due) -> list[Json]:
    """Paid by card, partly refunded, disputed and won."""
    return [
        due.paid(),
        charge(due, "charge.updated", balance_transaction="txn_1"),
        refund(due, "refund.created", "pending"),
        refund(due, "refund.updated", "succeeded"),
        charge(due, "charge.refunded", amount_refunded=125_000, balance_transaction="txn_1"),
        dispute(due, "created", "needs_response"),
        dispute(due, "funds_withdrawn", "needs_response", WITHDRAWN),
        dispute(due, "closed", "won", WITHDRAWN),
        dispute(due, "funds_reinstated", "won", WITHDRAWN, RETURNED),
    ]


def bank_transfer(due: Due) -> list[Json]:
    """An expiry that was overtaken, a transfer that cleared, and a refund that came back weeks later."""
    return [
        due.session("expired", "unpaid"),
        due.session("completed", "unpaid"),
        due.session("async_payment_succeeded", "paid"),
        charge(due, "charge.pending"),
        refund(due, "refund.created", "succeeded"),
        refund(due, "refund.failed", "failed", failure_reason="lost_or_stolen_card"),
        dispute(due, "created", "needs_response", WITHDRAWN),
        dispute(due, "closed", "lost", WITHDRAWN),
    ]


def bounced_transfer(due: Due) -> list[Json]:
    """A transfer that did not go through."""
    return [due.session("completed", "unpaid"), due.session("async_payment_failed", "unpaid")]


def outcome(money: Money, due: Due) -> Json:
    """Every row that the events may have touched, without what differs between two payments."""
    rows = money.one(
        """
        SELECT jsonb_build_object(
          'payment', (SELECT to_jsonb(p) - '{id,proposal_id,created_at,updated_at}'::text[] FROM payments p
                      WHERE p.id = %(id)s),
          'pages', (SELECT jsonb_agg(s.state) FROM checkout_sessions s WHERE s.payment_id = %(id)s),
          'refunds', (SELECT jsonb_agg(to_jsonb(r) - '{payment_id,updated_at}'::text[]) FROM refunds r
                      WHERE r.payment_id = %(id)s),
          'disputes', (SELECT jsonb_agg(to_jsonb(d) - '{payment_id,updated_at}'::text[]) FROM disputes d
                       WHERE d.payment_id = %(id)s)
        )::text
        """.replace("%(id)s", str(due.payment_id))
    )
    for mine, plain in (
        (due.session_id, "cs"),
        (due.intent, "pi"),
        (due.charge, "ch"),
        (f"re_{due.payment_id}", "re"),
        (f"du_{due.payment_id}", "du"),
    ):
        rows = rows.replace(f'"{mine}"', f'"{plain}"')
    return json.loads(rows)


# Said on the way to the end, so an order that skips the step does not say it.
ON_THE_WAY: dict[Callable[[Due], list[Json]], set[str]] = {
    card: set(),
    bank_transfer: {"checkout_expired", "payment_processing", "payment_refunded"},
    bounced_transfer: {"payment_processing"},
}


@pytest.mark.parametrize("story", list(ON_THE_WAY), ids=lambda story: story.__name__)
@ANY_ORDER
@given(data=st.data())
def test_any_order_and_number_comes_to_the_same(
    money: Money, story: Callable[[Due], list[Json]], data: st.DataObject
):
    """All events of one payment, shuffled, each up to three times: the rows are those of the plain order, and
    nothing is said twice."""
    plain = money.due()
    money.deliver(*story(plain))
    expected, said = outcome(money, plain), Counter(money.facts(plain))

    due = money.due()
    events = story(due)
    copies = data.draw(st.lists(st.integers(1, 3), min_size=len(events), max_size=len(events)))
    order = data.draw(
        st.permutations([one for one, count in zip(events, copies, strict=True) for _ in range(count)])
    )
    money.deliver(*order)
    assert outcome(money, due) == expected
    facts = Counter(money.facts(due))
    assert max(facts.values()) == 1, facts
    assert set(said) - ON_THE_WAY[story] <= set(facts) <= set(said)


def test_the_plain_order_says_everything_once(money: Money):
    """What the three stories come to, in words and figures."""
    paid, cleared, bounced = money.due(), money.due(), money.due()
    money.deliver(*card(paid), *bank_transfer(cleared), *bounced_transfer(bounced))
    assert money.facts(paid) == ["payment_success", "payment_refunded", "dispute_opened", "dispute_closed"]
    first = outcome(money, paid)
    assert (first["payment"]["state"], first["payment"]["refunded_minor"]) == ("paid", 125_000)
    assert first["payment"]["disputed"] is False  # won: the money is ours again
    assert (first["disputes"][0]["fee_minor"], first["disputes"][0]["net_minor"]) == (1_500, -1_500)

    second = outcome(money, cleared)
    assert second["refunds"][0]["status"] == "failed"
    assert second["payment"]["refunded_minor"] == 0  # the money came back to Stripe
    assert second["payment"]["disputed"] is True
    assert ("refund_failed", f"re_{cleared.payment_id}") in money.differences()

    third = outcome(money, bounced)
    assert third["payment"]["state"] == "failed"
    assert third["payment"]["paid_at"] is None
    assert money.facts(bounced) == ["payment_processing", "payment_failed"]


def test_a_dispute_won_with_its_fee_given_back_cost_nothing(money: Money):
    """Nothing stays withdrawn, also when an older event comes last."""
    for order in (1, -1):
        due = money.due()
        won = dispute(due, "funds_reinstated", "won", WITHDRAWN, (-1_500, 3_700))
        money.deliver(due.paid(), *[dispute(due, "created", "needs_response", WITHDRAWN), won][::order])
        row = money.sql.execute(
            "SELECT fee_minor, net_minor FROM disputes WHERE payment_id = %s", [due.payment_id]
        )
        assert row.fetchall() == [(0, 0)]


def test_a_refund_before_its_payment_waits_and_then_counts(money: Money):
    """Kept as waiting; when the payment comes, it takes effect without anybody's help."""
    due = money.due()
    early = refund(due, "refund.updated", "succeeded")
    money.deliver(early)
    assert money.inbox(early) == "kept"
    assert money.facts(due) == []
    money.deliver(due.paid())
    assert money.inbox(early) == "done"
    assert money.facts(due) == ["payment_success", "payment_refunded"]
    assert money.one("SELECT refunded_minor FROM payments WHERE id = %s", due.payment_id) == 125_000


def test_a_refund_that_names_only_the_charge_waits_for_the_charge(money: Money):
    """Refunds may come without an intent; they count once the charge is known to be the payment's."""
    due = money.due()
    early = refund(due, "refund.updated", "succeeded", payment_intent=None)
    money.deliver(early, due.paid())
    assert money.inbox(early) == "kept"
    money.deliver(charge(due, "charge.updated"))
    assert money.inbox(early) == "done"
    assert money.facts(due) == ["payment_success", "payment_refunded"]


def test_the_charge_of_a_transfer_that_came_back_gives_way_to_the_one_that_paid(money: Money):
    """Fee and refunds of a payment are those of its card, not of the bank transfer that failed before."""
    money.forget_jobs()
    due = money.due()
    money.deliver(*bounced_transfer(due)[:1], charge(due, "charge.pending"), *bounced_transfer(due)[1:])
    another = replace(due, session_id=f"{due.session_id}b", intent=f"{due.intent}b", charge=f"{due.charge}b")
    money.another_page(another, another.session_id)
    money.deliver(another.paid(), charge(another, "charge.updated", balance_transaction="txn_b"))
    money.deliver(charge(due, "charge.updated"))  # of the transfer, late: changes nothing
    assert (
        money.one("SELECT stripe_charge FROM payments WHERE id = %s", due.payment_id),
        money.one("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'fetch_fee'"),
    ) == (another.charge, 1)


def test_an_event_that_waited_and_stumbles_does_not_hold_up_the_payment(money: Money):
    """The payment is paid all the same; what waited is kept as failed for a job."""
    money.forget_jobs()
    due = money.due()
    early = refund(due, "refund.updated", "succeeded", amount=13)
    money.deliver(early)
    money.sql.execute("ALTER TABLE refunds ADD CONSTRAINT unlucky CHECK (amount_minor <> 13)")
    money.deliver(due.paid())
    assert money.payment(due) == "paid"
    assert money.inbox(early) == "failed"
    money.sql.execute("ALTER TABLE refunds DROP CONSTRAINT unlucky")
    money.run_jobs()
    assert money.inbox(early) == "done"
    assert money.facts(due) == ["payment_success", "payment_refunded"]


def test_older_bodies_with_the_refunds_inside_count_too(money: Money):
    """Before API 2022-11-15 the charge carries its refunds; each counts once, also when its own event follows."""
    due = money.due()
    inside = refund(due, "refund.updated", "succeeded")["data"]["object"]
    embedded = charge(due, "charge.refunded", amount_refunded=125_000, refunds={"data": [inside]})
    money.deliver(due.paid(), embedded, refund(due, "refund.created", "succeeded"))
    assert money.facts(due) == ["payment_success", "payment_refunded"]


def test_a_payout_that_failed_after_it_was_paid_stays_failed(money: Money):
    """Both facts once; the row ends as failed whichever came last."""
    failed = {"failure_code": "account_closed", "failure_message": "The account is closed"}
    for payout_id, order in (("po_1", 1), ("po_2", -1)):
        events = [payout("paid", "paid", payout_id), payout("failed", "failed", payout_id, **failed)]
        money.deliver(*events[::order], *events)
        row = money.sql.execute(
            "SELECT org_id, status, failure FROM payouts WHERE payout_id = %s", [payout_id]
        ).fetchone()
        assert row == (1, "failed", "The account is closed")
        said = money.sql.execute(
            "SELECT event FROM portal_activity_log WHERE meta->>'payout_id' = %s ORDER BY id", [payout_id]
        ).fetchall()
        assert said == ([("payout_paid",), ("payout_failed",)] if order == 1 else [("payout_failed",)])


def test_reconciliation_completed_stays(money: Money):
    """Once Stripe says that a payout can be itemised, an older event does not take that back."""
    done = payout("reconciliation_completed", "paid", "po_3", reconciliation_status="completed")
    money.deliver(done, payout("paid", "paid", "po_3"), payout("created", "pending", "po_3"))
    row = money.sql.execute("SELECT status, reconciliation_status FROM payouts WHERE payout_id = 'po_3'")
    assert row.fetchall() == [("paid", "completed")]
