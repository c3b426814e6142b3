"""A proposal with everything that belongs to it, its prices, and the hash of what the customer sees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.customers.tables import Customer
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.database import Big, get_own
from crm.proposals import lifecycle, pricing
from crm.proposals.tables import Approval, LineItem, Proposal, ProposalOption

# Old hashes are checked with the form of their time; a new form gets a new number.
HASH_VERSION = 1


@dataclass(frozen=True, slots=True)
class Content:
    """A proposal and its parts, each list in the order in which it is shown."""

    proposal: Proposal
    org: Org
    customer: Customer
    options: Sequence[ProposalOption]
    lines: Sequence[LineItem]
    approval: Approval | None

    @property
    def common_lines(self) -> list[LineItem]:
        """The lines that are part of every option."""
        return [line for line in self.lines if line.option_id is None]

    def own_lines(self, option_id: int) -> list[LineItem]:
        """The lines of one option alone."""
        return [line for line in self.lines if line.option_id == option_id]

    def totals(self, option_id: int | None) -> pricing.Totals:
        """What it costs with this option; with None, what it costs when there are no options."""
        lines = self.common_lines + (self.own_lines(option_id) if option_id is not None else [])
        return pricing.totals(lines, self.proposal.currency)

    def headline_option_id(self) -> int | None:
        """The option whose price stands at the top: the chosen one, until then the first.

        The first, because the contractor decides what to offer first; the cheapest would often be a teaser.
        """
        if self.proposal.selected_option_id is not None:
            return self.proposal.selected_option_id
        return self.options[0].id if self.options else None

    def headline(self) -> pricing.Totals:
        return self.totals(self.headline_option_id())

    def deposit_minor(self, total_minor: int, default_percent: int) -> int:
        return deposit_minor(self.proposal, self.org, total_minor, default_percent)

    def status(self) -> lifecycle.Status:
        return status_today(self.proposal, self.org)


async def load(session: AsyncSession, org_id: int, proposal_id: int, *, lock: bool = False) -> Content:
    """The proposal with its parts. Raises NotFound. With `lock` nobody else changes it until the commit."""
    proposal = await get_own(session, Proposal, proposal_id, org_id, lock=lock)
    org = await session.get_one(Org, org_id)
    customer = await get_own(session, Customer, proposal.customer_id, org_id)
    own = {"org_id": org_id, "proposal_id": proposal_id}
    options = (await session.scalars(_of(ProposalOption, own).order_by(ProposalOption.position))).all()
    lines = (await session.scalars(_of(LineItem, own).order_by(LineItem.position, LineItem.id))).all()
    approval = (await session.scalars(_of(Approval, own))).one_or_none()
    return Content(proposal, org, customer, options, lines, approval)


def _of(table: Any, own: dict[str, int]) -> Any:
    return select(table).filter_by(**own)


def store_totals(proposal: Proposal, totals: pricing.Totals) -> None:
    """Keeps the price in the row: lists, checkout and books read it there."""
    proposal.subtotal_minor = Big(totals.subtotal_minor)
    proposal.tax_minor = Big(totals.tax_minor)
    proposal.total_minor = Big(totals.total_minor)


def deposit_minor(proposal: Proposal, org: Org, total_minor: int, default_percent: int) -> int:
    """What is due on approval of `total_minor`: by the proposal's rule, the org's, or DEPOSIT_PERCENT."""
    rule = pricing.deposit_rule(
        proposal.deposit_percent, proposal.deposit_minor, org.deposit_percent, default_percent
    )
    return pricing.deposit(total_minor, proposal.currency, rule)


def status_today(proposal: Proposal, org: Org) -> lifecycle.Status:
    """The status as it counts now: an open proposal past its date is expired, whatever is stored."""
    return lifecycle.effective(proposal.status, proposal.valid_until, today(org))


def today(org: Org) -> date:
    """The contractor's date: an offer "until Friday" ends with Friday where they work."""
    return clock.now().astimezone(ZoneInfo(org.time_zone)).date()


def content_hash(content: Content) -> str:
    """SHA-256 over the canonical JSON of what the customer is shown and would sign."""
    return hashlib.sha256(orjson.dumps(_canonical(content), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _canonical(content: Content) -> dict[str, Any]:
    proposal = content.proposal
    return {
        "hash_version": HASH_VERSION,
        "proposal": proposal.id,
        "title": proposal.title,
        "introduction": proposal.introduction,
        "terms": proposal.terms,
        "currency": proposal.currency,
        "valid_until": proposal.valid_until.isoformat() if proposal.valid_until else None,
        "deposit": {"percent": proposal.deposit_percent, "amount_minor": proposal.deposit_minor},
        "lines": [_canonical_line(line) for line in content.common_lines],
        "options": [
            {
                "id": option.id,
                "name": option.name,
                "description": option.description,
                "lines": [_canonical_line(line) for line in content.own_lines(option.id)],
                **_canonical_totals(content.totals(option.id)),
            }
            for option in content.options
        ],
        **({} if content.options else _canonical_totals(content.totals(None))),
    }


def _canonical_line(line: LineItem) -> dict[str, Any]:
    return {
        "name": line.name,
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit": line.unit,
        "unit_price_minor": line.unit_price_minor,
        "tax_percent": plain(line.tax_percent),
        "amount_minor": pricing.line_amount(line),
    }


def _canonical_totals(totals: pricing.Totals) -> dict[str, int]:
    return {
        "subtotal_minor": totals.subtotal_minor,
        "tax_minor": totals.tax_minor,
        "total_minor": totals.total_minor,
    }


def plain(number: Decimal) -> str:
    """A decimal as people write it: 1.500 -> "1.5", 20.000 -> "20"."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
