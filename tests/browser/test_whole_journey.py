"""From draft to paid as people walk it: office and homeowner in two browsers, real mail, the Stripe simulator's page."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pydantic import SecretStr
from pypdf import PdfReader
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_portal_journeys import NEWS_MILLISECONDS_MAX, pay_by_bank, pay_by_card
from tests.conftest import RunningApp
from tests.integration.mail_world import Mailbox, mailbox, parts
from tests.integration.money_world import STRIPE_KEY, stripe_settings

from crm.kit.settings import Settings
from crm_sandbox.testing import running_sandbox

REFUND_LOOKS_MAX, REFUND_LOOK_MILLISECONDS = 40, 250
ELENA = "elena@hartley.example"
TEMPLATE = {
    "title": "Roof in three payments",
    "introduction": "Dear Elena and Tom, here is what we talked about.",
    "terms": "Two years on our work.",
    "deposit": {"percent": 10},
    "milestones": [{"name": "Materials delivered", "percent": 40}],
    "lines": [
        {"name": "Tear-off and disposal", "quantity": "1", "unit_price_minor": 200_000},
        {
            "name": "Gutter guards",
            "quantity": "10",
            "unit": "ft",
            "unit_price_minor": 5_000,
            "optional": True,
        },
    ],
    "options": [
        {
            "name": "Good",
            "lines": [{"name": "Architectural shingles", "quantity": "1", "unit_price_minor": 800_000}],
        },
        {
            "name": "Better",
            "lines": [{"name": "Designer shingles", "quantity": "1", "unit_price_minor": 1_000_000}],
        },
    ],
}


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as one:
        yield one


@pytest.fixture
def settings(database_url: str, box: Mailbox) -> Iterator[Settings]:
    """Stripe's simulator with an endpoint of ours, and a mail server."""
    with (
        running_sandbox() as sandbox,
        httpx2.Client(base_url=sandbox.base_url, headers={"authorization": f"Bearer {STRIPE_KEY}"}) as stripe,
    ):
        asked = {"url": "http://127.0.0.1:9/not-yet", "enabled_events[0]": "*"}
        endpoint = stripe.post("/v1/webhook_endpoints", data=asked).json()
        yield stripe_settings(
            database_url,
            stripe_api_base=sandbox.base_url,
            stripe_webhook_secret=SecretStr(endpoint["secret"]),
            smtp_url=box.url,
        )


@pytest.fixture
def app_server(settings: Settings, start_app: Callable[[Settings, int], RunningApp], port: int) -> RunningApp:
    """The server, to which the simulator delivers its signed events."""
    running = start_app(settings, port)
    with httpx2.Client(
        base_url=settings.stripe_api_base, headers={"authorization": f"Bearer {STRIPE_KEY}"}
    ) as stripe:
        [endpoint] = stripe.get("/v1/webhook_endpoints").json()["data"]
        told = stripe.post(
            f"/v1/webhook_endpoints/{endpoint['id']}", data={"url": f"{running.url}/payments/webhook"}
        )
        assert told.status_code == 200, told.text
    return running


@pytest.fixture
def work(app_server: RunningApp) -> Callable[[], None]:
    """A worker's turn: what the queue holds is done, and what follows from that."""

    def turns() -> None:
        for _ in range(3):
            app_server.worker.run_jobs()

    return turns


@pytest.fixture
def template(api: httpx2.Client) -> int:
    kept = api.post("/proposal-templates", json={"name": "Three payments", "content": TEMPLATE})
    assert kept.status_code == 201, kept.text
    return int(kept.json()["id"])


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_a_proposal_goes_from_template_to_cancelled_and_the_office_sees_each_step(
    open_page: OpenPage,
    api: httpx2.Client,
    template: int,
    box: Mailbox,
    work: Callable[[], None],
    width: ViewportSize,
) -> None:
    """Written from a template, sent by mail, chosen, signed, paid by card and bank, changed, cancelled: the console
    shows each step without a reload, and every paper is a PDF."""
    elena = api.post("/customers", json={"name": "Elena Hartley", "email": ELENA}).json()["id"]
    made = api.post(f"/proposal-templates/{template}/proposals", json={"customer_id": elena}).json()
    proposal = made["id"]

    office = open_page(DESK)
    sign_in(office)
    office.goto(f"/proposals/{proposal}/edit")
    office.get_by_label("Title").fill("Roof of the Hartleys")
    office.get_by_role("button", name="Save draft").click()
    office.get_by_role("button", name="Send to customer").click()
    office.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(office.get_by_role("textbox", name="Customer link")).to_be_visible()
    office.get_by_role("button", name="Close").click()
    story = office.get_by_role("region", name="What happened")
    work()
    [mail] = box.to(ELENA)
    link = next(line for line in parts(mail)[0].splitlines() if "#t=" in line).strip()

    page = open_page(width)
    page.goto(link)
    figure = page.locator("#now .figure")
    expect(figure).to_have_text("$10,000.00")
    assert "#t=" not in page.url  # the secret has left the address bar
    seen(story, "The customer opened the proposal")
    page.get_by_role("radio", name=re.compile("Better")).check()
    page.get_by_role("checkbox", name=re.compile("Gutter guards")).check()
    expect(figure).to_have_text("$12,500.00")
    page.get_by_label("Full name").fill("Elena Hartley")
    page.locator(".consent input").check()
    page.get_by_role("button", name="Sign and approve").dblclick()

    page.get_by_role("button", name="Pay deposit $1,250.00").click()
    seen(story, re.compile("approved"))
    extra = office.get_by_role("row", name=re.compile("Gutter guards"))
    expect(extra).to_contain_text("Optional, chosen", timeout=NEWS_MILLISECONDS_MAX)
    pay_by_card(page, "4000 0000 0000 0002")
    expect(page.locator("#error")).to_be_visible()
    pay_by_card(page, "4242 4242 4242 4242")
    thanks = page.get_by_role("heading", name="Paid. Thank you.")
    expect(thanks).to_be_visible(timeout=NEWS_MILLISECONDS_MAX)
    seen(story, re.compile(r"1,250\.00"))
    assert "Elena Hartley" in words_of(page, "Signed contract")
    assert "$1,250.00" in words_of(page, "Receipt: Deposit")
    work()
    attached = [part.get_content() for message in box.to(ELENA)[1:] for part in message.iter_attachments()]
    assert len(attached) == 2  # the signed contract with the thanks, the receipt with the receipt
    assert all(isinstance(pdf, bytes) and PdfReader(io.BytesIO(pdf)).pages for pdf in attached)

    plan = office.get_by_role("region", name="Payments of this contract")
    plan.get_by_role("button", name="Ask for $5,000.00").click()
    expect(plan.get_by_role("listitem").filter(has_text="Materials delivered")).to_contain_text("Due")
    awake(page)
    # The list of payments leads to the part that is asked for; its card leads to Stripe's page.
    page.get_by_role("region", name="Your payments").get_by_role("button", name="Pay $5,000.00").click()
    page.locator("#now").get_by_role("button", name="Pay $5,000.00").click()
    pay_by_bank(page, "fails")
    expect(page.get_by_role("heading", name=re.compile("Processing"))).to_be_visible(
        timeout=NEWS_MILLISECONDS_MAX
    )
    seen(story, re.compile("Bank transfer of .*5,000.00 under way"))
    expect(page.get_by_text("The payment did not go through")).to_be_visible(timeout=NEWS_MILLISECONDS_MAX)
    seen(story, re.compile("Payment failed"))
    page.get_by_role("button", name="Try again: pay $5,000.00").click()
    pay_by_bank(page, "clears")
    expect(page.get_by_role("heading", name=re.compile("Processing"))).to_be_visible(
        timeout=NEWS_MILLISECONDS_MAX
    )
    expect(thanks).to_be_visible(timeout=NEWS_MILLISECONDS_MAX)
    assert "$5,000.00" in words_of(page, "Receipt: Materials delivered")

    office.get_by_role("link", name="Write a change order").click()
    office.get_by_role("textbox", name="Title").fill("A skylight")
    line = office.get_by_role("group", name="Line 1")
    line.get_by_role("textbox", name="Item").fill("Skylight")
    line.get_by_role("textbox", name="Unit price").fill("900.00")
    office.get_by_role("button", name="Send to customer").click()
    office.get_by_role("dialog").get_by_role("button", name="Send change of +$900.00").click()
    expect(office.get_by_text("To sign", exact=True)).to_be_visible()
    office.get_by_role("link", name="← Roof of the Hartleys").click()
    seen(story, "Change order 1 sent: A skylight")
    awake(page)
    expect(page.get_by_role("article", name="A skylight")).to_contain_text("$13,400.00")
    page.get_by_label("Full name").fill("Elena Hartley")
    page.locator(".consent input").check()
    page.get_by_role("button", name="Sign and approve").click()
    expect(page.get_by_text("Agreed", exact=True)).to_be_visible()
    seen(story, "Elena Hartley approved change order 1")

    page.get_by_role("button", name="Cancel this contract").click()
    page.get_by_role("button", name="Cancel contract and get $6,250.00 back").dblclick()
    expect(page.get_by_role("heading", name="This contract was cancelled")).to_be_visible()
    seen(story, re.compile("Contract cancelled"))
    expect(office.get_by_text("Cancelled").first).to_be_visible()
    refunds: list[tuple[str, int]] = []
    for _ in range(REFUND_LOOKS_MAX):  # a bank transfer's refund arrives later than a card's
        work()
        rows = api.get("/payments", params={"proposal_id": proposal}).json()["items"]
        refunds = sorted((row["part"], row["refunded_minor"]) for row in rows if row["refunded_minor"])
        if len(refunds) == 2:
            break
        office.wait_for_timeout(REFUND_LOOK_MILLISECONDS)
    assert refunds == [("deposit", 125_000), ("milestone:1", 500_000)]


def test_a_link_opens_its_own_proposal_and_no_other(open_page: OpenPage, api: httpx2.Client) -> None:
    """With the link of one proposal another one's address shows nothing of it, in words and over HTTP."""
    page = open_page(PHONE)
    page.goto(api.post("/proposals/7/portal-links").json()["url"])
    expect(page.locator("#now .figure")).to_be_visible()
    own = page.get_by_role("heading", level=1).inner_text()
    page.goto("/proposal/9")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(own)
    expect(page.locator(".figure")).to_have_count(0)
    assert api.get("/proposals/9").json()["customer"]["name"] not in page.content()
    for path in ("/portal/9", "/portal/9/proposal.pdf", "/portal/9/price"):
        assert fetched(page, path)[0] in {401, 403, 404}, path
    assert fetched(page, "/portal/9/decline", "POST")[0] in {401, 403, 404}


def seen(story, words: str | re.Pattern[str]) -> None:
    """The office's page, which nobody reloads, tells it."""
    expect(story).to_contain_text(words, timeout=NEWS_MILLISECONDS_MAX)


def awake(page: Page) -> None:
    """The reader comes back to the tab."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def words_of(page: Page, paper: str) -> str:
    """The text of a PDF that the page offers, as its link gives it to this reader."""
    address = page.get_by_role("link", name=paper).get_attribute("href")
    assert address is not None
    status, content = fetched(page, address)
    assert status == 200, address
    return " ".join(" ".join(each.extract_text() for each in PdfReader(io.BytesIO(content)).pages).split())


def fetched(page: Page, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Status and bytes, asked from the page itself: with its session, and under its address."""
    status, content = page.evaluate(
        """async ([path, method]) => {
            const answer = await fetch(path, {
                method, ...(method === "POST" && { body: "{}", headers: { "Content-Type": "application/json" } }),
            });
            const bytes = new Uint8Array(await answer.arrayBuffer());
            return [answer.status, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))];
        }""",
        [path, method],
    )
    return int(status), base64.b64decode(content)
