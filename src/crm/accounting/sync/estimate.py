"""The estimate of a proposal: made when it is sent, kept in step with what becomes of it, closed by the contract's invoice.

It moves no money and holds none up (docs/decisions/estimates-and-signed-papers.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting import connection, exchange_rates, links, outbox
from crm.accounting.booking import Kind, Taken
from crm.accounting.comeback import mirror, noticing
from crm.accounting.comeback.tables import QboMirror
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import agreed
from crm.accounting.contracts.documents import estimate_body, estimate_lines
from crm.accounting.contracts.lines import Agreed
from crm.accounting.documents import txn_date
from crm.accounting.sync.frame import frame, party
from crm.accounting.sync.looking import find_by_note
from crm.accounting.tables import Posting, QboRequest
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call, dumps, loads
from crm.kit.database import ROW_LOCK
from crm.kit.errors import Refused
from crm.proposals.tables import Proposal

STALE_TRIES = 3  # 5010: somebody changed it there meanwhile
OVER = frozenset({"Closed", "Rejected"})
NEVER_MADE = "none"  # in a posting's `form`, which else says the TxnStatus that we know to stand there

# What TxnStatus the proposal `r` asks for. A new version is a proposal of its own; the one that it replaced is rejected.
_WANTED = (
    "CASE WHEN EXISTS (SELECT 1 FROM postings f WHERE f.org_id = r.org_id AND f.kind = 'contract_invoice' "
    "AND f.subject = 'proposal:' || r.id AND f.state = 'posted') THEN 'Closed' "
    "WHEN r.status IN ('sent', 'viewed') THEN 'Pending' WHEN r.status = 'approved' THEN 'Accepted' "
    "ELSE 'Rejected' END"
)


async def post(books: Books, org_id: int, posting: Taken) -> None:
    """Makes the estimate, or brings its status up to date. Raises Unavailable, Refused or Disconnected."""
    assert posting.proposal_id is not None
    access = await connection.access(books, org_id)
    async with books.db.transaction(org_id) as session:
        wanted = str(await session.scalar(_STATUS, {"org": org_id, "proposal": posting.proposal_id}))
        link = await links.find(session, org_id, access.realm_id, "Estimate", "proposal", posting.proposal_id)
        known = await session.scalar(
            select(Posting.form).where(Posting.org_id == org_id, Posting.id == posting.id)
        )
        offered = await agreed.offered(session, org_id, posting.proposal_id)
        under_way = await _is_under_way(session, access, posting)
    if link is None:
        # One whose answer was lost may stand there: it is looked for, and then brought to its end.
        if wanted in OVER and not under_way:
            await _keep_form(books, org_id, posting, NEVER_MADE)
            return
        await _make(books, access, posting, offered, wanted)
    elif known != wanted:
        await _bring_up_to_date(books, access, posting, offered, link.qbo_id, wanted)


async def _is_under_way(session: AsyncSession, access: Access, posting: Taken) -> bool:
    sent = await session.scalar(
        select(QboRequest.id).where(
            QboRequest.org_id == access.org_id,
            QboRequest.realm_id == access.realm_id,
            QboRequest.operation == "create_estimate",
            QboRequest.subject == posting.subject,
            QboRequest.state == "sent",
        )
    )
    return sent is not None


async def _make(books: Books, access: Access, posting: Taken, offered: Agreed, wanted: str) -> None:
    org_id = access.org_id
    _, drawn = await frame(books, org_id, await party(books, org_id, offered.proposal_id), None)
    async with books.db.transaction(org_id) as session:
        proposal = await session.get_one(Proposal, (org_id, offered.proposal_id))
        day = txn_date(proposal.sent_at or posting.created_at, drawn.company)
        until = proposal.valid_until.isoformat() if proposal.valid_until else None
    rate = await exchange_rates.of_day(books, access, drawn.company, offered.currency, day)
    drawn = replace(drawn, rate=rate)

    async def look(requestid: str) -> dict[str, Any] | None:
        return await find_by_note(books, access, "Estimate", drawn.customer_id, day, requestid)

    written = await outbox.write_once(
        books,
        org_id,
        access.realm_id,
        operation="create_estimate",
        subject=posting.subject,
        entity="Estimate",
        build=lambda requestid: estimate_body(
            drawn, offered, status=wanted, day=day, until=until, requestid=requestid, subject=posting.subject
        ),
        look=look,
    )
    async with books.db.transaction(org_id) as session:
        new = await links.link(
            session, org_id, access.realm_id, "Estimate", "proposal", offered.proposal_id, written.object
        )
        await outbox.succeeded(session, org_id, written)
        if new:
            await record(
                session, org_id, Event.ESTIMATE_MADE, proposal_id=offered.proposal_id,
                qbo_id=str(written.object["Id"]), amount_cents=offered.total_minor, currency=offered.currency,
                status=str(written.object["TxnStatus"]),
            )  # fmt: skip
        # As it was sent, which an earlier attempt may have done before the customer decided: then it comes again.
        await _set_form(session, org_id, posting, str(written.object["TxnStatus"]))


async def _bring_up_to_date(
    books: Books, access: Access, posting: Taken, offered: Agreed, qbo_id: str, wanted: str
) -> None:
    """Writes status (and, once approved, what was chosen), unless the contract's invoice has closed it already."""
    org_id = access.org_id
    if wanted == "Closed" and await _closed_by_invoice(books, access, posting, qbo_id):
        await _say_closed(books, access, posting, qbo_id)
        return
    changed: dict[str, Any] = {"TxnStatus": wanted}
    if wanted == "Accepted":
        _, drawn = await frame(books, org_id, await party(books, org_id, offered.proposal_id), None)
        changed |= estimate_lines(drawn, offered)
    async with books.db.transaction(org_id) as session:
        row = await session.get(QboMirror, (org_id, access.realm_id, "Estimate", qbo_id))
        token = (row.sync_token if row else None) or "0"
    for attempt in range(STALE_TRIES):
        try:
            await _write(books, access, posting, qbo_id, changed, token)
            return
        except Refused as error:
            if error.code == "610":
                await _forget(books, access, posting, error)
            if error.code != "5010" or attempt == STALE_TRIES - 1:
                raise
        now = await _read(books, access, qbo_id)
        if _has_invoice(now):  # somebody made an invoice of it there: QuickBooks keeps it closed
            await _say_closed(books, access, posting, qbo_id)
            return
        token = str(now["SyncToken"])


async def _write(
    books: Books, access: Access, posting: Taken, qbo_id: str, changed: dict[str, Any], token: str
) -> None:
    wanted = changed["TxnStatus"]

    async def look(_: str) -> dict[str, Any] | None:
        now = await _read(books, access, qbo_id)
        return now if now.get("TxnStatus") == wanted else None

    build: Callable[[str], dict[str, Any]] = lambda _: {  # noqa: E731
        "Id": qbo_id, "SyncToken": token, "sparse": True,
    } | changed  # fmt: skip
    written = await outbox.write_once(
        books, access.org_id, access.realm_id, operation="update_estimate",
        subject=f"{posting.subject}:{wanted.lower()}", entity="Estimate", build=build, look=look,
    )  # fmt: skip
    async with books.db.transaction(access.org_id) as session:
        await outbox.succeeded(session, access.org_id, written)
        await _said(session, access, posting, qbo_id, wanted)


async def _read(books: Books, access: Access, qbo_id: str) -> dict[str, Any]:
    answer = await qbo.ask(books, access.org_id, Call("GET", f"estimate/{qbo_id}", "read_estimate"))
    found: dict[str, Any] = answer.data["Estimate"]
    return found


def _has_invoice(estimate: dict[str, Any]) -> bool:
    return any(link.get("TxnType") == "Invoice" for link in estimate.get("LinkedTxn") or [])


async def _closed_by_invoice(books: Books, access: Access, posting: Taken, qbo_id: str) -> bool:
    """Whether our invoice was sent with the link, by which QuickBooks closed the estimate itself: known without a read."""
    async with books.db.transaction(access.org_id) as session:
        body = await session.scalar(
            select(QboRequest.body)
            .where(
                QboRequest.org_id == access.org_id,
                QboRequest.realm_id == access.realm_id,
                QboRequest.operation == "create_invoice",
                QboRequest.subject == posting.subject,
                QboRequest.state == "succeeded",
            )
            .order_by(QboRequest.generation.desc())
            .limit(1)
        )
    return body is not None and {"TxnId": qbo_id, "TxnType": "Estimate"} in loads(body).get("LinkedTxn", [])


async def _say_closed(books: Books, access: Access, posting: Taken, qbo_id: str) -> None:
    """QuickBooks closed it: that is what we agree to from now on, and no difference."""
    async with books.db.transaction(access.org_id) as session:
        rows = await mirror.locked(session, access.org_id, access.realm_id, "Estimate", [qbo_id])
        for row in rows.values():
            row.ours = dumps(loads(row.ours) | {"TxnStatus": "Closed"})
            await session.flush()
            await noticing.notice(session, row)
        await _said(session, access, posting, qbo_id, "Closed")


async def _said(session: AsyncSession, access: Access, posting: Taken, qbo_id: str, status: str) -> None:
    await _set_form(session, access.org_id, posting, status)
    await record(
        session,
        access.org_id,
        Event.ESTIMATE_STATUS_SET,
        proposal_id=posting.proposal_id,
        qbo_id=qbo_id,
        status=status,
    )


async def _forget(books: Books, access: Access, posting: Taken, error: Refused) -> None:
    """It was deleted there: a person's retry makes it anew."""
    fault = {"code": error.code, "sentence": error.detail}
    async with books.db.transaction(access.org_id) as session:
        await links.unlink(session, access.org_id, access.realm_id, "Estimate", "proposal", posting.local_id)
        await outbox.undo(session, access.org_id, access.realm_id, "create_estimate", posting.subject, fault)


async def _keep_form(books: Books, org_id: int, posting: Taken, form: str) -> None:
    async with books.db.transaction(org_id) as session:
        await _set_form(session, org_id, posting, form)


async def _set_form(session: AsyncSession, org_id: int, posting: Taken, form: str) -> None:
    row = await session.get_one(Posting, (org_id, posting.id), with_for_update=ROW_LOCK)
    row.form = form


_STATUS = text(f"SELECT {_WANTED} FROM proposals r WHERE r.org_id = :org AND r.id = :proposal")

KIND = Kind(
    "estimate",
    missing="SELECT 'proposal:' || r.id, NULL::int, r.id, r.total_minor, r.currency, :now "
    "FROM books_settings s JOIN proposals r ON r.org_id = s.org_id WHERE s.org_id = :org AND s.send_estimates "
    "AND r.status IN ('sent', 'viewed', 'approved') AND NOT EXISTS (SELECT 1 FROM postings f "
    "WHERE f.org_id = r.org_id AND f.kind = 'contract_invoice' AND f.proposal_id = r.id) "
    "AND NOT EXISTS (SELECT 1 FROM books_contracts c WHERE c.org_id = r.org_id AND c.proposal_id = r.id AND c.in_parts)",
    post=post,
    entities=("Estimate",),
    # While the invoice is under way its link is decided: whatever is written now would cross it.
    after="NOT EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id AND f.proposal_id = p.proposal_id "
    "AND f.kind = 'contract_invoice' AND f.state IN ('waiting', 'needs_you') AND f.form IS NOT NULL)",
    # One that stands there otherwise than the proposal asks for is due again. So is one that asks for a person but does not
    # stand there, once its proposal is dead: nothing is left to be made, and nobody need look at it.
    begin="UPDATE postings p SET state = 'waiting', next_attempt_at = now(), attempts = 0, problem = NULL, "
    "problem_code = NULL, amount_minor = r.total_minor FROM proposals r WHERE p.org_id = :org AND p.kind = 'estimate' "
    "AND r.org_id = p.org_id AND r.id = p.proposal_id AND (p.state = 'posted' AND p.form IN ('Pending', 'Accepted') "
    f"AND p.form <> {_WANTED} OR p.state = 'needs_you' AND {_WANTED} = 'Rejected' AND NOT EXISTS "
    "(SELECT 1 FROM qbo_links l WHERE l.org_id = p.org_id AND l.entity = 'Estimate' AND l.local_kind = 'proposal' "
    "AND l.local_id = r.id::text) AND NOT EXISTS (SELECT 1 FROM qbo_requests q WHERE q.org_id = p.org_id "
    "AND q.operation = 'create_estimate' AND q.subject = p.subject AND q.state = 'sent'))",
    papers_only=True,
)
