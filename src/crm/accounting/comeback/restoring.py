"""Writes ours to QuickBooks again, exactly once: a changed object is put back, a voided or deleted one made anew.

Everything goes through the outbox, so a run that dies is finished by the next one, and what was sent is looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting import connection, outbox
from crm.accounting.comeback import mirror, noticing
from crm.accounting.comeback.comparing import LISTS, Aliases, Seen, called, changes, followed
from crm.accounting.comeback.looking import read
from crm.accounting.comeback.picture import picture, plain_name
from crm.accounting.comeback.tables import QboMirror
from crm.accounting.comeback.ways_out import REMADE, reopen
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.sync import attachment
from crm.accounting.tables import QboRequest
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import dumps, loads, query, quote
from crm.kit.database import get_own
from crm.kit.errors import Refused
from crm.payments.tables import Difference

STALE_TRIES = 3  # 5010: somebody changed it again meanwhile
# Kinds that take a sparse update (facts 2.7); the others are sent whole, as they stand with ours in place.
SPARSE = frozenset(
    {
        "Customer",
        "Deposit",
        "Estimate",
        "Invoice",
        "JournalEntry",
        "RefundReceipt",
        "SalesReceipt",
        "Transfer",
    }
)
RESTORED = (
    "TotalAmt", "Amount", "TxnDate", "DueDate", "CustomerRef", "DocNumber", "DepositToAccountRef", "AccountRef",
    "FromAccountRef", "ToAccountRef", "TxnStatus", "Line",
)  # fmt: skip
COMPUTED = frozenset({"TotalAmt"})  # of what has lines: QuickBooks adds them up itself


@dataclass(frozen=True, slots=True)
class _Task:
    id: int
    kind: str
    press: int
    entity: str
    qbo_id: str
    target: dict[str, Any]  # the object as it shall be
    back: bool  # an undo: theirs is written again


async def restore(books: Books, org_id: int, difference_id: int, press: int) -> None:
    """The job behind "Restore ours" and its undo. Raises Unavailable or Disconnected: then it runs again."""
    access = await connection.access(books, org_id)
    task = await _begin(books, access, difference_id, press)
    if task is None:
        return
    try:
        if task.kind in REMADE:
            made = await _make_anew(books, access, task)
        else:
            made = await _put_back(books, access, task)
    except Refused as error:
        async with books.db.transaction(org_id) as session:
            difference = await get_own(session, Difference, difference_id, org_id, lock=True)
            reopen(difference, problem=error.detail)
            await record(
                session, org_id, Event.DIFFERENCE_REOPENED, proposal_id=difference.proposal_id,
                difference_id=difference.id, kind=difference.kind, sentence=error.detail, code=error.code,
            )  # fmt: skip
        return
    async with books.db.transaction(org_id) as session:
        difference = await get_own(session, Difference, difference_id, org_id, lock=True)
        if task.back:
            reopen(difference)
            rows = await mirror.locked(session, org_id, access.realm_id, task.entity, [task.qbo_id])
            for row in rows.values():
                row.theirs, row.ours = row.ours, (difference.meta.get("agreed") or row.ours)
                await session.flush()
                await noticing.notice(session, row)
        else:
            rows = await mirror.locked(session, org_id, access.realm_id, task.entity, [task.qbo_id])
            for row in rows.values():
                await noticing.notice(session, row)  # what else differed of it is well again, too
            difference.resolution = "restored"
            difference.meta = difference.meta | {"written_id": made}


async def _begin(books: Books, access: Access, difference_id: int, press: int) -> _Task | None:
    """What is to be written; None when it was taken back, or another press does it."""
    async with books.db.transaction(access.org_id) as session:
        difference = await get_own(session, Difference, difference_id, access.org_id, lock=True)
        meta, kept = difference.meta, difference.undo or {}
        wanted = difference.resolution in {"restoring", "undoing"} and meta.get("presses") == press
        if not wanted or meta["realm_id"] != access.realm_id:
            return None
        back = difference.resolution == "undoing"
        difference.meta = meta | {"started": True, "agreed": kept["ours"]}
        target = kept["theirs"] or kept["ours"] if back else kept["ours"]
        return _Task(
            difference.id, difference.kind, press, meta["entity"], meta["qbo_id"], loads(target), back
        )


async def _put_back(books: Books, access: Access, task: _Task) -> str:
    """A sparse update with the fields that differ, from the newest version there."""
    subject = f"difference:{task.id}:{task.press}{':undo' if task.back else ''}"

    def body(now: dict[str, Any], aliases: Aliases) -> dict[str, Any]:
        if task.entity in LISTS:
            wanted: dict[str, Any] = {"Active": task.target.get("Active", True)}
            for name in ("DisplayName", "Name"):
                if name in now:
                    wanted[name] = plain_name(str(now[name]))
        else:
            seen = Seen(task.entity, task.qbo_id, "live", "USD", task.target, now)
            names = {field.field for field in changes(seen, aliases)}
            if task.kind == "qbo_unapplied" or task.entity == "Payment":
                names |= {"Line", "TotalAmt", "CustomerRef", "TxnDate"}
            wanted = {name: task.target[name] for name in RESTORED if name in names and name in task.target}
            if "Line" in wanted or "TotalAmt" in names:
                if task.entity != "Payment":
                    wanted.pop("TotalAmt", None)
                if "Line" in task.target:
                    wanted["Line"] = _own_lines(task.target["Line"])
        wanted = followed(wanted, aliases)
        head = {"Id": task.qbo_id, "SyncToken": str(now["SyncToken"])}
        if task.entity in SPARSE:
            return head | {"sparse": True} | wanted
        return {
            key: part for key, part in now.items() if key not in {"MetaData", "domain", "UnappliedAmt"}
        } | (head | {"sparse": False} | wanted)

    return await _update(books, access, task.entity, task.qbo_id, subject, body)


async def _update(
    books: Books,
    access: Access,
    entity: str,
    qbo_id: str,
    subject: str,
    body: Callable[[dict[str, Any], Aliases], dict[str, Any]],
) -> str:
    """One metered read for the newest version, one write; again when somebody was quicker."""
    for attempt in range(STALE_TRIES):
        found, _ = await read(books, access, entity, [qbo_id], "read_to_restore")
        now = found.get(qbo_id)
        if now is None:
            raise Refused(
                f"{called(entity, qbo_id, {})} was deleted in QuickBooks meanwhile, so nothing can be put back.",
                code="610",
            )
        async with books.db.transaction(access.org_id) as session:
            aliases = await noticing.aliases(session, access.org_id, access.realm_id)
        wanted = body(now, aliases)

        async def look(
            _: str, now: dict[str, Any] = now, wanted: dict[str, Any] = wanted
        ) -> dict[str, Any] | None:
            arrived = all(_same(wanted.get(name), now.get(name)) for name in RESTORED if name in wanted)
            return now if arrived and now.get("Active", True) == wanted.get("Active", True) else None

        def build(_: str, wanted: dict[str, Any] = wanted) -> dict[str, Any]:
            return wanted

        try:
            written = await outbox.write_once(
                books, access.org_id, access.realm_id, operation=f"restore_{entity.lower()}", subject=subject,
                entity=entity, build=build, look=look,
            )  # fmt: skip
        except Refused as error:
            if error.code != "5010" or attempt == STALE_TRIES - 1:
                raise
            continue
        async with books.db.transaction(access.org_id) as session:
            await outbox.succeeded(session, access.org_id, written)
        return str(written.object["Id"])
    raise AssertionError("unreachable: the loop returns or raises")


async def _make_anew(books: Books, access: Access, task: _Task) -> str:
    """The request that made it is sent again under a new requestid, then whatever it settled is put back."""
    original, started = await _original(books, access, task)
    async with books.db.transaction(access.org_id) as session:
        aliases = await noticing.aliases(session, access.org_id, access.realm_id)
    day = str(loads(original.body).get("TxnDate", ""))

    def build(requestid: str) -> dict[str, Any]:
        # Our key stands in the note: the new document gets the new one. A voided one goes on holding its number.
        body: dict[str, Any] = loads(original.body.replace(original.requestid, requestid))
        if "DocNumber" in body and task.kind == "qbo_voided":
            body["DocNumber"] = f"{str(body['DocNumber'])[:16]}-{requestid[:4]}"
        made: dict[str, Any] = followed(body, aliases)
        return made

    async def look(requestid: str) -> dict[str, Any] | None:
        statement = f"SELECT * FROM {task.entity} WHERE TxnDate = {quote(day)} MAXRESULTS 1000"
        answer = await qbo.ask(books, access.org_id, query(f"look_for_{task.entity.lower()}", statement))
        rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get(task.entity, [])
        return next((row for row in rows if requestid in str(row.get("PrivateNote", ""))), None)

    written = await outbox.write_once(
        books, access.org_id, access.realm_id, operation=original.operation, subject=started,
        entity=task.entity, build=build, look=look,
    )  # fmt: skip
    made = str(written.object["Id"])
    async with books.db.transaction(access.org_id) as session:
        await outbox.succeeded(session, access.org_id, written)
        await _stand_for(session, access, task, made)
    if task.entity == "Invoice":
        await _settle_again(books, access, task, made)
    return made


async def _original(books: Books, access: Access, task: _Task) -> tuple[QboRequest, str]:
    """The request that made the document, and the subject under which it is sent again."""
    async with books.db.transaction(access.org_id) as session:
        found = await session.scalar(
            select(QboRequest)
            .where(
                QboRequest.org_id == access.org_id,
                QboRequest.realm_id == access.realm_id,
                QboRequest.qbo_id == task.qbo_id,
                QboRequest.operation.like("create%"),
                # Customers and the like have Ids of their own, which may be the same as a document's.
                QboRequest.operation.not_in([f"create_{entity.lower()}" for entity in LISTS]),
                QboRequest.state == "succeeded",
            )
            .order_by(QboRequest.id.desc())
            .limit(1)
        )
    if found is None:
        raise Refused(
            "We did not make this document ourselves, so we can't make it again. Enter it in QuickBooks by hand, "
            "or accept that it is gone.",
            code="not-ours",
        )
    return found, f"difference:{task.id}:{task.press}"


async def _stand_for(session: AsyncSession, access: Access, task: _Task, made: str) -> None:
    """The new document stands for ours now, and the old one for nothing."""
    named = {
        "org": access.org_id, "realm": access.realm_id, "entity": task.entity, "old": task.qbo_id, "new": made,
    }  # fmt: skip
    relinked = await session.execute(
        text(
            "UPDATE qbo_links SET qbo_id = :new WHERE org_id = :org AND realm_id = :realm AND entity = :entity "
            "AND qbo_id = :old RETURNING local_kind, local_id, name"
        ),
        named,
    )
    for local_kind, local_id, name in relinked.all():
        await record(
            session, access.org_id, Event.BOOKS_RELINKED, entity=task.entity, local_kind=local_kind,
            local_id=local_id, name=name or task.entity, from_id=task.qbo_id, to_id=made, why="made anew",
        )  # fmt: skip
        if task.entity == "Invoice" and local_kind == "proposal":
            await attachment.again(session, access.org_id, access.realm_id, int(local_id))
    rows = await mirror.locked(session, access.org_id, access.realm_id, task.entity, [task.qbo_id])
    for row in rows.values():
        row.merged_into, row.followed = made, False


async def _settle_again(books: Books, access: Access, task: _Task, made: str) -> None:
    """Our payments that settled the old invoice settle the new one."""
    async with books.db.transaction(access.org_id) as session:
        payments = await session.scalars(
            select(QboMirror).where(
                QboMirror.org_id == access.org_id,
                QboMirror.realm_id == access.realm_id,
                QboMirror.entity == "Payment",
                QboMirror.status == "live",
                QboMirror.followed,
                QboMirror.customer_qbo_id.is_not(None),
                QboMirror.ours.contains(f'"{task.qbo_id}"'),
            )
        )
        agreed = {row.qbo_id: loads(row.ours) for row in payments}
    for qbo_id, ours in agreed.items():
        lines = [line for line in ours.get("Line", []) if _settles(line, task.qbo_id)]
        if not lines:
            continue

        def body(now: dict[str, Any], aliases: Aliases, ours: dict[str, Any] = ours) -> dict[str, Any]:
            whole = {
                k: v for k, v in now.items() if k not in {"MetaData", "domain", "UnappliedAmt", "sparse"}
            }
            return whole | {"Line": followed(_own_lines(ours["Line"]), aliases)}

        await _update(books, access, "Payment", qbo_id, f"difference:{task.id}:{task.press}:{qbo_id}", body)
        async with books.db.transaction(access.org_id) as session:
            rows = await mirror.locked(session, access.org_id, access.realm_id, "Payment", [qbo_id])
            for row in rows.values():
                await noticing.notice(session, row)
    async with books.db.transaction(access.org_id) as session:
        rows = await mirror.locked(session, access.org_id, access.realm_id, "Invoice", [made])
        for row in rows.values():  # settled just now by our own payment: known without another read
            settled = sum(
                picture(
                    "Payment", {"Id": "0", "TotalAmt": line.get("Amount")}, row.currency or "USD"
                ).total_minor
                or 0
                for ours in agreed.values()
                for line in ours.get("Line", [])
                if _settles(line, task.qbo_id)
            )
            row.balance_minor = max(0, (row.balance_minor or 0) - settled)


def _settles(line: dict[str, Any], invoice_id: str) -> bool:
    return any(
        link.get("TxnType") == "Invoice" and str(link.get("TxnId")) == invoice_id
        for link in line.get("LinkedTxn") or []
    )


def _own_lines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As we send them: without the sum that QuickBooks adds, and without its own numbering."""
    return [
        {key: part for key, part in line.items() if key not in {"Id", "LineNum", "LineEx"}}
        for line in lines
        if line.get("DetailType") != "SubTotalLineDetail"
    ]


def _same(wanted: Any, now: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(now, dict) and "value" in wanted:
        return str(wanted["value"]) == str(now.get("value"))
    if isinstance(wanted, list):
        return dumps(_own_lines(wanted)) == dumps(_own_lines(now or []))
    return str(wanted) == str(now)
