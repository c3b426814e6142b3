"""Papers about money: the invoice of each part of a price, the receipt when it is paid, the note of a refund."""

from __future__ import annotations

from collections.abc import Sequence

from crm.kit.money import format_money
from crm.papers import paper as p
from crm.papers.paper import Paper
from crm.papers.proposal_paper import customer_facts
from crm.papers.words import language_of, local_day, part_name, said
from crm.payments.tables import Payment, Refund
from crm.proposals.content import Content


def receipt(
    content: Content, payment: Payment, parts: Sequence[Payment], *, logo: bytes | None = None
) -> Paper:
    """What was paid, and what remains of all `parts` as it stood when this payment came. Needs a paid payment."""
    if payment.paid_at is None:
        raise ValueError(f"payment {payment.id} is not paid")
    proposal, language, zone = (
        content.proposal,
        language_of(content.proposal.language),
        content.org.time_zone,
    )
    name = part_name(language, payment.name)
    agreed = proposal.total_minor + proposal.changes_minor
    paid = sum(
        part.amount_minor for part in parts if part.paid_at is not None and part.paid_at <= payment.paid_at
    )
    how = "simulated" if payment.simulated else "paid_through"
    rows = [
        *customer_facts(content, "received_from"),
        (said(language, "for_work"), f"{proposal.title}\n{_proposal_name(content)}"),
        (said(language, "paid_on"), local_day(language, payment.paid_at, zone)),
        (said(language, "paid_by"), said(language, how)),
    ]
    if payment.stripe_payment_intent:
        rows.append((said(language, "reference"), payment.stripe_payment_intent))
    money = [
        (said(language, "agreed_total"), agreed),
        (said(language, "paid_so_far"), paid),
        (said(language, "remaining"), max(0, agreed - paid)),
    ]
    return Paper(
        name=f"{said(language, 'receipt')} {name} {proposal.title}",
        kind=said(language, "receipt"),
        title=said(language, "receipt_title", name=name),
        language=language,
        org=content.org,
        made_at=payment.paid_at,
        footer=f"{said(language, 'receipt')} {payment.id} · {content.org.name}",
        logo=logo,
        blocks=[
            p.amount(said(language, "paid"), format_money(payment.amount_minor, payment.currency)),
            p.facts([*rows, *((label, format_money(figure, payment.currency)) for label, figure in money)]),
            p.words(said(language, "made_after"), size="small"),
        ],
    )


def invoice(
    content: Content, payment: Payment, quickbooks_number: str | None, *, logo: bytes | None = None
) -> Paper:
    """A copy of the invoice of one part, under QuickBooks' number once it has one there."""
    proposal, language, zone = (
        content.proposal,
        language_of(content.proposal.language),
        content.org.time_zone,
    )
    name = part_name(language, payment.name)
    number = quickbooks_number or f"{proposal.number or proposal.id}-{payment.id}"
    total = format_money(proposal.total_minor + proposal.changes_minor, payment.currency)
    figure = format_money(payment.amount_minor, payment.currency)
    state = {"paid": "amount_paid", "planned": "not_asked"}.get(payment.state, "amount_due")
    dated = payment.due_at or payment.paid_at or payment.created_at
    return Paper(
        name=f"{said(language, 'invoice')} {number} {name} {proposal.title}",
        kind=said(language, "invoice"),
        title=said(language, "invoice_title", name=name),
        language=language,
        org=content.org,
        made_at=payment.updated_at,
        footer=f"{said(language, 'invoice')} {number} · {content.org.name}",
        logo=logo,
        blocks=[
            p.amount(said(language, state), figure),
            p.facts(
                [
                    (said(language, "invoice_number"), number),
                    (said(language, "invoice_date"), local_day(language, dated, zone)),
                    *customer_facts(content, "bill_to"),
                ]
            ),
            p.table(
                [said(language, "item"), said(language, "amount")],
                [
                    [
                        (
                            f"{proposal.title}: {name}",
                            f"{_proposal_name(content)}\n{said(language, 'invoice_note', total=total)}",
                        ),
                        figure,
                    ]
                ],
                figures=(1,),
                sums=[(said(language, "total"), figure, True)],
            ),
        ],
    )


def refund_note(content: Content, payment: Payment, refund: Refund, *, logo: bytes | None = None) -> Paper:
    """Money given back, or on its way back."""
    language, zone = language_of(content.proposal.language), content.org.time_zone
    name = part_name(language, payment.name)
    done = refund.status == "succeeded"
    rows = [
        *customer_facts(content, "refunded_to"),
        (said(language, "for_work"), f"{content.proposal.title}\n{_proposal_name(content)}"),
        (said(language, "of_payment"), format_money(payment.amount_minor, payment.currency)),
        (said(language, "refunded_on" if done else "date"), local_day(language, refund.created_at, zone)),
        (said(language, "reference"), refund.refund_id),
    ]
    return Paper(
        name=f"{said(language, 'refund_note')} {name} {content.proposal.title}",
        kind=said(language, "refund_note"),
        title=said(language, "refund_title", name=name),
        language=language,
        org=content.org,
        made_at=refund.updated_at,
        footer=f"{said(language, 'refund_note')} {refund.refund_id} · {content.org.name}",
        logo=logo,
        blocks=[
            p.amount(
                said(language, "refunded" if done else "refund_pending"),
                format_money(refund.amount_minor, refund.currency),
            ),
            p.facts(rows),
            p.words(said(language, "refund_lead")),
        ],
    )


def _proposal_name(content: Content) -> str:
    proposal = content.proposal
    return said(
        language_of(proposal.language),
        "proposal_version",
        number=proposal.number or proposal.id,
        version=proposal.version,
    )
