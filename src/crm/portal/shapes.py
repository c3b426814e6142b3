"""What the customer's page takes and shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from crm.kit.inputs import Input, LongText, Name, RowId
from crm.kit.times import Moment
from crm.proposals.shapes import ProposalCore


class OpenPortal(Input):
    token: Annotated[str, Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class ApproveIn(Input):
    signer_name: Annotated[Name, StringConstraints(min_length=2)]
    content_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="As shown on the page.")]
    option_id: RowId | None = None
    agree: Annotated[Literal[True], Field(description="The customer ticked that they agree.")]


class DeclineIn(Input):
    reason: Annotated[LongText, StringConstraints(max_length=1000)] = ""


class Contractor(BaseModel):
    name: str
    phone: str | None
    email: str | None
    address: dict[str, Any] | None
    brand_color: str | None


class PortalCustomer(BaseModel):
    name: str


class PortalPayment(BaseModel):
    """The deposit: what is due, or what became of it."""

    state: Literal["due", "processing", "paid", "failed"]
    amount_minor: int
    currency: str
    paid_at: Moment | None
    failure: str | None
    remaining_minor: Annotated[int, Field(description="What is left of the total after this payment.")]
    refunded_minor: int
    disputed: bool
    simulated: bool


class PortalView(ProposalCore):
    contractor: Contractor
    customer: PortalCustomer
    signer_name: str | None
    decline_reason: str | None
    payment: PortalPayment
    can_pay: bool
    can_approve: bool
    dev_mode: Annotated[bool, Field(description="Payments are simulated; no money moves.")]
    demo: Annotated[bool, Field(description="This installation is not for real customers.")]
