"""Contracts in another currency: a customer and a clearing account for each, every document at a rate that is told, and
the books right in the company's own currency."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import Contract, line, signed, trial_balance
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings

Json = dict[str, Any]
EUR = 1.08  # what the simulator's Intuit says for a euro


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.sandbox.quickbooks.change_settings(opened.realm_id, {"multicurrency": True})
        opened.connect()
        yield opened


def sell(world: World, currency: str, cents: int = 1_000_000, **more: Any) -> Contract:
    """A contract signed in this currency."""
    world.staff().patch("/org", json={"currency": currency}).raise_for_status()
    contract = signed(world, [line("Roof", cents)], **more)
    assert contract.currency() == currency.lower()
    return contract


async def run_all(world: World) -> None:
    for _ in range(4):
        await world.run()


def states(contract: Contract) -> set[str]:
    return {one["state"] for one in contract.postings()}


def stuck(contract: Contract) -> Json:
    (found,) = [one for one in contract.postings() if one["state"] == "needs_you"]
    return found


def asked(world: World, after: int, path: str = "exchangerate") -> int:
    return len([one for one in world.requests(after) if one["path"].endswith(path)])


@pytest.mark.parametrize("policy", ["liability", "income", "whole"])
async def test_a_contract_in_euro_is_booked_at_the_days_rate(world: World, policy: str) -> None:
    """Deposit, rest and a refund: each document says its currency and rate, the euros go through their own clearing
    account, and the rate is asked once for all documents of a day."""
    world.staff().patch("/books/policy", json={"policy": policy}).raise_for_status()
    contract, mark = sell(world, "EUR"), world.last_request()
    for part in ("deposit", "final"):
        contract.pay(part)
        await run_all(world)
    refunded = contract.refund("final", 50_000)
    await run_all(world)
    assert states(contract) == {"posted"}, [one["problem"] for one in contract.postings()]
    made = [one for kind in ("Invoice", "Payment", "RefundReceipt") for one in world.in_books(kind)]
    assert {(one["CurrencyRef"]["value"], float(one["ExchangeRate"])) for one in made} == {("EUR", EUR)}
    days = {one["TxnDate"] for one in made}
    assert asked(world, mark) == len(days)  # the refund is of the day that Stripe says
    (customer,) = [one for one in world.in_books("Customer") if one["DisplayName"].endswith("(EUR)")]
    assert customer["CurrencyRef"]["value"] == "EUR"
    balance = trial_balance(world)
    assert balance["Stripe Clearing (EUR)"] == round(950_000 * EUR)
    assert -balance["Design income"] == round(950_000 * EUR)
    assert {name for name in balance if name in {"Customer Deposits", "Stripe Clearing"}} == set()
    assert refunded in world.in_books("RefundReceipt")[0]["PrivateNote"]


async def test_a_credit_memo_in_euro(world: World) -> None:
    """A credit on a contract in euro is a memo in euro at its day's rate: income is what is left of the price."""
    world.staff().patch("/books/policy", json={"policy": "whole"}).raise_for_status()
    contract = sell(world, "EUR")
    contract.pay("deposit")
    await run_all(world)
    contract.change(-50_000)
    await run_all(world)
    assert states(contract) == {"posted"}, [one["problem"] for one in contract.postings()]
    (memo,) = world.in_books("CreditMemo")
    assert (memo["TotalAmt"], memo["CurrencyRef"]["value"], float(memo["ExchangeRate"])) == (500, "EUR", EUR)
    (invoice,) = world.in_books("Invoice")
    assert memo["CustomerRef"] == invoice["CustomerRef"]
    assert -trial_balance(world)["Design income"] == round(950_000 * EUR)


async def test_each_currency_has_its_own_customer_and_clearing(world: World) -> None:
    """The second currency makes “Name (EUR)” beside the customer that there is; further jobs find both again, without a
    read; the customer's name stays his own."""
    home = sell(world, "USD")
    home.pay("deposit")
    await run_all(world)
    euro = sell(world, "EUR")
    euro.pay("deposit")
    await run_all(world)
    mark = world.last_request()
    for currency in ("USD", "EUR"):
        sell(world, currency).pay("deposit")
    await run_all(world)
    assert [one for one in world.requests(mark) if one["method"] == "GET"] == []
    mine = {
        one["DisplayName"]: one["CurrencyRef"]["value"]
        for one in world.in_books("Customer")
        if one.get("PrimaryEmailAddr", {}).get("Address") == "elena.hartley@example.com"
    }
    assert sorted(mine.values()) == ["EUR", "USD"]
    name = next(name for name, currency in mine.items() if currency == "USD")
    assert mine == {name: "USD", f"{name} (EUR)": "EUR"}
    clearing = {one["Name"] for one in world.in_books("Account") if one["Name"].startswith("Stripe Clearing")}
    assert clearing == {"Stripe Clearing", "Stripe Clearing (EUR)"}
    rates = {one["CurrencyRef"]["value"]: float(one["ExchangeRate"]) for one in world.in_books("Invoice")}
    assert rates == {"USD": 1, "EUR": EUR}


async def test_a_customer_of_that_currency_is_found(world: World) -> None:
    """“Name (EUR)” that stands there already is taken, and no second one is made."""
    home = sell(world, "USD")
    home.pay("deposit")
    await run_all(world)
    (mine,) = [
        one for one in world.in_books("Customer")
        if one.get("PrimaryEmailAddr", {}).get("Address") == "elena.hartley@example.com"
    ]  # fmt: skip
    tokens = world.sandbox.connect_quickbooks(world.realm_id)
    made = post(world, tokens.headers, "customer", {
        "DisplayName": f"{mine['DisplayName']} (EUR)", "CurrencyRef": {"value": "EUR"},
        "PrimaryEmailAddr": {"Address": "elena.hartley@example.com"},
    })["Customer"]  # fmt: skip
    before = len(world.in_books("Customer"))
    sell(world, "EUR").pay("deposit")
    await run_all(world)
    assert len(world.in_books("Customer")) == before
    newest = max(world.in_books("Invoice"), key=lambda one: int(one["Id"]))
    assert newest["CustomerRef"]["value"] == made["Id"]


async def test_a_missing_rate_waits_for_a_person_and_goes_on(world: World) -> None:
    """Where QuickBooks has no rate nothing is booked at 1: a sentence says where to enter it, and Retry books."""
    contract = sell(world, "EUR")
    contract.pay("deposit")
    body = '{"ExchangeRate": {"SourceCurrencyCode": "EUR", "TargetCurrencyCode": "USD"}, "time": "now"}'
    world.sandbox.add_fault(
        "status", "/exchangerate$", "GET", status=200, body=body, content_type="application/json"
    )
    await run_all(world)
    problem = stuck(contract)
    assert problem["problem_code"] == "no-exchange-rate"
    assert "no exchange rate from EUR to USD" in problem["problem"]
    assert "Settings > Currencies" in problem["problem"]
    assert world.in_books("Invoice") == []
    world.staff().post(f"/postings/{problem['id']}/retry").raise_for_status()
    await run_all(world)
    assert states(contract) == {"posted"}
    assert float(world.in_books("Invoice")[0]["ExchangeRate"]) == EUR


async def test_stripes_rate_comes_first(world: World) -> None:
    """Where Stripe converted the money its rate is booked, into the clearing account of what it holds, and QuickBooks is
    not asked; so clearing has the dollars that Stripe has."""
    contract = sell(world, "EUR")
    payment_id = contract.pay("deposit")
    world.sql.execute(
        "INSERT INTO stripe_transactions (org_id, transaction_id, account, type, category, source, charge, intent, "
        "amount_minor, fee_minor, net_minor, currency, exchange_rate, created_at, available_on) "
        "VALUES (1, 'txn_e', '', 'charge', 'charge', 'ch_e', 'ch_e', %s, 327600, 0, 327600, 'USD', 1.092, now(), now())",
        [f"pi_{contract.proposal_id}_{payment_id}"],
    )
    mark = world.last_request()
    await run_all(world)
    assert asked(world, mark) == 0
    assert states(contract) == {"posted"}, contract.postings()
    (invoice,), (payment,) = world.in_books("Invoice"), world.in_books("Payment")
    assert (float(invoice["ExchangeRate"]), float(payment["ExchangeRate"])) == (1.092, 1.092)
    assert trial_balance(world)["Stripe Clearing"] == 327_600


async def test_an_account_of_another_currency_is_not_booked_on(world: World) -> None:
    """“Stripe Clearing” was made in euro: said, with the currency it must have, before QuickBooks could refuse; it can't be
    chosen for dollars but for euro, where the dry run then names it; renamed in QuickBooks, Retry books the dollars."""
    tokens = world.sandbox.connect_quickbooks(world.realm_id)
    wrong = {"Name": "Stripe Clearing", "AccountType": "Bank", "CurrencyRef": {"value": "EUR"}}
    account = post(world, tokens.headers, "account", wrong)["Account"]
    contract = sell(world, "USD")
    contract.pay("deposit")
    await run_all(world)
    problem = stuck(contract)
    assert (problem["problem_code"], "of type Bank and in USD" in problem["problem"]) == (
        "clearing-account",
        True,
    )
    chosen = {"slot": "clearing_account", "qbo_id": account["Id"]}
    refused = world.staff().put("/books/mapping", json=chosen)
    assert (refused.status_code, refused.json()["detail"].partition(".")[0]) == (
        422,
        "The account “Stripe Clearing” is in EUR, but stripe clearing needs one in USD",
    )
    world.staff().put("/books/mapping", json={**chosen, "key": "currency:eur"}).raise_for_status()
    post(world, tokens.headers, "account", account | {"Name": "Held in euro", "sparse": True})
    world.staff().post("/books/mapping/refresh").raise_for_status()
    world.staff().post(f"/postings/{problem['id']}/retry").raise_for_status()
    await run_all(world)
    assert states(contract) == {"posted"}, contract.postings()
    euro = sell(world, "EUR")
    dry = world.staff().get(f"/books/preview/{euro.payment_id('deposit')}").json()
    assert {line["account"] for one in dry["documents"] for line in one["entries"] if line["debit_minor"]} == {
        "Accounts Receivable", "Held in euro",
    }  # fmt: skip
    assert dry["customer"].startswith(
        "On a customer for Elena and Tom Hartley: looked for"
    )  # of dollars there is one
    euro.pay("deposit")
    await run_all(world)
    assert trial_balance(world)["Held in euro"] == round(300_000 * EUR)
    dry = world.staff().get(f"/books/preview/{euro.payment_id('final')}").json()
    assert dry["customer"].startswith("On the customer “Elena and Tom Hartley (EUR)”, who stands for")


async def test_turning_multicurrency_on_is_noticed(world: World) -> None:
    """A company with one currency refuses in a sentence; when a person has turned it on, Retry is enough."""
    other = "9341000000000003"
    world.connect(realm_id=other)
    contract = sell(world, "EUR")
    contract.pay("deposit")
    await run_all(world)
    problem = stuck(contract)
    assert problem["problem_code"] == "multicurrency-off"
    assert "keeps its books in USD only" in problem["problem"]
    world.sandbox.quickbooks.change_settings(other, {"multicurrency": True})
    world.staff().post(f"/postings/{problem['id']}/retry").raise_for_status()
    await run_all(world)
    assert states(contract) == {"posted"}


def post(world: World, headers: dict[str, str], path: str, body: Json) -> Json:
    answer = httpx2.post(
        f"{world.sandbox.base_url}/v3/company/{world.realm_id}/{path}", json=body, headers=headers
    )
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found
