"""What is sent to the proposal routes: lines, options, deposit, milestones, and the whole of an offer."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from crm.kit.inputs import (
    AmountMinor,
    Currency,
    DiscountMinor,
    Input,
    Line,
    LongText,
    MailNote,
    Name,
    OptionalEmail,
    Percent,
    Quantity,
    RowId,
    SensibleDate,
    ShortLine,
    TaxPercent,
    UnitPrice,
)
from crm.proposals.schedule import MILESTONES_MAX

LINES_MAX = 200
OPTIONS_MAX = 6
FILES_MAX = 40
LINK_DAYS_MAX = 365


class LineIn(Input):
    name: Name
    description: LongText = ""
    quantity: Quantity
    unit: ShortLine = ""
    unit_price_minor: Annotated[UnitPrice, Field(description="Minor units; below zero it is a discount.")]
    tax_percent: TaxPercent = Decimal(0)
    section: Annotated[ShortLine, Field(description="The heading it stands under; blank for none.")] = ""
    discount_percent: TaxPercent = Decimal(0)
    discount_minor: DiscountMinor = 0
    optional: Annotated[bool, Field(description="The customer may tick it or leave it.")] = False
    preselected: Annotated[bool, Field(description="Ticked to begin with.")] = False

    @model_validator(mode="after")
    def _one_discount(self) -> LineIn:
        if self.discount_percent and self.discount_minor:
            raise ValueError("Give the discount either in percent or as an amount.")
        if self.preselected and not self.optional:
            raise ValueError("Only an optional line can be preselected.")
        if self.optional and self.unit_price_minor < 0:
            raise ValueError("An optional line cannot be a credit; make it a discount of another line.")
        return self


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


class MilestoneIn(Input):
    """A payment between deposit and final balance: either a percentage of the total or an amount."""

    name: Name
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=6, decimal_places=3)] | None = None
    amount_minor: AmountMinor | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> MilestoneIn:
        if (self.percent is None) == (self.amount_minor is None):
            raise ValueError("Give either a percentage or an amount.")
        return self


class FileIn(Input):
    file_id: Annotated[RowId, Field(description="A photo or attachment that was sent to /files.")]
    caption: Line = ""


Language = Literal["en", "es"]


class ProposalContent(Input):
    """What a proposal says, whoever it is for; a template holds this."""

    language: Annotated[
        Language | None,
        Field(description="The language of the sale, and of the contract; the company's when left out."),
    ] = None
    title: Name
    introduction: Annotated[LongText, Field(description="The company's standard text when left out.")] = ""
    terms: Annotated[LongText, Field(description="The company's standard terms when left out.")] = ""
    currency: Currency | None = Field(default=None, description="The company's currency when left out.")
    deposit: DepositIn = DepositIn()
    right_to_cancel: Annotated[
        bool | None,
        Field(description="The three-business-day right to cancel; the company's rule when left out."),
    ] = None
    milestones: Annotated[list[MilestoneIn], Field(max_length=MILESTONES_MAX, default_factory=list)]
    lines: Annotated[list[LineIn], Field(max_length=LINES_MAX, default_factory=list)]
    options: Annotated[list[OptionIn], Field(max_length=OPTIONS_MAX, default_factory=list)]
    files: Annotated[list[FileIn], Field(max_length=FILES_MAX, default_factory=list)]


class NewProposal(ProposalContent):
    customer_id: RowId
    valid_until: Annotated[
        SensibleDate | None, Field(description="By the company's rule when left out; null for no end.")
    ] = None


class ProposalChange(Input):
    """Fields left out stay; `milestones`, `lines`, `options` and `files` replace all that were there."""

    customer_id: RowId | None = None
    language: Language | None = None
    title: Name | None = None
    introduction: LongText | None = None
    terms: LongText | None = None
    currency: Currency | None = None
    valid_until: SensibleDate | None = None
    deposit: DepositIn | None = None
    right_to_cancel: Annotated[bool | None, Field(description="Null: the company's rule.")] = None
    milestones: Annotated[list[MilestoneIn], Field(max_length=MILESTONES_MAX)] | None = None
    lines: Annotated[list[LineIn], Field(max_length=LINES_MAX)] | None = None
    options: Annotated[list[OptionIn], Field(max_length=OPTIONS_MAX)] | None = None
    files: Annotated[list[FileIn], Field(max_length=FILES_MAX)] | None = None


class NewLink(Input):
    days: Annotated[int, Field(ge=1, le=LINK_DAYS_MAX)] = 90


class SendIn(Input):
    """How the customer is told. Without a body they get the standard mail at their address."""

    to: Annotated[OptionalEmail, Field(description="The customer's address when left out.")] = None
    message: Annotated[MailNote, Field(description="Your own words, in the mail.")] = ""
    notify: Annotated[bool, Field(description="False sends no mail: you hand over the link yourself.")] = True
    override_reason: Annotated[
        LongText, Field(description="Why it is sent although a rule of contract law blocks it; logged.")
    ] = ""
