"""Requests are of the version that they name, else of the account's default one, and removals follow the version."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import StripeWorld, world

from crm_sandbox.config import SandboxConfig

__all__ = ["world"]

ENDIVE, DAHLIA, CLOVER = "2026-10-28.endive", "2026-08-26.dahlia", "2025-10-29.clover"
INTENT = {"amount": "1000", "currency": "usd", "payment_method_types[]": "card"}
SESSION = {
    "mode": "payment",
    "success_url": "http://a.test",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "1000",
    "line_items[0][price_data][product_data][name]": "Roof",
    "line_items[0][quantity]": "1",
}


def test_without_a_version_the_account_default_holds(world: StripeWorld) -> None:
    """A request that names no version is of the account's, which still takes `payment_method_types`, and is told so."""
    answer = world.raw("POST", "/v1/payment_intents", data=INTENT)
    assert answer.status_code == 200
    assert answer.headers["stripe-version"] == SandboxConfig().stripe_api_version < ENDIVE
    wrong = world.raw("GET", "/v1/balance", headers={"Stripe-Version": "endive"})
    assert (wrong.status_code, "Invalid Stripe API version" in wrong.text) == (400, True)


def test_endive_has_lost_payment_method_types_everywhere(world: StripeWorld) -> None:
    """Checkout Sessions and creating, updating and confirming PaymentIntents refuse it from endive on, not before."""
    intent = world.raw("POST", "/v1/payment_intents", data=INTENT).json()["id"]
    path = f"/v1/payment_intents/{intent}"
    types = {"payment_method_types[]": "card"}
    asked: list[tuple[str, dict[str, str]]] = [
        ("/v1/checkout/sessions", SESSION | types),
        ("/v1/payment_intents", INTENT),
        (path, types),
        (f"{path}/confirm", types | {"payment_method": "pm_card_visa"}),
    ]
    for where, form in asked:
        refused = world.raw("POST", where, data=form, headers={"Stripe-Version": ENDIVE})
        error = refused.json()["error"]
        assert (error["code"], error["param"]) == ("parameter_unknown", "payment_method_types"), where
        assert world.raw("POST", where, data=form, headers={"Stripe-Version": DAHLIA}).status_code == 200, (
            where
        )


@pytest.mark.parametrize(
    ("version", "word", "status"),
    [
        (CLOVER, "hosted", 200),
        (CLOVER, "hosted_page", 400),
        (DAHLIA, "hosted_page", 200),
        (DAHLIA, "hosted", 400),
    ],
)
def test_words_of_ui_mode_follow_the_version(
    world: StripeWorld, version: str, word: str, status: int
) -> None:
    """Dahlia renamed `hosted` to `hosted_page`; answers say the new word."""
    headers = {"Stripe-Version": version}
    answer = world.raw("POST", "/v1/checkout/sessions", data=SESSION | {"ui_mode": word}, headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["ui_mode"] == "hosted_page"


def test_endpoints_of_another_version_are_refused(world: StripeWorld) -> None:
    """Events are rendered in endive only, so an endpoint that asks for another version is told so."""
    asked: Any = {"url": "https://a.test", "enabled_events": ["*"], "api_version": "2025-10-29.clover"}
    with pytest.raises(stripe.InvalidRequestError, match="does not do events in another version"):
        world.client.v1.webhook_endpoints.create(asked)
    asked["api_version"] = ENDIVE
    assert world.client.v1.webhook_endpoints.create(asked).api_version == ENDIVE
