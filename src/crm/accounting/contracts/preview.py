"""What a part of a contract would post, before it is paid: the documents with their debits and credits, and what stands
against them. Nothing is asked of QuickBooks and nothing is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import exchange_rates
from crm.accounting.contracts import agreed, forms, journal, lists, policy
from crm.accounting.contracts.documents import Frame, deposit_tax_code, invoice_body
from crm.accounting.contracts.journal import Accounts, Document
from crm.accounting.contracts.lines import Agreed
from crm.accounting.contracts.mapped import mapping_of
from crm.accounting.contracts.mapping import BY_NAME, Mapping
from crm.accounting.contracts.tables import BooksContract
from crm.accounting.documents import CLEARING_ACCOUNT_NAME, LIABILITY_ACCOUNT_NAME, Company, kept_company
from crm.accounting.tables import Posting, QboLink, QboToken
from crm.customers.tables import Customer
from crm.kit.errors import Refused
from crm.payments.tables import Payment
from crm.proposals.tables import Proposal


@dataclass(frozen=True, slots=True)
class Preview:
    """`customer`: on whom in QuickBooks they stand, in a sentence."""

    policy: str
    customer: str
    documents: tuple[Document, ...]
    problems: tuple[str, ...]


async def preview(session: AsyncSession, org_id: int, payment: Payment) -> Preview:
    """As if the part were paid now, all before it being booked."""
    contract = await session.get(BooksContract, (org_id, payment.proposal_id))
    chosen = contract.policy if contract else (await policy.settings_of(session, org_id)).policy
    proposal = await session.get_one(Proposal, (org_id, payment.proposal_id))
    sold = await agreed.contract(session, org_id, payment.proposal_id)
    token = await session.scalar(select(QboToken).where(QboToken.org_id == org_id))
    realm = (token.realm_id or "") if token else ""
    mapping = await mapping_of(session, org_id, realm)
    choices, _ = await lists.kept(session, org_id, realm)
    company = kept_company(token.company if token else None)
    accounts = _accounts(
        mapping, choices, chosen, await _clearing(session, org_id, payment, company, mapping, choices)
    )
    invoiced = await _invoiced(session, org_id, payment.proposal_id)
    last = proposal.approved_at is not None and (
        chosen == "whole" or not await _others_open(session, org_id, payment)
    )
    made: list[Document] = []
    problems: list[str] = []
    in_parts = contract is not None and contract.in_parts
    if in_parts or not (invoiced or last or (contract and contract.done_at)):
        made += journal.deposit(accounts, payment.amount_minor)
        problems += _tried(lambda: deposit_tax_code(company, mapping)) if company else []
    else:
        if not invoiced:
            used = await forms.deposits_left(session, org_id, payment.proposal_id)
            used += await _to_come(session, org_id, payment) if chosen != "whole" else 0
            used = min(used, sold.total_minor)
            made.append(journal.contract_invoice(accounts, sold, used))
            problems += _would_refuse(company, mapping, sold, used) if company else []
        made.append(journal.payment(accounts, payment.amount_minor))
    if company is None:
        problems.append(
            "QuickBooks is not connected, or its settings have not been read yet; the accounts are our defaults."
        )
    elif payment.currency != company.home_currency and not company.multicurrency:
        problems.append(
            f"The contract is in {payment.currency}, but this company keeps its books in {company.home_currency} only."
        )
    problems += unfit_mappings(mapping, choices, company.home_currency if company else "")
    customer = await _customer(session, realm, proposal, company)
    return Preview(chosen, customer, tuple(made), tuple(problems))


async def _customer(session: AsyncSession, realm_id: str, proposal: Proposal, company: Company | None) -> str:
    ours = await session.get_one(Customer, (proposal.org_id, proposal.customer_id))
    foreign = company is not None and proposal.currency != company.home_currency
    local_id = f"{ours.id}:{proposal.currency}" if foreign else str(ours.id)
    linked = await session.scalar(
        select(QboLink.name).where(
            QboLink.org_id == proposal.org_id,
            QboLink.realm_id == realm_id,
            QboLink.entity == "Customer",
            QboLink.local_kind == "customer",
            QboLink.local_id == local_id,
        )
    )
    if linked is not None:
        return f"On the customer “{linked}”, who stands for {ours.name} already."
    return (
        f"On a customer for {ours.name}: looked for by e-mail, phone and name, and made if nobody fits; where somebody may be "
        "meant you are asked first."
    )


def unfit_mappings(mapping: Mapping, choices: dict[str, list[lists.Choice]], home_currency: str) -> list[str]:
    """What is mapped and cannot be used, by the lists as they were last read."""
    found = []
    for (slot_name, key), mapped in sorted(mapping.of.items()):
        slot = BY_NAME.get(slot_name)
        if slot is None or not choices.get(slot.entity):
            continue
        problem = lists.unfit(
            slot,
            lists.by_id(choices, slot.entity).get(mapped.qbo_id),
            lists.wanted_currency(key, home_currency),
        )
        if problem is not None:
            found.append(problem)
    return found


async def _clearing(
    session: AsyncSession,
    org_id: int,
    payment: Payment,
    company: Company | None,
    mapping: Mapping,
    choices: dict[str, list[lists.Choice]],
) -> str:
    """The account that will hold the money, which is one of the currency in which Stripe holds it."""
    key, otherwise = "", CLEARING_ACCOUNT_NAME
    if company is not None and company.multicurrency and payment.currency != company.home_currency:
        held_in = await exchange_rates.held_in(session, org_id, company, payment.currency)
        if held_in != company.home_currency:
            key, otherwise = f"currency:{held_in.casefold()}", f"{CLEARING_ACCOUNT_NAME} ({held_in})"
    chosen = mapping.of.get(("clearing_account", key))
    if chosen is None:
        return otherwise
    known = lists.by_id(choices, "Account").get(chosen.qbo_id)
    return str(known["name"]) if known else chosen.name


def _accounts(
    mapping: Mapping, choices: dict[str, list[lists.Choice]], chosen: str, clearing: str
) -> Accounts:
    items = lists.by_id(choices, "Item")

    def behind(slot: str, otherwise: str) -> str:
        item = items.get(mapping.get(slot) or "")
        return str(item["account"]) if item and item.get("account") else otherwise

    deposits = (
        behind("deposit_item", LIABILITY_ACCOUNT_NAME)
        if chosen == "liability"
        else behind("income_item", "Income")
    )
    return Accounts(deposits, behind("sales_item", "Income"), clearing)


def _would_refuse(company: Company, mapping: Mapping, sold: Agreed, used: int) -> list[str]:
    drawn = Frame(company, mapping, "0", "0", "0")
    return _tried(
        lambda: invoice_body(
            drawn, sold, used_minor=used, day="2000-01-01", requestid="0" * 32, subject="", estimate_id=None
        )
    )


def _tried(build: Callable[[], object]) -> list[str]:
    try:
        build()
    except Refused as error:
        return [error.detail]
    return []


async def _invoiced(session: AsyncSession, org_id: int, proposal_id: int) -> bool:
    return (
        await session.scalar(
            select(Posting.id).where(
                Posting.org_id == org_id,
                Posting.kind == "contract_invoice",
                Posting.subject == f"proposal:{proposal_id}",
            )
        )
    ) is not None


async def _others_open(session: AsyncSession, org_id: int, payment: Payment) -> Sequence[int]:
    rows = await session.scalars(
        select(Payment.id).where(
            Payment.org_id == org_id,
            Payment.proposal_id == payment.proposal_id,
            Payment.id != payment.id,
            Payment.state != "void",
            Payment.paid_at.is_(None),
            # A part that comes after this one is open; one before it is taken as paid.
            Payment.position > payment.position,
        )
    )
    return rows.all()


async def _to_come(session: AsyncSession, org_id: int, payment: Payment) -> int:
    """Earlier parts that are not booked as deposits yet, but will have been. Minor units."""
    rows = await session.execute(
        select(Payment.amount_minor, Posting.form)
        .outerjoin(
            Posting,
            (Posting.org_id == Payment.org_id)
            & (Posting.kind == "payment")
            & (Posting.payment_id == Payment.id),
        )
        .where(
            Payment.org_id == org_id,
            Payment.proposal_id == payment.proposal_id,
            Payment.position < payment.position,
            Payment.state != "void",
        )
    )
    return sum(int(amount) for amount, form in rows if form is None)
