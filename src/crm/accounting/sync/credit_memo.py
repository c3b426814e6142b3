"""A credit memo: what a cancelled contract still owed, or what a change order took off after the contract was invoiced,
as far as it was not paid yet (docs/accounting.md).

It is applied to the contract's open invoices by a payment over nothing, as QuickBooks itself links credits to charges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from crm.accounting import company as qbo
from crm.accounting import exchange_rates, links, outbox
from crm.accounting.booking import Kind, Taken
from crm.accounting.comeback import looking
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import agreed, forms
from crm.accounting.contracts.documents import Frame, credit_memo_body
from crm.accounting.contracts.lines import share
from crm.accounting.documents import currency_fields, txn_date
from crm.accounting.sync.frame import frame, party
from crm.accounting.sync.looking import find_by_note
from crm.accounting.sync.open_invoices import OpenInvoice, applied, open_invoices, open_now
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call
from crm.kit.errors import Refused
from crm.kit.money import format_money, from_decimal, to_decimal


async def post(books: Books, org_id: int, posting: Taken) -> None:
    """Makes the memo and applies it, or finds that it stands. Raises Unavailable, Refused or Disconnected."""
    form = await forms.decide(books, org_id, posting)
    posting = replace(posting, amount_minor=form.amount_minor)
    assert posting.proposal_id is not None
    if not posting.amount_minor:
        return
    who = await party(books, org_id, posting.proposal_id)
    access, drawn = await frame(books, org_id, who, form.contract)
    day = txn_date(posting.created_at, drawn.company)
    rate = await exchange_rates.of_day(books, access, drawn.company, posting.currency, day)
    drawn = replace(drawn, rate=rate)
    memo = await _memo(books, access, drawn, posting)
    await _apply(books, access, drawn, posting, memo)


async def _memo(books: Books, access: Access, drawn: Frame, posting: Taken) -> str:
    org_id, day = access.org_id, txn_date(posting.created_at, drawn.company)
    kind, _, local_id = posting.subject.partition(":")
    known = await _known(books, access, posting)
    if known is not None:
        return _checked(posting, known)
    async with books.db.transaction(org_id) as session:
        if kind == "change":
            sold = await agreed.change(session, org_id, int(local_id))
            part, said = share(sold, posting.amount_minor), "Credit: "
        else:
            assert posting.proposal_id is not None
            sold = await agreed.contract(session, org_id, posting.proposal_id)
            before = await forms.taken_back(session, org_id, posting.proposal_id, but=posting.id)
            part, said = share(sold, posting.amount_minor, before), "Cancelled: "

    async def look(requestid: str) -> dict[str, Any] | None:
        return await find_by_note(books, access, "CreditMemo", drawn.customer_id, day, requestid)

    written = await outbox.write_once(
        books,
        org_id,
        access.realm_id,
        operation="create_credit_memo",
        subject=posting.subject,
        entity="CreditMemo",
        build=lambda requestid: credit_memo_body(
            drawn, sold, part, said=said, day=day, requestid=requestid, subject=posting.subject
        ),
        look=look,
    )
    async with books.db.transaction(org_id) as session:
        new = await links.link(session, org_id, access.realm_id, "CreditMemo", kind, local_id, written.object)
        await outbox.succeeded(session, org_id, written)
        if new:
            await record(
                session, org_id, Event.CREDIT_MEMO_BOOKED, proposal_id=posting.proposal_id,
                qbo_id=str(written.object["Id"]), amount_cents=posting.amount_minor, currency=posting.currency,
            )  # fmt: skip
    made = _checked(posting, written.object)
    exchange_rates.check_home(
        "the credit memo", written.sent, written.object, drawn.company, posting.currency
    )
    return made


def _checked(posting: Taken, memo: dict[str, Any]) -> str:
    """The memo's Id. Raises Refused when it is over another amount than it should be."""
    total = from_decimal(Decimal(memo["TotalAmt"]), posting.currency)
    if total != posting.amount_minor:
        made, wanted = (format_money(m, posting.currency) for m in (total, posting.amount_minor))
        raise Refused(
            f"QuickBooks made the credit memo (Id {memo['Id']}) over {made} instead of {wanted}, most likely because it "
            "worked out sales tax by itself. Choose a tax code under Books > Mapping (Sales tax), correct or delete the "
            "memo in QuickBooks, then retry.",
            code="total-differs",
        )
    return str(memo["Id"])


async def _known(books: Books, access: Access, posting: Taken) -> dict[str, Any] | None:
    """Our memo as it is now, when we have one. One that was deleted is forgotten: it is made again."""
    kind, _, local_id = posting.subject.partition(":")
    async with books.db.transaction(access.org_id) as session:
        link = await links.find(session, access.org_id, access.realm_id, "CreditMemo", kind, local_id)
    if link is None:
        return None
    try:
        answer = await qbo.ask(
            books, access.org_id, Call("GET", f"creditmemo/{link.qbo_id}", "read_creditmemo")
        )
    except Refused as error:
        if error.code != "610":
            raise
        fault = {"code": error.code, "sentence": error.detail}
        async with books.db.transaction(access.org_id) as session:
            await links.unlink(session, access.org_id, access.realm_id, "CreditMemo", kind, local_id)
            await outbox.undo(
                session, access.org_id, access.realm_id, "create_credit_memo", posting.subject, fault
            )
        return None
    found: dict[str, Any] = answer.data["CreditMemo"]
    return found


async def _apply(books: Books, access: Access, drawn: Frame, posting: Taken, memo_id: str) -> None:
    """Brings memo and open invoices together, unless QuickBooks has done so by itself (AutoApplyCredit)."""
    org_id = access.org_id
    kind, _, local_id = posting.subject.partition(":")
    async with books.db.transaction(org_id) as session:
        known = await links.find(session, org_id, access.realm_id, "Payment", kind, local_id)
    if known is not None:
        return
    assert posting.proposal_id is not None
    invoices = await open_invoices(books, access, posting.proposal_id)
    try:
        await _settle(books, access, drawn, posting, memo_id, invoices, posting.amount_minor)
    except Refused as error:
        if error.code != "6000":
            raise
        left = await _left_of(books, access, posting, memo_id, error)
        invoices = await open_now(books, access, invoices)
        if left:
            await _settle(books, access, drawn, posting, memo_id, invoices, left)


async def _left_of(books: Books, access: Access, posting: Taken, memo_id: str, refused: Refused) -> int:
    """What is left of a memo that cannot be applied as it should: QuickBooks was faster. The payment by which it brought all
    of it to its invoices stands for ours from then on. Raises `refused` when that is not the reason."""
    answer = await qbo.ask(books, access.org_id, Call("GET", f"creditmemo/{memo_id}", "read_creditmemo"))
    memo: dict[str, Any] = answer.data["CreditMemo"]
    rest = memo.get("RemainingCredit", memo.get("Balance"))
    left = from_decimal(Decimal(str(rest or 0)), posting.currency)
    if left >= posting.amount_minor:
        raise refused
    by = [
        str(link["TxnId"])
        for link in memo.get("LinkedTxn") or []
        if isinstance(link, dict) and link.get("TxnType") == "Payment" and link.get("TxnId")
    ]
    if not left and by:
        found, _ = await looking.read(books, access, "Payment", by[:1], "read_payment")
        kind, _, local_id = posting.subject.partition(":")
        async with books.db.transaction(access.org_id) as session:
            for payment in found.values():
                await links.link(session, access.org_id, access.realm_id, "Payment", kind, local_id, payment)
    return left


async def _settle(
    books: Books,
    access: Access,
    drawn: Frame,
    posting: Taken,
    memo_id: str,
    invoices: Sequence[OpenInvoice],
    most_minor: int,
) -> None:
    org_id, day = access.org_id, txn_date(posting.created_at, drawn.company)
    kind, _, local_id = posting.subject.partition(":")
    settled = applied(most_minor, invoices)
    used = sum(minor for _, minor in settled)
    if not used:
        return  # somebody has settled it in QuickBooks meanwhile: the customer has a credit there
    lines = [_line("Invoice", invoice_id, minor, posting.currency) for invoice_id, minor in settled]
    lines.append(_line("CreditMemo", memo_id, used, posting.currency))
    body: dict[str, Any] = {
        "CustomerRef": {"value": drawn.customer_id},
        "TotalAmt": 0,
        "TxnDate": day,
        "Line": lines,
    }
    body |= currency_fields(drawn.company, posting.currency, drawn.rate)

    async def look(requestid: str) -> dict[str, Any] | None:
        return await find_by_note(books, access, "Payment", drawn.customer_id, day, requestid)

    written = await outbox.write_once(
        books,
        org_id,
        access.realm_id,
        operation="apply_credit_memo",
        subject=posting.subject,
        entity="Payment",
        build=lambda requestid: body | {"PrivateNote": f"Credit memo applied\nKey: {requestid}"},
        look=look,
    )
    async with books.db.transaction(org_id) as session:
        await links.link(session, org_id, access.realm_id, "Payment", kind, local_id, written.object)
        await outbox.succeeded(session, org_id, written)


def _line(entity: str, qbo_id: str, minor: int, currency: str) -> dict[str, Any]:
    return {"Amount": to_decimal(minor, currency), "LinkedTxn": [{"TxnId": qbo_id, "TxnType": entity}]}


KIND = Kind(
    "credit_memo",
    # What a cancelled contract's invoices are over and was never paid; and change orders that are credits.
    missing="SELECT 'proposal:' || r.id, NULL::int, r.id, r.total_minor + r.changes_minor - v.paid, r.currency, :now "
    "FROM postings c JOIN proposals r ON r.org_id = c.org_id AND r.id = c.proposal_id CROSS JOIN LATERAL "
    "(SELECT coalesce(sum(p.amount_minor), 0) AS paid FROM payments p WHERE p.org_id = r.org_id "
    "AND p.proposal_id = r.id AND p.paid_at IS NOT NULL) v WHERE c.org_id = :org AND c.kind = 'contract_invoice' "
    "AND c.form IS NOT NULL AND r.status = 'cancelled' AND r.total_minor + r.changes_minor > v.paid "
    "UNION ALL SELECT 'change:' || o.id, NULL, o.proposal_id, -o.total_minor, c.currency, :now FROM postings c "
    "JOIN change_orders o ON o.org_id = c.org_id AND o.proposal_id = c.proposal_id "
    "WHERE c.org_id = :org AND c.kind = 'contract_invoice' AND c.form IS NOT NULL AND o.state = 'approved' "
    "AND o.total_minor < 0 AND o.id::text <> ALL (string_to_array(split_part(c.form, ':', 2), ','))",
    post=post,
    entities=("CreditMemo",),
    after=forms.AFTER_ITS_INVOICE,
)
