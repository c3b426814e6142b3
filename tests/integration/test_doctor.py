"""The connection doctor before each sick state: what is wrong, why it matters, how to mend it, and the exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from tests.conftest import SECRET_KEY, RunningApp
from tests.integration.books_contract import line, signed
from tests.integration.books_world import World, open_world

from crm.accounting import doctor
from crm.accounting.findings import Finding, worst
from crm.kit import clock
from crm.kit.settings import Settings
from crm.payments.stripe_sweeps import HEARD_TYPES


@pytest.fixture
async def world(
    database_url: str,
    owner_sql: psycopg.Connection[Any],
    start_app: Callable[[Settings], RunningApp],
) -> AsyncIterator[World]:
    # What a person does in QuickBooks takes nothing from our calls; here it would.
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        yield opened


def company(world: World, **settings: Any) -> None:
    world.sandbox.call("POST", f"/_state/quickbooks/{world.realm_id}/settings", settings)


async def examined(world: World, **changes: Any) -> dict[str, Finding]:
    books = replace(world.books, settings=world.books.settings.model_copy(update=changes))
    found = await doctor.examine(books, 1)
    for one in found:
        sick = one.state in {"wrong", "warning"}
        assert one.state == "unknown" or bool(one.why and one.mend) == sick, one
    return {one.check: one for one in found}


async def test_a_healthy_connection_is_called_healthy(world: World) -> None:
    """After a booked deposit nothing is wrong, and examining it changes nothing and costs four reads."""
    world.connect()
    world.pay()
    await world.run()
    asked = world.last_request()
    found = await examined(world)
    assert {one.state for one in found.values()} <= {"ok", "unknown", "warning"}
    for check in (
        "connection",
        "permission",
        "clock",
        "plan",
        "currency",
        "closing date",
        "deposit item",
        "clearing account",
    ):
        assert found[check].state == "ok", found[check]
    requests = world.requests(asked)
    assert [request["method"] for request in requests] == ["GET"] * 4
    over_the_api = world.staff().post("/qbo/doctor").json()
    assert {one["check"]: one["state"] for one in over_the_api["findings"]} == {
        n: f.state for n, f in found.items()
    }
    assert world.app.as_user("viewer@peakpro.io").post("/qbo/doctor").status_code == 403


async def test_each_sick_state_of_the_company_is_found(world: World) -> None:
    """Closed books, credits applied by themselves, another currency, an inactive item, an ending permission."""
    world.connect()
    world.pay()
    await world.run()
    company(world, book_close_date="2099-12-31", auto_apply_credit=True)
    item = next(i for i in world.in_books("Item") if i["Name"] == "Roof Deposit")
    token = world.sql.execute("SELECT access_token FROM qbo_tokens").fetchone()
    assert token is not None
    inactive = {**item, "Active": False}
    answer = await world.books.http.post(
        f"{world.sandbox.base_url}/v3/company/{world.realm_id}/item?minorversion=75",
        json=inactive,
        headers={
            "Authorization": f"Bearer {world.books.sealer.open(token[0])}",
            "Accept": "application/json",
        },
    )
    assert answer.status_code == 200, answer.text
    world.sql.execute("UPDATE orgs SET currency = 'EUR' WHERE id = 1")
    world.sql.execute(
        "UPDATE qbo_tokens SET hard_expires_at = %s", [clock.now() + timedelta(days=3, hours=1)]
    )
    found = await examined(world)
    assert {check: found[check].state for check in ("closing date", "preferences", "currency", "deposit item", "permission")} == {
        "closing date": "wrong", "preferences": "warning", "currency": "wrong", "deposit item": "wrong",
        "permission": "warning",
    }  # fmt: skip
    assert found["closing date"].what == "The books are closed until 2099-12-31."
    assert found["currency"].what == "Payments come in EUR, the books are kept in USD."
    assert found["permission"].what == "The permission ends in 3 days."
    assert "inactive in QuickBooks" in found["deposit item"].what
    assert worst(list(found.values())) == "wrong"


async def test_what_was_made_and_what_is_chosen_is_looked_after(world: World) -> None:
    """Under the policy of a liability: its item made inactive, its account turned into income, classes chosen that the
    company does not track, contracts taxed where sales tax is off, and a country in which deposits are taxed."""
    world.connect()
    staff = world.staff()
    staff.patch("/books/policy", json={"policy": "liability"}).raise_for_status()
    world.pay()
    await world.run()
    asked = world.last_request()
    found = await examined(world)
    assert found["deposit item"].what == "The deposit item “Customer Deposit” is there and active."
    assert found["account of deposits"].state == found["clearing account"].state == "ok"
    assert [request["method"] for request in world.requests(asked)] == ["GET"] * 4

    headers = world.sandbox.connect_quickbooks(world.realm_id).headers
    company_api = f"{world.sandbox.base_url}/v3/company/{world.realm_id}"
    for entity, name, changes in (("Item", "Customer Deposit", {"Active": False}), ("Account", "Customer Deposits", {
        "AccountType": "Income", "AccountSubType": "SalesOfProductIncome",
    })):  # fmt: skip
        (object_,) = [one for one in world.in_books(entity) if one["Name"] == name]
        answer = await world.books.http.post(
            f"{company_api}/{entity.lower()}", json={**object_, **changes}, headers=headers
        )
        assert answer.status_code == 200, answer.text
    made = await world.books.http.post(f"{company_api}/class", json={"Name": "Roofing"}, headers=headers)
    chosen = {"slot": "class", "qbo_id": made.json()["Class"]["Id"]}
    staff.put("/books/mapping", json=chosen).raise_for_status()
    company(world, using_sales_tax=False)
    signed(world, [line("Roof", 100_000, tax_percent="8")])
    found = await examined(world)
    assert "is inactive in QuickBooks" in found["deposit item"].what
    assert "is of type Income, but deposits that are owed needs Other Current Liability" in (
        found["account of deposits"].what
    )
    assert (found["classes"].state, found["classes"].what) == (
        "warning",
        "Classes are chosen, but the company does not track classes.",
    )
    assert (found["sales tax"].state, found["mapping"].state) == ("wrong", "ok")

    company(world, country="GB", using_sales_tax=True)
    found = await examined(world)
    assert (found["tax on deposits"].state, found["tax on deposits"].what) == (
        "wrong",
        "No tax code is chosen for deposits.",
    )
    codes = {one["Name"]: one["Id"] for one in world.in_books("TaxCode")}
    staff.post("/books/mapping/refresh").raise_for_status()
    told = staff.get("/books/policy").json()["needs"]
    (need,) = [one["sentence"] for one in told if one["slot"] == "deposit_tax_code"]
    assert need.startswith("No tax code is chosen for deposits")
    assert "VAT or GST in deposits is not split off" in need
    (taxing, none) = (
        next(codes[name] for name in codes if name.startswith(percent)) for percent in ("20", "0")
    )
    refused = staff.put("/books/mapping", json={"slot": "deposit_tax_code", "qbo_id": taxing})
    assert (refused.status_code, "Choose one of 0 %" in refused.json()["detail"]) == (422, True)
    staff.put("/books/mapping", json={"slot": "deposit_tax_code", "qbo_id": none}).raise_for_status()
    assert (await examined(world))["tax on deposits"].state == "warning"


async def test_a_clock_that_differs_and_an_ended_subscription_are_found(world: World) -> None:
    """By what QuickBooks says of its own time and of the company's plan."""
    world.connect()
    late = {"CompanyInfo": {"CompanyName": "Ridge"}, "time": clock.iso(clock.now() - timedelta(seconds=600))}
    world.sandbox.add_fault("status", "/companyinfo/", "GET", status=200, body=late)
    assert "clock and QuickBooks' differ by 60" in (await examined(world))["clock"].what
    told: dict[str, Any] = {"CompanyInfo": {"CompanyName": "Ridge", "NameValue": [
        {"Name": "OfferingSku", "Value": "QuickBooks Online Simple Start"}, {"Name": "SubscriptionStatus", "Value": "EXPIRED"}]}}  # fmt: skip
    world.sandbox.add_fault(
        "status", "/companyinfo/", "GET", status=200, body={**told, "time": clock.iso(clock.now())}
    )
    assert (await examined(world))["plan"].what == "The QuickBooks subscription is expired."
    told["CompanyInfo"]["NameValue"] = told["CompanyInfo"]["NameValue"][:1]
    world.sandbox.add_fault(
        "status", "/companyinfo/", "GET", status=200, body={**told, "time": clock.iso(clock.now())}
    )
    assert (await examined(world))["plan"].state == "warning"


async def test_no_connection_a_lost_one_and_a_silent_one_are_told_apart(world: World) -> None:
    """Each with its own way out; of a silent QuickBooks nothing is claimed."""
    found = await examined(world)
    assert (found["connection"].state, found["connection"].what) == ("wrong", "QuickBooks is not connected.")
    assert found["company"].state == "unknown"
    world.connect()
    world.sandbox.add_fault(
        "status",
        "/companyinfo/",
        "GET",
        status=503,
        body="<html>away</html>",
        content_type="text/html",
        times=None,
    )
    found = await examined(world)
    assert (found["connection"].state, found["company"].state) == ("ok", "unknown")
    world.sandbox.call("DELETE", "/_faults")
    world.sandbox.call("POST", "/_state/quickbooks/revoke", {"realm_id": world.realm_id})
    found = await examined(world)  # finds out
    assert (found["connection"].state, found["company"].state, found["company"].mend) == (
        "ok",
        "wrong",
        "Books > Overview > Reconnect.",
    )
    found = await examined(world)
    assert found["connection"].mend == "Books > Overview > Reconnect."


async def test_webhooks_and_stripes_events_are_checked_at_their_addresses(world: World) -> None:
    """An address that answers as only we do is fine; nobody there, or an event not subscribed, is not."""
    world.connect()
    assert (await examined(world))["webhooks"].state == "warning"
    verifier = {"qbo_webhook_verifier_token": SecretStr("verifier")}
    nobody = await examined(world, **verifier, qbo_redirect_uri="http://127.0.0.1:9/qbo/oauth/callback")
    assert (nobody["webhooks"].state, "did not answer" in nobody["webhooks"].what) == ("wrong", True)
    other = await examined(world, **verifier, qbo_redirect_uri=f"{world.sandbox.base_url}/qbo/oauth/callback")
    assert "answered 404" in other["webhooks"].what

    stripe = {
        "stripe_secret_key": SecretStr("sk_test_" + "d" * 32),
        "stripe_api_base": world.sandbox.base_url,
        "stripe_webhook_secret": SecretStr("whsec_doctor"),
    }
    assert (await examined(world, **stripe))["stripe events"].state == "wrong"
    headers = {"Authorization": f"Bearer {'sk_test_' + 'd' * 32}"}
    form = {"url": "https://crm.example/payments/webhook"}
    form |= {f"enabled_events[{i}]": name for i, name in enumerate(sorted(HEARD_TYPES - {"charge.refunded"}))}
    made = await world.books.http.post(
        f"{world.sandbox.base_url}/v1/webhook_endpoints", data=form, headers=headers
    )
    assert made.status_code == 200, made.text
    assert (await examined(world, **stripe))[
        "stripe events"
    ].what == "Stripe does not tell us of charge.refunded."
    form["enabled_events[99]"] = "charge.refunded"
    await world.books.http.post(f"{world.sandbox.base_url}/v1/webhook_endpoints", data=form, headers=headers)
    assert (await examined(world, **stripe))["stripe events"].state == "ok"


@pytest.mark.parametrize(("closed", "status"), [(None, 0), ("2099-12-31", 1)])
async def test_the_command_prints_and_ends_with_a_status(
    world: World, database_url: str, closed: str | None, status: int
) -> None:
    """`crm doctor` ends with 1 when something is wrong, else with 0, and says how to mend it."""
    world.connect()
    company(world, book_close_date=closed)
    environment = {
        **os.environ, "CRM_ENV": "development", "CRM_SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url,
        "QBO_CLIENT_ID": "sandbox-client-id", "QBO_CLIENT_SECRET": "sandbox-client-secret",
        "QBO_API_BASE": world.sandbox.base_url, "QBO_TOKEN_URL": f"{world.sandbox.base_url}/oauth2/v1/tokens/bearer",
        "STRIPE_SECRET_KEY": "",
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-m", "crm.cli", "doctor"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == status, ran.stdout + ran.stderr
    assert ("closed until 2099-12-31" in ran.stdout) == bool(closed)
    assert ("mend:" in ran.stdout) or not closed
