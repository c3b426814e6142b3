"""The second opinion on the books: worked examples by hand, and what must hold whatever happens."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.month.books import Account, balances, bank_fee_cents, card_fee_cents, documents, journal
from tests.month.plan import How, Job, Life, Policy, What, make_plan
from tests.month.record import Fact, Record

CLEARING, RECEIVABLE, DEPOSITS = Account.CLEARING, Account.RECEIVABLE, Account.DEPOSITS
INCOME, FEES, BANK = Account.INCOME, Account.FEES, Account.BANK


def books_of(policy: Policy, *facts: tuple[Fact, int]) -> dict[Account, int]:
    """The balances of one contract over 10,000.00, but for Stripe's fees, which the clearing account pays."""
    record = Record()
    record.add(0, Fact.POLICY, 0, 0, policy)
    record.add(0, Fact.SIGNED, 1, 1_000_000)
    for day, (fact, cents) in enumerate(facts, start=1):
        record.add(day, fact, 1, cents)
    found = balances(journal(record, {1: Job(1, policy, Life.PLAIN, 0, 1_000_000, 30)}))
    fees = found.pop(FEES, 0)
    found[CLEARING] = found.get(CLEARING, 0) + fees
    return {account: cents for account, cents in found.items() if cents}


DEPOSIT, FINAL = (Fact.PAID_BY_CARD, 300_000), (Fact.PAID_BY_CARD, 700_000)


@pytest.mark.parametrize(
    ("policy", "facts", "wanted"),
    [
        (Policy.LIABILITY, [DEPOSIT], {CLEARING: 300_000, DEPOSITS: -300_000}),
        (Policy.INCOME, [DEPOSIT], {CLEARING: 300_000, INCOME: -300_000}),
        (
            Policy.ONE_INVOICE,
            [DEPOSIT],
            {CLEARING: 300_000, RECEIVABLE: 700_000, INCOME: -1_000_000},
        ),
        *[(policy, [DEPOSIT, FINAL], {CLEARING: 1_000_000, INCOME: -1_000_000}) for policy in Policy],
        *[
            (
                policy,
                [DEPOSIT, (Fact.CHANGED, 50_000), (Fact.PAID_BY_BANK, 750_000)],
                {CLEARING: 1_050_000, INCOME: -1_050_000},
            )
            for policy in Policy
        ],
        *[
            (
                policy,
                [DEPOSIT, FINAL, (Fact.CHANGED, -100_000), (Fact.REFUNDED, 100_000)],
                {CLEARING: 900_000, INCOME: -900_000},
            )
            for policy in Policy
        ],
        # The deposit was partly given back, so that much of the contract's invoice stays open.
        (
            Policy.LIABILITY,
            [DEPOSIT, (Fact.REFUNDED, 20_000), FINAL],
            {CLEARING: 980_000, RECEIVABLE: 20_000, INCOME: -1_000_000},
        ),
        (
            Policy.LIABILITY,
            [DEPOSIT, (Fact.REFUNDED, 20_000), FINAL, (Fact.CAME_BACK, 20_000)],
            {CLEARING: 1_000_000, INCOME: -1_000_000},
        ),
        *[(policy, [DEPOSIT, (Fact.CANCELLED, 0), (Fact.REFUNDED, 300_000)], {}) for policy in Policy],
        (
            Policy.LIABILITY,
            [DEPOSIT, (Fact.DISPUTED, 300_000), (Fact.DISPUTE_WON, 300_000)],
            {CLEARING: 300_000, DEPOSITS: -300_000},
        ),
        (
            Policy.LIABILITY,
            [DEPOSIT, (Fact.DISPUTED, 300_000), (Fact.DISPUTE_LOST, 300_000)],
            {Account.LOSSES: 300_000, DEPOSITS: -300_000},
        ),
    ],
)
def test_worked_examples(policy: Policy, facts: list[tuple[Fact, int]], wanted: dict[Account, int]):
    """What a bookkeeper writes down by hand."""
    assert books_of(policy, *facts) == wanted


@pytest.mark.parametrize(
    ("cents", "card", "bank"), [(100, 33, 1), (10_000, 320, 80), (62_500, 1_843, 500), (50, 31, 0)]
)
def test_fees(cents: int, card: int, bank: int):
    """Stripe's price list, half a cent up."""
    assert (card_fee_cents(cents), bank_fee_cents(cents)) == (card, bank)


@given(st.integers(0, 10**6), st.sampled_from([20, 60, 200]))
def test_the_books_of_any_month_balance_and_know_each_cent(seed: int, count: int):
    """Debits are credits, clearing and bank hold what was paid less what went out, and nothing is left on disputes."""
    plan = make_plan(seed, count, date(2027, 3, 1))
    record = as_planned(plan)
    entries = journal(record, {job.number: job for job in plan.jobs})
    found = balances(entries)
    assert sum(found.values()) == 0
    dollars = {job.number for job in plan.jobs if job.currency == "USD"}

    def total(*facts: Fact) -> int:
        return sum(one.cents for one in record.of(*facts) if one.job in dollars)

    money_in = total(Fact.PAID_BY_CARD, Fact.PAID_BY_BANK, Fact.CAME_BACK, Fact.DISPUTE_WON)
    money_out = total(Fact.REFUNDED, Fact.DISPUTED)
    assert found.get(CLEARING, 0) + found.get(BANK, 0) + found[FEES] == money_in - money_out
    assert Account.DISPUTES not in found
    made = documents(entries)
    assert made["Payment"] + made["SalesReceipt"] == len(
        [one for one in record.of(Fact.PAID_BY_CARD, Fact.PAID_BY_BANK, Fact.CAME_BACK) if one.job in dollars]
    )


def as_planned(plan) -> Record:
    """The record of a month in which all goes as planned."""
    record = Record()
    facts = {
        What.SIGN: Fact.SIGNED, What.CHANGE: Fact.CHANGED, What.REFUND: Fact.REFUNDED,
        What.REFUND_FAILS: Fact.CAME_BACK, What.DISPUTE: Fact.DISPUTED, What.DISPUTE_WON: Fact.DISPUTE_WON,
        What.DISPUTE_LOST: Fact.DISPUTE_LOST, What.DONE: Fact.DONE,
    }  # fmt: skip
    for step in plan.steps:
        if step.what is What.POLICY:
            record.add(step.day, Fact.POLICY, 0, 0, step.policy)
        elif step.what is What.PAY and step.how is How.CARD:
            record.add(step.day, Fact.PAID_BY_CARD, step.job, step.cents, step.part)
        elif step.what is What.PAY and step.how is How.BANK:
            record.add(step.day + 4, Fact.PAID_BY_BANK, step.job, step.cents, step.part)
        elif step.what is What.CANCEL:
            record.add(step.day, Fact.CANCELLED, step.job, 0)
            record.add(step.day, Fact.REFUNDED, step.job, step.cents, step.part)
        elif step.what in facts:
            cents = plan.job(step.job).price_cents if step.what is What.SIGN else step.cents
            record.add(step.day, facts[step.what], step.job, cents, step.part)
    return record
