"""PaymentIntents in two steps, methods that do not fit, and SEPA debits, by the API and on the page."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import StripeWorld, world

__all__ = ["world"]

ASKED: dict[str, Any] = {
    "amount": 10_000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": True,
}
WEEK_SECONDS = 7 * 24 * 3600


def new_intent(world: StripeWorld, **more: Any) -> Any:
    asked: Any = ASKED | more
    return world.client.v1.payment_intents.create(asked)


def new_sepa_method(world: StripeWorld, iban: str) -> str:
    asked: Any = {
        "type": "sepa_debit",
        "sepa_debit": {"iban": iban},
        "billing_details": {"name": "Ann", "email": "ann@example.com"},
    }
    return world.client.v1.payment_methods.create(asked).id


def test_held_money_is_captured_in_part(world: StripeWorld) -> None:
    """A manual intent holds; capturing a part pays that part with its fee, and no more can be captured."""
    intent = new_intent(world, capture_method="manual")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == (
        "requires_capture",
        10_000,
        0,
    )
    held = world.receiver.wait_for("payment_intent.amount_capturable_updated")["data"]["object"]
    assert held["id"] == intent.id
    with pytest.raises(stripe.InvalidRequestError, match="not captured"):
        world.client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError, match="between 1 and 10000"):
        world.client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 10_001})
    done = world.client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 6_000})
    assert (done.status, done.amount_capturable, done.amount_received) == ("succeeded", 0, 6_000)
    charge = world.receiver.wait_for("charge.updated")["data"]["object"]
    assert (charge["captured"], charge["amount_captured"], charge["amount_refunded"]) == (True, 6_000, 4_000)
    transaction = world.client.v1.balance_transactions.retrieve(charge["balance_transaction"])
    assert (transaction.amount, transaction.fee) == (6_000, 204)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.client.v1.payment_intents.capture(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_held_money_goes_back(world: StripeWorld) -> None:
    """Canceling releases what is held, and after seven days it is released by itself; no balance moves."""
    canceled, forgotten = (
        new_intent(world, capture_method="manual"),
        new_intent(world, capture_method="manual"),
    )
    assert world.client.v1.payment_intents.cancel(canceled.id).status == "canceled"
    assert world.receiver.wait_for("charge.refunded")["data"]["object"]["amount_captured"] == 0
    world.clock.advance(WEEK_SECONDS)
    world.receiver.wait_for("charge.expired")
    lapsed = world.client.v1.payment_intents.retrieve(forgotten.id)
    assert (lapsed.status, lapsed.cancellation_reason) == ("canceled", "automatic")
    assert world.state.objects("balance_transaction") == []


def test_methods_that_do_not_fit_are_refused(world: StripeWorld) -> None:
    """A method of another type, a type that cannot take the currency and one not simulated are each named."""
    sepa = new_sepa_method(world, "AT611904300234573201")
    for wrong, param in (
        ({"payment_method": sepa}, "payment_method"),
        ({"allowed_payment_method_types": ["sepa_debit"]}, "allowed_payment_method_types"),
        ({"allowed_payment_method_types": ["klarna"]}, "allowed_payment_method_types"),
        ({"payment_method_data": {"type": "card"}}, "payment_method_data"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            new_intent(world, **wrong)
        assert caught.value.param == param
    assert world.state.objects("payment_intent") == []


def test_sepa_debit_succeeds_fails_or_takes_its_time(world: StripeWorld) -> None:
    """The test IBANs of Stripe's pages: one clears, one is refused, one is answered after three minutes."""
    clears, fails, delayed = (
        new_intent(world, currency="eur", payment_method=new_sepa_method(world, iban)).id
        for iban in ("AT611904300234573201", "DE62370400440532013001", "AT321904300235473204")
    )
    world.clock.advance(6)
    world.receiver.wait_for("payment_intent.succeeded")
    failed = world.receiver.wait_for("payment_intent.payment_failed")["data"]["object"]
    assert (failed["id"], failed["last_payment_error"]["code"]) == (fails, "payment_method_provider_decline")
    charge: Any = world.client.v1.payment_intents.retrieve(
        clears, {"expand": ["latest_charge"]}
    ).latest_charge
    details = charge.payment_method_details.sepa_debit
    assert (charge.id[:3], details.country, details.last4) == ("py_", "AT", "3201")
    assert world.client.v1.payment_intents.retrieve(delayed).status == "processing"
    world.clock.advance(180)
    world.receiver.wait_for("payment_intent.succeeded", 2)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ({"sepa_debit": {"iban": "AT611904300234573202"}}, None),
        ({"sepa_debit": {"iban": "GB33BUKB20201555555555"}}, "account_number_invalid"),
        (
            {"sepa_debit": {"iban": "AT611904300234573201"}, "billing_details": {"name": "Ann"}},
            "parameter_missing",
        ),
    ],
)
def test_wrong_ibans_are_refused(world: StripeWorld, method: dict[str, Any], code: str | None) -> None:
    """Check digits are checked, only test IBANs are taken, and the mandate needs a name and an email."""
    asked: Any = {"type": "sepa_debit", "billing_details": {"name": "Ann", "email": "a@b.example"}, **method}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        world.client.v1.payment_methods.create(asked)
    assert caught.value.code == code


def test_sepa_on_the_page_has_to_be_asked_for(world: StripeWorld) -> None:
    """A session in euros takes cards; asked for SEPA it shows the bank's choices, and the debit clears later."""
    assert list(world.new_session(currency="eur").payment_method_types) == ["card"]
    types = ["card", "sepa_debit"]
    session = world.new_session(currency="eur", allowed_payment_method_types=types)
    assert list(session.payment_method_types) == types
    assert "SEPA Direct Debit" in world.http.get(session.url, params={"method": "sepa_debit"}).text
    form = {
        "method": "sepa_debit",
        "email": "ann@example.com",
        "account_name": "Ann",
        "bank_outcome": "clears",
    }
    assert world.http.post(session.url, data=form).status_code == 303
    assert (
        world.receiver.wait_for("checkout.session.completed")["data"]["object"]["payment_status"] == "unpaid"
    )
    world.clock.advance(6)
    world.receiver.wait_for("checkout.session.async_payment_succeeded")
    assert world.receiver.wait_for("charge.updated")["data"]["object"]["currency"] == "eur"
