"""What the proposal routes answer."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crm.kit.errors import Invalid
from crm.kit.money import plain
from crm.kit.times import Moment
from crm.law.shapes import FindingOut, finding_out
from crm.proposals import pricing
from crm.proposals.attached_files import AttachedFile
from crm.proposals.content import Content
from crm.proposals.inputs import Language
from crm.proposals.lifecycle import Status
from crm.proposals.tables import LineItem


class LineOut(BaseModel):
    id: int
    name: str
    description: str
    quantity: Annotated[str, Field(description="A decimal number.", examples=["1.5"])]
    unit: str
    unit_price_minor: int
    tax_percent: Annotated[str, Field(description="A decimal number.", examples=["8.31"])]
    amount_minor: Annotated[int, Field(description="After its discount, before tax.")]
    section: str
    discount_percent: Annotated[str, Field(description="A decimal number.", examples=["5"])]
    discount_minor: int
    optional: bool
    preselected: bool


class PartOut(BaseModel):
    """A payment of the schedule, as it would be on the headline's total."""

    key: Annotated[str, Field(examples=["deposit", "milestone:1", "final"])]
    name: str
    amount_minor: int


class MilestoneOut(BaseModel):
    name: str
    percent: str | None
    amount_minor: int | None


class AttachedFileOut(BaseModel):
    """A photo or paper of the proposal; the link that opens the proposal opens it too."""

    id: int
    kind: Literal["photo", "attachment"]
    name: str
    caption: str
    media_type: str
    size_bytes: int
    width: Annotated[int | None, Field(description="Pixels; null for a PDF.")]
    height: int | None
    sha256: Annotated[str, Field(description="Part of what `content_hash` covers.")]


class OptionOut(BaseModel):
    """Its totals hold the common lines and the ticked optional ones too: what somebody pays who chooses it."""

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


class CancellationOut(BaseModel):
    """Part of the contract (16 CFR 429.1); the form has its dates once the contract is signed."""

    model_config = ConfigDict(from_attributes=True)

    statement: str
    form: str


class ProposalCore(BaseModel):
    """What staff and customer both see."""

    id: int
    number: Annotated[int, Field(description="The same for all versions: the id of the first.")]
    version: int
    language: Language
    title: str
    introduction: str
    terms: str
    status: Status
    currency: str
    valid_until: date | None
    deposit: DepositOut
    options: list[OptionOut]
    lines: list[LineOut]
    milestones: list[MilestoneOut]
    files: list[AttachedFileOut]
    schedule: list[PartOut]
    selected_option_id: int | None
    selected_line_ids: Annotated[list[int], Field(description="The optional lines that count.")]
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    changes_minor: Annotated[int, Field(description="What approved change orders add to the total.")]
    content_hash: str | None
    right_to_cancel: bool
    cancellation: Annotated[CancellationOut | None, Field(description="Null without the right to cancel.")]
    cancel_until: Annotated[
        Moment | None, Field(description="Until then the customer may cancel; null until it is signed.")
    ]
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
    line_ids: list[int]
    signature_kind: Literal["typed", "drawn"]
    signature_path: str | None
    consent: str
    language: Language


class ProposalOut(ProposalCore):
    customer: CustomerRef
    viewed_at: Moment | None
    declined_at: Moment | None
    decline_reason: str | None
    superseded_by: int | None
    cancelled_at: Moment | None
    cancel_reason: str | None
    approval: ApprovalOut | None
    findings: Annotated[
        list[FindingOut], Field(description="What contract law may not allow; shown to the office alone.")
    ]
    revision: Annotated[int, Field(description="Counts the changes of a draft; its ETag, for If-Match.")]
    revised_at: Moment
    revised_by: Annotated[str | None, Field(description="Who made the last change of the draft.")] = None
    created_at: Moment
    updated_at: Moment


class ProposalSummary(BaseModel):
    """A row of the list."""

    id: int
    number: int
    version: int
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


class Discarded(BaseModel):
    reopened: Annotated[
        int | None, Field(description="The version before it, which the customer can open again.")
    ]


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
        cancelled_at=proposal.cancelled_at,
        cancel_reason=proposal.cancel_reason,
        approval=ApprovalOut.model_validate(approval, from_attributes=True) if approval else None,
        findings=[finding_out(one) for one in content.findings(default_percent)],
        revision=proposal.revision,
        revised_at=proposal.revised_at,
        created_at=proposal.created_at,
        updated_at=proposal.updated_at,
    )


def core(content: Content, default_percent: int) -> dict[str, object]:
    """The fields of ProposalCore."""
    proposal = content.proposal
    headline = content.headline()
    rule = content.deposit_rule(default_percent)
    return {
        "id": proposal.id,
        "number": proposal.number or proposal.id,
        "version": proposal.version,
        "language": proposal.language,
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
        "milestones": [
            MilestoneOut(
                name=milestone.name,
                percent=plain(milestone.percent) if milestone.percent is not None else None,
                amount_minor=milestone.amount_minor,
            )
            for milestone in content.milestones
        ],
        "files": [attached_file_out(one) for one in content.files],
        "schedule": _planned(content, headline.total_minor, default_percent),
        "selected_line_ids": content.ticked_lines(),
        "changes_minor": proposal.changes_minor,
        "selected_option_id": proposal.selected_option_id,
        "subtotal_minor": headline.subtotal_minor,
        "tax_minor": headline.tax_minor,
        "total_minor": headline.total_minor,
        "content_hash": proposal.content_hash,
        "right_to_cancel": content.right_to_cancel,
        "cancellation": content.cancellation(),
        "cancel_until": proposal.cancel_until,
        "sent_at": proposal.sent_at,
        "approved_at": proposal.approved_at,
    }


def _planned(content: Content, total_minor: int, default_percent: int) -> list[PartOut]:
    """Empty for a draft whose payments are more than its total: it may be read, and sending it says why not."""
    try:
        parts = content.schedule(total_minor, default_percent)
    except Invalid:
        return []
    return [PartOut(key=part.key, name=part.name, amount_minor=part.amount_minor) for part in parts]


def attached_file_out(attached: AttachedFile) -> AttachedFileOut:
    file = attached.file
    return AttachedFileOut(
        id=file.id,
        kind=file.kind,
        name=file.name,
        caption=attached.caption,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        width=file.width,
        height=file.height,
        sha256=file.sha256,
    )


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
        section=line.section,
        discount_percent=plain(line.discount_percent),
        discount_minor=line.discount_minor,
        optional=line.optional,
        preselected=line.preselected,
    )
