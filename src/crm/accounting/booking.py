"""What is to be booked, and what the lane must know of each kind of it; a kind is one file in `sync/`.

A posting's `subject` names the row it stands for as the links do: "payment:12", "refund:re_x", "proposal:7",
"balance:txn_x", "payout:po_x". One posting per kind and subject.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from crm.accounting.context import Books


@dataclass(frozen=True, slots=True)
class Taken:
    """A posting that this run holds under `lease`. Amount in minor units of `currency`."""

    id: int
    kind: str
    subject: str
    payment_id: int | None
    proposal_id: int | None
    amount_minor: int
    currency: str
    created_at: datetime
    attempts: int
    lease: str
    more_due: bool

    @property
    def local_id(self) -> str:
        """The subject without its first word: "re_x" of "refund:re_x"."""
        return self.subject.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Booked:
    """What stands in the books for a payment. `created` is False when it stood there before."""

    invoice_id: str
    payment_id: str
    created: bool


Post = Callable[[Books, int, Taken], Awaitable[Booked | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of posting.

    `missing` is a SELECT of (subject, payment_id, proposal_id, amount_minor, currency, next_attempt_at) over
    everything of :org that is to be booked (`:now` is at hand); what has its posting already is left out for it.
    `after` is a condition on the posting `p` that holds when what must come before it stands in the books.
    `begin` is a statement over :org that runs before. `entities` are QuickBooks' words for the documents it makes (a return
    of a refund: one of the two), linked under its subject.
    `papers_only`: it moves no money, so it goes after all that does, and its failure rests nothing but itself.
    """

    name: str
    missing: str
    post: Post
    entities: tuple[str, ...]
    after: str = "true"
    begin: str | None = None
    papers_only: bool = False
