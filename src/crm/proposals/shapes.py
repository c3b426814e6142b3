"""What the proposal routes take and answer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from crm.kit.inputs import (
    AmountMinor,
    Currency,
    Input,
    LongText,
    Name,
    Percent,
    Quantity,
    RowId,
    SensibleDate,
    ShortLine,
    TaxPercent,
    UnitPrice,
)
from crm.kit.times import Moment
from crm.proposals import pricing
from crm.proposals.content import Content, plain
from crm.proposals.lifecycle import Status
from crm.proposals.tables import LineItem

LINES_MAX = 200
OPTIONS_MAX = 6
LINK_DAYS_MAX = 365


class LineIn(Input):
    name: Name
    description: LongText = ""
    quantity: Quantity
    unit: ShortLine = ""
    unit_price_minor: Annotated[UnitPrice, Field(description="Minor units; below zero it is a discount.")]
    tax_percent: TaxPercent = Decimal(0)


class OptionIn(Input):
    name: Name
    description: LongText = ""
    lines: Annotated[list[LineIn], Field(max_length=LINES_MAX, default_factory=list)]


class DepositIn(Input):
    """A percentage of the total or a fixed amount; neither means the company's standard."""

    percent: Percent | None = None
    amount_minor: AmountMinor | None = None

    @model_validator(mode="after")
    def _not_both(self) -> DepositIn:
        if self.percent is not None and self.amount_minor is not None:
            raise ValueError("Give either a percentage or an amount.")
        return self


class NewProposal(Input):
    customer_id: RowId
    title: Name
    introduction: LongText = ""
    terms: LongText = ""
    currency: Currency | None = Field(default=None, description="The company's currency when left out.")
    valid_until: SensibleDate | None = None
    deposit: DepositIn = DepositIn()
    lines: Annotated[list[LineIn], Field(max_length=LINES_MAX, default_factory=list)]
    options: Annotated[list[OptionIn], Field(max_length=OPTIONS_MAX, default_factory=list)]


class ProposalChange(Input):
    """Fields left out stay; `lines` and `options` replace all that were there."""

    customer_id: RowId | None = None
    title: Name | None = None
    introduction: LongText | None = None
    terms: LongText | None = None
    currency: Currency | None = None
    valid_until: SensibleDate | None = None
    deposit: DepositIn | None = None
    lines: Annotated[list[LineIn], Field(max_length=LINES_MAX)] | None = None
    options: Annotated[list[OptionIn], Field(max_length=OPTIONS_MAX)] | None = None


class NewLink(Input):
    days: Annotated[int, Field(ge=1, le=LINK_DAYS_MAX)] = 90


class LineOut(BaseModel):
    id: int
    name: str
    description: str
    quantity: Annotated[str, Field(description="A decimal number.", examples=["1.5"])]
    unit: str
    unit_price_minor: int
    tax_percent: Annotated[str, Field(description="A decimal number.", examples=["8.31"])]
    amount_minor: Annotated[int, Field(description="Before tax.")]


class OptionOut(BaseModel):
    """Its totals hold the common lines too: what the customer pays who chooses it."""

    id: int
    name: str
    description: str
    position: int
    lines: list[LineOut]
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    deposit_minor: int


class DepositOut(BaseModel):
    rule: Annotated[
        Literal["own", "standard"], Field(description="Whether this proposal has a rule of its own.")
    ]
    percent: Annotated[int | None, Field(description="Null when the deposit is a fixed amount.")]
    amount_minor: int


class ProposalCore(BaseModel):
    """What staff and customer both see."""

    id: int
    title: str
    introduction: str
    terms: str
    status: Status
    currency: str
    valid_until: date | None
    deposit: DepositOut
    options: list[OptionOut]
    lines: list[LineOut]
    selected_option_id: int | None
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    content_hash: str | None
    sent_at: Moment | None
    approved_at: Moment | None


class CustomerRef(BaseModel):
    id: int
    name: str
    email: str | None


class ApprovalOut(BaseModel):
    signer_name: str
    approved_at: Moment
    ip: str | None
    user_agent: str | None
    content_hash: str
    option_id: int | None


class ProposalOut(ProposalCore):
    customer: CustomerRef
    viewed_at: Moment | None
    declined_at: Moment | None
    decline_reason: str | None
    superseded_by: int | None
    approval: ApprovalOut | None
    created_at: Moment
    updated_at: Moment


class ProposalSummary(BaseModel):
    """A row of the list."""

    id: int
    title: str
    customer: CustomerRef
    status: Status
    currency: str
    total_minor: int
    deposit_minor: int
    valid_until: date | None
    sent_at: Moment | None
    approved_at: Moment | None
    created_at: Moment
    updated_at: Moment


class LinkOut(BaseModel):
    id: int
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None


class NewLinkOut(BaseModel):
    id: int
    url: Annotated[str, Field(description="Shown this once; the secret stands behind the #.")]
    expires_at: Moment


class SentProposal(BaseModel):
    proposal: ProposalOut
    portal_url: str


def proposal_out(content: Content, default_percent: int) -> ProposalOut:
    proposal, approval = content.proposal, content.approval
    return ProposalOut(
        **core(content, default_percent),
        customer=CustomerRef(
            id=content.customer.id, name=content.customer.name, email=content.customer.email
        ),
        viewed_at=proposal.viewed_at,
        declined_at=proposal.declined_at,
        decline_reason=proposal.decline_reason,
        superseded_by=proposal.superseded_by,
        approval=ApprovalOut.model_validate(approval, from_attributes=True) if approval else None,
        created_at=proposal.created_at,
        updated_at=proposal.updated_at,
    )


def core(content: Content, default_percent: int) -> dict[str, object]:
    """The fields of ProposalCore."""
    proposal = content.proposal
    headline = content.headline()
    rule = pricing.deposit_rule(
        proposal.deposit_percent, proposal.deposit_minor, content.org.deposit_percent, default_percent
    )
    return {
        "id": proposal.id,
        "title": proposal.title,
        "introduction": proposal.introduction,
        "terms": proposal.terms,
        "status": content.status(),
        "currency": proposal.currency,
        "valid_until": proposal.valid_until,
        "deposit": DepositOut(
            rule="own" if proposal.deposit_percent or proposal.deposit_minor else "standard",
            percent=None if rule.amount_minor is not None else rule.percent,
            amount_minor=pricing.deposit(headline.total_minor, proposal.currency, rule),
        ),
        "options": [
            OptionOut(
                id=option.id,
                name=option.name,
                description=option.description,
                position=option.position,
                lines=[line_out(line) for line in content.own_lines(option.id)],
                subtotal_minor=totals.subtotal_minor,
                tax_minor=totals.tax_minor,
                total_minor=totals.total_minor,
                deposit_minor=pricing.deposit(totals.total_minor, proposal.currency, rule),
            )
            for option in content.options
            for totals in [content.totals(option.id)]
        ],
        "lines": [line_out(line) for line in content.common_lines],
        "selected_option_id": proposal.selected_option_id,
        "subtotal_minor": headline.subtotal_minor,
        "tax_minor": headline.tax_minor,
        "total_minor": headline.total_minor,
        "content_hash": proposal.content_hash,
        "sent_at": proposal.sent_at,
        "approved_at": proposal.approved_at,
    }


def line_out(line: LineItem) -> LineOut:
    return LineOut(
        id=line.id,
        name=line.name,
        description=line.description,
        quantity=plain(line.quantity),
        unit=line.unit,
        unit_price_minor=line.unit_price_minor,
        tax_percent=plain(line.tax_percent),
        amount_minor=pricing.line_amount(line),
    )
