"""How long a paid deposit takes from the webhook's commit to QuickBooks, and what it costs in calls outside.

The whole product runs (API, one worker, the simulators); several companies are connected and have booked a
deposit before, so their customer, item and accounts are linked. Deposits then come at a steady rate below
each company's limit. `make bench-pipeline ARGS="--rate 10"`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench.companies import Companies, companies
from bench.deposits import Deposit
from bench.load import Measured
from bench.stack import NotMeasured

AIM_P50_MS, AIM_P99_MS = 50.0, 250.0
AIM_WRITES, AIM_READS = 2.0, 0.0
DEPOSITS_PER_ROUND_MAX = 400  # two calls each must fit into the simulator's log of 1,000
_CALL = re.compile(r"/v3/company/\d+/(\w+)")


@dataclass
class Found:
    """Latencies in milliseconds from the moment the event was committed, and calls by kind."""

    to_invoice_ms: list[float] = field(default_factory=list)
    to_payment_ms: list[float] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    deposits: int = 0

    def add(self, stack: Companies, deposits: list[Deposit], calls: list[dict[str, Any]]) -> None:
        self.deposits += len(deposits)
        committed = _committed_at(stack)
        for call in calls:
            kind = _kind(call)
            self.calls[kind] += 1
            wanted = {"write invoice": self.to_invoice_ms, "write payment": self.to_payment_ms}.get(kind)
            session_id = _SESSION.search(call["request_body"])
            if wanted is not None and session_id and session_id[0] in committed:
                wanted.append((_moment(call["at"]) - committed[session_id[0]]) * 1000)


_SESSION = re.compile(r"cs_test_\w+")


def measure(count: int, rate: float, per_company: int) -> int:
    """Runs everything and prints the figures; returns 1 when a deposit is not booked exactly once."""
    found = Found()
    with companies(count) as stack:
        stack.pay(1, rate)  # customer, item and accounts are made and linked by the first deposit of each
        stack.wait_until_booked()
        left = per_company
        while left > 0:
            part = min(left, max(1, DEPOSITS_PER_ROUND_MAX // count))
            seen = max((call["number"] for call in stack.outside_calls()), default=0)
            deposits, measured = stack.pay(part, rate)
            stack.wait_until_booked()
            found.add(stack, deposits, stack.outside_calls(seen))
            left -= part
        wrong = _wrong(stack, found)
    _print(found, rate, count, measured)
    print("every deposit stands in the books once" if not wrong else "; ".join(wrong))
    return 1 if wrong else 0


def _wrong(stack: Companies, found: Found) -> list[str]:
    wrong = []
    if len(found.to_invoice_ms) != found.deposits:
        wrong.append(f"{found.deposits} deposits, but {len(found.to_invoice_ms)} invoice requests")
    row = stack.owner.execute(
        "SELECT (SELECT count(*) FROM payments WHERE state = 'paid'), "
        "(SELECT count(DISTINCT (org_id, local_id)) FROM qbo_links WHERE entity = 'Invoice'), "
        "(SELECT count(DISTINCT (org_id, local_id)) FROM qbo_links WHERE entity = 'Payment')"
    ).fetchone()
    if row is None or len(set(row)) != 1:
        wrong.append(f"payments, linked invoices, linked payments: {row}")
    return wrong


def _kind(call: dict[str, Any]) -> str:
    """What a call outside was: "write invoice", "read query", ..."""
    found = _CALL.match(call["path"])
    if found is None:
        return f"other {call['method']} {call['path']}"
    return f"{'read' if call['method'] == 'GET' else 'write'} {found[1]}"


def _committed_at(stack: Companies) -> dict[str, float]:
    """By session: when its event was handled, written in the last statement before the commit (so the
    latencies hold the commit itself)."""
    rows = stack.owner.execute(
        "SELECT substring(convert_from(body, 'UTF8') FROM 'cs_test_\\w+'), handled_at FROM inbox_events"
    ).fetchall()
    return {session_id: moment.timestamp() for session_id, moment in rows if moment is not None}


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def _print(found: Found, rate: float, count: int, webhook: Measured) -> None:
    print(f"{found.deposits} deposits of {count} companies at {rate:g} a second")
    print(f"{'':<34}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for name, latencies in (
        ("webhook, from due to answered", [s * 1000 for s in webhook.latencies]),
        ("commit to invoice request", found.to_invoice_ms),
        ("commit to payment request", found.to_payment_ms),
    ):
        print(f"{name:<34}{_at(latencies, 50):>9.1f}{_at(latencies, 99):>9.1f}{_at(latencies, 100):>9.1f}")
    print(f"aim for the invoice request: p50 under {AIM_P50_MS:.0f} ms, p99 under {AIM_P99_MS:.0f} ms")
    print("calls outside per deposit:")
    for kind, calls in sorted(found.calls.items()):
        print(f"  {kind:<32}{calls / max(1, found.deposits):>9.2f}")
    writes = sum(calls for kind, calls in found.calls.items() if kind.startswith("write"))
    reads = sum(calls for kind, calls in found.calls.items() if kind.startswith("read"))
    total = max(1, found.deposits)
    print(
        f"  writes {writes / total:.2f} (aim {AIM_WRITES:g}), reads {reads / total:.2f} (aim {AIM_READS:g})"
    )


def _at(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--companies", type=int, default=8)
    parser.add_argument(
        "--rate", type=float, default=8.0, help="deposits a second, of all companies together"
    )
    parser.add_argument("--deposits", type=int, default=30, help="of each company")
    given = parser.parse_args()
    try:
        return measure(given.companies, given.rate, given.deposits)
    except NotMeasured as error:
        print(f"not measured: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
