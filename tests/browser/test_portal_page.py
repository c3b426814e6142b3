"""The homeowner's page: from the link to the receipt, on a phone."""

from __future__ import annotations

import re

import httpx2
from playwright.sync_api import expect
from tests.browser.pages import PHONE, PUBLIC, OpenPage, PortalLink, sign_proposal


def test_a_homeowner_signs_and_pays_on_a_phone(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client
) -> None:
    """A homeowner reads, signs and pays the deposit on a phone, and the books' side has the payment."""
    page = open_page(PHONE)
    page.goto(portal_link(7))
    expect(page.get_by_text("$15,750.00").first).to_be_visible()
    expect(page).to_have_url(f"{PUBLIC}/proposal/7")  # the secret has left the address bar

    page.get_by_role("link", name="Review and sign").last.click()
    page.get_by_role("button", name="Sign and approve").click()
    expect(page.get_by_text("Please type your full name")).to_be_visible()
    sign_proposal(page, "Elena Hartley")
    page.get_by_role("button", name="Pay deposit $4,725.00").click()
    expect(page.get_by_role("heading", name="Simulated payment: no money moves")).to_be_visible()
    page.get_by_role("button", name="Card pays $4,725.00").click()

    expect(page.get_by_role("heading", name="Paid. Thank you.")).to_be_visible()
    expect(page.get_by_text("Signed by Elena Hartley")).to_be_visible()
    expect(page).to_have_url(f"{PUBLIC}/proposal/7")
    payments = api.get("/payments", params={"proposal_id": 7}).json()["items"]
    assert sorted((payment["state"], payment["amount_minor"]) for payment in payments) == [
        ("paid", 472_500),
        ("planned", 1_102_500),
    ]


def test_a_failed_bank_transfer_is_told_and_can_be_paid_again(
    open_page: OpenPage, portal_link: PortalLink
) -> None:
    """A bank transfer shows as processing, then as failed with its reason, and the page offers to pay again."""
    page = open_page(PHONE)
    page.goto(portal_link(10))
    sign_proposal(page, "Gordon Pryce")
    page.get_by_role("button", name="Pay deposit").click()
    page.get_by_role("button", name="Card is declined").click()
    expect(page.get_by_text("The simulated card was declined.")).to_be_visible()
    page.get_by_role("button", name="Bank transfer that fails").click()
    expect(
        page.get_by_role("heading", name="Processing (bank transfer, up to 4 business days)")
    ).to_be_visible()
    expect(page.get_by_text("The payment did not go through")).to_be_visible()
    expect(page.get_by_role("button", name="Try again: pay $3,000.00")).to_be_visible()


def test_a_link_opens_its_own_proposal_only(open_page: OpenPage, portal_link: PortalLink) -> None:
    """With the link of proposal 7 neither its session nor its secret shows anything of proposal 9."""
    page = open_page(PHONE)
    link = portal_link(7)
    page.goto(link)
    page.get_by_role("heading", level=1).wait_for()
    page.goto("/proposal/9")
    expect(page.get_by_role("heading", name="Please open the link from your e-mail")).to_be_visible()
    page.goto(f"/proposal/9#{link.partition('#')[2]}")
    page.reload()
    expect(page.get_by_role("heading", name="Please open the link from your e-mail")).to_be_visible()
    expect(page.get_by_text("West 38th")).to_have_count(0)


def test_choosing_an_option_moves_the_total(open_page: OpenPage, portal_link: PortalLink) -> None:
    """The price, the deposit and the consent follow the option, and the signed option is the one that is charged."""
    page = open_page(PHONE)
    page.goto(portal_link(9))
    page.get_by_role("radio", name=re.compile("Better")).check()
    expect(page.locator("#now .figure")).to_have_text("$16,699.25")
    expect(page.locator(".consent")).to_contain_text("$16,699.25")
    sign_proposal(page, "Marisol Vega")
    expect(page.get_by_role("button", name="Pay deposit $5,009.78")).to_be_visible()


def test_the_page_speaks_spanish(open_page: OpenPage, portal_link: PortalLink) -> None:
    """The language switch changes every sentence but the contract's own, and is remembered."""
    page = open_page(PHONE)
    page.goto(portal_link(7))
    page.get_by_role("button", name="ES", exact=True).click()
    expect(page.get_by_role("heading", name="Qué incluye")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Firmar y aprobar")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Roof replacement, 1847 Elm Street")
    assert page.evaluate("document.documentElement.lang") == "es"


def test_declining_keeps_the_reason(open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client) -> None:
    """A homeowner can decline with a reason, which the office reads."""
    page = open_page(PHONE)
    page.goto(portal_link(7))
    page.get_by_role("button", name="Decline this proposal").click()
    page.get_by_label("Reason").fill("We sell the house.")
    page.get_by_role("button", name="Decline proposal").click()
    expect(page.get_by_role("heading", name="You declined this proposal")).to_be_visible()
    proposal = api.get("/proposals/7").json()
    assert (proposal["status"], proposal["decline_reason"]) == ("declined", "We sell the house.")


def test_nothing_is_cut_off_on_the_narrowest_phone(open_page: OpenPage, portal_link: PortalLink) -> None:
    """At 320 px the page does not scroll sideways, and what can be pressed is at least 44 px high."""
    page = open_page({"width": 320, "height": 640})
    page.goto(portal_link(9))
    page.get_by_role("heading", level=1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    low = page.evaluate(
        """[...document.querySelectorAll('button, a.primary, a.secondary')]
            .map((e) => [e.textContent, e.getBoundingClientRect().height])
            .filter(([, height]) => height > 0 && height < 44)"""
    )
    assert low == []


def test_a_lost_connection_is_told_and_mended(open_page: OpenPage, portal_link: PortalLink) -> None:
    """Without a network the page says so, and shows the proposal as soon as it is back."""
    page = open_page(PHONE)
    page.goto(portal_link(7))
    page.get_by_role("heading", level=1).wait_for()
    page.context.set_offline(True)
    sign_proposal(page, "Elena Hartley")
    expect(page.get_by_text("No connection to the server")).to_be_visible()
    expect(page.get_by_label("Full name")).to_have_value("Elena Hartley")  # nothing typed is lost
    page.context.set_offline(False)
    page.get_by_role("button", name="Sign and approve").click()
    expect(page.get_by_role("button", name="Pay deposit $4,725.00")).to_be_visible()
