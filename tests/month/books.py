"""The second opinion: the books of the month by double entry, from the record of what happened alone.

Written from docs/accounting.md, docs/decisions/stripe-money-in-the-books.md and Stripe's price list; it shares no code
with the product or the simulators. Amounts are cents, a debit is above zero, and each entry sums to nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.month.plan import Job, Policy
from tests.month.record import Fact, Happening, Record


class Account(StrEnum):
    CLEARING = "Stripe Clearing"
    BANK = "Checking"
    RECEIVABLE = "Accounts Receivable (A/R)"
    DEPOSITS = "Customer Deposits"
    INCOME = "Income"
    TAX = "Sales Tax Payable"
    FEES = "Stripe Fees"
    DISPUTES = "Stripe Disputes"
    LOSSES = "Stripe Dispute Losses"


Lines = Mapping[Account, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with what it debits and credits; `lines` sum to nothing."""

    day: int
    job: int
    document: str
    lines: Lines


DISPUTE_FEE_CENTS = 1_500
EDIT = "edited by hand"  # a document that stands there already


def card_fee_cents(cents: int) -> int:
    """2.9 % and 30 cents, half a cent up (stripe.com/pricing, US cards)."""
    return (cents * 29 + 500) // 1_000 + 30


def bank_fee_cents(cents: int) -> int:
    """0.8 %, half a cent up, at most 5.00 (stripe.com/pricing, ACH Direct Debit)."""
    return min(500, (cents * 8 + 500) // 1_000)


def journal(record: Record, jobs: Mapping[int, Job]) -> list[Entry]:
    """Every document of the month, by day. What is not in dollars is not in these books."""
    books = _Books(jobs)
    for one in record.by_day():
        if one.job == 0 or jobs[one.job].currency == "USD":
            books.enter(one)
    return books.entries


def balances(entries: list[Entry]) -> dict[Account, int]:
    """Each account's balance; accounts at nothing are left out."""
    found: defaultdict[Account, int] = defaultdict(int)
    for entry in entries:
        for account, cents in entry.lines.items():
            found[account] += cents
    return {account: cents for account, cents in found.items() if cents}


def documents(entries: list[Entry]) -> dict[str, int]:
    """How many documents of each kind."""
    return dict(Counter(entry.document for entry in entries if entry.document != EDIT))


@dataclass
class _Contract:
    """What the rules must remember of one contract."""

    agreed_cents: int
    tax_cents: int  # of what was agreed
    policy: Policy | None = None  # of its first payment
    deposits_cents: int = 0  # paid as deposits, neither used up nor given back
    paid_cents: int = 0
    owed_cents: int = 0  # what is open on its invoices
    invoiced: bool = False
    taken_cents: int = 0  # what its last refund took from the deposits


class _Books:
    def __init__(self, jobs: Mapping[int, Job]) -> None:
        self.jobs = jobs
        self.contracts: dict[int, _Contract] = {}
        self.policy = Policy.INCOME
        self.entries: list[Entry] = []

    def enter(self, one: Happening) -> None:
        for document, lines in self._lines(one):
            kept = {account: cents for account, cents in lines.items() if cents}
            assert sum(kept.values()) == 0, f"{document} of {one} is not in balance: {kept}"
            self.entries.append(Entry(one.day, one.job, document, kept))

    def _lines(self, one: Happening) -> Iterator[tuple[str, Lines]]:
        contract = self.contracts.get(one.job)
        match one.fact:
            case Fact.POLICY:
                self.policy = Policy(one.part)
            case Fact.PAID_OUT:
                yield "Transfer", {Account.BANK: one.cents, Account.CLEARING: -one.cents}
            case Fact.PAYOUT_CAME_BACK:
                yield "Transfer", {Account.BANK: -one.cents, Account.CLEARING: one.cents}
            case Fact.SIGNED:
                self.contracts[one.job] = _Contract(one.cents, self.jobs[one.job].tax_cents)
            case _:
                assert contract is not None, f"nothing was signed before {one}"
                yield from self._of_contract(one, contract)

    def _of_contract(self, one: Happening, contract: _Contract) -> Iterator[tuple[str, Lines]]:
        match one.fact:
            case Fact.PAID_BY_CARD:
                yield from self._paid(one, contract, card_fee_cents(one.cents))
            case Fact.PAID_BY_BANK:
                yield from self._paid(one, contract, bank_fee_cents(one.cents))
            case Fact.CHANGED:
                yield from self._changed(one, contract)
            case Fact.REFUNDED:
                yield from self._refunded(one, contract)
            case Fact.CAME_BACK:
                yield from self._came_back(one, contract)
            case Fact.CANCELLED:
                yield from self._cancelled(contract)
            case Fact.DONE:
                if not contract.invoiced:
                    yield from self._invoice(contract)
            case Fact.EDITED:
                yield EDIT, {Account.RECEIVABLE: one.cents, _held_on(contract): -one.cents}
            case Fact.DISPUTED:
                yield "JournalEntry", {Account.DISPUTES: one.cents, Account.CLEARING: -one.cents}
                yield _fee(DISPUTE_FEE_CENTS)
            case Fact.DISPUTE_WON:
                yield "JournalEntry", {Account.DISPUTES: -one.cents, Account.CLEARING: one.cents}
            case Fact.DISPUTE_LOST:
                yield "JournalEntry", {Account.LOSSES: one.cents, Account.DISPUTES: -one.cents}

    def _paid(self, one: Happening, contract: _Contract, fee: int) -> Iterator[tuple[str, Lines]]:
        """An invoice of its own while the contract has none; the last open part makes the contract's first."""
        contract.policy = contract.policy or self.policy
        last = contract.paid_cents + one.cents >= contract.agreed_cents
        contract.paid_cents += one.cents
        if not contract.invoiced and (last or contract.policy is Policy.ONE_INVOICE):
            yield from self._invoice(contract)
        elif not contract.invoiced:
            contract.deposits_cents += one.cents
            yield "Invoice", {Account.RECEIVABLE: one.cents, _held_on(contract): -one.cents}
        if contract.invoiced:
            contract.owed_cents -= one.cents
        yield "Payment", {Account.CLEARING: one.cents, Account.RECEIVABLE: -one.cents}
        yield _fee(fee)

    def _invoice(self, contract: _Contract) -> Iterator[tuple[str, Lines]]:
        """The contract's invoice: all that was sold, less the deposits that are left."""
        used, contract.deposits_cents, contract.invoiced = contract.deposits_cents, 0, True
        contract.owed_cents = contract.agreed_cents - used
        yield (
            "Invoice",
            _sum(
                (Account.RECEIVABLE, contract.owed_cents),
                (_held_on(contract), used),
                (Account.INCOME, contract.tax_cents - contract.agreed_cents),
                (Account.TAX, -contract.tax_cents),
            ),
        )

    def _changed(self, one: Happening, contract: _Contract) -> Iterator[tuple[str, Lines]]:
        """Part of the contract's invoice while there is none; then an invoice or a credit memo of its own.

        Of a credit only what is open is owed no more; what was paid beyond is for the refund to take from income.
        """
        contract.agreed_cents += one.cents
        if not contract.invoiced:
            return
        cents = max(one.cents, -contract.owed_cents)
        if not cents:
            return
        contract.owed_cents += cents
        document = "Invoice" if one.cents > 0 else "CreditMemo"
        yield document, {Account.RECEIVABLE: cents, Account.INCOME: -cents}

    def _refunded(self, one: Happening, contract: _Contract) -> Iterator[tuple[str, Lines]]:
        """From the deposits what is left of them, the rest from what was sold."""
        contract.taken_cents = min(contract.deposits_cents, one.cents)
        contract.deposits_cents -= contract.taken_cents
        sold = one.cents - contract.taken_cents
        tax = sold * contract.tax_cents // contract.agreed_cents  # the plan sees to whole cents
        yield (
            "RefundReceipt",
            _sum(
                (_held_on(contract), contract.taken_cents),
                (Account.INCOME, sold - tax),
                (Account.TAX, tax),
                (Account.CLEARING, -one.cents),
            ),
        )

    def _came_back(self, one: Happening, contract: _Contract) -> Iterator[tuple[str, Lines]]:
        """As it was given, the other way round; what the invoice was made without, onto that one."""
        if contract.invoiced and contract.taken_cents == one.cents <= contract.owed_cents:
            contract.owed_cents -= one.cents
            yield "Payment", {Account.CLEARING: one.cents, Account.RECEIVABLE: -one.cents}
            return
        contract.deposits_cents += contract.taken_cents
        yield (
            "SalesReceipt",
            _sum(
                (Account.CLEARING, one.cents),
                (_held_on(contract), -contract.taken_cents),
                (Account.INCOME, contract.taken_cents - one.cents),
            ),
        )

    def _cancelled(self, contract: _Contract) -> Iterator[tuple[str, Lines]]:
        """What was invoiced and nobody paid is owed no more."""
        open_cents, contract.owed_cents = contract.owed_cents, 0
        if open_cents:
            yield "CreditMemo", {Account.INCOME: open_cents, Account.RECEIVABLE: -open_cents}


def _held_on(contract: _Contract) -> Account:
    """Where its deposits stand until they are used up."""
    return Account.DEPOSITS if contract.policy is Policy.LIABILITY else Account.INCOME


def _fee(cents: int) -> tuple[str, Lines]:
    return "Purchase", {Account.FEES: cents, Account.CLEARING: -cents}


def _sum(*lines: tuple[Account, int]) -> Lines:
    """Lines of the same account together."""
    found: defaultdict[Account, int] = defaultdict(int)
    for account, cents in lines:
        found[account] += cents
    return found
