"""Checks a paper against the log: is this file one that we made, is the log whole, is the offer still the same?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.tables import ActivityEntry
from crm.activity.verify import verify_org
from crm.kit.database import Database
from crm.papers.keeping import approval_entry
from crm.proposals.content import is_unchanged, load
from crm.proposals.tables import Approval


@dataclass(frozen=True, slots=True)
class PaperVerdict:
    """`findings` are sentences, each of something that was checked."""

    good: bool
    findings: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(("GOOD" if self.good else "NOT GOOD", *self.findings))


async def verify_paper(db: Database, pdf: bytes) -> PaperVerdict:
    """Looks in every org's log; a file of which no log knows is not good, whatever is printed on it."""
    digest = hashlib.sha256(pdf).hexdigest()
    async with db.transaction() as session:
        orgs = list(await session.scalars(text("SELECT org_id FROM crm_org_list()")))
    for org_id in orgs:
        async with db.transaction(org_id) as session:
            entry = await session.scalar(
                select(ActivityEntry).where(
                    ActivityEntry.org_id == org_id,
                    ActivityEntry.event == Event.PAPER_MADE.value,
                    ActivityEntry.meta["sha256"].as_string() == digest,
                )
            )
            if entry is not None:
                return await _follow(session, entry)
    return PaperVerdict(
        good=False, findings=(f"No log knows a paper of SHA-256 {digest}: it was altered, or not made here.",)
    )


async def _follow(session: AsyncSession, entry: ActivityEntry) -> PaperVerdict:
    name, made = entry.meta.get("name"), f"{entry.created_at:%Y-%m-%d %H:%M:%S %Z}"
    chain = await verify_org(session, entry.org_id)
    findings = [
        f"The file is {name}, made {made} (entry {entry.seq} of org {entry.org_id}).",
        f"The log: {chain}.",
    ]
    good = not chain.why
    if entry.meta.get("kind") != "receipt":
        matches, sentence = await _signature(session, entry.org_id, int(entry.meta["subject_id"]))
        good = good and matches
        findings.append(sentence)
    return PaperVerdict(good, tuple(findings))


async def _signature(session: AsyncSession, org_id: int, approval_id: int) -> tuple[bool, str]:
    """Whether the log's entry names the hash that was signed, and a proposal's content still has it."""
    approval = await session.get_one(Approval, (org_id, approval_id))
    signed = await approval_entry(session, approval)
    if signed.meta.get("content_hash", approval.content_hash) != approval.content_hash:
        return False, f"Entry {signed.seq} names another content than the stored signature."
    who = f"Signed by {approval.signer_name}, entry {signed.seq}, content {approval.content_hash}"
    if approval.change_order_id is None:
        content = await load(session, org_id, approval.proposal_id)
        if content.proposal.content_hash != approval.content_hash or not is_unchanged(content):
            return False, f"{who}. The stored offer is no longer what was signed; the paper shows what was."
        return True, f"{who}. The stored offer is still as it was signed."
    return True, f"{who}."
