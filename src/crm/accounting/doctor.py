"""The connection doctor: what is wrong between us, QuickBooks and Stripe, why it matters, and how to mend it.

It reads four times at QuickBooks (company, preferences, the items and the accounts that we made or found there), eight times
where something is mapped by hand (the lists, which Books > Mapping then shows), and asks Stripe for its endpoints; it changes
nothing there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select, text

from crm.accounting import company, connection, doctor_books, quota
from crm.accounting.context import Books
from crm.accounting.documents import read_company
from crm.accounting.findings import Finding
from crm.accounting.tables import QboToken
from crm.gateways import reach
from crm.gateways.quickbooks import Call
from crm.gateways.stripe import StripeGateway
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.errors import CrmError, Disconnected, Refused
from crm.payments.stripe_sweeps import HEARD_TYPES

SKEW_SECONDS_MAX = 60.0
TOKEN_DAYS_MIN = 14


async def examine(books: Books, org_id: int) -> list[Finding]:
    """All checks in the order in which one would mend them. What cannot be asked is `unknown`, with the reason."""
    found = [*await _permission(books, org_id)]
    if found[0].state == "wrong":
        found.append(
            Finding("company", "unknown", "The company was not asked: there is no working connection.")
        )
    else:
        found += await _asked(books, org_id)
    found.append(await _quota(books, org_id))
    found.append(await _webhooks(books, org_id))
    found.append(await _stripe(books))
    return found


async def _permission(books: Books, org_id: int) -> list[Finding]:
    async with books.db.transaction(org_id) as session:
        row = await session.scalar(select(QboToken).where(QboToken.org_id == org_id))
    if row is None or connection.state(row) == "not_connected":
        return [Finding("connection", "wrong", "QuickBooks is not connected.", "Payments are collected and wait.",
                        "Books > Overview > Connect QuickBooks.")]  # fmt: skip
    if row.disconnected_at is not None:
        return [Finding("connection", "wrong", row.disconnected_why or "The connection was lost.",
                        "Payments are collected and wait.", "Books > Overview > Reconnect.")]  # fmt: skip
    found = [
        Finding(
            "connection",
            "ok",
            f"Connected to company {row.realm_id} ({row.env}).",
        )
    ]
    ends = [end for end in (row.refresh_expires_at, row.hard_expires_at) if end is not None]
    days = min(((end - clock.now()).days for end in ends), default=None)
    if days is not None and days < TOKEN_DAYS_MIN:
        found.append(Finding("permission", "wrong" if days < 1 else "warning", f"The permission ends in {max(days, 0)} days.",
                             "After that nothing can be posted until somebody reconnects.", "Books > Overview > Reconnect."))  # fmt: skip
    else:
        found.append(Finding("permission", "ok", f"The permission lasts {days} more days and renews itself."))
    return found


async def _asked(books: Books, org_id: int) -> list[Finding]:
    """What the company itself says. Its first refusal ends this part: the rest would say the same."""
    try:
        access = await connection.access(books, org_id)
        info = await company.ask(
            books, org_id, Call("GET", f"companyinfo/{access.realm_id}", "check_company")
        )
        preferences = await company.ask(books, org_id, Call("GET", "preferences", "check_preferences"))
    except Disconnected as error:
        return [
            Finding(
                "company",
                "wrong",
                error.detail,
                "Payments are collected and wait.",
                "Books > Overview > Reconnect.",
            )
        ]
    except CrmError as error:
        return [Finding("company", "wrong" if isinstance(error, Refused) else "unknown", error.detail,
                        "The company could not be asked.", "See the sync log for the answer.")]  # fmt: skip
    told, prefs = info.data.get("CompanyInfo", {}), preferences.data.get("Preferences", {})
    found = [
        Finding("scope", "ok", "QuickBooks lets us into the books (scope of accounting)."),
        _clock(info.data.get("time")),
        _plan(told),
    ]
    async with books.db.transaction(org_id) as session:
        org = await session.get_one(Org, org_id)
        waiting = await session.scalar(
            text(
                "SELECT min(created_at) FROM postings WHERE org_id = :org AND state IN ('waiting', 'needs_you')"
            ),
            {"org": org_id},
        )
    settings = read_company(told, prefs, org.time_zone)
    if org.currency != settings.home_currency and not settings.multicurrency:
        found.append(Finding("currency", "wrong", f"Payments come in {org.currency}, the books are kept in {settings.home_currency}.",
                             "QuickBooks refuses every document in another currency.",
                             "Turn on multicurrency in QuickBooks (it cannot be turned off again), or take payments in "
                             f"{settings.home_currency}."))  # fmt: skip
    else:
        found.append(Finding("currency", "ok", f"Payments and books are in {org.currency}."))
    return found + await doctor_books.examine(books, access, settings, prefs, waiting)


def _clock(told: Any) -> Finding:
    try:
        skew = abs((datetime.fromisoformat(str(told)) - clock.now()).total_seconds())
    except ValueError:
        return Finding("clock", "unknown", "QuickBooks told no time.")
    if skew > SKEW_SECONDS_MAX:
        return Finding("clock", "wrong", f"This machine's clock and QuickBooks' differ by {skew:.0f} seconds.",
                       "Tokens are renewed too late, signatures are refused, and days near midnight are booked wrongly.",
                       "Set the clock by a time server (for example with chrony).")  # fmt: skip
    return Finding("clock", "ok", "The clocks agree.")


def _plan(told: dict[str, Any]) -> Finding:
    named = {one.get("Name"): one.get("Value") for one in told.get("NameValue", []) if isinstance(one, dict)}
    plan, status = str(named.get("OfferingSku") or ""), str(named.get("SubscriptionStatus") or "")
    if status.upper() in {"EXPIRED", "CANCELLED", "SUSPENDED"}:
        return Finding("plan", "wrong", f"The QuickBooks subscription is {status.lower()}.",
                       "The company can be read only; nothing can be posted.", "Renew it in QuickBooks.")  # fmt: skip
    if "Simple Start" in plan or "Self-Employed" in plan:
        return Finding("plan", "warning", f"The plan is {plan}.", "It has neither classes nor several currencies.",
                       "Upgrade in QuickBooks if you need them.")  # fmt: skip
    return Finding(
        "plan", "ok", f"{told.get('CompanyName') or 'The company'}: {plan or 'its plan is not told'}."
    )


async def _quota(books: Books, org_id: int) -> Finding:
    async with books.db.transaction(org_id) as session:
        now = await quota.read(session, org_id, books.settings.qbo_reads_per_month)
    said = f"{now.used:,} of {now.budget:,} reads are used this month."
    if now.level == "all":
        return Finding("quota", "ok", said)
    return Finding("quota", "warning" if now.level == "no_checks" else "wrong", said,
                   "Reads are given up step by step, checks first.", "Raise the budget or wait for the month to end (Books > Quota).")  # fmt: skip


async def _webhooks(books: Books, org_id: int) -> Finding:
    """Whether Intuit could reach us: the address beside that of the sign-in answers as only we do."""
    settings = books.settings
    if settings.qbo_webhook_verifier_token is None:
        return Finding("webhooks", "warning", "Webhooks of QuickBooks are not set up.",
                       "What somebody changes in QuickBooks is seen once a day instead of within a minute.",
                       "developer.intuit.com > your app > Webhooks: copy the verifier token into QBO_WEBHOOK_VERIFIER_TOKEN.")  # fmt: skip
    address = urlsplit(settings.qbo_redirect_uri)
    url = f"{address.scheme}://{address.netloc}/qbo/webhook"
    status = await reach.status_of_unsigned_post(books.http, url)
    if status != 400:
        said = f"answered {status}" if status is not None else "did not answer"
        return Finding("webhooks", "wrong", f"{url} {said}; an unsigned message should be refused there with 400.",
                       "What somebody changes in QuickBooks is seen once a day instead of within a minute.",
                       "Make the address reachable from outside, and QBO_REDIRECT_URI the public one.")  # fmt: skip
    return Finding("webhooks", "ok", f"{url} is reachable and asks for Intuit's signature.")


async def _stripe(books: Books) -> Finding:
    if books.settings.stripe_dev_mode:
        return Finding("stripe events", "unknown", "There is no Stripe key, so payments are simulated.")
    try:
        endpoints = await StripeGateway(books.settings).list_webhook_endpoints()
    except CrmError as error:
        return Finding("stripe events", "unknown", error.detail)
    heard: set[str] = set()
    for endpoint in endpoints:
        if endpoint.get("status") == "enabled" and str(endpoint.get("url", "")).rstrip("/").endswith(
            "/payments/webhook"
        ):
            heard |= set(endpoint.get("enabled_events", []))
    missing = [] if "*" in heard else sorted(HEARD_TYPES - heard)
    if missing:
        return Finding("stripe events", "wrong", f"Stripe does not tell us of {', '.join(missing)}.",
                       "A payment, refund or payout shows late, or never.",
                       "Stripe > Developers > Webhooks: send these events to /payments/webhook.")  # fmt: skip
    return Finding("stripe events", "ok", "Stripe tells us of every event we need.")
