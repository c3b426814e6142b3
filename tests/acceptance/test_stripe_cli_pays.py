"""The official Stripe CLI pays a session of the product's, and the books hold it once: real API, worker and simulators."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.acceptance.stack import DEPOSIT_CENTS, STRIPE_KEY, Stack, realm, running_stack, wait_until
from tests.conftest import database_from
from tests.stripe_cli import StripeCli, stripe_cli

__all__ = ["stripe_cli"]

ORG = 1
BOOKED_SECONDS_MAX = 30


@pytest.fixture
def stack(postgres_url: str, demo_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with (
        database_from(postgres_url, demo_template) as url,
        running_stack(url, tmp_path_factory.mktemp("cli")) as running,
    ):
        running.connect(ORG)
        yield running


def test_session_paid_by_the_cli_is_booked_once(stripe_cli: StripeCli, stack: Stack) -> None:
    """Read with `stripe get`, paid with the CLI's own three requests: one invoice with its payment, and one event.

    The requests are those of the fixture of `checkout.session.completed` in the CLI, on a session of the product.
    """
    due = stack.open_checkout(ORG)
    api_base = stack.sandbox_url.replace(
        "localhost", "127.0.0.1"
    )  # the only name of this machine that it takes

    def asked(*words: str) -> dict[str, object]:
        answer: dict[str, object] = json.loads(stripe_cli.run(api_base, STRIPE_KEY, *words))
        return answer

    session = asked("get", f"/v1/checkout/sessions/{due.session_id}")
    assert (session["id"], session["amount_total"], session["status"]) == (
        due.session_id,
        DEPOSIT_CENTS,
        "open",
    )
    page = asked("get", f"/v1/payment_pages/{due.session_id}")
    assert page["session_id"] == due.session_id
    method = asked(
        "post", "/v1/payment_methods",
        "-d", "type=card", "-d", "card[token]=tok_visa",
        "-d", "billing_details[email]=stripe@example.com", "-d", "billing_details[name]=Jenny Rosen",
    )  # fmt: skip
    paid = asked(
        "post", f"/v1/payment_pages/{due.session_id}/confirm",
        "-d", f"payment_method={method['id']}", "-d", f"expected_amount={DEPOSIT_CENTS}",
    )  # fmt: skip
    assert (paid["status"], paid["payment_status"]) == ("complete", "paid")

    wait_until(lambda: stack.posted(ORG) == 1, "the payment is booked", BOOKED_SECONDS_MAX)
    stack.assert_booked_once(ORG)

    completed = asked("events", "list", "--type", "checkout.session.completed")["data"]
    assert isinstance(completed, list)
    (event,) = completed
    asked("events", "resend", event["id"])
    wait_until(lambda: _taken(stack, event["id"]) == 2, "the product has taken it a second time")
    stack.assert_booked_once(ORG)
    assert len(stack.in_books(ORG, "Invoice")) == len(stack.in_books(ORG, "Payment")) == 1, realm(ORG)


def _taken(stack: Stack, event_id: str) -> int:
    """How many sendings of an event were answered with 2xx."""
    sent = stack.sandbox("GET", f"/_state/stripe/deliveries?event={event_id}")["data"]
    return sum(sending["state"] == "delivered" for sending in sent)
