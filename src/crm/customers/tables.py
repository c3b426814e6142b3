"""Leads and customers of an org, the form by which leads come, and who was said to be somebody else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base
from crm.kit.search import search_index, search_text

# By these it is seen that two are the same person: e-mail in lower case, the last ten digits of the phone, street
# and postal code without blanks. Compared as wholes, so that row-level security lets an index be used.
EMAIL_KEY = "lower(email)"
PHONE_KEY = "nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 10), '')"
ADDRESS_KEY = (
    "nullif(lower(regexp_replace((site_address ->> 'line1') || ' ' || coalesce(nullif(site_address ->> "
    "'postal_code', ''), site_address ->> 'city', ''), '[^[:alnum:]]+', '', 'g')), '')"
)

_PLACE = "coalesce(site_address ->> 'line1', '') || ' ' || coalesce(site_address ->> 'city', '')"
_DIGITS = "regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g')"
CUSTOMER_TEXT = (
    "lower(' ' || name || ' ' || coalesce(company, '') || ' ' || coalesce(email, '') || ' ' || "
    f"coalesce(phone, '') || ' ' || {_DIGITS} || ' ' || {_PLACE})"
)
LEAD_TEXT = (
    "lower(' ' || name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || "
    f"{_DIGITS} || ' ' || coalesce(source, '') || ' ' || {_PLACE})"
)


class Customer(Base):
    """Somebody we make proposals for. Addresses: {line1, line2, city, state, postal_code, country}."""

    __tablename__ = "customers"
    __table_args__ = (
        search_index("customers"),
        Index("ix_customers_org_id_email_key", "org_id", "email_key"),
        Index("ix_customers_org_id_phone_key", "org_id", "phone_key"),
        Index("ix_customers_org_id_address_key", "org_id", "address_key"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str]
    company: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    billing_address: Mapped[dict[str, Any] | None]
    site_address: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    email_key: Mapped[str | None] = mapped_column(Computed(EMAIL_KEY, persisted=True))
    phone_key: Mapped[str | None] = mapped_column(Computed(PHONE_KEY, persisted=True))
    address_key: Mapped[str | None] = mapped_column(Computed(ADDRESS_KEY, persisted=True))
    search_text: Mapped[str | None] = search_text(CUSTOMER_TEXT)


class Lead(Base):
    """Somebody who asked; becomes a customer when an estimate is worth writing.

    `spam` and `duplicate` stand beside the pipeline. `caught_as_spam`: the form told it apart when it came, and
    nobody has said otherwise since.
    """

    __tablename__ = "leads"
    __table_args__ = (
        CheckConstraint(
            "status IN ('new','contacted','qualified','converted','lost','spam','duplicate')", name="status"
        ),
        ForeignKeyConstraint(["org_id", "customer_id"], ["customers.org_id", "customers.id"]),
        ForeignKeyConstraint(["org_id", "duplicate_of"], ["leads.org_id", "leads.id"]),
        search_index("leads"),
        Index("ix_leads_org_id_email_key", "org_id", "email_key"),
        Index("ix_leads_org_id_phone_key", "org_id", "phone_key"),
        Index("ix_leads_org_id_address_key", "org_id", "address_key"),
        Index("ix_leads_org_id_status_id", "org_id", "status", "id"),
        Index("ix_leads_real", "org_id", "id", postgresql_where="status NOT IN ('spam','duplicate')"),
        Index("ix_leads_org_id_customer_id", "org_id", "customer_id"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    source: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="new")
    note: Mapped[str | None]
    site_address: Mapped[dict[str, Any] | None]
    customer_id: Mapped[int | None]
    spam_reason: Mapped[str | None]
    caught_as_spam: Mapped[bool] = mapped_column(server_default="false")
    duplicate_of: Mapped[int | None]
    converted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    email_key: Mapped[str | None] = mapped_column(Computed(EMAIL_KEY, persisted=True))
    phone_key: Mapped[str | None] = mapped_column(Computed(PHONE_KEY, persisted=True))
    address_key: Mapped[str | None] = mapped_column(Computed(ADDRESS_KEY, persisted=True))
    search_text: Mapped[str | None] = search_text(LEAD_TEXT)


class LeadForm(Base):
    """The form on a company's website. `public_key` stands in its address: it says whose, and is no secret."""

    __tablename__ = "lead_forms"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    public_key: Mapped[str] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(server_default="true")
    heading: Mapped[str] = mapped_column(server_default="")
    thanks: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LeadOther(Base):
    """Somebody said that a lead and another lead or customer are not the same person."""

    __tablename__ = "lead_others"
    __table_args__ = (
        CheckConstraint("kind IN ('lead','customer')", name="kind"),
        ForeignKeyConstraint(["org_id", "lead_id"], ["leads.org_id", "leads.id"]),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    other_id: Mapped[int] = mapped_column(primary_key=True)
    said_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
