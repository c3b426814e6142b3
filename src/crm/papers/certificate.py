"""The last page of a signed paper: the signature, how it came about, and how to check it."""

from __future__ import annotations

from collections.abc import Sequence

from crm.activity.tables import ActivityEntry
from crm.papers import paper as p
from crm.papers.paper import Block
from crm.papers.words import Language, exact_time, said
from crm.proposals.tables import Approval


def certificate(
    approval: Approval,
    entry: ActivityEntry,
    language: Language,
    zone: str,
    document: str,
    beside: Sequence[Block] = (),
) -> list[Block]:
    """The last page: signature; who, when, from where, with what, agreeing to what; fingerprint, place in the log.
    `beside` stands over the signature."""
    rows = [
        ("document", document),
        ("signer", approval.signer_name),
        ("signed_how", said(language, "drawn" if approval.signature_path else "typed")),
        ("signed_at", exact_time(language, approval.approved_at, zone)),
        ("signed_from", approval.ip or ""),
        ("signed_with", approval.user_agent or ""),
        ("consent", approval.consent),
        ("fingerprint", approval.content_hash),
        ("log_position", said(language, "log_entry", seq=entry.seq)),
        ("entry_hash", entry.hash.hex()),
    ]
    return [
        p.new_page(said(language, "certificate")),
        *beside,
        _signature(approval, language, zone),
        p.words(said(language, "certificate_lead")),
        p.facts([(said(language, key), value) for key, value in rows if value]),
        p.words(said(language, "verify_how"), said(language, "verify")),
    ]


def _signature(approval: Approval, language: Language, zone: str) -> Block:
    """The signature as it was drawn, or the name as it was typed, over who and when."""
    when = exact_time(language, approval.approved_at, zone)
    return p.signature(
        approval.signer_name,
        said(language, "signed_by", name=approval.signer_name, when=when),
        said(language, "signature_of", name=approval.signer_name),
        drawn=approval.signature_path is not None,
    )
