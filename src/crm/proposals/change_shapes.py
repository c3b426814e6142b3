"""What the routes of change orders take and answer; staff and customer see the same."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from crm.kit.inputs import Input, LongText, Name
from crm.kit.money import plain
from crm.kit.times import Moment
from crm.proposals import pricing
from crm.proposals.inputs import LINES_MAX, LineIn
from crm.proposals.tables import ChangeOrder

CHANGE_LINES_MAX = LINES_MAX


class ChangeOrderPatch(Input):
    """Fields left out stay; `lines` replaces all that were there."""

    title: Name | None = None
    reason: LongText | None = None
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=CHANGE_LINES_MAX)] | None = None

    @model_validator(mode="after")
    def _nothing_optional(self) -> ChangeOrderPatch:
        if any(line.optional for line in self.lines or []):
            raise ValueError("A change order has no optional lines: it is signed as a whole.")
        return self


class ChangeOrderIn(ChangeOrderPatch):
    title: Name
    reason: LongText = ""
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=CHANGE_LINES_MAX)]


class ChangeLineOut(BaseModel):
    name: str
    description: str
    section: str
    quantity: Annotated[str, Field(description="A decimal number.", examples=["1.5"])]
    unit: str
    unit_price_minor: int
    tax_percent: str
    discount_percent: str
    discount_minor: int
    amount_minor: Annotated[int, Field(description="After its discount, before tax.")]


class ChangeOrderOut(BaseModel):
    """An addition, or a credit when `total_minor` is below zero."""

    id: int
    proposal_id: int
    position: int
    title: str
    reason: str
    state: Literal["draft", "sent", "approved", "declined", "withdrawn"]
    lines: list[ChangeLineOut]
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    content_hash: str | None
    decline_reason: str | None
    created_at: Moment
    sent_at: Moment | None
    decided_at: Moment | None


def change_order_out(order: ChangeOrder) -> ChangeOrderOut:
    lines = [LineIn.model_validate(line) for line in order.lines]
    values = {name: getattr(order, name) for name in ChangeOrderOut.model_fields if name != "lines"}
    return ChangeOrderOut(
        **values,
        lines=[
            ChangeLineOut(
                name=line.name,
                description=line.description,
                section=line.section,
                quantity=plain(line.quantity),
                unit=line.unit,
                unit_price_minor=line.unit_price_minor,
                tax_percent=plain(line.tax_percent),
                discount_percent=plain(line.discount_percent),
                discount_minor=line.discount_minor,
                amount_minor=pricing.line_amount(line),
            )
            for line in lines
        ],
    )
