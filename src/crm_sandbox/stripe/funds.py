"""What one account holds, kept up with each movement, so that telling it needs no look at all of them."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from crm_sandbox.stripe.shapes import StripeObject


class Funds:
    """Sums in minor units by status and currency, and which movements become available when."""

    def __init__(self) -> None:
        self._sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._pending: list[tuple[int, str]] = []

    def add(self, transaction: StripeObject) -> None:
        """Counts a new balance transaction."""
        self._sums[transaction["status"], transaction["currency"]] += transaction["net"]
        if transaction["status"] == "pending":
            heapq.heappush(self._pending, (transaction["available_on"], transaction["id"]))

    def release(self, transaction: StripeObject) -> None:
        """Makes a movement available, if it is still pending."""
        if transaction["status"] == "pending":
            self._sums["pending", transaction["currency"]] -= transaction["net"]
            self._sums["available", transaction["currency"]] += transaction["net"]
            transaction["status"] = "available"

    def mature(self, now: int, named: Callable[[str], StripeObject | None]) -> None:
        """Makes available what is due by `now` (seconds since 1970); `named` finds a movement by its id."""
        while self._pending and self._pending[0][0] <= now:
            transaction = named(heapq.heappop(self._pending)[1])
            if transaction is not None:
                self.release(transaction)

    def held(self, status: str, currency: str) -> int:
        """The sum in minor units."""
        return self._sums[status, currency]

    def currencies(self) -> list[str]:
        """All that there ever was money in."""
        return sorted({currency for _, currency in self._sums})

    def snapshot(self) -> dict[str, Any]:
        """Plain data that `restore` takes."""
        return {"sums": self._sums, "pending": self._pending}

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on from a snapshot."""
        self._sums, self._pending = kept["sums"], kept["pending"]
