"""The proposal as a paper: the offer, and what was signed with its certificate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from crm.activity.tables import ActivityEntry
from crm.kit.errors import Invalid
from crm.kit.money import format_money, plain
from crm.papers import paper as p
from crm.papers.certificate import certificate
from crm.papers.paper import Block, Paper, Sum
from crm.papers.words import Language, day, language_of, local_day, part_name, said
from crm.proposals import pricing
from crm.proposals.content import Content
from crm.proposals.lifecycle import Status
from crm.proposals.pricing import Priced
from crm.proposals.tables import LineItem


def offer(content: Content, default_percent: int, *, logo: bytes | None = None) -> Paper:
    """The proposal as it is offered: every option and every extra. A draft says so on every page."""
    proposal, language = content.proposal, language_of(content.proposal.language)
    number = proposal.number or proposal.id
    draft = content.status() is Status.DRAFT
    return Paper(
        name=f"{said(language, 'proposal_version', number=number, version=proposal.version)} {proposal.title}",
        kind=said(language, "proposal_version", number=number, version=proposal.version),
        title=proposal.title,
        language=language,
        org=content.org,
        made_at=proposal.sent_at or proposal.updated_at,
        footer=f"{said(language, 'proposal_version', number=number, version=proposal.version)} · {content.org.name}",
        fingerprint=proposal.content_hash,
        watermark=said(language, "draft") if draft else None,
        logo=logo,
        blocks=[
            *_opening(content),
            _price(content, default_percent),
            *_offered(content),
            *_payments(content, default_percent),
            *_attached(content),
            *_terms(content),
            *_right_to_cancel(content),
            *_cancellation_forms(content),
        ],
    )


def signed(
    content: Content, entry: ActivityEntry, default_percent: int, *, logo: bytes | None = None
) -> Paper:
    """What was signed: the chosen option with the chosen extras, the signature, and the certificate.

    `entry` is the approval's entry in the log. Needs a proposal with an approval.
    """
    proposal, approval, language = content.proposal, content.approval, language_of(content.proposal.language)
    if approval is None:
        raise ValueError(f"proposal {proposal.id} has no approval")
    number = proposal.number or proposal.id
    zone = content.org.time_zone
    chosen = [
        line
        for line in content.offered(approval.option_id)
        if not line.optional or line.id in approval.line_ids
    ]
    option = next((one.name for one in content.options if one.id == approval.option_id), None)
    return Paper(
        name=f"{said(language, 'signed_proposal', number=number)} {proposal.title}",
        kind=said(language, "signed_proposal", number=number),
        title=proposal.title,
        language=language,
        org=content.org,
        made_at=approval.approved_at,
        footer=f"{said(language, 'proposal_version', number=number, version=proposal.version)} · {content.org.name}",
        fingerprint=approval.content_hash,
        logo=logo,
        signature_path=approval.signature_path,
        blocks=[
            *_opening(content),
            _price(content, default_percent),
            line_table(
                chosen,
                proposal.currency,
                language,
                heading=said(language, "chosen_option", option=option)
                if option
                else said(language, "included"),
                sums=_sums(content, content.totals(approval.option_id, approval.line_ids)),
                remarks=[said(language, "extra_chosen") if line.optional else "" for line in chosen],
            ),
            *_payments(content, default_percent),
            *_attached(content),
            *_terms(content),
            *certificate(
                approval,
                entry,
                language,
                zone,
                said(language, "proposal_version", number=number, version=proposal.version),
                _right_to_cancel(content),
            ),
            *_cancellation_forms(content),
        ],
    )


class ShownLine(Priced, Protocol):
    """What a line needs to stand on a paper."""

    @property
    def section(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def unit(self) -> str: ...


def line_table(
    lines: Sequence[ShownLine],
    currency: str,
    language: Language,
    *,
    heading: str,
    remarks: Sequence[str] = (),
    sums: Sequence[Sum] = (),
) -> Block:
    """Lines under the headings of their sections; `remarks` are one for each line, or none at all."""
    rows: list[list[p.Cell] | str] = []
    section = ""
    for line, remark in zip(lines, remarks or [""] * len(lines), strict=True):
        if line.section != section:  # after a section, what belongs to none would read as part of it
            rows.append(line.section or said(language, "other_items"))
        section = line.section
        notes = [line.description, *_notes(line, currency, language), remark]
        rows.append(
            [
                (line.name, "\n".join(note for note in notes if note)),
                f"{plain(line.quantity)} {line.unit}".strip(),
                format_money(line.unit_price_minor, currency),
                format_money(pricing.line_amount(line), currency),
            ]
        )
    columns = [said(language, key) for key in ("item", "quantity", "price", "amount")]
    return p.table(columns, rows, figures=(1, 2, 3), heading=heading, sums=sums)


def customer_facts(content: Content, who: str = "prepared_for") -> list[tuple[str, str]]:
    """Who it is for and where the work is, as facts of a paper; `who` is the word before the name."""
    language, customer = language_of(content.proposal.language), content.customer
    billing = p.address_lines(customer.billing_address)
    site = p.address_lines(customer.site_address)
    name = f"{customer.name}\n{customer.company}" if customer.company else customer.name
    rows = [(said(language, who), "\n".join([name, *billing]))]
    if site and site != billing:
        rows.append((said(language, "job_site"), "\n".join(site)))
    return rows


def _opening(content: Content) -> list[Block]:
    proposal, language = content.proposal, language_of(content.proposal.language)
    rows = customer_facts(content)
    if proposal.sent_at is not None:
        rows.append((said(language, "date"), local_day(language, proposal.sent_at, content.org.time_zone)))
    if proposal.valid_until is not None:
        rows.append((said(language, "valid_until"), day(language, proposal.valid_until)))
    opening = [p.facts(rows)]
    if proposal.introduction:
        opening.append(p.words(proposal.introduction))
    return opening


def _price(content: Content, default_percent: int) -> Block:
    """The headline: the chosen option's price, until then the first one's, as on the screen."""
    language, currency = language_of(content.proposal.language), content.proposal.currency
    total = content.headline().total_minor
    option = next((one.name for one in content.options if one.id == content.headline_option_id()), None)
    deposit = pricing.deposit(total, currency, content.deposit_rule(default_percent))
    return p.amount(
        said(language, "from_total", option=option) if option else said(language, "total_price"),
        format_money(total, currency),
        said(language, "deposit_to_start", amount=format_money(deposit, currency)) if deposit else None,
    )


def _offered(content: Content) -> list[Block]:
    proposal, language = content.proposal, language_of(content.proposal.language)
    ticked = content.ticked_lines()
    if not content.options:
        return [
            line_table(
                content.common_lines,
                proposal.currency,
                language,
                heading=said(language, "included"),
                sums=_sums(content, content.totals(None)),
                remarks=_remarks(content.common_lines, ticked, language),
            )
        ]
    tables: list[Block] = []
    if content.common_lines:
        tables.append(
            line_table(
                content.common_lines,
                proposal.currency,
                language,
                heading=said(language, "in_every_option"),
                remarks=_remarks(content.common_lines, ticked, language),
            )
        )
    for option in content.options:
        own = content.own_lines(option.id)
        table = line_table(
            own,
            proposal.currency,
            language,
            heading=said(language, "option", option=option.name),
            sums=_sums(content, content.totals(option.id), option.name if content.common_lines else None),
            remarks=_remarks(own, ticked, language),
        )
        tables.append(table | {"lead": option.description or None})
    return tables


def _remarks(lines: Sequence[LineItem], ticked: Collection[int], language: Language) -> list[str]:
    return [
        said(language, "extra_counted" if line.id in ticked else "extra") if line.optional else ""
        for line in lines
    ]


def _notes(line: Priced, currency: str, language: Language) -> list[str]:
    notes = []
    if line.discount_percent:
        notes.append(said(language, "discount", discount=f"{plain(line.discount_percent)}%"))
    elif line.discount_minor:
        notes.append(said(language, "discount", discount=format_money(line.discount_minor, currency)))
    if line.tax_percent:
        notes.append(said(language, "tax_at", percent=plain(line.tax_percent)))
    return notes


def _sums(content: Content, totals: pricing.Totals, option: str | None = None) -> list[Sum]:
    """Of an `option` together with what is in every option, and said so."""
    language, currency = language_of(content.proposal.language), content.proposal.currency
    return [
        (
            said(language, "subtotal_with" if option else "subtotal"),
            format_money(totals.subtotal_minor, currency),
            False,
        ),
        (said(language, "tax"), format_money(totals.tax_minor, currency), False),
        (
            said(language, "total_with", option=option) if option else said(language, "total"),
            format_money(totals.total_minor, currency),
            True,
        ),
    ]


def _payments(content: Content, default_percent: int) -> list[Block]:
    """The schedule of the headline's price; nothing for a draft whose payments are more than its total."""
    language, currency = language_of(content.proposal.language), content.proposal.currency
    try:
        parts = content.schedule(content.headline().total_minor, default_percent)
    except Invalid:
        return []
    if not parts:
        return []
    rows = [
        [
            part_name(language, part.name),
            said(language, "when_deposit" if part.key == "deposit" else "when_later"),
            format_money(part.amount_minor, currency),
        ]
        for part in parts
    ]
    columns = [said(language, "payment"), said(language, "date"), said(language, "amount")]
    return [
        p.table(
            columns,
            rows,
            figures=(2,),
            heading=said(language, "schedule"),
            lead=said(language, "schedule_lead"),
        )
    ]


def _attached(content: Content) -> list[Block]:
    """The photos and papers that belong to the offer: by name and fingerprint, their pictures are on the screen."""
    language = language_of(content.proposal.language)
    if not content.files:
        return []
    rows: list[list[p.Cell]] = [
        [(one.caption or one.file.name, one.file.name), one.file.sha256] for one in content.files
    ]
    columns = [said(language, "item"), said(language, "file_fingerprint")]
    return [p.table(columns, rows, figures=(), heading=said(language, "attached"))]


def _terms(content: Content) -> list[Block]:
    language = language_of(content.proposal.language)
    if not content.proposal.terms:
        return []
    return [p.words(content.proposal.terms, said(language, "terms"), size="small")]


def _right_to_cancel(content: Content) -> list[Block]:
    """The statement of the three-business-day right, which the law wants close to the signature (16 CFR 429.1)."""
    notice = content.cancellation()
    if notice is None:
        return []
    return [
        p.words(
            notice.statement, said(language_of(content.proposal.language), "right_to_cancel"), size="bold"
        )
    ]


def _cancellation_forms(content: Content) -> list[Block]:
    """The form to cancel with, in duplicate (16 CFR 429.1), each on a page that can be taken out."""
    notice = content.cancellation()
    if notice is None:
        return []
    language = language_of(content.proposal.language)
    return [
        block
        for n in (1, 2)
        for block in (p.new_page(said(language, "cancellation_copy", n=n)), p.words(notice.form, size="bold"))
    ]
