"""Test clocks: advancing one moves the sandbox's own clock, because the sandbox has only one time.

At Stripe a clock freezes the time of its own customers, and of nothing else; it can begin in any year. Here
`frozen_time` is kept as given, and advancing it by so much moves everything in the sandbox by as much: bank debits
clear, sessions expire, payouts arrive, tokens of QuickBooks age. Customers may name a clock and go with it.
"""

from __future__ import annotations

from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.errors import ApiError, invalid_param
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page
from crm_sandbox.stripe.parameters import EXPAND, INTEGER, LISTING, TEXT
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import StripeState

KIND = "test_helpers.test_clock"
DELETES_AFTER_SECONDS = 7 * 24 * 3600
"""Told in `deletes_after`, but not done: a clock that has been advanced by a month would be gone at once."""
MAX_ADVANCE_SECONDS = 2 * 366 * 24 * 3600
"""Two years without subscriptions, of which there are none here (https://docs.stripe.com/api/test_clocks/advance)."""
ADVANCING_SECONDS = 0.2
MAX_CLOCKS = 100

CREATE_CLOCK = {"customer": TEXT, "frozen_time": INTEGER, "name": TEXT, **EXPAND}
ADVANCE_CLOCK = {"frozen_time": INTEGER, **EXPAND}
LIST_CLOCKS = {name: kind for name, kind in LISTING.items() if name != "created"}


def create_clock(call: Call) -> StripeObject:
    """POST /v1/test_helpers/test_clocks."""
    if len(call.space.objects[KIND]) >= MAX_CLOCKS:
        raise ApiError(f"You have reached the maximum of {MAX_CLOCKS} test clocks. Delete one first.")
    customer = call.referred("customer", "customer")
    now = call.state.now()
    clock = call.space.add(
        {
            "id": new_id("clock_"),
            "object": KIND,
            "created": now,
            "deletes_after": now + DELETES_AFTER_SECONDS,
            "frozen_time": call.params["frozen_time"],
            "livemode": False,
            "name": call.params.get("name"),
            "status": "ready",
            "status_details": {},
        }
    )
    if customer is not None:
        customer["test_clock"] = clock["id"]
    emit(call, f"{KIND}.created", clock)
    return clock


def advance_clock(call: Call) -> StripeObject:
    """POST /v1/test_helpers/test_clocks/{test_clock}/advance: `ready` again a moment later.

    Raises ApiError while it is advancing, for a time that is not later, and beyond MAX_ADVANCE_SECONDS.
    """
    clock = call.named(KIND, "test_clock")
    if clock["status"] != "ready":
        raise ApiError(
            f"This test clock is {clock['status']}; wait until it is ready.", code="testmode_clock_in_use"
        )
    target = call.params["frozen_time"]
    ahead = target - clock["frozen_time"]
    if ahead <= 0:
        raise invalid_param(
            "The frozen time must be after the test clock's current frozen time.", "frozen_time"
        )
    if ahead > MAX_ADVANCE_SECONDS:
        raise invalid_param("A test clock cannot be advanced by more than two years.", "frozen_time")
    clock.update(status="advancing", status_details={"advancing": {"target_frozen_time": target}})
    emit(call, f"{KIND}.advancing", clock, {"status": "ready"})
    call.state.clock.advance(ahead)
    call.state.timers.after(ADVANCING_SECONDS, clock_arrived, clock["id"])
    return clock


def clock_arrived(state: StripeState, clock_id: str) -> None:
    """The clock has reached its time, with all that was due by then; a timer calls this."""
    found = state.locate(clock_id)
    if found is None:
        return
    clock = found[1]
    clock.update(
        status="ready",
        frozen_time=clock["status_details"]["advancing"]["target_frozen_time"],
        status_details={},
    )
    emit(background(state, found[0]), f"{KIND}.ready", clock, {"status": "advancing"})


def retrieve_clock(call: Call) -> StripeObject:
    """GET /v1/test_helpers/test_clocks/{test_clock}."""
    return call.named(KIND, "test_clock")


def list_clocks(call: Call) -> StripeObject:
    """GET /v1/test_helpers/test_clocks."""
    return page(call, KIND)


def delete_clock(call: Call) -> StripeObject:
    """DELETE /v1/test_helpers/test_clocks/{test_clock}, with its customers; the sandbox's clock stays where it is."""
    clock = call.named(KIND, "test_clock")
    customers = call.space.objects["customer"]
    for customer in [c for c in customers.values() if c["test_clock"] == clock["id"]]:
        del customers[customer["id"]]
        emit(call, "customer.deleted", customer)
    del call.space.objects[KIND][clock["id"]]
    emit(call, f"{KIND}.deleted", clock)
    return {"id": clock["id"], "object": KIND, "deleted": True}
