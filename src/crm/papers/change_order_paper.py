"""A signed change order as a paper: what changes, what it costs, what is agreed now."""

from __future__ import annotations

from crm.activity.tables import ActivityEntry
from crm.kit.money import format_money
from crm.papers import paper as p
from crm.papers.certificate import certificate
from crm.papers.paper import Paper
from crm.papers.proposal_paper import customer_facts, line_table
from crm.papers.words import language_of, local_day, said
from crm.proposals.content import Content
from crm.proposals.inputs import LineIn
from crm.proposals.tables import Approval, ChangeOrder


def signed(
    content: Content,
    order: ChangeOrder,
    approval: Approval,
    entry: ActivityEntry,
    *,
    logo: bytes | None = None,
) -> Paper:
    """`entry` is the approval's entry in the log; what was agreed before is the proposal's total and the changes
    approved until this one."""
    proposal, language, zone = (
        content.proposal,
        language_of(content.proposal.language),
        content.org.time_zone,
    )
    number, currency = proposal.number or proposal.id, proposal.currency
    name = said(language, "signed_change_order", position=order.position, number=number)
    lines = [LineIn.model_validate(line) for line in order.lines]
    sums = [
        (said(language, key), format_money(figure, currency), key == "total")
        for key, figure in (
            ("subtotal", order.subtotal_minor),
            ("tax", order.tax_minor),
            ("total", order.total_minor),
        )
    ]
    return Paper(
        name=f"{name} {order.title}",
        kind=name,
        title=order.title,
        language=language,
        org=content.org,
        made_at=approval.approved_at,
        footer=f"{said(language, 'change_order', position=order.position, number=number)} · {content.org.name}",
        fingerprint=approval.content_hash,
        logo=logo,
        signature_path=approval.signature_path,
        blocks=[
            p.facts(
                [
                    *customer_facts(content),
                    (said(language, "date"), local_day(language, approval.approved_at, zone)),
                    *([(said(language, "reason"), order.reason)] if order.reason else []),
                ]
            ),
            p.amount(said(language, "price_change"), format_money(order.total_minor, currency)),
            line_table(lines, currency, language, heading=said(language, "included"), sums=sums),
            *certificate(
                approval,
                entry,
                language,
                zone,
                said(language, "change_order", position=order.position, number=number),
            ),
        ],
    )
