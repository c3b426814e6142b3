"""What stands between a bookkeeper and the books: QuickBooks' no, a server away, a session that ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import expect
from tests.browser.pages import OpenPage, sign_in
from tests.conftest import SECRET_KEY, RunningApp
from tests.integration.books_world import books_settings, consent

from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox

POSTED_MILLISECONDS_MAX = 15_000
NOTICED_MILLISECONDS_MAX = 15_000
STOP_SECONDS_MAX = 10


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def settings(database_url: str, sandbox: RunningSandbox) -> Settings:
    """The server of these tests keeps its books at the simulator."""
    return books_settings(database_url, sandbox.base_url)


@pytest.fixture
def worker(database_url: str, sandbox: RunningSandbox) -> Iterator[None]:
    """The real worker process on this test's database."""
    environment = {
        **os.environ,
        "CRM_ENV": "development",
        "CRM_SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url,
        "QBO_CLIENT_ID": "sandbox-client-id",
        "QBO_CLIENT_SECRET": "sandbox-client-secret",
        "QBO_API_BASE": sandbox.base_url,
        "QBO_TOKEN_URL": f"{sandbox.base_url}/oauth2/v1/tokens/bearer",
    }
    process = subprocess.Popen([sys.executable, "-m", "crm.cli", "worker"], env=environment)
    yield
    process.terminate()
    process.wait(STOP_SECONDS_MAX)


@pytest.mark.usefixtures("worker")
def test_a_refused_posting_is_mended_and_retried(
    open_page: OpenPage, app_server: RunningApp, api: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """A bookkeeper reads why QuickBooks refused, mends it there, retries, and sees it booked without reloading."""
    consent(api, sandbox.realm_id)
    company = f"/_state/quickbooks/{sandbox.realm_id}/settings"
    sandbox.call("POST", company, {"book_close_date": "2099-12-31"})
    pay_deposit(app_server)

    page = open_page()
    sign_in(page, "bookkeeper@peakpro.io")
    page.goto("/books?tab=needs-you")  # an address of before: it leads on
    needing = page.get_by_role("row", name="Roof replacement, 1847 Elm Street")
    expect(needing).to_contain_text("The books are closed for this date", timeout=POSTED_MILLISECONDS_MAX)
    page.get_by_role("link", name="Roof replacement, 1847 Elm Street").click()
    deposit = page.get_by_role("region", name="Deposit")
    expect(deposit).to_contain_text("Needs you")
    page.evaluate("document.body.dataset.loaded = 'once'")

    sandbox.call("POST", company, {"book_close_date": None})
    deposit.get_by_role("button", name="Try again").click()

    expect(deposit).to_contain_text("In the books", timeout=POSTED_MILLISECONDS_MAX)
    (invoice,) = sandbox.quickbooks.objects(sandbox.realm_id, "Invoice")
    expect(deposit).to_contain_text(f"Invoice {invoice['Id']} in QuickBooks")
    expect(page.locator("body")).to_have_attribute("data-loaded", "once")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Books").click()
    page.get_by_role("navigation", name="Books").get_by_role("link", name="In the books").click()
    expect(page.get_by_role("table", name="In the books")).to_contain_text("$4,725.00")


def test_neither_an_away_server_nor_an_ended_session_costs_a_form(open_page: OpenPage) -> None:
    """Without network a banner says so until the server answers; an ended session is renewed over the typed form."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/new")
    title = page.get_by_label("Title")
    title.fill("Half written")

    customer = page.get_by_role("combobox", name="Customer")
    page.context.set_offline(True)
    customer.fill("Hart")  # asks the server, as waiting for the next poll would
    away = page.get_by_text("No connection to the server since")
    expect(away).to_be_visible(timeout=NOTICED_MILLISECONDS_MAX)
    page.context.set_offline(False)
    expect(away).to_have_count(0, timeout=NOTICED_MILLISECONDS_MAX)
    expect(title).to_have_value("Half written")

    page.context.clear_cookies()
    customer.fill("Vega")
    again = page.get_by_role("dialog", name="Your session ended")
    expect(again).to_be_visible(timeout=NOTICED_MILLISECONDS_MAX)
    again.get_by_role("textbox", name="Password").fill("password")
    again.get_by_role("button", name="Sign in", exact=True).click()
    expect(again).to_have_count(0)
    expect(title).to_have_value("Half written")


def pay_deposit(app: RunningApp) -> None:
    """Stripe's event of the paid deposit of proposal 7, as the seeds' dev mode takes it."""
    session = {
        "id": "cs_test_browser_deposit",
        "amount_total": 472_500,
        "payment_status": "paid",
        "payment_intent": "pi_browser_deposit",
        "metadata": {"org_id": "1", "proposal_id": "7"},
    }
    event = {"id": "evt_browser", "type": "checkout.session.completed", "data": {"object": session}}
    answer = app.client().post("/payments/webhook", json=event)
    assert answer.status_code == 200, answer.text
