"""A payer pays, fails to pay or never pays a Checkout Session, and the API and the events tell the same."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import StripeWorld, world

__all__ = ["world"]

CARD_PAYMENT = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
    "charge.updated",
]


def test_card_pays(world: StripeWorld) -> None:
    """4242 pays, the payer is sent to the success URL, and Stripe's own five events arrive."""
    session = world.new_session()
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.url == f"{world.base_url}/c/pay/{session.id}"
    answer = world.pay(session.url)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://portal.test/done?cs={session.id}"
    completed = world.receiver.wait_for("checkout.session.completed")["data"]["object"]
    assert (completed["id"], completed["payment_status"], completed["amount_total"]) == (
        session.id,
        "paid",
        472_500,
    )
    assert completed["metadata"] == {"proposal_id": "7", "org_id": "1"}
    assert completed["customer_details"]["email"] == "ann@example.com"
    assert completed["url"] is None
    world.receiver.wait_for("charge.updated")
    assert sorted(world.receiver.types()) == sorted(CARD_PAYMENT)


def test_fees_arrive_with_charge_updated(world: StripeWorld) -> None:
    """The balance transaction is null at charge.succeeded and comes with charge.updated: 2.9 % + 30 cents."""
    world.pay(world.new_session(10_000).url)
    assert world.receiver.wait_for("charge.succeeded")["data"]["object"]["balance_transaction"] is None
    updated = world.receiver.wait_for("charge.updated")["data"]
    assert updated["previous_attributes"] == {"balance_transaction": None}
    transaction = world.client.v1.balance_transactions.retrieve(updated["object"]["balance_transaction"])
    assert (transaction.amount, transaction.fee, transaction.net) == (10_000, 320, 9_680)
    assert updated["object"]["metadata"] == {"proposal_id": "7"}, "payment_intent_data reaches the charge"


def test_expanding_follows_ids(world: StripeWorld) -> None:
    """One retrieve with expand shows the intent, its charge and the fee; line items only when asked."""
    session = world.new_session()
    world.pay(session.url)
    world.receiver.wait_for("charge.updated")
    plain = world.client.v1.checkout.sessions.retrieve(session.id)
    assert isinstance(plain.payment_intent, str)
    assert "line_items" not in plain
    paths = ["payment_intent.latest_charge.balance_transaction", "line_items"]
    full: Any = world.client.v1.checkout.sessions.retrieve(session.id, {"expand": paths})
    assert full.payment_intent.latest_charge.balance_transaction.fee == 13_733
    assert full.line_items.data[0].price.unit_amount == 472_500
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["amount_total"]})


@pytest.mark.parametrize(
    ("card", "says", "code"),
    [
        ("4000000000000002", "Your card was declined.", "generic_decline"),
        ("4000000000009995", "insufficient funds", "insufficient_funds"),
        ("4111 1111 1111 1111", "used a non test card", "test_mode_live_card"),
    ],
)
def test_declined_card_leaves_the_page_open(world: StripeWorld, card: str, says: str, code: str) -> None:
    """A declined card shows why, fails the intent, and the same page can be paid with another card."""
    session = world.new_session()
    answer = world.pay(session.url, card)
    assert answer.status_code == 402
    assert says in answer.text
    intent = world.receiver.wait_for("payment_intent.payment_failed")["data"]["object"]
    assert intent["last_payment_error"]["decline_code"] == code
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert world.pay(session.url).status_code == 303
    paid = world.receiver.wait_for("checkout.session.completed")["data"]["object"]
    assert paid["payment_intent"] == intent["id"], "the second attempt uses the same intent"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("card_number", "4242 4242 4242 4241", "card number is invalid"),
        ("card_expiry", "12 / 19", "in the past"),
        ("card_cvc", "1", "security code is incomplete"),
        ("email", "", "email address"),
    ],
)
def test_wrong_fields_are_named(world: StripeWorld, field: str, value: str, says: str) -> None:
    """What is typed wrong is said on the page, and no attempt to pay is made."""
    session = world.new_session()
    answer = world.pay(session.url, **{field: value})
    assert answer.status_code == 422
    assert says in answer.text
    assert world.state.objects("payment_intent") == []


@pytest.mark.parametrize("passed", [True, False])
def test_three_d_secure_asks_first(world: StripeWorld, passed: bool) -> None:  # noqa: FBT001
    """3155 leads to the bank's page; completing pays, failing leaves the session open."""
    session = world.new_session()
    answer = world.pay(session.url, "4000 0025 0000 3155")
    assert answer.headers["location"] == f"{session.url}/authenticate"
    world.receiver.wait_for("payment_intent.requires_action")
    assert "Complete authentication" in world.http.get(answer.headers["location"]).text
    result = {"result": "complete" if passed else "fail"}
    second = world.http.post(answer.headers["location"], data=result)
    if passed:
        assert second.headers["location"].startswith("http://portal.test/done")
        world.receiver.wait_for("checkout.session.completed")
    else:
        assert "unable to authenticate" in second.text
        failed = world.receiver.wait_for("payment_intent.payment_failed")["data"]["object"]
        assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
        assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_session_expires_by_the_clock(world: StripeWorld) -> None:
    """A session nobody pays expires when its time is over; its page says so and takes no money."""
    session = world.new_session()
    world.clock.advance(24 * 3600 + 1)
    expired = world.receiver.wait_for("checkout.session.expired")["data"]["object"]
    assert (expired["id"], expired["url"], expired["payment_intent"]) == (session.id, None, None)
    answer = world.pay(session.url)
    assert answer.status_code == 410
    assert "has expired" in answer.text
    assert world.state.objects("charge") == []


def test_expire_by_api_only_while_open(world: StripeWorld) -> None:
    """Expire closes an open session once; one that was paid cannot be expired."""
    session = world.new_session()
    assert world.client.v1.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        world.client.v1.checkout.sessions.expire(session.id)
    paid = world.new_session()
    world.pay(paid.url)
    with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
        world.client.v1.checkout.sessions.expire(paid.id)


def test_paying_twice_charges_once(world: StripeWorld) -> None:
    """A page submitted again after paying says that it is paid and makes no second charge."""
    session = world.new_session()
    world.pay(session.url)
    again = world.pay(session.url)
    assert "already been made" in again.text
    assert len(world.state.objects("charge")) == 1


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("usd", 49, "amount_too_small"),
        ("jpy", 49, "amount_too_small"),
        ("usd", 100_000_000, "amount_too_large"),
        ("kwd", 10_001, "invalid_charge_amount"),
        ("isk", 10_050, "invalid_charge_amount"),
    ],
)
def test_amounts_that_cannot_be_charged(world: StripeWorld, currency: str, amount: int, code: str) -> None:
    """Minima, the eight-digit maximum and the three-decimal rule are enforced per currency."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.new_session(amount, currency=currency)
    assert caught.value.code == code


def test_zero_decimal_currency_is_shown_whole(world: StripeWorld) -> None:
    """5000 yen are 5,000 yen on the page, paid by card only."""
    session = world.new_session(5_000, currency="jpy")
    assert list(session.payment_method_types) == ["card"]
    assert "JPY 5,000" in world.http.get(session.url).text


def test_nothing_to_pay_completes_without_an_intent(world: StripeWorld) -> None:
    """A session over 0.00 needs no card: payment_status no_payment_required, no charge."""
    session = world.new_session(0)
    assert session.payment_status == "no_payment_required"
    world.http.post(session.url, data={"email": "ann@example.com"})
    completed = world.receiver.wait_for("checkout.session.completed")["data"]["object"]
    assert (completed["payment_status"], completed["payment_intent"]) == ("no_payment_required", None)


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"expires_at": 60}, "expires_at"),
        ({"success_url": "not a url"}, "success_url"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"mode": "subscription"}, "mode"),
    ],
)
def test_wrong_parameters_are_named(world: StripeWorld, wrong: dict[str, Any], param: str) -> None:
    """Each refusal names the parameter, and no session is made."""
    if "expires_at" in wrong:
        wrong = {"expires_at": int(world.clock.now().timestamp()) + wrong["expires_at"]}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.new_session(**wrong)
    assert caught.value.param == param
    assert world.state.objects("checkout.session") == []


def test_older_versions_may_still_send_method_types(world: StripeWorld) -> None:
    """`payment_method_types` was removed with 2026-09-30.endive: a client pinned before may use it."""
    options = {"stripe_version": "2026-08-26.dahlia"}
    session = world.new_session(payment_method_types=["us_bank_account"], options=options)
    assert list(session.payment_method_types) == ["us_bank_account"]
    narrowed = world.new_session(allowed_payment_method_types=["card"])
    assert list(narrowed.payment_method_types) == ["card"]


def test_sessions_are_listed_by_status_and_page(world: StripeWorld) -> None:
    """Lists are newest first, filtered by status, and page by cursor without gaps."""
    made = [world.new_session().id for _ in range(5)]
    world.client.v1.checkout.sessions.expire(made[0])
    assert [s.id for s in world.client.v1.checkout.sessions.list({"status": "expired"}).data] == made[:1]
    first = world.client.v1.checkout.sessions.list({"limit": 2})
    assert ([s.id for s in first.data], first.has_more) == ([made[4], made[3]], True)
    everything = [s.id for s in world.client.v1.checkout.sessions.list({"limit": 2}).auto_paging_iter()]
    assert everything == made[::-1]
    before = world.client.v1.checkout.sessions.list({"limit": 2, "ending_before": made[1]})
    assert ([s.id for s in before.data], before.has_more) == ([made[3], made[2]], True)


def test_the_page_works_without_script_and_marks_itself(world: StripeWorld) -> None:
    """The page is plain HTML with its total, a cancel link and a notice that it is a simulator."""
    session = world.new_session(customer_email="ann@example.com")
    page = world.http.get(session.url).text
    for expected in ("$4,725.00", "http://portal.test/back", "simulator", "ann@example.com", "Card number"):
        assert expected in page
    assert "<script" not in page
    assert "will clear" in world.http.get(session.url, params={"method": "us_bank_account"}).text
    assert world.http.get(f"{world.base_url}/c/pay/cs_test_unknown").status_code == 404


def test_names_from_outside_are_escaped(world: StripeWorld) -> None:
    """A product name cannot bring script into the page."""
    product = {"name": "<script>alert(1)</script>"}
    price_data = {"currency": "usd", "unit_amount": 1_000, "product_data": product}
    session = world.new_session(line_items=[{"price_data": price_data, "quantity": 2}])
    page = world.http.get(session.url).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_customer_is_made_when_asked(world: StripeWorld) -> None:
    """customer_creation=always makes a customer of the payer; otherwise the payer stays a guest."""
    session = world.new_session(customer_creation="always")
    world.pay(session.url)
    paid = world.client.v1.checkout.sessions.retrieve(session.id)
    assert isinstance(paid.customer, str)
    assert world.client.v1.customers.retrieve(paid.customer).email == "ann@example.com"
    guest = world.new_session()
    world.pay(guest.url)
    assert world.client.v1.checkout.sessions.retrieve(guest.id).customer is None
