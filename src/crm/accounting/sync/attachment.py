"""The signed paper of a contract on its invoice in QuickBooks, byte for byte as it was signed.

A posting of its own, so that a failed upload holds no money up (docs/decisions/estimates-and-signed-papers.md).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting import connection, links, outbox
from crm.accounting.booking import Kind, Taken
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import display_name
from crm.accounting.sync import setup
from crm.activity.events import Event
from crm.activity.log import record
from crm.files.keeping import content_of
from crm.files.tables import File
from crm.gateways.quickbooks import Attached, query, quote
from crm.kit import clock
from crm.kit.errors import Refused

PDF = "application/pdf"
NAME_LENGTH_MAX = 100


async def post(books: Books, org_id: int, posting: Taken) -> None:
    """Uploads the paper, or finds that it is there. Raises Unavailable, Refused or Disconnected."""
    assert posting.proposal_id is not None
    access = await connection.access(books, org_id)
    company = await setup.company_of(books, access)
    async with books.db.transaction(org_id) as session:
        known = await links.find(
            session, org_id, access.realm_id, "Attachable", "proposal", posting.proposal_id
        )
        if known is not None:
            return
        invoice = await links.find(
            session, org_id, access.realm_id, "Invoice", "proposal", posting.proposal_id
        )
        if invoice is None:
            raise Refused(
                "The contract's invoice is not linked any more, so there is nothing to attach the signed paper to. "
                "Retry the invoice first, or leave the paper out.",
                code="no-invoice",
            )
        file, content = await _signed(session, org_id, posting.proposal_id)
    name = display_name(file.name, "signed.pdf", company, longest=NAME_LENGTH_MAX)

    def build(requestid: str) -> dict[str, Any]:
        return {
            "AttachableRef": [
                {"EntityRef": {"type": "Invoice", "value": invoice.qbo_id}, "IncludeOnSend": False}
            ],
            "FileName": name,
            "ContentType": PDF,
            "Note": f"Signed contract, PeakPro CRM (Proposal #{posting.proposal_id})\nKey: {requestid}",
        }

    written = await outbox.write_once(
        books, org_id, access.realm_id, operation="attach_contract", subject=posting.subject, entity="Attachable",
        build=build, look=lambda requestid: _find(books, access, invoice.qbo_id, requestid),
        attached=Attached(name, PDF, content),
    )  # fmt: skip
    async with books.db.transaction(org_id) as session:
        new = await links.link(
            session, org_id, access.realm_id, "Attachable", "proposal", posting.proposal_id, written.object
        )
        await outbox.succeeded(session, org_id, written)
        if new:
            await record(
                session, org_id, Event.CONTRACT_ATTACHED, proposal_id=posting.proposal_id, name=name,
                qbo_id=str(written.object["Id"]), qbo_invoice_id=invoice.qbo_id, bytes=len(content),
            )  # fmt: skip


async def again(session: AsyncSession, org_id: int, realm_id: str, proposal_id: int) -> None:
    """The contract's invoice is another one now: its paper is due again, if it hung on the one before."""
    subject = f"proposal:{proposal_id}"
    fault = {"code": "made-anew", "sentence": "The invoice on which it hung is gone; a new one was made."}
    await links.unlink(session, org_id, realm_id, "Attachable", "proposal", proposal_id)
    await outbox.undo(session, org_id, realm_id, "attach_contract", subject, fault)
    await session.execute(
        text(
            "UPDATE postings SET state = 'waiting', next_attempt_at = :now, attempts = 0, problem = NULL, "
            "problem_code = NULL WHERE org_id = :org AND kind = 'attachment' AND subject = :subject "
            "AND state IN ('posted', 'needs_you')"
        ),
        {"org": org_id, "subject": subject, "now": clock.now()},
    )


async def _signed(session: AsyncSession, org_id: int, proposal_id: int) -> tuple[File, bytes]:
    """The paper as it was made after the signature; `KIND.after` waits for it."""
    file_id = await session.scalar(
        text(
            "SELECT file_id FROM papers WHERE org_id = :org AND proposal_id = :proposal AND kind = 'signed_proposal'"
        ),
        {"org": org_id, "proposal": proposal_id},
    )
    if file_id is None:
        raise Refused(
            "The signed paper of this contract has not been made yet. Open it once on the proposal's page, then retry.",
            code="no-paper",
        )
    return await content_of(session, org_id, file_id)


async def _find(books: Books, access: Access, invoice_id: str, requestid: str) -> dict[str, Any] | None:
    """What an earlier attempt attached to this invoice, by our key in its note."""
    statement = (
        "SELECT * FROM Attachable WHERE AttachableRef.EntityRef.Type = 'Invoice' "
        f"AND AttachableRef.EntityRef.value = {quote(invoice_id)} MAXRESULTS 1000"
    )
    answer = await qbo.ask(books, access.org_id, query("look_for_attachable", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get("Attachable", [])
    return next((row for row in rows if requestid in str(row.get("Note", ""))), None)


KIND = Kind(
    "attachment",
    missing="SELECT i.subject, NULL::int, i.proposal_id, 0, i.currency, :now FROM books_settings s "
    "JOIN postings i ON i.org_id = s.org_id WHERE s.org_id = :org AND s.attach_contract "
    "AND i.kind = 'contract_invoice' AND i.state = 'posted'",
    post=post,
    entities=("Attachable",),
    after="EXISTS (SELECT 1 FROM papers k WHERE k.org_id = p.org_id AND k.proposal_id = p.proposal_id "
    "AND k.kind = 'signed_proposal')",
    papers_only=True,
)
