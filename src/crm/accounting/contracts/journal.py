"""What each document debits and credits, in words a bookkeeper reads: shown before a policy is chosen and before a payment
is booked. Pure; docs/accounting.md holds the same as worked examples, which run against a trial balance."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from crm.accounting.contracts.lines import Agreed, Share, SoldLine
from crm.accounting.documents import CLEARING_ACCOUNT_NAME, LIABILITY_ACCOUNT_NAME
from crm.kit.money import percent_of

RECEIVABLE = "Accounts Receivable"
TAX_PAYABLE = "Sales Tax Payable"


@dataclass(frozen=True, slots=True)
class Accounts:
    """By name, as the mapping says."""

    deposits: str
    income: str
    clearing: str = CLEARING_ACCOUNT_NAME
    receivable: str = RECEIVABLE
    tax: str = TAX_PAYABLE


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a document, in minor units; debits positive."""

    account: str
    minor: int


@dataclass(frozen=True, slots=True)
class Document:
    entity: str
    said: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens, and the documents it makes."""

    said: str
    documents: tuple[Document, ...]


def deposit(accounts: Accounts, minor: int) -> tuple[Document, ...]:
    invoice = Document(
        "Invoice", "Invoice of the deposit", _two(accounts.receivable, accounts.deposits, minor)
    )
    return (invoice, payment(accounts, minor))


def payment(accounts: Accounts, minor: int) -> Document:
    return Document("Payment", "Payment, applied", _two(accounts.clearing, accounts.receivable, minor))


def contract_invoice(accounts: Accounts, sold: Agreed, used_minor: int) -> Document:
    said = "Invoice of the contract, less the deposits" if used_minor else "Invoice of the contract"
    return Document(
        "Invoice",
        said,
        _some(
            Entry(accounts.receivable, sold.total_minor - used_minor),
            Entry(accounts.deposits, used_minor),
            Entry(accounts.income, -sold.net_minor),
            Entry(accounts.tax, -sold.tax_minor),
        ),
    )


def refund(accounts: Accounts, from_deposits_minor: int, sold: Share) -> Document:
    return Document(
        "RefundReceipt",
        "Refund receipt",
        _some(
            Entry(accounts.deposits, from_deposits_minor),
            Entry(accounts.income, sold.net_minor),
            Entry(accounts.tax, sold.tax_minor),
            Entry(accounts.clearing, -from_deposits_minor - sold.gross_minor),
        ),
    )


FEE_ACCOUNT = "Stripe Fees"
FEE_EXAMPLES = (("New roof", 13_733), ("Gutters", 2_930), ("Repair", 755))


def fee_example(fee_documents: str) -> tuple[Document, ...]:
    """The fees of a day on which three payments came, $4,725.00, $1,000.00 and $250.00."""
    if fee_documents == "per_day":
        total = sum(minor for _, minor in FEE_EXAMPLES)
        return (_fee("Expense: fees of the day, 3 payments", total),)
    return tuple(_fee(f"Expense: fee of the payment for {said}", minor) for said, minor in FEE_EXAMPLES)


def _fee(said: str, minor: int) -> Document:
    return Document("Purchase", said, _two(FEE_ACCOUNT, CLEARING_ACCOUNT_NAME, minor))


def accounts_of(policy: str) -> Accounts:
    income = "Income"
    return Accounts(LIABILITY_ACCOUNT_NAME if policy == "liability" else income, income)


def example(policy: str) -> list[Step]:
    """The life of a job over $10,000.00 with 8 % sales tax: 30 % deposit, the rest when it is done."""

    line = SoldLine("New roof", "", "", Decimal(1), 1_000_000, Decimal(8))
    sold = Agreed(0, "New roof", "USD", (line,), percent_of(1_000_000, 8, "USD"))
    first, accounts = percent_of(sold.total_minor, 30, "USD"), accounts_of(policy)
    rest = sold.total_minor - first
    if policy == "whole":
        return [
            Step(
                "The deposit is paid",
                (contract_invoice(accounts, sold, 0), payment(accounts, first)),
            ),
            Step("The rest is paid", (payment(accounts, rest),)),
        ]
    return [
        Step("The deposit is paid", deposit(accounts, first)),
        Step(
            "The job is done and the rest is paid",
            (contract_invoice(accounts, sold, first), payment(accounts, rest)),
        ),
    ]


def _two(debit: str, credit: str, minor: int) -> tuple[Entry, ...]:
    return (Entry(debit, minor), Entry(credit, -minor))


def _some(*entries: Entry) -> tuple[Entry, ...]:
    """Without what is nothing; one account stands once."""
    sums: dict[str, int] = {}
    for entry in entries:
        sums[entry.account] = sums.get(entry.account, 0) + entry.minor
    return tuple(Entry(account, minor) for account, minor in sums.items() if minor)
