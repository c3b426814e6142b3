"""Bad days with a name: what each does to a client, and that ending it leaves nothing behind."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.sandbox.quickbooks_world import AMY, Books, line
from tests.sandbox.stripe_world import KEY, StripeWorld, wait_until, world  # noqa: F401 - a fixture

from crm_sandbox.fault_presets import PRESETS

INVOICE = {"CustomerRef": {"value": AMY}, "Line": [line(100)]}


def stripe_answers(books: Books) -> httpx2.Response:
    return httpx2.get(f"{books.sandbox.base_url}/v1/balance", headers={"authorization": f"Bearer {KEY}"})


def is_slow(books: Books) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        books.client.get("/customer/1", timeout=0.2)
    assert stripe_answers(books).status_code == 200


def loses_half_of_the_answers(books: Books) -> None:
    lost = 0
    for _ in range(12):
        try:
            books.post("Invoice", INVOICE)
        except httpx2.TransportError:
            lost += 1
    assert 2 < lost < 10
    assert books.ask("SELECT COUNT(*) FROM Invoice")["totalCount"] == 12


def throttles(books: Books) -> None:
    answer = books.client.get("/customer/1")
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/xml")
    assert "ThrottleExceeded" in answer.text


def is_under_maintenance(books: Books) -> None:
    answer = books.client.get("/customer/1")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (503, "text/html")
    with pytest.raises(urllib.error.HTTPError, match="503"):
        books.sandbox.connect_quickbooks()


def has_closed_its_books(books: Books) -> None:
    assert books.refusal("Invoice", INVOICE)["code"] == "6210"


def lags_behind(books: Books) -> None:
    made = books.post("Invoice", INVOICE).json()["Invoice"]
    assert books.client.get(f"/invoice/{made['Id']}").status_code == 400


def has_no_stripe(books: Books) -> None:
    answer = stripe_answers(books)
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "api_error")
    assert books.client.get("/customer/1").status_code == 200


def tells_another_time(books: Books) -> None:
    skewed, sandbox = books.post("Invoice", INVOICE), books.sandbox
    assert skewed.headers["date"] > sandbox.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")


DAYS: dict[str, Callable[[Books], None]] = {
    "intuit-is-slow": is_slow,
    "answers-get-lost": loses_half_of_the_answers,
    "quickbooks-429-storm": throttles,
    "quickbooks-maintenance": is_under_maintenance,
    "books-closed": has_closed_its_books,
    "quickbooks-lags-behind": lags_behind,
    "stripe-is-away": has_no_stripe,
    "clocks-disagree": tells_another_time,
}
ELSEWHERE = {
    "token-revoked",
    "stripe-twice-and-out-of-order",
    "quickbooks-webhooks-twice-and-out-of-order",
}


def test_every_preset_has_a_test() -> None:
    """A new bad day cannot be forgotten here."""
    assert set(PRESETS) == set(DAYS) | ELSEWHERE


@pytest.mark.parametrize("name", DAYS)
def test_a_bad_day_begins_and_ends(books: Books, name: str) -> None:
    """While it lasts the client sees what its title promises; ended, everything works as before."""
    before = books.sandbox.call("GET", f"/_state/quickbooks/{books.realm_id}/settings")
    books.sandbox.start_preset(name)
    assert {one["name"] for one in presets(books) if one["on"]} == {name}
    DAYS[name](books)
    books.sandbox.end_preset(name)
    assert not any(one["on"] for one in presets(books))
    assert books.sandbox.call("GET", "/_faults")["faults"] == []
    assert books.sandbox.call("GET", f"/_state/quickbooks/{books.realm_id}/settings") == before
    assert books.post("Invoice", INVOICE).status_code == 200
    assert stripe_answers(books).status_code == 200


def test_a_bad_day_of_a_minute_is_over_after_it(books: Books) -> None:
    """The faults of a minute end by the sandbox's clock, or as soon as the caller said; nothing is left on."""
    books.sandbox.start_preset("quickbooks-maintenance")
    assert books.client.get("/customer/1").status_code == 503
    books.sandbox.clock.advance(60)
    assert books.client.get("/customer/1").status_code == 200
    assert not any(one["on"] for one in presets(books))
    books.sandbox.start_preset("quickbooks-429-storm", until_seconds=0.05)
    time.sleep(0.06)
    assert books.client.get("/customer/1").status_code == 200


def test_a_revoked_token_must_be_given_anew(books: Books) -> None:
    """All grants end at once; a new consent works."""
    books.sandbox.start_preset("token-revoked")
    assert books.client.get("/customer/1").status_code == 401
    again = books.sandbox.connect_quickbooks()
    assert books.client.get("/customer/1", headers=again.headers).status_code == 200
    assert not any(one["on"] for one in presets(books)), "it happened, it does not last"


def test_stripe_delivers_twice_until_the_day_ends(world: StripeWorld) -> None:  # noqa: F811 - the fixture
    """Each event of a payment comes twice; ended, the next comes once."""
    faults = f"{world.base_url}/_faults"
    name = "stripe-twice-and-out-of-order"
    assert world.http.post(f"{faults}/presets/{name}").status_code == 201
    world.client.v1.customers.create({"name": "Marisol"})
    wait_until(lambda: world.receiver.types().count("customer.created") == 2, "it comes twice")
    assert world.http.delete(faults).status_code == 200
    assert world.hook("delivery") == {
        "paused": False, "shuffle": False, "duplicate_every": 0, "delay_seconds": 0,
    }  # fmt: skip


def test_quickbooks_webhooks_stand_as_before_after_their_day(books: Books) -> None:
    """The day switches disorder on, clearing all faults takes it back (what it does: test_quickbooks_delivery)."""
    delivery = "/_state/quickbooks/delivery"
    before = books.sandbox.call("POST", delivery, {"delay_seconds": 1})
    books.sandbox.start_preset("quickbooks-webhooks-twice-and-out-of-order")
    during = books.sandbox.call("GET", delivery)
    assert (during["shuffle"], during["duplicate_every"], during["delay_seconds"]) == (True, 1, 1)
    books.sandbox.clear_faults()
    assert books.sandbox.call("GET", delivery) == before


def test_wrong_names_and_times_are_told(books: Books) -> None:
    """404 lists the names; a time for what cannot end by itself is refused with the reason."""
    with pytest.raises(urllib.error.HTTPError, match="no such preset; there are intuit-is-slow"):
        books.sandbox.start_preset("monday")
    with pytest.raises(urllib.error.HTTPError, match="it has no faults that could end by themselves"):
        books.sandbox.start_preset("books-closed", until_seconds=5)
    with pytest.raises(urllib.error.HTTPError, match="until_seconds must be a number"):
        books.sandbox.start_preset("stripe-is-away", until_seconds=-5)
    assert books.sandbox.call("GET", "/_faults")["faults"] == []


def presets(books: Books) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = books.sandbox.call("GET", "/_faults/presets")["presets"]
    return told
