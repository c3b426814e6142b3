"""QuickBooks' webhooks on demand: held back, out of order, twice, late, once more by hand."""

from __future__ import annotations

import json
import time
import urllib.error
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from tests.sandbox.quickbooks_world import Books, open_books
from tests.sandbox.stripe_world import Receiver, listening_for_webhooks, wait_until

DELIVERY = "/_state/quickbooks/delivery"


@pytest.fixture
def told() -> Iterator[tuple[Books, Receiver]]:
    """Connected books, and who hears of their changes."""
    receiver = Receiver()
    with (
        listening_for_webhooks(receiver) as address,
        open_books(
            qbo_webhook_url=address, qbo_verifier_token="verify", webhook_retry_seconds=(0.05,), seed=3
        ) as books,
    ):
        yield books, receiver


def names(receiver: Receiver) -> list[str]:
    """Ids of the changed objects in the order in which they were told."""
    return [event["intuitentityid"] for body in bodies(receiver) for event in body]


def bodies(receiver: Receiver) -> list[list[dict[str, Any]]]:
    """What came: each body is an array of CloudEvents."""
    return [json.loads(body) for _, body in receiver.received]


def deliveries(books: Books) -> list[dict[str, Any]]:
    """What the sandbox says that it sent."""
    listed: list[dict[str, Any]] = books.sandbox.call("GET", "/_state/quickbooks/deliveries")["data"]
    return listed


def test_changes_held_back_come_out_of_order_and_twice(told: tuple[Books, Receiver]) -> None:
    """Paused, nothing comes; let go in disorder, each change comes in a body of its own, every one twice."""
    books, receiver = told
    books.sandbox.call("POST", DELIVERY, {"paused": True, "shuffle": True, "duplicate_every": 1})
    made = [books.invoice(amount)["Id"] for amount in (10, 20, 30, 40, 50)]
    time.sleep(0.15)
    assert receiver.received == []
    settings = books.sandbox.call("POST", DELIVERY, {"paused": False})
    assert settings == {"paused": False, "shuffle": True, "duplicate_every": 1, "delay_seconds": 0}
    wait_until(lambda: len(names(receiver)) == 10, "five changes, twice each")
    first_times = list(dict.fromkeys(names(receiver)))
    assert sorted(first_times) == sorted(made)
    assert first_times != made
    assert {len(body) for body in bodies(receiver)} == {1}
    assert {names(receiver).count(one) for one in made} == {2}


def test_changes_come_late_when_told_so(told: tuple[Books, Receiver]) -> None:
    """A delay passes before the change is told."""
    books, receiver = told
    books.sandbox.call("POST", DELIVERY, {"delay_seconds": 0.4})
    started = time.monotonic()
    books.invoice(10)
    wait_until(lambda: len(receiver.received) == 1, "the change comes")
    assert time.monotonic() - started > 0.35


def test_a_delivery_is_listed_with_its_attempts_and_sent_again_by_hand(told: tuple[Books, Receiver]) -> None:
    """The list tells what was sent and how it went; once more brings the same bytes and signature."""
    books, receiver = told
    receiver.statuses = [500]
    invoice = books.invoice(10)
    wait_until(lambda: len(receiver.received) == 2, "a refusal and the delivery")
    wait_until(lambda: deliveries(books)[0]["state"] == "delivered", "it counts as delivered")
    (listed,) = deliveries(books)
    assert (listed["attempts"], listed["events"][0]["intuitentityid"]) == (["500", "200"], invoice["Id"])
    books.sandbox.call("POST", f"/_state/quickbooks/deliveries/{listed['id']}/resend")
    wait_until(lambda: len(receiver.received) == 3, "it comes once more")
    first, _, again = receiver.received
    assert again[1] == first[1]
    assert again[0]["intuit-signature"] == first[0]["intuit-signature"]
    with pytest.raises(urllib.error.HTTPError, match="no such delivery"):
        books.sandbox.call("POST", "/_state/quickbooks/deliveries/99/resend")


def test_a_wrong_setting_is_refused_by_name_for_both_simulators(told: tuple[Books, Receiver]) -> None:
    """A word where a number belongs, an unknown name: 400 with the field and what it must be."""
    books, _ = told
    for simulator in ("quickbooks", "stripe"):
        address = f"/_state/{simulator}/delivery"
        with pytest.raises(urllib.error.HTTPError, match="duplicate_every must be a whole number"):
            books.sandbox.call("POST", address, {"duplicate_every": "often"})
        with pytest.raises(urllib.error.HTTPError, match="order is unknown; there are paused"):
            books.sandbox.call("POST", address, {"order": "none"})


def test_events_are_dated_wrongly_while_the_clock_is(told: tuple[Books, Receiver]) -> None:
    """A skew of QuickBooks' webhooks dates the next event an hour back, and no request."""
    books, receiver = told
    skew = {"action": "clock_skew", "seconds": -3_600, "match": {"webhook": "quickbooks"}}
    fault = books.sandbox.call("POST", "/_faults", skew)["id"]
    invoice = books.invoice(10)
    wait_until(lambda: len(receiver.received) == 1, "the change comes")
    told_at, made_at = bodies(receiver)[0][0]["time"], invoice["MetaData"]["CreateTime"]
    early = datetime.fromisoformat(made_at) - datetime.fromisoformat(told_at)
    assert early.total_seconds() == pytest.approx(3_600, abs=60)
    assert books.sandbox.call("GET", f"/_faults/{fault}")["hits"] == 1
