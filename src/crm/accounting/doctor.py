"""The connection doctor: what is wrong between us, QuickBooks and Stripe, why it matters, and how to mend it.

It reads four times at QuickBooks (company, preferences, deposit item, clearing account), six times more where something
is mapped by hand (the lists, which Books > Mapping then shows), and asks Stripe for its endpoints; it changes nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import select, text

from crm.accounting import company, connection, links, quota
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import lists, mapped
from crm.accounting.contracts.mapping import BY_NAME
from crm.accounting.documents import read_company
from crm.accounting.sync.setup import SETTING
from crm.accounting.tables import QboToken
from crm.gateways import reach
from crm.gateways.quickbooks import Call
from crm.gateways.stripe import StripeGateway
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.errors import CrmError, Refused
from crm.payments.stripe_sweeps import HEARD_TYPES

SKEW_SECONDS_MAX = 60.0
TOKEN_DAYS_MIN = 14
QUIET_DAYS_MAX = 7

State = Literal["ok", "warning", "wrong", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`why` and `mend` are empty where all is well."""

    check: str
    state: State
    what: str
    why: str = ""
    mend: str = ""


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


def worst(findings: list[Finding]) -> State:
    order: tuple[State, ...] = ("ok", "unknown", "warning", "wrong")
    return max((one.state for one in findings), key=order.index, default="ok")


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
            f"Connected to company {row.realm_id} ({row.env}), with the scope of accounting.",
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
    except CrmError as error:
        return [Finding("company", "wrong" if isinstance(error, Refused) else "unknown", error.detail,
                        "The company could not be asked.", "See the sync log for the answer.")]  # fmt: skip
    told, prefs = info.data.get("CompanyInfo", {}), preferences.data.get("Preferences", {})
    found = [_clock(info.data.get("time")), _plan(told)]
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
    found += _preferences(prefs, waiting)
    found.append(
        await _listed(
            books, access, "Item", f"deposit_item:{books.settings.qbo_item_name_deposit}", "deposit item"
        )
    )
    found.append(await _listed(books, access, "Account", "stripe_clearing", "clearing account"))
    return found + await _mapping(books, access, settings.home_currency)


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


def _preferences(prefs: dict[str, Any], waiting_since: datetime | None) -> list[Finding]:
    found = []
    closed = str(prefs.get("AccountingInfoPrefs", {}).get("BookCloseDate") or "")
    oldest = (waiting_since or clock.now()).date()
    if closed and date.fromisoformat(closed[:10]) >= oldest:
        found.append(Finding("closing date", "wrong", f"The books are closed until {closed[:10]}.",
                             "What is dated until then is refused (6210), as what waits now is.",
                             "Move the closing date in QuickBooks, or give what waits another date (Books > Needs you)."))  # fmt: skip
    else:
        found.append(
            Finding("closing date", "ok", f"Closed until {closed[:10]}." if closed else "No date is closed.")
        )
    sales = prefs.get("SalesFormsPrefs", {})
    if sales.get("AutoApplyCredit"):
        found.append(Finding("preferences", "warning", "QuickBooks applies credits to invoices by itself.",
                             "A deposit's invoice may be paid by an old credit, and its own payment stay unapplied.",
                             "Account and settings > Advanced > Automation: turn off applying credits."))  # fmt: skip
    elif prefs.get("TaxPrefs", {}).get("PartnerTaxEnabled"):
        found.append(Finding("preferences", "warning", "QuickBooks calculates sales tax by itself.",
                             "If the deposit item is taxable, an invoice comes out higher than what was paid.",
                             "Make the deposit item non-taxable in QuickBooks."))  # fmt: skip
    else:
        found.append(Finding("preferences", "ok", "Nothing in the preferences is in the way."))
    return found


async def _listed(books: Books, access: Access, entity: links.Entity, local_id: str, name: str) -> Finding:
    """An item or account that we linked is still there and active."""
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, entity, SETTING, local_id)
    if known is None:
        return Finding(name, "ok", f"The {name} is found or made with the first payment.")
    try:
        path = f"{entity.lower()}/{known.qbo_id}"
        answer = await company.ask(books, access.org_id, Call("GET", path, f"check_{entity.lower()}"))
    except CrmError as error:
        return Finding(name, "wrong" if isinstance(error, Refused) else "unknown", error.detail,
                       f"Every posting needs the {name}.", "Make it active in QuickBooks, or choose another in Books > Mapping.")  # fmt: skip
    if answer.data.get(entity, {}).get("Active") is False:
        return Finding(name, "wrong", f"The {name} “{known.name}” is inactive in QuickBooks.", "Every posting needs it.",
                       "Make it active there, or choose another in Books > Mapping.")  # fmt: skip
    return Finding(name, "ok", f"The {name} “{known.name}” is there and active.")


async def _mapping(books: Books, access: Access, home_currency: str) -> list[Finding]:
    """Whether everything that somebody chose in Books > Mapping is still there, active and of the right kind."""
    async with books.db.transaction(access.org_id) as session:
        chosen = (await mapped.mapping_of(session, access.org_id, access.realm_id)).of
    if not chosen:
        return [
            Finding("mapping", "ok", "Nothing is chosen by hand; what a document needs is found or made.")
        ]
    try:
        await lists.refresh(books, access)
    except CrmError as error:
        return [Finding("mapping", "unknown", error.detail)]
    async with books.db.transaction(access.org_id) as session:
        there, _ = await lists.kept(session, access.org_id, access.realm_id)
    found = []
    for (name, key), one in sorted(chosen.items()):
        slot = BY_NAME[name]
        problem = lists.problem(slot, there, one.qbo_id, lists.wanted_currency(key, home_currency))
        if problem is not None:
            where = f"{slot.title} ({key.replace(':', ': ')})" if key else slot.title
            found.append(Finding(f"mapping of {where}", "wrong", problem, "Documents that need it are refused.",
                                 f"Books > Mapping > {slot.title}."))  # fmt: skip
    return found or [Finding("mapping", "ok", f"All that was chosen ({len(chosen)}) is there and fits.")]


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
