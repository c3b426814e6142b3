"""Lists page both ways and expand what they hold; search finds by Stripe's query language."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import StripeWorld, world

__all__ = ["world"]


def test_every_list_pages_both_ways_without_gaps(world: StripeWorld) -> None:
    """Forwards and backwards, in pages of two, each list gives all there is once; cursors from nowhere are refused."""
    for number in range(5):
        session = world.new_session(1_000 + number)
        world.pay(session.url)
        intent = str(world.client.v1.checkout.sessions.retrieve(session.id).payment_intent)
        world.client.v1.refunds.create({"payment_intent": intent, "amount": 100})
        world.client.v1.customers.create({"name": f"Number {number}"})
    for path in (
        "checkout/sessions",
        "payment_intents",
        "charges",
        "refunds",
        "customers",
        "products",
        "prices",
    ):
        url = f"/v1/{path}"
        newest_first = [body["id"] for body in world.raw("GET", f"{url}?limit=100").json()["data"]]
        assert len(newest_first) == 5, path
        forwards = pages(world, url, "starting_after", "")
        assert forwards == [newest_first[:2], newest_first[2:4], newest_first[4:]], path
        backwards = pages(world, url, "ending_before", newest_first[-1])
        assert backwards == [newest_first[2:4], newest_first[:2]], path
        refused = world.raw("GET", f"{url}?starting_after=nobody_1").json()["error"]
        assert (refused["code"], refused["param"]) == ("resource_missing", "starting_after"), path


def pages(world: StripeWorld, url: str, cursor: str, start: str) -> list[list[str]]:
    """The ids of each page until one says that there is no more."""
    found: list[list[str]] = []
    while True:
        answer = world.raw("GET", url, params={"limit": "2"} | ({cursor: start} if start else {})).json()
        found.append([body["id"] for body in answer["data"]])
        if not answer["has_more"]:
            return found
        start = found[-1][-1 if cursor == "starting_after" else 0]


def test_lists_expand_what_they_hold(world: StripeWorld) -> None:
    """`data.*` replaces ids in each entry of a list, several levels deep, four at most."""
    world.pay(world.new_session().url)
    world.receiver.wait_for("charge.updated")
    expand = ["data.payment_intent.latest_charge.balance_transaction", "data.line_items"]
    (session,) = world.client.v1.checkout.sessions.list({"expand": expand}).data
    intent: Any = session.payment_intent
    assert intent.latest_charge.balance_transaction.net == 472_500 - 13_733
    assert session.line_items is not None
    assert len(session.line_items.data) == 1
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        world.client.v1.charges.list({"expand": ["data.a.b.c.d.e"]})


def test_search_finds_what_the_query_says(world: StripeWorld) -> None:
    """Exact without regard to case, parts, negation, metadata, numbers, and AND or OR, in pages."""
    customers = world.client.v1.customers
    made = {
        name: customers.create(
            {"name": name, "email": f"{name.split()[0].lower()}@example.com", "metadata": meta}
        ).id
        for name, meta in (("Ann Hartley", {"org": "1"}), ("Bea Hart", {"org": "2"}), ("Cy O'Neil", {}))
    }

    def found(query: str) -> list[str]:
        return [str(customer.name) for customer in customers.search({"query": query}).data]

    assert found('email:"ANN@example.com"') == ["Ann Hartley"]
    assert found('name~"hart"') == ["Bea Hart", "Ann Hartley"]
    assert found('name~"hart" AND -metadata["org"]:"1"') == ["Bea Hart"]
    assert found('metadata["org"]:"1" OR name:"cy o\'neil"') == ["Cy O'Neil", "Ann Hartley"]
    assert found("metadata['org']:null") == ["Cy O'Neil"]
    assert found('created>0 name~"hart"') == ["Bea Hart", "Ann Hartley"]
    every = customers.search({"query": "created>0", "limit": 1}).auto_paging_iter()
    assert [customer.id for customer in every] == list(made.values())[::-1]
    world.pay(world.new_session(4_200).url)
    assert len(world.client.v1.charges.search({"query": "amount>=4200 AND status:'succeeded'"}).data) == 1
    assert world.client.v1.payment_intents.search({"query": "amount<4200"}).data == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "email",
        'shoe_size:"44"',
        'name~"ab"',
        'created>"soon"',
        'name:"a" AND email:"b" OR phone:"c"',
        'email>"a"',
    ],
)
def test_crooked_queries_are_refused(world: StripeWorld, query: str) -> None:
    """What Stripe's language does not have is refused by name of the parameter."""
    answer = world.raw("GET", "/v1/customers/search", params={"query": query})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "query")
