"""What must be true when the month is over, each claim with what was found; nothing here changes anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.month.books import Account, Entry, balances, documents, journal
from tests.month.drive import Month
from tests.month.plan import DAYS, Life

KINDS = (
    "Invoice",
    "Payment",
    "CreditMemo",
    "RefundReceipt",
    "SalesReceipt",
    "Purchase",
    "Transfer",
    "JournalEntry",
)
TRIAL_BALANCE = "The trial balance is that of the independent books"
DOCUMENTS = "Each document stands there once"
CLEARING = "Stripe Clearing is Stripe's balance"
COLUMNS = (("Stripe", "stripe"), ("PeakPro", "ours"), ("QuickBooks", "books"))


@dataclass
class Check:
    """A claim; `wrong` says what speaks against it, `lines` what a bookkeeper wants to see of it."""

    claim: str
    wrong: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.wrong


def money(cents: int) -> str:
    return f"-${-cents / 100:,.2f}" if cents < 0 else f"${cents / 100:,.2f}"


def all_checks(month: Month) -> list[Check]:
    return [
        *_books(month),
        _clearing(month),
        _reconciled(month),
        _injected(month),
        _once(month),
        _nothing_waits(month),
    ]


def _books(month: Month) -> Iterator[Check]:
    """Trial balance and number of documents, ours from the record against QuickBooks' own."""
    record = month.people.record.until(DAYS - 1)
    entries = journal(record, {job.number: job for job in month.plan.jobs})
    wanted, found = balances(entries), _by_role(month)
    trial = Check(TRIAL_BALANCE)
    trial.lines.append(f"{'account':28} {'independent':>16} {'QuickBooks':>16}")
    for account in sorted(wanted.keys() | found.keys()):
        ours, theirs = wanted.get(account, 0), found.get(account, 0)  # type: ignore[call-overload]
        trial.lines.append(f"{account:28} {money(ours):>16} {money(theirs):>16}")
        if ours != theirs:
            trial.wrong.append(f"{account}: {money(ours)} by the record, {money(theirs)} in QuickBooks")
    yield trial
    counted = Check(DOCUMENTS)
    expected = documents(entries)
    for kind in KINDS:
        live = [one for one in month.world.in_books(kind) if kind == "JournalEntry" or _amount(one)]
        counted.lines.append(f"{kind:28} {expected.get(kind, 0):>16} {len(live):>16}")
        if len(live) != expected.get(kind, 0):
            counted.wrong.append(f"{kind}: {expected.get(kind, 0)} by the record, {len(live)} in QuickBooks")
            counted.wrong += _by_contract(month, [entry for entry in entries if entry.document == kind], live)
    yield counted


def _by_contract(month: Month, wanted: list[Entry], live: list[dict]) -> list[str]:
    """Of which contracts there are more or fewer documents of a kind than there should be."""
    jobs = {contract.proposal_id: number for number, contract in month.people.contracts.items()}
    found: Counter[int] = Counter()
    for one in live:
        named = re.search(r"Proposal #(\d+)", str(one.get("PrivateNote", "")))
        found[jobs.get(int(named[1]), 0) if named else 0] += 1
    ours = Counter(entry.job for entry in wanted)
    return [
        f"    contract {number}: {ours[number]} by the record, {found[number]} in QuickBooks"
        for number in sorted(ours.keys() | found.keys())
        if number and ours[number] != found[number]
    ]


def _amount(document: dict) -> float:
    """Nothing for what was voided, and for payments that only bring a credit and an invoice together; an invoice that
    takes up deposits over all of it has a total of nothing, but lines."""
    sold = sum(
        abs(line.get("Amount", 0))
        for line in document.get("Line", [])
        if line.get("DetailType") == "SalesItemLineDetail"
    )
    return float(document.get("TotalAmt") or document.get("Amount") or sold)


def _by_role(month: Month) -> dict[str, int]:
    """QuickBooks' accounts by name, all income accounts as one and the tax agency's, those at nothing left out."""
    roles = {}
    for one in month.world.in_books("Account"):
        if one["AccountType"] == "Income":
            roles[one["Name"]] = Account.INCOME
        elif one["AccountSubType"] == "SalesTaxPayable":
            roles[one["Name"]] = Account.TAX
    found: Counter[str] = Counter()
    for name, cents in month.world.trial_balance().items():
        found[roles.get(name, name)] += cents
    return {name: cents for name, cents in found.items() if cents}


def _clearing(month: Month) -> Check:
    """What the clearing account says is what Stripe says."""
    at_stripe = month.world.stripe_balance_cents()
    in_books = month.world.trial_balance().get(Account.CLEARING, 0)
    check = Check(CLEARING)
    check.lines.append(f"Stripe {money(at_stripe)}, Stripe Clearing {money(in_books)}")
    if at_stripe != in_books:
        check.wrong.append(f"they differ by {money(in_books - at_stripe)}")
    return check


def _reconciled(month: Month) -> Check:
    """The product's own comparison of the month: nothing is without a reason, and all that is left is in euros."""
    run = month.reconciliation
    check = Check("Reconciliation of the month: unexplained $0.00")
    if run.get("state") != "done":
        check.wrong.append(f"it did not end: {run}")
        return check
    for own in run["figures"]["currencies"]:
        closing = own["closing"]
        columns = ", ".join(f"{who} {money(closing[key])}" for who, key in COLUMNS)
        check.lines.append(f"{own['currency']} at the end: {columns}")
        if own["currency"] == "USD" and len(set(closing.values())) != 1:
            check.wrong.append("the three closing balances differ")
    for cause in run["figures"]["causes"]:
        check.lines.append(f"{cause['lines']} x {cause['cause']} in {cause['currency']}: {cause['sentence']}")
        if cause["currency"] == "USD" and not cause["settles"]:
            check.wrong.append(f"left to do in dollars: {cause['cause']}, {money(cause['size_minor'])}")
    check.lines.append(f"{run['lines']} lines, unexplained {money(run['unexplained_minor'])}")
    if run["unexplained_minor"]:
        check.wrong.append(f"unexplained: {money(run['unexplained_minor'])}")
    return check


def _injected(month: Month) -> Check:
    """Whatever was done to the books on purpose was found, named and had a way out."""
    check = Check("Every injected difference was found and named")
    for one in month.outside.injected:
        check.lines.append(f"day {one.day + 1}: {one.what}, {one.about}")
        check.lines += [f"    “{sentence}”" for sentence in one.found]
        check.lines.append(f"    {one.way_out or 'no way out'}")
        if not one.found or not one.way_out:
            check.wrong.append(
                f"{one.what} on day {one.day + 1} ({one.about}) was not found, or has no way out"
            )
    return check


def _once(month: Month) -> Check:
    """No key of ours stands in two documents of a kind."""
    check = Check("Nothing was posted twice")
    total = 0
    for kind in KINDS:
        keys = [
            line.removeprefix("Key: ")
            for one in month.world.in_books(kind)
            for line in str(one.get("PrivateNote", "")).splitlines()
            if line.startswith("Key: ")
        ]
        total += len(keys)
        check.wrong += [f"{kind} with key {key}: {n} times" for key, n in Counter(keys).items() if n > 1]
    check.lines.append(f"{total} documents of ours, each with a key of its own")
    return check


def _nothing_waits(month: Month) -> Check:
    """All is booked but what a company without multi-currency cannot take, and that is said clearly."""
    check = Check("All is booked; what is in euros is refused clearly")
    euros = {
        month.people.contracts[job.number].proposal_id for job in month.plan.jobs if job.life is Life.EURO
    }
    open_ = month.world.rows(
        "SELECT kind, state, proposal_id, currency, problem_code, problem FROM postings WHERE state <> 'posted' ORDER BY id"
    )
    refused = [row for row in open_ if row[1] == "needs_you" and row[4] == "multicurrency-off"]
    check.lines += sorted({row[5] for row in refused})
    check.wrong += [
        f"a {row[0]} posting is {row[1]}: {row[5]}" for row in open_ if row[3] != "EUR" or row[2] not in euros
    ]
    check.wrong += [f"not refused: contract {one}" for one in euros - {row[2] for row in refused}]
    check.wrong += [f"the currency is not named: {row[5]}" for row in refused if "EUR" not in row[5]]
    return check
