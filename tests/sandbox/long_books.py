"""One company of the QuickBooks simulator with many random documents, checked all the way: `make sandbox-books`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.sandbox.books_checked import books_without_socket, restored_elsewhere
from tests.sandbox.random_books import Random, any_setting

CHECKS = 100
"""Evenly over a run; checking all documents after each of 10,000 would take an hour."""


def run(documents: int, seed: int) -> str:
    """Writes and checks; returns what was done. AssertionError when a rule is broken."""
    dice = Random(seed)
    books = books_without_socket(dice, any_setting(dice))
    steps = checks = 0
    started = time.perf_counter()
    while (written := sum(books.random.written.values())) < documents:
        books.step()
        steps += 1
        if written * CHECKS >= documents * (checks + 1):
            books.check()
            checks += 1
    books.check()
    with tempfile.TemporaryDirectory() as folder:
        restored_elsewhere(books, Path(folder) / "sandbox.state")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(books.random.written.items()))
    refused = sum(books.refused.values())
    return (
        f"seed {seed}: {written} documents in {steps} writes ({refused} refused), {checks + 2} full checks, "
        f"{time.perf_counter() - started:.0f} s, all right\n  {books.setting}\n  {kinds}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs, each with the next seed")
    given = parser.parse_args()
    for seed in range(given.seed, given.seed + given.seeds):
        print(run(given.documents, seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
