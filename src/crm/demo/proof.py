"""The demo's proof: every payment to the cent in our database, at Stripe and in QuickBooks, nothing missing or extra."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from crm.demo.doors import Doors, Item, StoryFailed
from crm.kit.money import format_money, from_decimal

BOOKED_SECONDS_MAX = 30.0
POLL_SECONDS = 0.1
SHOWN_MAX = 5
# Payments of dev mode never were at Stripe; payouts and refunds arrive when their banks say so.
SETTLED_IN_A_DEMO = frozenset({"simulated", "in_transit", "refund_under_way", "cancels_out"})
FORGOTTEN = (
    "The simulators' memory (sandbox.state in CRM_DATA_DIR) and our database tell of different pasts; one of "
    "them was removed or is of another place. `make clean` starts both afresh."
)


async def reconcile(doors: Doors) -> str:
    """The three figures in a sentence that ends with `unexplained $0.00`; raises StoryFailed when they differ.

    A payment simulated in dev mode never was at Stripe, so there only ours and the books are compared.
    """
    await until_all_booked(doors)
    overview = await doors.call("GET", "/overview")
    payments, postings = await doors.paid_payments(), await doors.postings()
    intents, invoices, received = (
        await doors.intents(),
        await doors.books("Invoice"),
        await doors.books("Payment"),
    )
    unlike: list[str] = []
    sums: Counter[str] = Counter()
    for payment in payments:
        ours, currency = payment["amount_minor"], payment["currency"]
        posting = postings.get(payment["id"], {})
        invoice = invoices.pop(str(posting.get("qbo_invoice_id")), None)
        figures = {
            "ours": ours,
            "books": _minor(received.pop(str(posting.get("qbo_payment_id")), None), "TotalAmt", currency),
        }
        if payment["simulated"]:
            figures["simulated"] = ours
        else:
            intent = intents.pop(str(payment["stripe_payment_intent"]), None)
            figures["stripe"] = intent["amount_received"] if intent else None
        whole = {*figures.values(), _minor(invoice, "TotalAmt", currency)} == {ours}
        if not whole or _minor(invoice, "Balance", currency) != 0:
            said = ", ".join(f"{side} {_told(minor, currency)}" for side, minor in figures.items())
            unlike.append(f"proposal {payment['proposal_id']}: {said}, invoice {_invoice(invoice)}")
        if currency == overview["currency"]:
            sums.update({side: minor or 0 for side, minor in figures.items()})
    extra = [
        f"Stripe took {_told(one['amount_received'], one['currency'].upper())} ({one['id']})"
        for one in intents.values()
    ]
    extra += [f"QuickBooks holds invoice {_invoice(one)}" for one in invoices.values()]
    extra += [f"QuickBooks holds payment {one['Id']} over {one['TotalAmt']}" for one in received.values()]
    unlike += [f"{one}, of which we know nothing" for one in extra]
    if sums["ours"] != overview["payments"]["amount_minor"]:
        unlike.append(
            f"the overview counts {_told(overview['payments']['amount_minor'], overview['currency'])}"
        )
    if not payments:
        unlike.append("nothing is paid")
    said = _sentence(sums, overview["currency"])
    if not unlike:
        unlike = await _differing(doors)
    if unlike:
        raise StoryFailed(f"{said}; unexplained: {_some(unlike)}. {FORGOTTEN if extra else ''}".rstrip())
    return f"{said}: unexplained $0.00"


async def _differing(doors: Doors) -> list[str]:
    """What the product's own reconciliation finds over fees, refunds, disputes and payouts too, once nothing waits."""
    yesterday = datetime.now(UTC).date() - timedelta(
        days=1
    )  # the company's month may not have begun in UTC's
    period = {
        "from_day": yesterday.replace(day=1).isoformat(),
        "to_day": datetime.now(UTC).date().isoformat(),
    }
    deadline = time.monotonic() + BOOKED_SECONDS_MAX
    while True:
        run = await doors.call("POST", "/reconciliations", json=period)
        while run["state"] == "running" and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            run = await doors.call("GET", f"/reconciliations/{run['id']}")
        if run["state"] != "done":
            return [f"the reconciliation is {run['state']}: {run['problem'] or 'it takes too long'}"]
        causes = [one for one in run["figures"]["causes"] if one["cause"] not in SETTLED_IN_A_DEMO]
        if not causes:
            return []
        if time.monotonic() > deadline:
            return [
                f"{one['lines']} movements, {format_money(one['size_minor'], one['currency'])}: {one['sentence']}"
                for one in causes
            ]
        await asyncio.sleep(POLL_SECONDS)  # fees and what else is on its way into the books


async def check_memory(doors: Doors) -> None:
    """What our database says is paid and booked, the simulators must know; raises StoryFailed when they do not."""
    intents = await doors.intents()
    missing = [
        f"Stripe's payment {payment['stripe_payment_intent']}"
        for payment in await doors.paid_payments()
        if not payment["simulated"] and payment["stripe_payment_intent"] not in intents
    ]
    postings = (await doors.postings()).values()
    for entity, key in (("Invoice", "qbo_invoice_id"), ("Payment", "qbo_payment_id")):
        held = await doors.books(entity)
        missing += [
            f"QuickBooks' {entity.lower()} {posting[key]} of proposal {posting['proposal_id']}"
            for posting in postings
            if posting[key] not in held
        ]
    if missing:
        raise StoryFailed(
            f"the simulators do not know {_some(missing)}, which our database knows. {FORGOTTEN}"
        )


async def until_all_booked(doors: Doors) -> None:
    """Waits for what is still on its way; raises StoryFailed when something needs a person or takes too long."""
    deadline = time.monotonic() + BOOKED_SECONDS_MAX
    while True:
        money = (await doors.call("GET", "/overview"))["payments"]
        if money["needs_you_count"]:
            stuck = (await doors.postings("needs_you")).values()
            raise StoryFailed(_some([f"proposal {one['proposal_id']}: {one['problem']}" for one in stuck]))
        if not money["waiting_count"]:
            return
        if time.monotonic() > deadline:
            raise StoryFailed(
                f"{money['waiting_count']} payments wait for the books since {BOOKED_SECONDS_MAX:.0f} s"
            )
        await asyncio.sleep(POLL_SECONDS)


def _sentence(sums: Counter[str], currency: str) -> str:
    money = {side: format_money(sums[side], currency) for side in ("stripe", "simulated", "ours", "books")}
    simulated = (
        f" plus {money['simulated']} simulated in dev mode, not at Stripe" if sums["simulated"] else ""
    )
    return f"Stripe {money['stripe']}{simulated}, ours {money['ours']}, QuickBooks {money['books']}"


def _minor(document: Item | None, field: str, currency: str) -> int | None:
    return from_decimal(Decimal(str(document[field])), currency) if document else None


def _told(minor: int | None, currency: str) -> str:
    return "missing" if minor is None else format_money(minor, currency)


def _invoice(document: Item | None) -> str:
    return (
        f"{document['Id']} over {document['TotalAmt']}, open {document['Balance']}" if document else "missing"
    )


def _some(sentences: list[str]) -> str:
    more = len(sentences) - SHOWN_MAX
    return "; ".join(sentences[:SHOWN_MAX]) + (f"; and {more} more" if more > 0 else "")
