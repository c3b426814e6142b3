"""The month-close report: what a reconciliation found, on paper and as a table; the same figures as its page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date

from crm.accounting.reconcile.shapes import CauseSum, Columns, CurrencySum, ReconciliationDetail
from crm.accounting.reconcile.tables import ReconciliationDifference
from crm.identity.tables import Org
from crm.kit.money import format_money, to_decimal
from crm.papers import paper as p
from crm.papers.paper import Paper
from crm.papers.words import local_day

KINDS = {
    "payments": "Payments", "fees": "Fees", "refunds": "Refunds", "disputes": "Disputes", "payouts": "Payouts",
    "other": "Other movements",
}  # fmt: skip
SIDES = ("Stripe", "PeakPro", "QuickBooks")
DIFFERENCES_SHOWN_MAX = 100


def report(
    org: Org,
    run: ReconciliationDetail,
    differences: Sequence[ReconciliationDifference],
    *,
    logo: bytes | None = None,
) -> Paper:
    """The paper of one run that is done."""
    days = f"{_day(run.from_day)} to {_day(run.to_day)}"
    blocks = [
        p.amount("Unexplained", format_money(run.unexplained_minor, run.currency), _verdict(run)),
        p.facts(_facts(org, run)),
    ]
    blocks.extend(_balance(one) for one in run.figures.currencies)
    blocks.append(_differences(run, differences))
    if run.figures.payouts:
        blocks.append(_payouts(run))
    blocks.extend(_days(run, one.currency) for one in run.figures.currencies)
    blocks.append(
        p.words(
            "Reviewed by\n\n\n______________________________        ______________\nName and signature"
            "                                        Date",
            heading="Signature",
        )
    )
    return Paper(
        name=f"Month close {run.from_day.isoformat()} {run.to_day.isoformat()}",
        kind="Month close",
        title=f"Stripe, PeakPro and QuickBooks, {days}",
        language="en",
        org=org,
        made_at=run.finished_at or run.started_at,
        footer=f"Month close {days} · run {run.id} · {org.name}",
        logo=logo,
        blocks=blocks,
    )


def _verdict(run: ReconciliationDetail) -> str:
    if run.differences == 0:
        return "All three agree on every movement."
    money = format_money(run.to_do_minor, run.currency)
    return f"{run.differences} movements differ, each for a named reason; {money} of that needs somebody."


def _facts(org: Org, run: ReconciliationDetail) -> list[tuple[str, str]]:
    facts = [
        ("Days", f"{_day(run.from_day)} to {_day(run.to_day)} ({org.time_zone})"),
        ("Movements compared", f"{run.lines:,}"),
        ("Compared on", local_day("en", run.started_at, org.time_zone)),
    ]
    live = run.figures.live
    if live is not None:
        for name, minor in (
            ("Stripe holds", live.stripe_minor),
            ("Stripe Clearing holds", live.clearing_minor),
        ):
            facts.append((name, "not known" if minor is None else format_money(minor, run.currency)))
    return facts + [("Note", problem) for problem in run.figures.problems]


def _balance(one: CurrencySum) -> p.Block:
    kinds = {found.kind: found for found in one.kinds}
    rows = [_row("Opening balance", one.opening, one.currency)]
    rows += [_row(name, kinds[kind], one.currency) for kind, name in KINDS.items() if kind in kinds]
    rows.append(_row("Closing balance", one.closing, one.currency))
    return p.table(["Balance", *SIDES], rows, figures=(1, 2, 3), heading=f"What moved, in {one.currency}")


def _row(name: str, figures: Columns, currency: str) -> list[p.Cell]:
    return [name, *(format_money(minor, currency) for minor in (figures.stripe, figures.ours, figures.books))]


def _differences(run: ReconciliationDetail, differences: Sequence[ReconciliationDifference]) -> p.Block:
    if not run.figures.causes:
        return p.words("None. Each movement stands in all three with the same amount.", heading="Differences")
    rows: list[Sequence[p.Cell] | str] = []
    for cause in run.figures.causes:
        rows.append(f"{_counted(cause)}: {cause.sentence}")
        rows += [
            [
                (f"{_day(one.day)} {one.kind.replace('_', ' ')}", one.document or one.subject),
                *(
                    "nothing" if minor is None else format_money(minor, one.currency)
                    for minor in (one.stripe_minor, one.ours_minor, one.books_minor)
                ),
            ]
            for one in differences[:DIFFERENCES_SHOWN_MAX]
            if (one.cause, one.currency) == (cause.cause, cause.currency)
        ]
    lead = None
    if len(differences) > DIFFERENCES_SHOWN_MAX:
        lead = f"The newest {DIFFERENCES_SHOWN_MAX} are listed; the sums count all."
    return p.table(["Movement", *SIDES], rows, figures=(1, 2, 3), heading="Differences", lead=lead)


def _counted(cause: CauseSum) -> str:
    lines = "1 movement" if cause.lines == 1 else f"{cause.lines} movements"
    return f"{lines}, {format_money(cause.size_minor, cause.currency)}"


def _payouts(run: ReconciliationDetail) -> p.Block:
    rows: list[list[p.Cell]] = [
        [
            (_day(one.arrives or one.day), f"{one.payout_id}, {one.status.replace('_', ' ')}"),
            *(
                "—" if minor is None else format_money(minor, one.currency)
                for minor in (one.items_net if one.itemised else None, one.stripe, one.books)
            ),
        ]
        for one in run.figures.payouts
    ]
    return p.table(["Payout", "In it", "Stripe", "QuickBooks"], rows, figures=(1, 2, 3), heading="Payouts")


def _days(run: ReconciliationDetail, currency: str) -> p.Block:
    sums: dict[date, list[int]] = {}
    for one in run.figures.days:
        if one.currency == currency:
            day = sums.setdefault(one.day, [0, 0, 0])
            for place, minor in enumerate((one.stripe, one.ours, one.books)):
                day[place] += minor
    rows: list[list[p.Cell]] = [
        [_day(day), *(format_money(minor, currency) for minor in figures)] for day, figures in sums.items()
    ]
    return p.table(["Day", *SIDES], rows, figures=(1, 2, 3), heading=f"By day, in {currency}")


def _day(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def as_csv(run: ReconciliationDetail, differences: Sequence[ReconciliationDifference]) -> str:
    """Every figure of the report as rows that a spreadsheet sums: section, what, day, currency, three amounts."""
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(["section", "what", "day", "currency", "stripe", "peakpro", "quickbooks", "note"])
    for currency in run.figures.currencies:
        for name, figures in (("opening", currency.opening), ("closing", currency.closing)):
            write(["balance", name, "", currency.currency, *_decimals(figures, currency.currency), ""])
        for kind in currency.kinds:
            write(
                [
                    "movement",
                    kind.kind,
                    "",
                    kind.currency,
                    *_decimals(kind, kind.currency),
                    f"{kind.lines} lines",
                ]
            )
    for day in run.figures.days:
        write(
            [
                "day",
                day.kind,
                day.day,
                day.currency,
                *_decimals(day, day.currency),
                f"{day.differences} differences",
            ]
        )
    for payout in run.figures.payouts:
        amounts = [_decimal(minor, payout.currency) for minor in (payout.stripe, payout.ours, payout.books)]
        items = f"{payout.items} items, net {_decimal(payout.items_net, payout.currency)}"
        write(["payout", payout.payout_id, payout.arrives or payout.day, payout.currency, *amounts, items])
    for cause in run.figures.causes:
        size = _decimal(cause.size_minor, cause.currency)
        write(
            ["cause", cause.cause, "", cause.currency, "", "", size, f"{cause.lines} lines: {cause.sentence}"]
        )
    for one in differences:
        amounts = [
            _decimal(minor, one.currency) for minor in (one.stripe_minor, one.ours_minor, one.books_minor)
        ]
        write(
            ["difference", _plain(f"{one.kind} {one.subject}"), one.day, one.currency, *amounts, one.sentence]
        )
    write(
        [
            "result",
            "unexplained",
            run.to_day,
            run.currency,
            "",
            "",
            _decimal(run.unexplained_minor, run.currency),
            "",
        ]
    )
    return out.getvalue()


def _decimals(figures: Columns, currency: str) -> list[str]:
    return [_decimal(minor, currency) for minor in (figures.stripe, figures.ours, figures.books)]


def _decimal(minor: int | None, currency: str) -> str:
    return "" if minor is None else str(to_decimal(minor, currency))


def _plain(cell: str) -> str:
    """A cell that begins like a formula is text to a spreadsheet only with an apostrophe before it."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" else cell
