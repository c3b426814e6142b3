"""What an org has decided about its books, and under which decision each contract began."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base

POLICIES = ("liability", "income", "whole")


class BooksSettings(Base):
    """How an org's books are kept. No row means the defaults, which are those of orgs from before there was a choice."""

    __tablename__ = "books_settings"
    __table_args__ = (CheckConstraint(f"policy IN {POLICIES}", name="policy"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    policy: Mapped[str] = mapped_column(server_default="income")
    attach_contract: Mapped[bool] = mapped_column(server_default="false")
    send_estimates: Mapped[bool] = mapped_column(server_default="false")
    job_customers: Mapped[bool] = mapped_column(server_default="false")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class BooksContract(Base):
    """A proposal whose money is in the books or on its way there. `policy` is the one under which its first part was
    booked, `deposit_item` the item its deposits were invoiced on, `per_job` whether its documents go to a sub-customer of
    its own: none of them changes under a contract that has begun.

    `in_parts`: every part was an invoice of its own, as before there were policies; it gets no invoice of the whole.
    `done_at`: the office said that the work is done.
    """

    __tablename__ = "books_contracts"
    __table_args__ = (
        CheckConstraint(f"policy IN {POLICIES}", name="policy"),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    proposal_id: Mapped[int] = mapped_column(primary_key=True)
    policy: Mapped[str]
    deposit_item: Mapped[str | None]
    per_job: Mapped[bool | None]
    in_parts: Mapped[bool] = mapped_column(server_default="false")
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BooksMapping(Base):
    """What in QuickBooks stands for something of ours: `slot` says for what ("sales_item"), `key` for which one
    ("price:tear-off"); an empty key is the slot's default. `entity` and `name` as QuickBooks has them."""

    __tablename__ = "books_mapping"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str]
    qbo_id: Mapped[str]
    name: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class BooksList(Base):
    """The company's objects of one kind to choose from, as they were last read: see `lists.Choice`."""

    __tablename__ = "books_lists"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    objects: Mapped[list[Any]]
    read_at: Mapped[datetime]
