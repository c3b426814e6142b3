"""docs/faults.md: what a person sees for each fault during each call, written from what was seen and read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.acceptance.fault_matrix import Seen
from tests.acceptance.outside_calls import ALL, FAULTS

FILE = Path(__file__).parents[2] / "docs" / "faults.md"
_OPENING = """# Each fault during each outside call

What a person sees while it lasts, for every call that leaves the product between connecting QuickBooks and the booked
payment with its fee. Written by `make faults ARGS=--write` from a run; the suite fails when a line is not true. After each fault the
same run shows: the deposit is booked, with one invoice, one payment and one charge, the fee with one expense, and the
clearing account equals what Stripe holds.

| it says | and means |
|---|---|
| went on | The call gave what was needed all the same, or it was not needed. Nobody has to know. |
| answered 5xx | Somebody waited for it and got this sentence (problem+json; the console and the portal show it) |
| waiting | The payment waits in the sync log with this sentence and is tried again by itself |
| needs_you | The payment waits for a person's Retry, with this sentence, in the sync log and the overview |
| disconnected | The payment waits; Books, overview and `/qbo/status` ask to reconnect with this sentence |
| difference | A difference with this sentence, over by itself once Stripe answers |
| job tries again, job gives up | Work beside the payment: repeated by itself; one that gave up stands under Books |

`hang` ends with a cut connection, `clock` is three hours off, `stale` reads how things stood before the last write
(only where something had been written before). Statuses come in Stripe's JSON or as the HTML of a proxy, 429 of
QuickBooks in XML; what QuickBooks' own fault codes mean is another table (`tests/integration/test_qbo_answers.py`).
"""


def write(seen: Sequence[Seen]) -> None:
    """Replaces the page with what was seen."""
    lines = [_OPENING]
    rank = {fault.name: number for number, fault in enumerate(FAULTS)}
    for call in ALL:
        by_end: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in seen:
            if one.call == call.name:
                by_end[one.state, one.sentence].add(one.fault)
        lines += [
            f"## {call.name}",
            f"`{call.method} {call.path.replace('{company}', '/v3/company/...')}`"
            + (f" `{call.query}`" if call.query else ""),
            "",
            "| fault | it says | sentence |",
            "|---|---|---|",
        ]
        rows = [
            (min(rank[name] for name in names), ", ".join(sorted(names, key=rank.__getitem__)), *end)
            for end, names in by_end.items()
        ]
        lines += [f"| {names} | {state} | {sentence} |" for _, names, state, sentence in sorted(rows)] + [""]
    FILE.write_text("\n".join(lines).rstrip() + "\n")


def read() -> dict[tuple[str, str], tuple[str, str]]:
    """(call, fault) -> (state, sentence), as the page says."""
    told: dict[tuple[str, str], tuple[str, str]] = {}
    call = ""
    for line in FILE.read_text().splitlines():
        if line.startswith("## "):
            call = line.removeprefix("## ")
        elif call and line.startswith("| ") and not line.startswith("| fault"):
            names, state, sentence = (part.strip() for part in line.strip("|").split("|"))
            told |= {(call, name): (state, sentence) for name in names.split(", ")}
    return told
