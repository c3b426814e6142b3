"""What the customer's page takes and shows."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from crm.kit.inputs import Input, LongText, Name, RowId
from crm.kit.times import Moment
from crm.proposals.inputs import LINES_MAX, Language
from crm.proposals.shapes import PartOut, ProposalCore

LinkToken = Annotated[str, Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class OpenPortal(Input):
    token: LinkToken


MessageText = Annotated[LongText, StringConstraints(min_length=1, max_length=2000)]


PATH_LENGTH_MAX = 20_000
# Strokes only: what is drawn is shown again on paper, and nothing else may come along with it.
SignaturePath = Annotated[
    str,
    Field(
        max_length=PATH_LENGTH_MAX,
        pattern=r"^(?:[ML] ?-?\d{1,4}(?:\.\d{1,2})?[ ,]-?\d{1,4}(?:\.\d{1,2})? ?)+$",
    ),
]


class ApproveChangeIn(Input):
    """A change order is signed as a whole."""

    signer_name: Annotated[Name, StringConstraints(min_length=2)]
    content_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="As shown on the page.")]
    signature_path: Annotated[
        SignaturePath | None,
        Field(description="The drawn signature as an SVG path of M and L commands in a box of 600 by 200."),
    ] = None
    language: Language = "en"
    agree: Annotated[Literal[True], Field(description="The customer ticked that they agree.")]


class ApproveIn(ApproveChangeIn):
    option_id: RowId | None = None
    line_ids: Annotated[
        list[RowId],
        Field(max_length=LINES_MAX, default_factory=list, description="The extras that were ticked."),
    ]


class CancelByCustomer(Input):
    reason: Annotated[LongText, StringConstraints(max_length=1000)] = ""
    confirm: Annotated[Literal[True], Field(description="The customer confirmed that the contract ends.")]


class DeclineIn(Input):
    reason: Annotated[LongText, StringConstraints(max_length=1000)] = ""


class AskIn(Input):
    kind: Annotated[
        Literal["question", "changes"],
        Field(description="A question, or something to be changed in the offer."),
    ]
    text: MessageText


class AnswerIn(Input):
    text: MessageText


class AskNewLink(Input):
    token: Annotated[
        LinkToken | None,
        Field(description="The secret of the link that ended; the cookie counts without it."),
    ] = None


class MessageOut(BaseModel):
    id: int
    kind: Literal["question", "changes", "answer"]
    text: str
    created_at: Moment


class ChosenPrice(BaseModel):
    """What the customer would sign for; `schedule` sums to the total as far as it can be charged."""

    subtotal_minor: int
    tax_minor: int
    total_minor: int
    deposit_minor: int
    schedule: list[PartOut]


class Contractor(BaseModel):
    name: str
    phone: str | None
    email: str | None
    address: dict[str, Any] | None
    brand_color: str | None
    logo_file_id: Annotated[int | None, Field(description="Opened as GET /portal/{id}/files/{file_id}.")]
    website: str | None
    licence_number: str | None


class PortalCustomer(BaseModel):
    name: str


class PortalPayment(BaseModel):
    """One part of the price: what is due, or what became of it."""

    id: Annotated[int | None, Field(description="Null before the approval, when nothing is asked for yet.")]
    key: Annotated[str, Field(examples=["deposit", "milestone:1", "final"])]
    name: str
    state: Literal["planned", "due", "processing", "paid", "failed"]
    amount_minor: int
    currency: str
    paid_at: Moment | None
    failure: str | None
    remaining_minor: Annotated[
        int, Field(description="What is still to be paid of the total when this payment is made.")
    ]
    refunded_minor: int
    disputed: bool
    simulated: bool


class PortalView(ProposalCore):
    contractor: Contractor
    customer: PortalCustomer
    signer_name: str | None
    signature_path: Annotated[str | None, Field(description="What was drawn, in a box of 600 by 200.")]
    consent: Annotated[str, Field(description="What signing says, in the language of the sale.")]
    change_consent: Annotated[str, Field(description="The same for a change order.")]
    decline_reason: str | None
    payment: Annotated[PortalPayment, Field(description="The part that matters now.")]
    payments: Annotated[
        list[PortalPayment], Field(description="All parts, in the order in which they are paid.")
    ]
    messages: Annotated[list[MessageOut], Field(description="The newest, oldest first.")]
    can_pay: bool
    can_approve: bool
    dev_mode: Annotated[bool, Field(description="Payments are simulated; no money moves.")]
    demo: Annotated[bool, Field(description="This installation is not for real customers.")]
