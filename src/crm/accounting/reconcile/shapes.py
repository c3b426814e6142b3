"""What the API says of a reconciliation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from crm.kit.inputs import Input


class NewReconciliation(Input):
    """The days to compare, in the company's time zone; the last one included."""

    from_day: date
    to_day: date


class ReconciliationOut(BaseModel):
    """`step` of a run that is under way: waiting, fetching, asking, comparing. `to_do_minor`: of the differences, what needs
    a person; `unexplained_minor`: what no reason is known for. Minor units of `currency`."""

    id: int
    from_day: date
    to_day: date
    state: Literal["running", "done", "failed"]
    step: str
    problem: str | None
    asked_by: str
    currency: str
    lines: int
    differences: int
    to_do_minor: int
    unexplained_minor: int
    started_at: datetime
    finished_at: datetime | None


class Columns(BaseModel):
    """The same figure as Stripe, PeakPro and QuickBooks have it; as it changes the balance, so fees are below zero."""

    stripe: int
    ours: int
    books: int


class KindSum(Columns):
    kind: str
    currency: str
    lines: int


class DaySum(KindSum):
    day: date
    differences: int


class CurrencySum(BaseModel):
    currency: str
    opening: Columns
    kinds: list[KindSum]
    closing: Columns


class PayoutLine(BaseModel):
    """A payout, what Stripe says is in it (`items_net`), and the bank's line in QuickBooks (`books`)."""

    payout_id: str
    day: date
    arrives: date | None
    currency: str
    status: str
    automatic: bool
    itemised: bool
    items: int
    items_net: int | None
    stripe: int | None
    ours: int | None
    books: int | None


class CauseSum(BaseModel):
    cause: str
    currency: str
    sentence: str
    action: str | None
    settles: bool
    explained: bool
    lines: int
    difference_minor: int
    size_minor: int


class LiveBalances(BaseModel):
    """Both balances at the moment of the run, in the org's currency. The residuals are what no line accounts for."""

    stripe_minor: int | None
    clearing_minor: int | None
    stripe_residual_minor: int | None = None
    clearing_residual_minor: int | None = None
    at: datetime


class ReconciliationFigures(BaseModel):
    currencies: list[CurrencySum] = []
    days: list[DaySum] = []
    payouts: list[PayoutLine] = []
    causes: list[CauseSum] = []
    live: LiveBalances | None = None
    problems: list[str] = []


class ReconciliationDetail(ReconciliationOut):
    figures: ReconciliationFigures


class ReconciliationDifferenceOut(BaseModel):
    """A movement on which the three do not agree; null: that side knows nothing of it. `difference_id`: the open difference
    about its document, with its ways out."""

    position: int
    kind: str
    subject: str
    cause: str
    day: date
    currency: str
    stripe_minor: int | None
    ours_minor: int | None
    books_minor: int | None
    sentence: str
    action: str | None
    settles: bool
    payment_id: int | None
    proposal_id: int | None
    payout_id: str | None
    posting_id: int | None
    document: str | None
    difference_id: int | None


def detail(row: Any) -> ReconciliationDetail:
    """From the stored run; one that is not done has no figures yet."""
    values = {name: getattr(row, name) for name in ReconciliationOut.model_fields}
    return ReconciliationDetail(**values, figures=ReconciliationFigures(**row.figures))
