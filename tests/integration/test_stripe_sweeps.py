"""What Stripe's events did not bring is fetched: lost events, forgotten pages, fees, refunds; once, however often."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx2
import pytest
from tests.integration.money_world import CARD, Money, money_on

from crm.gateways.stripe import StripeGateway
from crm.kit.database import Database
from crm.kit.errors import Unavailable
from crm.payments import stripe_sweeps
from crm_sandbox.testing import RunningSandbox, running_sandbox

Sweep = Callable[[Database, StripeGateway], Coroutine[Any, Any, Any]]


@pytest.fixture(scope="module")
def stripe() -> Iterator[RunningSandbox]:
    """A Stripe that has no endpoint to deliver to: every event of it is lost."""
    with running_sandbox() as sandbox:
        sandbox.call("POST", "/_state/stripe/settings", {"fee_seconds": 0})
        yield sandbox


@pytest.fixture(scope="module")
def shared_money(postgres_url: str, demo_template: str, stripe: RunningSandbox) -> Iterator[Money]:
    with money_on(postgres_url, demo_template, stripe_api_base=stripe.base_url) as made:
        made.sql.execute("UPDATE orgs SET stripe_account = NULL")
        yield made


@pytest.fixture
def money(shared_money: Money, stripe: RunningSandbox) -> Iterator[Money]:
    shared_money.forget_jobs()
    yield shared_money
    stripe.call("DELETE", "/_faults")


@pytest.fixture(scope="module")
def staff(shared_money: Money) -> httpx2.Client:
    return shared_money.app.as_user("admin@peakpro.io")


def run(money: Money, sweep: Sweep) -> Any:
    """One sweep, as the worker runs it."""
    worker = money.app.worker
    return worker.do(lambda work: sweep(worker.db, work.stripe))


def sweep_events(money: Money) -> Any:
    return run(money, lambda db, stripe: stripe_sweeps.sweep_events(db, money.app.settings, stripe))


def sweep_sessions(money: Money) -> Any:
    return run(money, lambda db, stripe: stripe_sweeps.sweep_sessions(db, money.app.settings, stripe))


def paid_unheard(money: Money, staff: httpx2.Client) -> tuple[int, str]:
    """A deposit paid on Stripe's page of which no event came: (proposal, session)."""
    proposal_id = money.proposal()
    page = staff.post("/payments/checkout_session", params={"proposal_id": proposal_id}).json()
    assert httpx2.post(page["checkout_url"], data=CARD).status_code < 400
    return proposal_id, page["session_id"]


def state(money: Money, proposal_id: int) -> str:
    return str(money.one("SELECT state FROM payments WHERE proposal_id = %s", proposal_id))


def facts(money: Money, proposal_id: int) -> list[str]:
    rows = money.sql.execute(
        "SELECT event FROM portal_activity_log WHERE proposal_id = %s ORDER BY id", [proposal_id]
    )
    return [row[0] for row in rows]


def test_lost_events_are_found_and_counted_once(money: Money, staff: httpx2.Client):
    """No webhook came: the sweep pays the deposit; a second sweep sees the same events and changes nothing."""
    proposal_id, _ = paid_unheard(money, staff)
    assert state(money, proposal_id) == "due"
    assert sweep_events(money) > 0
    assert state(money, proposal_id) == "paid"
    kept = money.kept()
    sweep_events(money)
    assert money.kept() == kept
    assert facts(money, proposal_id).count("payment_success") == 1


def test_a_page_left_open_is_asked_after(money: Money, staff: httpx2.Client):
    """Half an hour old and still open here: Stripe says that it was paid, also when its events are gone."""
    proposal_id, session_id = paid_unheard(money, staff)
    sweep_sessions(money)
    assert state(money, proposal_id) == "due"  # too young to ask after
    money.sql.execute(
        "UPDATE checkout_sessions SET created_at = now() - interval '31 minutes' WHERE session_id = %s",
        [session_id],
    )
    sweep_sessions(money)
    assert state(money, proposal_id) == "paid"
    sweep_events(money)  # the real event comes late, under its own id
    assert facts(money, proposal_id).count("payment_success") == 1


def test_the_fee_is_fetched_once(money: Money, staff: httpx2.Client):
    """Fee and net of the charge's balance transaction, said once however often it is asked for."""
    proposal_id, _ = paid_unheard(money, staff)
    sweep_events(money)
    payment_id = money.one("SELECT id FROM payments WHERE proposal_id = %s", proposal_id)
    for _ in range(2):
        run(money, lambda db, stripe: stripe_sweeps.fetch_fee(db, stripe, 1, payment_id))
    row = money.sql.execute(
        "SELECT amount_minor, fee_minor, net_minor FROM payments WHERE id = %s", [payment_id]
    ).fetchone()
    assert row is not None
    assert row[1] > 0
    assert row[0] - row[1] == row[2]
    assert facts(money, proposal_id).count("payment_fee_known") == 1


def test_a_fee_that_is_not_shown_yet_is_asked_for_again(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """The event names the balance transaction, the charge read after it is an older copy: the job must come again."""
    stripe.call("POST", "/_state/stripe/settings", {"fee_seconds": 600})
    proposal_id, _ = paid_unheard(money, staff)
    sweep_events(money)
    payment_id = money.one("SELECT id FROM payments WHERE proposal_id = %s", proposal_id)
    with pytest.raises(Unavailable, match="does not show the fee"):
        run(money, lambda db, stripe: stripe_sweeps.fetch_fee(db, stripe, 1, payment_id))
    stripe.call("POST", "/_state/clock", {"advance_seconds": 601})
    stripe.call("POST", "/_state/stripe/settings", {"fee_seconds": 0})
    run(money, lambda db, stripe: stripe_sweeps.fetch_fee(db, stripe, 1, payment_id))
    assert money.one("SELECT fee_minor FROM payments WHERE id = %s", payment_id) > 0


def test_refunds_made_in_stripe_are_fetched(money: Money, staff: httpx2.Client, stripe: RunningSandbox):
    """A refund of which only the sum was heard: asked for at Stripe, counted once."""
    proposal_id, _ = paid_unheard(money, staff)
    sweep_events(money)
    payment_id, intent = money.sql.execute(
        "SELECT id, stripe_payment_intent FROM payments WHERE proposal_id = %s", [proposal_id]
    ).fetchone() or (0, "")
    made = httpx2.post(
        f"{stripe.base_url}/v1/refunds",
        data={"payment_intent": intent, "amount": "125000"},
        headers={"authorization": f"Bearer {money.app.settings.stripe_key}"},
    )
    assert made.status_code == 200, made.text
    for _ in range(2):
        run(money, lambda db, gateway: stripe_sweeps.fetch_refunds(db, gateway, 1, payment_id))
    sweep_events(money)
    assert money.one("SELECT refunded_minor FROM payments WHERE id = %s", payment_id) == 125_000
    assert facts(money, proposal_id).count("payment_refunded") == 1


def test_a_key_that_stripe_refuses_is_told_until_it_is_taken(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """A refused key is a difference for a person, over by itself when Stripe answers again, and told again if it
    comes back."""
    told = (
        "SELECT sentence, resolved_at IS NULL FROM differences WHERE org_id = 1 AND kind = 'stripe_refuses'"
    )
    error = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
    for _ in range(2):
        fault = stripe.add_fault("status", "^/v1/events", method="GET", status=401, body=error, times=None)
        sweep_events(money)
        sweep_events(money)
        ((sentence, is_open),) = money.sql.execute(told).fetchall()
        assert is_open
        assert sentence.startswith("Stripe does not accept our key. An owner must check STRIPE_SECRET_KEY")
        stripe.call("DELETE", f"/_faults/{fault}")
        sweep_events(money)
        assert money.sql.execute(told).fetchall() == [(sentence, False)]
    said = "SELECT count(*) FROM portal_activity_log WHERE org_id = 1 AND meta->>'kind' = 'stripe_refuses'"
    assert money.one(said) == 2


def test_a_page_that_stripe_does_not_show_hides_no_other(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """One page is refused, as after a change of keys; the next one is asked after all the same."""
    _, hidden = paid_unheard(money, staff)
    shown, _ = paid_unheard(money, staff)
    money.sql.execute("UPDATE checkout_sessions SET created_at = now() - interval '31 minutes'")
    error = {"error": {"type": "invalid_request_error", "message": "No such checkout.session"}}
    stripe.add_fault("status", f"/{hidden}$", method="GET", status=404, body=error, times=None)
    sweep_sessions(money)
    assert state(money, shown) == "paid"


def test_stripe_away_loses_no_ground(money: Money, staff: httpx2.Client, stripe: RunningSandbox):
    """The sweep says so and stands where it stood; the next one brings everything."""
    proposal_id, _ = paid_unheard(money, staff)
    position = "SELECT swept_until FROM stripe_cursors WHERE account = ''"
    before = money.sql.execute(position).fetchall()
    stripe.add_fault("status", "^/v1/events", method="GET", status=500, times=4)
    with pytest.raises(Unavailable):
        sweep_events(money)
    assert money.sql.execute(position).fetchall() == before
    stripe.call("DELETE", "/_faults")
    sweep_events(money)
    assert state(money, proposal_id) == "paid"
