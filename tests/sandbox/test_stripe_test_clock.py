"""Test clocks move the one time of the sandbox, and tell of it as Stripe does."""

from __future__ import annotations

import pytest
import stripe
from tests.sandbox.stripe_world import StripeWorld, world

__all__ = ["world"]

BEGIN = 1_577_836_800
DAY = 24 * 3600


def test_advancing_moves_the_sandbox_and_all_that_is_due(world: StripeWorld) -> None:
    """A day on the clock is a day in the sandbox: advancing, then ready, and an open session has expired by then."""
    clocks = world.client.v1.test_helpers.test_clocks
    session, before = world.new_session(), world.clock.now()
    clock = clocks.create({"frozen_time": BEGIN, "name": "Winter"})
    assert (clock.status, clock.frozen_time, clock.name) == ("ready", BEGIN, "Winter")
    moving = clocks.advance(clock.id, {"frozen_time": BEGIN + DAY + 1})
    assert (moving.status, moving.frozen_time) == ("advancing", BEGIN)
    assert moving.status_details.advancing is not None
    assert moving.status_details.advancing.target_frozen_time == BEGIN + DAY + 1
    world.receiver.wait_for("test_helpers.test_clock.advancing")
    ready = world.receiver.wait_for("test_helpers.test_clock.ready")["data"]["object"]
    assert (ready["status"], ready["frozen_time"]) == ("ready", BEGIN + DAY + 1)
    assert DAY < (world.clock.now() - before).total_seconds() < DAY + 60
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_customers_go_with_their_clock(world: StripeWorld) -> None:
    """Deleting a clock deletes the customers that named it, and no others."""
    clocks, customers = world.client.v1.test_helpers.test_clocks, world.client.v1.customers
    clock = clocks.create({"frozen_time": BEGIN})
    mine = customers.create({"test_clock": clock.id})
    other = customers.create({})
    assert [customer.id for customer in customers.list({"test_clock": clock.id}).data] == [mine.id]
    assert clocks.delete(clock.id).deleted is True
    assert [customer.id for customer in customers.list().data] == [other.id]
    assert clocks.list().data == []


def test_a_clock_cannot_go_back_or_too_far(world: StripeWorld) -> None:
    """Earlier times, more than two years at once and a second advance while one runs are refused."""
    clocks = world.client.v1.test_helpers.test_clocks
    clock = clocks.create({"frozen_time": BEGIN})
    for wrong in (BEGIN, BEGIN - 1, BEGIN + 3 * 366 * DAY):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            clocks.advance(clock.id, {"frozen_time": wrong})
        assert caught.value.param == "frozen_time"
    clocks.advance(clock.id, {"frozen_time": BEGIN + 1})
    with pytest.raises(stripe.InvalidRequestError, match="is advancing"):
        clocks.advance(clock.id, {"frozen_time": BEGIN + 2})
