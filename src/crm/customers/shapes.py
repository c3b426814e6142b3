"""What the lead and customer routes take and answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from crm.kit.inputs import Address, Input, LongText, Name, OptionalEmail, OptionalName, OptionalPhone, RowId
from crm.kit.times import Moment

Note = Annotated[LongText, StringConstraints(max_length=4000)]


class LeadStatus(StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    LOST = "lost"
    SPAM = "spam"
    DUPLICATE = "duplicate"


# What a list of leads leaves out until it is asked for.
ASIDE = (LeadStatus.SPAM, LeadStatus.DUPLICATE)


class CustomerIn(Input):
    name: Name
    company: OptionalName = None
    email: OptionalEmail = None
    phone: OptionalPhone = None
    billing_address: Address | None = None
    site_address: Address | None = None


class CustomerChange(Input):
    """Fields left out stay as they are."""

    name: Name | None = None
    company: OptionalName = None
    email: OptionalEmail = None
    phone: OptionalPhone = None
    billing_address: Address | None = None
    site_address: Address | None = None


class CustomerOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    company: str | None
    email: str | None
    phone: str | None
    billing_address: dict[str, Any] | None
    site_address: dict[str, Any] | None
    created_at: Moment
    updated_at: Moment


class LeadIn(Input):
    name: Name
    email: OptionalEmail = None
    phone: OptionalPhone = None
    source: OptionalName = None
    note: Note | None = None
    site_address: Address | None = None


class LeadChange(Input):
    """Fields left out stay as they are. A lead becomes `converted` by converting it, not by saying so."""

    name: Name | None = None
    email: OptionalEmail = None
    phone: OptionalPhone = None
    source: OptionalName = None
    note: Note | None = None
    site_address: Address | None = None
    status: LeadStatus | None = None


class LeadOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    email: str | None
    phone: str | None
    source: str | None
    status: LeadStatus
    note: str | None
    site_address: dict[str, Any] | None
    customer_id: int | None
    spam_reason: str | None
    duplicate_of: int | None
    converted_at: Moment | None
    created_at: Moment
    updated_at: Moment


class StageCount(BaseModel):
    status: LeadStatus
    count: int


class SamePerson(BaseModel):
    """A lead or customer who may be the same person, and by what: "email", "phone", "address"."""

    kind: Literal["lead", "customer"]
    id: int
    name: str
    email: str | None
    phone: str | None
    status: LeadStatus | None
    same: list[Literal["email", "phone", "address"]]
    created_at: Moment


class SameDecision(Input):
    """`same`: it is the same person; a customer then gets the lead, and of two leads the other one goes on."""

    kind: Literal["lead", "customer"]
    id: RowId
    same: bool


class ConvertLead(Input):
    """With a `customer_id` the lead joins that customer; without, a customer is made of it."""

    customer_id: RowId | None = None


class ConvertedLead(BaseModel):
    lead: LeadOut
    customer: CustomerOut
