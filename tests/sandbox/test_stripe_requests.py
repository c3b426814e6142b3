"""Keys, accounts, parameters and idempotency: what every request to the simulator meets."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import KEY, StripeWorld, wait_until, world

__all__ = ["world"]


def test_key_is_needed_and_must_be_a_test_key(world: StripeWorld) -> None:
    """No key, a malformed one and a live one are 401; Bearer and Basic both work with a test key."""
    bare = world.http.get(f"{world.base_url}/v1/balance")
    assert bare.status_code == 401
    assert "You did not provide an API key" in bare.json()["error"]["message"]
    assert bare.headers["www-authenticate"] == 'Basic realm="Stripe"'
    for key in ("nonsense", "sk_live_" + "x" * 30):
        with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided"):
            world.client_for(key).v1.balance.retrieve()
    basic = world.http.get(f"{world.base_url}/v1/balance", auth=(KEY, ""))
    assert basic.json()["object"] == "balance"


def test_answers_carry_request_id_and_version(world: StripeWorld) -> None:
    """Every answer names itself and the version it speaks; errors link to their log entry."""
    answer = world.raw("GET", "/v1/nothing", headers={"Stripe-Version": "2026-08-26.dahlia"})
    assert answer.status_code == 404
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == "2026-08-26.dahlia"
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert answer.headers["request-id"] in error["request_log_url"]


def test_key_of_another_account_sees_nothing(world: StripeWorld) -> None:
    """A key names its account (sk_test_51...): what one account made, another cannot retrieve."""
    session = world.new_session()
    other = world.client_for("sk_test_51AAAAAAAAAAAAAAAkeykeykeykey")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        other.v1.checkout.sessions.retrieve(session.id)
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert other.v1.accounts.retrieve_current().id == "acct_1AAAAAAAAAAAAAAA"


def test_connected_account_is_a_space_of_its_own(world: StripeWorld) -> None:
    """Stripe-Account acts on the connected account; the platform does not see its objects; events say so."""
    account = world.client.v1.accounts.create({"country": "US", "email": "roofer@example.com"})
    options: Any = {"stripe_account": account.id}
    data = {"application_fee_amount": 1_000}
    session = world.new_session(10_000, payment_intent_data=data, options=options)
    with pytest.raises(stripe.InvalidRequestError):
        world.client.v1.checkout.sessions.retrieve(session.id)
    world.pay(session.url)
    assert world.receiver.wait_for("checkout.session.completed")["account"] == account.id
    charge = world.receiver.wait_for("charge.updated")["data"]["object"]
    fees = world.client.v1.balance_transactions.retrieve(charge["balance_transaction"], None, options)
    assert [(part.type, part.amount) for part in fees.fee_details] == [
        ("stripe_fee", 320),
        ("application_fee", 1_000),
    ]
    with pytest.raises(stripe.PermissionError) as caught:
        world.client.v1.balance.retrieve(None, {"stripe_account": "acct_unknown"})
    assert error_code(caught.value) == "account_invalid"


def test_deauthorized_account_is_out_of_reach(world: StripeWorld) -> None:
    """After account.application.deauthorized the platform's key has no access to the account."""
    account = world.client.v1.accounts.create({"country": "US"})
    world.hook(f"accounts/{account.id}/deauthorize")
    assert world.receiver.wait_for("account.application.deauthorized")["account"] == account.id
    with pytest.raises(stripe.PermissionError):
        world.client.v1.balance.retrieve(None, {"stripe_account": account.id})


def test_platform_ends_a_connection_by_oauth(world: StripeWorld) -> None:
    """POST /oauth/deauthorize with the platform's own client id disconnects; another id or account is refused."""
    account = world.client.v1.accounts.create({"country": "US"})
    ours = "ca_1PeakProSandbox1"
    for wrong in (
        {"client_id": "ca_other", "stripe_user_id": account.id},
        {"client_id": ours, "stripe_user_id": "acct_2"},
    ):
        with pytest.raises(stripe.oauth_error.InvalidClientError):
            world.client.oauth.deauthorize(wrong)  # type: ignore[arg-type]
    done = world.client.oauth.deauthorize({"client_id": ours, "stripe_user_id": account.id})
    assert done.stripe_user_id == account.id
    assert world.receiver.wait_for("account.application.deauthorized")["account"] == account.id
    with pytest.raises(stripe.PermissionError):
        world.client.v1.balance.retrieve(None, {"stripe_account": account.id})


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ("colour=red", "parameter_unknown", "colour"),
        ("mode=payment&line_items[0][prize]=x", "parameter_unknown", "line_items[0][prize]"),
        ("metadata[a]=b", "parameter_missing", "mode"),
        ("mode=payment", "parameter_missing", "line_items"),
        ("mode=payment&line_items[0][quantity]=two", "parameter_invalid_integer", "line_items[0][quantity]"),
        ("mode=gift", None, "mode"),
        ("mode=payment&line_items[0]=x", None, "line_items[0]"),
    ],
)
def test_parameters_are_checked(world: StripeWorld, body: str, code: str | None, param: str) -> None:
    """Unknown, missing and malformed parameters are named in Stripe's shape."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = world.raw("POST", "/v1/checkout/sessions", content=body, headers=headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error.get("code"), error["param"]) == (code, param)


def test_bodies_that_are_not_forms_are_refused(world: StripeWorld) -> None:
    """JSON, half-open brackets and bytes that are not UTF-8 are 400, never 500."""
    assert world.raw("POST", "/v1/customers", json={"email": "a@b.c"}).status_code == 400
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (b"a[b=1", b"a=1&a[b]=2", b"\xff\xfe=1", b"a" + b"[b]" * 40 + b"=1"):
        answer = world.raw("POST", "/v1/customers", content=content, headers=headers)
        assert answer.status_code == 400, content


def test_metadata_limits(world: StripeWorld) -> None:
    """50 keys of 40 characters with values of 500 are the limit; an empty value unsets a key."""
    full = {f"{n:040d}": "v" * 500 for n in range(50)}
    customer = world.client.v1.customers.create({"metadata": full})
    assert customer.metadata is not None
    assert len(customer.metadata.to_dict()) == 50
    for wrong in ({**full, "one more": "x"}, {"k" * 41: "v"}, {"k": "v" * 501}):
        with pytest.raises(stripe.InvalidRequestError):
            world.client.v1.customers.create({"metadata": wrong})
    world.client.v1.customers.update(customer.id, {"metadata": dict.fromkeys(full, "")})
    emptied = world.client.v1.customers.update(customer.id, {"metadata": {"kept": "yes"}})
    assert emptied.metadata is not None
    assert emptied.metadata.to_dict() == {"kept": "yes"}


def test_idempotency_key_repeats_the_answer(world: StripeWorld) -> None:
    """The same key and parameters give the same session and mark the answer as replayed."""
    options = {"idempotency_key": "deposit:7:checkout:1"}
    first, second = world.new_session(options=options), world.new_session(options=options)
    assert first.id == second.id
    assert len(world.state.objects("checkout.session")) == 1
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    world.clock.advance(24 * 3600 + 1)
    assert world.new_session(options=options).id != first.id, "keys are forgotten after 24 hours"


def test_idempotency_key_with_other_parameters_is_refused(world: StripeWorld) -> None:
    """A key used again for something else is an idempotency_error, on this or another endpoint."""
    options: Any = {"idempotency_key": "k"}
    world.new_session(1_000, options=options)
    with pytest.raises(stripe.IdempotencyError):
        world.new_session(2_000, options=options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        world.client.v1.customers.create({}, options)


def test_only_executed_answers_are_stored(world: StripeWorld) -> None:
    """A refused parameter does not burn the key; a declined card does."""
    options: Any = {"idempotency_key": "k1"}
    with pytest.raises(stripe.InvalidRequestError):
        world.new_session(nonsense="x", options=options)
    assert world.new_session(options=options).status == "open"
    asked: Any = {
        "amount": 5_000,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_chargeDeclined",
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            world.client.v1.payment_intents.create(asked, {"idempotency_key": "k2"})
    assert len(world.state.objects("payment_intent")) == 1


def test_same_key_at_the_same_time_conflicts(world: StripeWorld) -> None:
    """While the first request executes, a second one with its key is 409; afterwards it is replayed."""
    world.hook("settings", processing_seconds=0.5)
    options: Any = {"idempotency_key": "both"}
    made: list[Any] = []
    first = threading.Thread(target=lambda: made.append(world.new_session(options=options)))
    first.start()
    platform = world.state.platform("acct_1PeakProSandbox1")
    wait_until(lambda: bool(platform.idempotency._answers), "the first request executes")
    with pytest.raises(stripe.APIError) as caught:
        world.new_session(options=options)
    assert caught.value.http_status == 409
    assert error_code(caught.value) == "idempotency_key_in_use"
    first.join()
    assert world.new_session(options=options).id == made[0].id


def test_events_are_listed_and_filtered(world: StripeWorld) -> None:
    """/v1/events filters by type, by types with a star, by time, and forgets after 30 days."""
    world.pay(world.new_session().url)
    world.receiver.wait_for("charge.updated")
    events = world.client.v1.events
    assert [e.type for e in events.list({"type": "checkout.session.*"}).data] == [
        "checkout.session.completed"
    ]
    kinds = {"types": ["charge.succeeded", "charge.updated"]}
    assert [e.type for e in events.list(kinds).data] == ["charge.updated", "charge.succeeded"]  # type: ignore[arg-type]
    assert events.list({"created": {"gt": int(world.clock.now().timestamp()) + 10}}).data == []
    one = events.list({"limit": 1}).data[0]
    assert events.retrieve(one.id).type == one.type
    world.clock.advance(31 * 24 * 3600)
    assert events.list({"type": "charge.*"}).data == []


def test_products_and_prices_make_line_items(world: StripeWorld) -> None:
    """A stored price can be used by id; its session shows quantity times unit amount."""
    product = world.client.v1.products.create({"name": "Gutter"})
    price = world.client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1_250})
    session = world.new_session(line_items=[{"price": price.id, "quantity": 4}])
    assert session.amount_total == 5_000
    items = world.client.v1.checkout.sessions.line_items.list(session.id)
    assert [(item.description, item.quantity) for item in items.data] == [("Gutter", 4)]


def test_intents_of_the_api_pay_and_cancel(world: StripeWorld) -> None:
    """An intent made by the API is confirmed with pm_card_visa; one of a session cannot be canceled."""
    intents = world.client.v1.payment_intents
    intent = intents.create({"amount": 5_000, "currency": "usd"})
    assert intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    assert intents.cancel(intents.create({"amount": 5_000, "currency": "usd"}).id).status == "canceled"
    session = world.new_session()
    world.pay(session.url, "4000000000000002")
    mine = world.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(mine, str)
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        intents.cancel(mine)


def error_code(error: stripe.StripeError) -> str:
    """The code in the body: stripe-python shows it as an attribute only for some kinds of error."""
    assert isinstance(error.json_body, dict)
    return str(error.json_body["error"]["code"])


def test_lost_answer_is_found_again_by_its_key(world: StripeWorld) -> None:
    """When the connection drops after the effect, the same key brings the session that was made."""
    rule = {"match": {"method": "POST", "path": "/v1/checkout/sessions"}, "action": "drop_after", "times": 1}
    assert world.http.post(f"{world.base_url}/_faults", json=rule).status_code < 300
    options: Any = {"idempotency_key": "deposit:7:checkout:1"}
    with pytest.raises(stripe.APIConnectionError):
        world.new_session(options=options)
    (made,) = world.state.objects("checkout.session")
    assert world.new_session(options=options).id == made["id"]
    assert len(world.state.objects("checkout.session")) == 1
