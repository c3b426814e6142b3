"""The homeowner's way through the portal with the real payment path: choose, sign, pay by card and by bank, in parts."""

from __future__ import annotations

import gzip
import json
import re

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pydantic import SecretStr
from tests.browser.pages import DESK, PHONE, ROOT, OpenPage, PortalLink, sign_in
from tests.browser.test_accessibility import violations
from tests.conftest import RunningApp
from tests.integration.money_world import STRIPE_KEY, stripe_settings

from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox

SCRIPT_BYTES_MAX = 120_000
NEWS_MILLISECONDS_MAX = 20_000


@pytest.fixture
def sandbox():
    with running_sandbox() as running:
        yield running


@pytest.fixture
def stripe(sandbox: RunningSandbox):
    """The company's own view of Stripe, and the webhook endpoint whose secret the server is given."""
    with httpx2.Client(
        base_url=sandbox.base_url, headers={"authorization": f"Bearer {STRIPE_KEY}"}
    ) as client:
        yield client


@pytest.fixture
def endpoint(stripe: httpx2.Client) -> dict:
    asked = {"url": "http://127.0.0.1:9/not-yet", "enabled_events[0]": "*"}
    made = stripe.post("/v1/webhook_endpoints", data=asked)
    assert made.status_code == 200, made.text
    return made.json()


@pytest.fixture
def settings(database_url: str, sandbox: RunningSandbox, endpoint: dict) -> Settings:
    return stripe_settings(
        database_url,
        stripe_api_base=sandbox.base_url,
        stripe_webhook_secret=SecretStr(endpoint["secret"]),
    )


@pytest.fixture
def app_server(settings: Settings, start_app, port: int, stripe: httpx2.Client, endpoint: dict) -> RunningApp:
    """The server, to which the simulator delivers its signed events."""
    running = start_app(settings, port)
    told = stripe.post(
        f"/v1/webhook_endpoints/{endpoint['id']}", data={"url": f"{running.url}/payments/webhook"}
    )
    assert told.status_code == 200, told.text
    return running


@pytest.fixture
def offer(api: httpx2.Client) -> int:
    """A roof in two options with an extra, paid in three parts; its id."""
    made = api.post(
        "/proposals",
        json={
            "customer_id": 1,
            "title": "Roof in three payments",
            "introduction": "Dear Elena and Tom, here is what we talked about.",
            "terms": "Two years on our work.",
            "deposit": {"percent": 10},
            "milestones": [{"name": "Materials delivered", "percent": 40}],
            "lines": [
                {
                    "name": "Tear-off and disposal",
                    "section": "Preparation",
                    "quantity": "1",
                    "unit_price_minor": 200_000,
                },
                {
                    "name": "Gutter guards",
                    "description": "All eaves",
                    "quantity": "10",
                    "unit": "ft",
                    "unit_price_minor": 5_000,
                    "optional": True,
                },
            ],
            "options": [
                {
                    "name": "Good",
                    "description": "25 years",
                    "lines": [
                        {"name": "Architectural shingles", "quantity": "1", "unit_price_minor": 800_000}
                    ],
                },
                {
                    "name": "Better",
                    "description": "50 years",
                    "lines": [{"name": "Designer shingles", "quantity": "1", "unit_price_minor": 1_000_000}],
                },
            ],
        },
    )
    assert made.status_code == 201, made.text
    proposal_id = int(made.json()["id"])
    assert api.post(f"/proposals/{proposal_id}/send").status_code == 200
    return proposal_id


def draw(page: Page) -> None:
    """Two strokes with the mouse."""
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    for across in (0.2, 0.5):
        page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * 0.7)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * (across + 0.2), box["y"] + box["height"] * 0.3, steps=6)
        page.mouse.up()


def pay_by_card(page: Page, number: str) -> None:
    page.locator("#card_number").fill(number)
    page.locator("#card_expiry").fill("12 / 34")
    page.locator("#card_cvc").fill("123")
    page.locator("#card_name").fill("Elena Hartley")
    page.locator("#pay").click()


def pay_by_bank(page: Page, outcome: str) -> None:
    page.locator("#tab-us_bank_account").click()
    page.locator("#account_name").fill("Elena Hartley")
    page.locator(f"#bank-{outcome}").check()
    page.locator("#pay").click()


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_a_roof_is_chosen_signed_and_paid_in_parts(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client, offer: int, width: ViewportSize
) -> None:
    """Option, extra, drawn signature, a declined and a good card, then a milestone by a failing and a good bank."""
    page = open_page(width)
    page.goto(portal_link(offer))
    figure = page.locator("#now .figure")
    expect(figure).to_have_text("$10,000.00")
    page.get_by_role("radio", name=re.compile("Better")).check()
    expect(figure).to_have_text("$12,000.00")
    page.get_by_role("checkbox", name=re.compile("Gutter guards")).check()
    expect(figure).to_have_text("$12,500.00")
    expect(page.get_by_role("region", name="When you pay")).to_contain_text("$5,000.00")

    page.get_by_label("Full name").fill("Elena Hartley")
    draw(page)
    draw(page)
    page.get_by_role("button", name="Undo stroke").click()
    expect(page.get_by_role("img", name="Drawn: 3 strokes")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("total price is \\$12,500.00")).check()
    assert violations(page) == []
    page.get_by_role("button", name="Sign and approve").dblclick()
    page.get_by_role("button", name="Pay deposit $1,250.00").click()

    pay_by_card(page, "4000 0000 0000 0002")
    expect(page.locator("#error")).to_be_visible()
    pay_by_card(page, "4242 4242 4242 4242")
    expect(page.get_by_role("heading", name="Paid. Thank you.")).to_be_visible(timeout=NEWS_MILLISECONDS_MAX)
    history = page.get_by_role("region", name="Your payments")
    expect(history).to_contain_text("Materials delivered")
    expect(history).to_contain_text("$11,250.00")  # still to pay
    expect(page.get_by_role("img", name="Elena Hartley")).to_be_visible()
    assert violations(page) == []
    page.go_back()  # to the payment page, which is closed; nothing can be paid twice
    page.goto(portal_link(offer))
    expect(page.get_by_role("heading", name="Paid. Thank you.")).to_be_visible()

    (milestone,) = [
        row
        for row in api.get("/payments", params={"proposal_id": offer}).json()["items"]
        if row["part"] == "milestone:1"
    ]
    assert api.post(f"/payments/{milestone['id']}/request").status_code == 200
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # the reader comes back to the tab
    page.get_by_role("button", name="Pay $5,000.00").click()
    pay_by_bank(page, "fails")
    expect(page.get_by_role("heading", name=re.compile("Processing"))).to_be_visible(
        timeout=NEWS_MILLISECONDS_MAX
    )
    expect(page.get_by_text("The payment did not go through")).to_be_visible(timeout=NEWS_MILLISECONDS_MAX)
    page.get_by_role("button", name="Try again: pay $5,000.00").click()
    pay_by_bank(page, "clears")
    expect(page.get_by_role("heading", name="Paid. Thank you.")).to_be_visible(timeout=NEWS_MILLISECONDS_MAX)
    expect(history).to_contain_text("$6,250.00")

    proposal = api.get(f"/proposals/{offer}").json()
    assert (proposal["total_minor"], proposal["approval"]["signature_kind"]) == (1_250_000, "drawn")
    states = {
        row["part"]: (row["state"], row["amount_minor"])
        for row in api.get("/payments", params={"proposal_id": offer}).json()["items"]
    }
    assert states == {
        "deposit": ("paid", 125_000),
        "milestone:1": ("paid", 500_000),
        "final": ("planned", 625_000),
    }


def test_leaving_the_payment_page_costs_nothing(
    open_page: OpenPage, portal_link: PortalLink, stripe: httpx2.Client
) -> None:
    """Cancelling there, a reload and a second try lead to the same page; one session was made, nothing charged."""
    page = open_page(PHONE)
    page.goto(portal_link(7))
    page.get_by_label("Full name").fill("Elena Hartley")
    page.reload()  # what was typed is still there
    expect(page.get_by_label("Full name")).to_have_value("Elena Hartley")
    page.locator(".consent input").check()
    page.get_by_role("button", name="Sign and approve").click()
    page.get_by_role("button", name="Pay deposit $4,725.00").click()
    page.locator("#cancel").click()
    expect(page.get_by_text("nothing was charged")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Pay deposit $4,725.00").click()
    page.locator("#pay").wait_for()
    assert len(stripe.get("/v1/checkout/sessions").json()["data"]) == 1
    assert stripe.get("/v1/charges").json()["data"] == []


def test_a_question_is_asked_and_answered_on_the_page(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client
) -> None:
    """A homeowner asks by keyboard alone; a script in the words stays words; the answer comes to the page."""
    page = open_page(PHONE)
    page.goto(portal_link(7))
    page.get_by_role("button", name="Ask a question").press("Enter")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_text("Please write a few words first.")).to_be_visible()
    page.get_by_label("Your question").press_sequentially("<script>document.title='no'</script> Copper?")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_text("answers on this page")).to_be_visible()
    expect(page.locator(".said-words")).to_have_text("<script>document.title='no'</script> Copper?")
    assert page.title() != "no"
    api.post("/proposals/7/messages", json={"text": "Copper is possible."})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Copper is possible.")).to_be_visible()
    assert violations(page) == []


def test_a_link_that_ended_says_so_kindly(
    open_page: OpenPage, api: httpx2.Client, owner_sql: psycopg.Connection
) -> None:
    """Replaced under the reader's eyes, withdrawn or expired: the page says which, and asks for a new link."""
    made = api.post("/proposals/7/portal-links").json()
    page = open_page(PHONE)
    page.goto(made["url"])
    page.get_by_label("Full name").fill("Elena Hartley")
    page.locator(".consent input").check()
    newer = api.post("/proposals/7/supersede").json()["id"]
    page.get_by_role("button", name="Sign and approve").click()
    expect(page.get_by_role("heading", name="This proposal was replaced by a newer one")).to_be_visible()
    page.get_by_role("button", name="Ask for a new link").click()
    expect(page.get_by_text("Your contractor knows")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="ES", exact=True).click()
    expect(page.get_by_text("Su contratista sabe")).to_be_visible()
    page.get_by_role("button", name="EN", exact=True).click()
    page.goto(api.post(f"/proposals/{newer}/send").json()["portal_url"])
    expect(page.get_by_label("Full name")).to_have_value("Elena Hartley")  # what was typed is kept

    withdrawn = api.post("/proposals/9/portal-links").json()
    api.delete(f"/proposals/9/portal-links/{withdrawn['id']}")
    page.goto(withdrawn["url"])
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    expired = api.post("/proposals/10/portal-links").json()
    owner_sql.execute("UPDATE portal_links SET expires_at = now() - interval '1 day' WHERE proposal_id = 10")
    page.goto(expired["url"])
    expect(page.get_by_role("heading", name="This link has expired")).to_be_visible()
    expect(page.get_by_role("button", name="Ask for a new link")).to_be_visible()


def test_the_page_is_light(chromium_path: str) -> None:
    """All JavaScript that the homeowner's page loads is at most SCRIPT_BYTES_MAX compressed."""
    dist = ROOT / "web" / "dist"
    wanted = set(re.findall(r"(?:src|href)=\"/?(assets/[^\"]+\.js)\"", (dist / "portal.html").read_text()))
    loaded: dict[str, int] = {}
    while wanted:
        name = wanted.pop()
        script = (dist / name).read_bytes()
        loaded[name] = len(gzip.compress(script, 6))
        imported = re.findall(r"(?:from|import)\s*\(?[\"'`]\./([\w.-]+\.js)[\"'`]", script.decode())
        wanted |= {f"assets/{each}" for each in imported} - set(loaded)
    assert len(loaded) > 1, "the page's parts were not found"
    assert sum(loaded.values()) <= SCRIPT_BYTES_MAX, json.dumps(loaded, indent=1)


def test_the_office_answers_from_the_proposals_page(
    open_page: OpenPage, app_server: RunningApp, api: httpx2.Client
) -> None:
    """A question appears on the proposal's page without reloading, and its answer on the customer's."""
    customer = app_server.as_customer(api, 7)
    page = open_page(DESK)
    sign_in(page)
    page.goto("/proposals/7")
    page.get_by_role("region", name="Deposit").wait_for()
    customer.post("/portal/7/messages", json={"kind": "changes", "text": "A skylight, please."})
    expect(page.get_by_label("Your answer")).to_be_visible(timeout=NEWS_MILLISECONDS_MAX)
    page.get_by_label("Your answer").fill("With pleasure.")
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_text("You answered")).to_be_visible()
    assert customer.get("/portal/7").json()["messages"][-1]["text"] == "With pleasure."


def test_a_change_order_is_signed_on_the_page(
    open_page: OpenPage, app_server: RunningApp, api: httpx2.Client, portal_link: PortalLink
) -> None:
    """A change order is read with the new total and signed with a signature of its own."""
    customer = app_server.as_customer(api, 7)
    view = customer.get("/portal/7").json()
    signed = {"signer_name": "Elena Hartley", "content_hash": view["content_hash"], "agree": True}
    assert customer.post("/portal/7/approve", json=signed).status_code == 200
    line = {"name": "Skylight", "quantity": "1", "unit_price_minor": 90_000}
    order = api.post("/proposals/7/change-orders", json={"title": "A skylight", "lines": [line]}).json()
    assert api.post(f"/proposals/7/change-orders/{order['id']}/send").status_code == 200
    page = open_page(PHONE)
    page.goto(portal_link(7))
    expect(page.get_by_role("heading", name="A change to sign")).to_be_visible()
    expect(page.get_by_role("article", name="A skylight")).to_contain_text("$16,650.00")
    page.get_by_label("Full name").fill("Elena Hartley")
    page.locator(".consent input").check()
    page.get_by_role("button", name="Sign and approve").click()
    expect(page.get_by_text("Agreed", exact=True)).to_be_visible()
    assert api.get("/proposals/7").json()["changes_minor"] == 90_000
