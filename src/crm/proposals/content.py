"""A proposal with everything that belongs to it, its prices, and the hash of what the customer sees."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.customers.tables import Customer
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.database import Big, get_own
from crm.kit.money import plain
from crm.law.business_days import last_day_to_cancel
from crm.law.cancellation_notice import FORM, STATEMENT, Notice, notice
from crm.law.deposit_caps import DepositRule, Finding
from crm.law.deposit_caps import findings as law_findings
from crm.law.own_rules import rule_at
from crm.proposals import lifecycle, pricing, schedule
from crm.proposals.attached_files import AttachedFile, files_of
from crm.proposals.tables import Approval, LineItem, Milestone, Proposal, ProposalOption

# Old hashes are checked with the form of their time; a new form gets a new number.
HASH_VERSION = 4
HASH_VERSIONS = (4, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Content:
    """A proposal and its parts, each list in the order in which it is shown."""

    proposal: Proposal
    org: Org
    customer: Customer
    options: Sequence[ProposalOption]
    lines: Sequence[LineItem]
    milestones: Sequence[Milestone]
    files: Sequence[AttachedFile]
    approval: Approval | None
    deposit_law: DepositRule | None

    @property
    def common_lines(self) -> list[LineItem]:
        """The lines that are part of every option."""
        return [line for line in self.lines if line.option_id is None]

    def own_lines(self, option_id: int) -> list[LineItem]:
        """The lines of one option alone."""
        return [line for line in self.lines if line.option_id == option_id]

    def offered(self, option_id: int | None) -> list[LineItem]:
        """All lines that somebody who takes this option can have, the optional ones too."""
        return self.common_lines + (self.own_lines(option_id) if option_id is not None else [])

    def totals(self, option_id: int | None, ticked: Collection[int] | None = None) -> pricing.Totals:
        """What it costs with this option and the optional lines of these ids (None: `ticked_lines`).

        `option_id` is None when there are no options.
        """
        wanted = self.ticked_lines() if ticked is None else ticked
        lines = [line for line in self.offered(option_id) if not line.optional or line.id in wanted]
        return pricing.totals(lines, self.proposal.currency)

    def ticked_lines(self) -> list[int]:
        """The optional lines that count: those approved; until then those that are preselected."""
        if self.approval is not None:
            return self.proposal.selected_line_ids
        return [line.id for line in self.lines if line.optional and line.preselected]

    def smallest_total(self) -> int:
        """The least that may be approved: the cheapest option without anything optional."""
        return min(self.totals(option_id, ()).total_minor for option_id in self.choices())

    def choices(self) -> list[int | None]:
        """The options' ids; None alone when there are none."""
        return [option.id for option in self.options] or [None]

    def headline_option_id(self) -> int | None:
        """The option whose price stands at the top: the chosen one, until then the first.

        The first, because the contractor decides what to offer first; the cheapest would often be a teaser.
        """
        if self.proposal.selected_option_id is not None:
            return self.proposal.selected_option_id
        return self.options[0].id if self.options else None

    def headline(self) -> pricing.Totals:
        return self.totals(self.headline_option_id())

    def deposit_rule(self, default_percent: int) -> pricing.DepositRule:
        return deposit_rule(self.proposal, self.org, default_percent)

    def schedule(self, total_minor: int, default_percent: int) -> list[schedule.Part]:
        """Deposit, milestones and final balance of such a total. Raises Invalid when they are more than it."""
        rule = self.deposit_rule(default_percent)
        return schedule.plan(total_minor, self.proposal.currency, rule, self.milestones)

    def findings(self, default_percent: int) -> list[Finding]:
        """What contract law may not allow about the deposit, whatever option and extras are chosen."""
        rule = self.deposit_rule(default_percent)
        choices = [
            self.totals(option_id, ticked).total_minor
            for option_id in self.choices()
            for ticked in ((), [line.id for line in self.offered(option_id)])
        ]
        currency = self.proposal.currency
        asked = [(pricing.deposit(total, currency, rule), total) for total in choices]
        return law_findings(self.deposit_law, asked, currency)

    @property
    def right_to_cancel(self) -> bool:
        """Whether the contract carries the three-business-day right: its own switch, else the company's."""
        own = self.proposal.right_to_cancel
        return self.org.right_to_cancel if own is None else own

    def cancellation(self) -> Notice | None:
        """The statement and form to cancel with, with their dates once it is signed; None without the right."""
        if not self.right_to_cancel:
            return None
        signed_at = self.approval.approved_at if self.approval else None
        signed_on = signed_at.astimezone(ZoneInfo(self.org.time_zone)).date() if signed_at else None
        return notice(
            self.proposal.language,
            self.org.name,
            self.org.address,
            signed_on,
            last_day_to_cancel(signed_on) if signed_on else None,
        )

    def status(self) -> lifecycle.Status:
        return status_today(self.proposal, self.org)


async def load(session: AsyncSession, org_id: int, proposal_id: int, *, lock: bool = False) -> Content:
    """The proposal with its parts. Raises NotFound. With `lock` nobody else changes it until the commit."""
    proposal = await get_own(session, Proposal, proposal_id, org_id, lock=lock)
    org = await session.get_one(Org, org_id)
    customer = await get_own(session, Customer, proposal.customer_id, org_id)
    own: dict[str, Any] = {"org_id": org_id, "proposal_id": proposal_id}
    options = (await session.scalars(_of(ProposalOption, own).order_by(ProposalOption.position))).all()
    lines = (await session.scalars(_of(LineItem, own).order_by(LineItem.position, LineItem.id))).all()
    milestones = (await session.scalars(_of(Milestone, own).order_by(Milestone.position))).all()
    files = await files_of(session, org_id, proposal_id)
    law = await rule_at(session, org_id, customer.site_address or customer.billing_address)
    approval = (await session.scalars(_of(Approval, own | {"change_order_id": None}))).one_or_none()
    return Content(proposal, org, customer, options, lines, milestones, files, approval, law)


def _of(table: Any, own: dict[str, Any]) -> Any:
    return select(table).filter_by(**own)


def store_totals(proposal: Proposal, totals: pricing.Totals) -> None:
    """Keeps the price in the row: lists, checkout and books read it there."""
    proposal.subtotal_minor = Big(totals.subtotal_minor)
    proposal.tax_minor = Big(totals.tax_minor)
    proposal.total_minor = Big(totals.total_minor)


def deposit_minor(proposal: Proposal, org: Org, total_minor: int, default_percent: int) -> int:
    """What is due on approval of `total_minor`: by the proposal's rule, the org's, or DEPOSIT_PERCENT."""
    return pricing.deposit(total_minor, proposal.currency, deposit_rule(proposal, org, default_percent))


def deposit_rule(proposal: Proposal, org: Org, default_percent: int) -> pricing.DepositRule:
    return pricing.deposit_rule(
        proposal.deposit_percent, proposal.deposit_minor, org.deposit_percent, default_percent
    )


def status_today(proposal: Proposal, org: Org) -> lifecycle.Status:
    """The status as it counts now: an open proposal past its date is expired, whatever is stored."""
    return lifecycle.effective(proposal.status, proposal.valid_until, today(org))


def today(org: Org) -> date:
    """The contractor's date: an offer "until Friday" ends with Friday where they work."""
    return clock.now().astimezone(ZoneInfo(org.time_zone)).date()


def content_hash(content: Content, version: int = HASH_VERSION) -> str:
    """SHA-256 over the canonical JSON of what the customer is shown and would sign."""
    form = _canonical(content, version)
    return hashlib.sha256(orjson.dumps(form, option=orjson.OPT_SORT_KEYS)).hexdigest()


def is_unchanged(content: Content) -> bool:
    """Whether the content is what was frozen when it was sent, in the form of that time."""
    frozen = content.proposal.content_hash
    return any(content_hash(content, version) == frozen for version in HASH_VERSIONS)


def _canonical(content: Content, version: int) -> dict[str, Any]:
    proposal = content.proposal
    form = {
        "hash_version": version,
        "proposal": proposal.id,
        "title": proposal.title,
        "introduction": proposal.introduction,
        "terms": proposal.terms,
        "currency": proposal.currency,
        "valid_until": proposal.valid_until.isoformat() if proposal.valid_until else None,
        "deposit": {"percent": proposal.deposit_percent, "amount_minor": proposal.deposit_minor},
        "lines": [_canonical_line(line, version) for line in content.common_lines],
        "options": [
            {
                "id": option.id,
                "name": option.name,
                "description": option.description,
                "lines": [_canonical_line(line, version) for line in content.own_lines(option.id)],
                **_canonical_totals(content.totals(option.id, ())),
            }
            for option in content.options
        ],
        **({} if content.options else _canonical_totals(content.totals(None, ()))),
    }
    if version == 1:
        return form
    form |= {
        "number": proposal.number,
        "version": proposal.version,
        "language": proposal.language,
        "milestones": [
            {
                "name": milestone.name,
                "percent": plain(milestone.percent) if milestone.percent is not None else None,
                "amount_minor": milestone.amount_minor,
            }
            for milestone in content.milestones
        ],
    }
    if version == 2:
        return form
    form |= {
        "files": [
            {"sha256": one.file.sha256, "name": one.file.name, "caption": one.caption}
            for one in content.files
        ],
    }
    if version == 3:
        return form
    # The words without name, address and dates: those are filled in when it is shown.
    words = {"statement": STATEMENT[proposal.language], "form": FORM[proposal.language]}
    return form | {"cancellation": words if content.right_to_cancel else None}


def _canonical_line(line: LineItem, version: int) -> dict[str, Any]:
    form = {
        "name": line.name,
        "description": line.description,
        "quantity": plain(line.quantity),
        "unit": line.unit,
        "unit_price_minor": line.unit_price_minor,
        "tax_percent": plain(line.tax_percent),
        "amount_minor": pricing.line_amount(line),
    }
    if version == 1:
        return form
    return form | {
        "section": line.section,
        "discount_percent": plain(line.discount_percent),
        "discount_minor": line.discount_minor,
        "optional": line.optional,
    }


def _canonical_totals(totals: pricing.Totals) -> dict[str, int]:
    return {
        "subtotal_minor": totals.subtotal_minor,
        "tax_minor": totals.tax_minor,
        "total_minor": totals.total_minor,
    }
