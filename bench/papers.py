"""How long a paper takes to make, from its data to its bytes, and what that does to the memory of who asks.

`make bench-papers`; `ARGS="--keep FOLDER"` leaves the papers there to be looked at. Each is made alone, as a request
makes it: a process of its own starts, sets the paper and ends. No database: what a query costs is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psutil

from crm.activity.tables import ActivityEntry
from crm.customers.tables import Customer
from crm.identity.tables import Org
from crm.papers import payment_papers, proposal_paper
from crm.papers.paper import Paper
from crm.papers.typesetting import typeset
from crm.payments.tables import Payment
from crm.proposals.content import Content
from crm.proposals.tables import Approval, LineItem, Milestone, Proposal, ProposalOption

P95_MS_MAX = 300.0
WHEN = datetime(2026, 11, 20, 16, 5, 9, tzinfo=UTC)
HASH = "5f3c" * 16
WORK = (
    ("Tear-off and disposal", "Two layers of old shingles, all flashing, one container.", "Roof", "32", "SQ", 8_500),
    ("Architectural shingles", "GAF Timberline HDZ, charcoal, 50-year warranty.", "Roof", "32", "SQ", 21_500),
    ("Ice and water shield", "Eaves and valleys, six feet from the edge.", "Roof", "420", "ft", 425),
    ("Ridge vent", "", "Ventilation", "64", "ft", 950),
    ("Seamless gutters", "Six inches, white, with downspouts.", "Gutters", "180", "ft", 1_150),
)  # fmt: skip


def world(lines: int, *, options: int = 3, signed: bool = False, language: str = "en") -> Content:
    """A proposal of so many lines, with a good, a better and a best option."""
    address = {
        "line1": "1200 Larimer St",
        "city": "Denver",
        "state": "CO",
        "postal_code": "80204",
        "country": "US",
    }
    org = Org(
        id=1, name="PeakPro Roofing", currency="USD", time_zone="America/Denver", email="office@peakpro.example",
        phone="+1 303 555 0100", address=address, brand_color="#1f5fae", deposit_percent=30, right_to_cancel=True,
    )  # fmt: skip
    customer = Customer(
        org_id=1, id=1, name="Elena Hartley", billing_address=address | {"line1": "88 Alder Ct"}
    )
    proposal = Proposal(
        org_id=1, id=7, number=7, version=2, customer_id=1, language=language, title="Roof and gutters",
        introduction="Thank you for having us on your roof. This is what we would do, and what it costs.",
        terms="We begin within three weeks of the deposit.\n\n" + "Permits and clean-up are included. " * 20,
        status="approved" if signed else "sent", currency="USD", valid_until=date(2026, 12, 20), deposit_percent=30,
        selected_option_id=2 if signed and options else None, selected_line_ids=[], changes_minor=0,
        content_hash=HASH, sent_at=WHEN, updated_at=WHEN,
    )  # fmt: skip
    rows = [
        LineItem(
            org_id=1, id=n + 1, proposal_id=7, option_id=None, position=n, section=WORK[n % 5][2],
            name=WORK[n % 5][0], description=WORK[n % 5][1], quantity=Decimal(WORK[n % 5][3]), unit=WORK[n % 5][4],
            unit_price_minor=WORK[n % 5][5], tax_percent=Decimal("8.81"), optional=n % 5 == 4, preselected=False,
            discount_percent=Decimal(10 if n % 5 == 1 else 0), discount_minor=0,
        )
        for n in range(lines)
    ]  # fmt: skip
    offered = [
        ProposalOption(
            org_id=1, id=n + 1, proposal_id=7, position=n, name=name, description="A longer warranty."
        )
        for n, name in enumerate(("Good", "Better", "Best")[:options])
    ]
    rows += [
        LineItem(
            org_id=1, id=10_000 + one.id, proposal_id=7, option_id=one.id, position=one.id, section="",
            name=f"Warranty {one.name}", description="", quantity=Decimal(1), unit="", unit_price_minor=40_000 * one.id,
            tax_percent=Decimal(0), optional=False, preselected=False, discount_percent=Decimal(0), discount_minor=0,
        )
        for one in offered
    ]  # fmt: skip
    steps = [Milestone(org_id=1, id=1, proposal_id=7, position=0, name="Dried in", percent=Decimal(40))]
    approval = Approval(
        org_id=1, id=1, proposal_id=7, option_id=2 if options else None, line_ids=[5], signer_name="Elena Hartley",
        signature_kind="drawn", signature_path="M40 150 L90 40 L150 160 L230 60 L310 150 L450 50",
        consent="I have read this proposal and agree to sign it electronically.", language=language, approved_at=WHEN,
        ip="203.0.113.7", user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", content_hash=HASH,
    )  # fmt: skip
    content = Content(
        proposal=proposal, org=org, customer=customer, options=offered, lines=rows, milestones=steps, files=[],
        approval=approval if signed else None, deposit_law=None,
    )  # fmt: skip
    if signed:
        proposal.selected_line_ids = [5]
    proposal.total_minor = content.headline().total_minor
    return content


def papers() -> dict[str, Callable[[], Paper]]:
    entry = ActivityEntry(id=41, org_id=1, seq=41, event="approve", meta={}, hash=b"\x5a" * 32)
    signed = world(12, signed=True)
    paid = Payment(
        org_id=1, id=3, proposal_id=7, part="deposit", name="Deposit", amount_minor=384_025, currency="USD",
        state="paid", paid_at=WHEN, due_at=WHEN, created_at=WHEN, updated_at=WHEN, simulated=False,
        stripe_payment_intent="pi_3NRz",
    )  # fmt: skip
    return {
        "proposal": lambda: proposal_paper.offer(world(12), 30),
        "proposal in Spanish": lambda: proposal_paper.offer(world(12, language="es"), 30),
        "signed proposal": lambda: proposal_paper.signed(signed, entry, 30),
        "receipt": lambda: payment_papers.receipt(signed, paid, [paid]),
        "invoice": lambda: payment_papers.invoice(signed, paid, "1042"),
        "proposal of 200 lines": lambda: proposal_paper.offer(world(200), 30),
    }


async def measure(rounds: int, keep: Path | None) -> bool:
    """Prints a line for each paper; False when one that people wait for takes too long."""
    own = psutil.Process()
    before = own.memory_info().rss
    good = True
    for name, make in papers().items():
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            pdf = await typeset(make())
            times.append((time.perf_counter() - began) * 1000)
        p95 = statistics.quantiles(times, n=20)[18]
        good = good and p95 <= P95_MS_MAX
        print(
            f"{name:24} p50 {statistics.median(times):6.0f} ms   p95 {p95:6.0f} ms   {len(pdf) // 1000:4} kB"
        )
        if keep is not None:
            (keep / f"{name}.pdf").write_bytes(pdf)
    grown = (own.memory_info().rss - before) / 1e6
    print(f"the asking process grew by {grown:.1f} MB in {rounds * len(papers())} papers")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="a folder for the papers themselves")
    given = parser.parse_args()
    return 0 if asyncio.run(measure(given.rounds, given.keep)) else 1


if __name__ == "__main__":
    sys.exit(main())
