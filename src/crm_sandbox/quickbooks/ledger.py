"""Double entry: what each document debits and credits, and the balances that follow from it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from crm_sandbox.packed import Packed, Packing

DocumentKey = tuple[str, str]
"""Entity name and Id of a transaction."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One line in the books, in cents of the home currency; a debit is positive, a credit negative.

    `customer_id` and `foreign_cents` (cents in the document's currency) are set on receivables, and on payables in
    journal entries, where they mean the vendor: customers and vendors share their Ids.
    """

    account_id: str
    cents: int
    customer_id: str | None = None
    foreign_cents: int = 0


Postings = tuple[Posting, ...]


class Ledger:
    """All postings of one company. Each document's postings sum to zero, hence so do the books."""

    def __init__(self) -> None:
        self.postings: Packed[DocumentKey, Postings] = Packed(_PACKING)
        self.account_cents: defaultdict[str, int] = defaultdict(int)
        self.customer_cents: defaultdict[str, int] = defaultdict(int)

    def post(self, document: DocumentKey, lines: Postings) -> Callable[[], None]:
        """Replaces what the document has posted; returns the way to take it back.

        AssertionError when debits and credits differ: that would be a bug here, never the client's doing.
        """
        assert sum(line.cents for line in lines) == 0, f"{document} does not balance: {lines}"
        before = self.postings.get(document, ())
        self._apply(before, -1)
        self._apply(lines, 1)
        if lines:
            self.postings[document] = lines
        else:
            self.postings.pop(document, None)
        return lambda: (self.post(document, before), None)[1]

    def _apply(self, lines: Postings, sign: int) -> None:
        for line in lines:
            self.account_cents[line.account_id] += sign * line.cents
            if line.customer_id:
                self.customer_cents[line.customer_id] += sign * line.foreign_cents

    def restore(self, kept: dict[DocumentKey, bytes]) -> None:
        """Takes the postings that a ledger had; balances follow from them."""
        self.postings.restore(kept)
        for lines in self.postings.unpacked():
            self._apply(lines, 1)

    def trial_balance_cents(self) -> dict[str, int]:
        """Account id to its balance, debit positive, accounts at zero left out; the values sum to zero."""
        return {account: cents for account, cents in self.account_cents.items() if cents}


def _pack(lines: Postings) -> bytes:
    """As text, because a foreign amount at an absurd rate does not fit into 64 bits."""
    return ";".join(
        f"{line.account_id},{line.cents},{line.customer_id or ''},{line.foreign_cents}" for line in lines
    ).encode()


def _unpack(packed: bytes) -> Postings:
    rows = (row.split(",") for row in packed.decode().split(";"))
    return tuple(
        Posting(account, int(cents), who or None, int(foreign)) for account, cents, who, foreign in rows
    )


_PACKING = Packing(_pack, _unpack)
