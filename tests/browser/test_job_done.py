"""The office says on a proposal's page that the job is done, knowing which invoice over how much that makes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from playwright.sync_api import ViewportSize, expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_accessibility import violations
from tests.conftest import RunningApp
from tests.integration.books_world import books_settings, consent
from tests.integration.contract_world import OFFER
from tests.integration.money_world import Money

from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(qbo_rate_limits_on=False) as running:
        yield running


@pytest.fixture
def settings(database_url: str, sandbox: RunningSandbox) -> Settings:
    """The server of these tests keeps its books at the simulator."""
    return books_settings(database_url, sandbox.base_url)


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_the_job_is_done(
    open_page: OpenPage,
    api: httpx2.Client,
    app_server: RunningApp,
    owner_sql: psycopg.Connection,
    sandbox: RunningSandbox,
    width: ViewportSize,
) -> None:
    """The button names the amount, may be left alone, and what it makes comes into the books without reloading."""
    consent(api, sandbox.realm_id)
    proposal_id = int(api.post("/proposals", json=OFFER).json()["id"])
    sent = api.post(f"/proposals/{proposal_id}/send").json()
    customer = app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")
    body = {
        "signer_name": "Elena Hartley", "content_hash": sent["proposal"]["content_hash"], "agree": True,
    }  # fmt: skip
    assert customer.post(f"/portal/{proposal_id}/approve", json=body).status_code == 200
    page = open_page(width)
    sign_in(page, "bookkeeper@peakpro.io")
    page.goto(f"/proposals/{proposal_id}")
    block = page.get_by_role("region", name="Invoice of the contract")
    expect(block).to_contain_text("$10,000.00")
    block.get_by_role("button", name="Job is done").click()
    dialog = page.get_by_role("dialog", name="Is the job done?")
    expect(dialog).to_contain_text("over $10,000.00, with its real lines and tax")
    assert violations(page) == []
    if where := os.environ.get("SHOTS"):
        page.screenshot(path=f"{where}/job-done-{width['width']}.png")
    dialog.get_by_role("button", name="Not yet").click()
    expect(block.get_by_role("button", name="Job is done")).to_be_visible()
    block.get_by_role("button", name="Job is done").click()
    dialog.get_by_role("button", name="Invoice $10,000.00").click()
    expect(block).to_contain_text("Job done")
    expect(block).to_contain_text("Waiting for QuickBooks")
    expect(block.get_by_role("button", name="Job is done")).to_have_count(0)
    Money(app_server, owner_sql).run_jobs()
    expect(block).to_contain_text("In the books", timeout=20_000)
    assert [one["TotalAmt"] for one in sandbox.quickbooks.objects(sandbox.realm_id, "Invoice")][-1] == 10_000
    assert violations(page) == []
    if where:
        page.screenshot(path=f"{where}/job-done-booked-{width['width']}.png", full_page=True)


def test_the_switches_do_what_they_say(
    open_page: OpenPage, api: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """A bookkeeper switches estimates on beside the policies; it is kept."""
    consent(api, sandbox.realm_id)
    page = open_page()
    sign_in(page, "bookkeeper@peakpro.io")
    page.goto("/books/mapping")
    page.get_by_role("switch", name="Make an estimate of each sent proposal").click()
    expect(page.get_by_role("switch", name="Make an estimate of each sent proposal")).to_be_checked()
    page.reload()
    expect(page.get_by_role("switch", name="Make an estimate of each sent proposal")).to_be_checked()
    expect(page.get_by_role("switch", name="Attach the signed PDF")).not_to_be_checked()
    assert api.get("/books/policy").json()["send_estimates"] is True
    assert violations(page) == []
