"""Drives deposits through every fault during every outside call, and notes what a person was told meanwhile.

API and simulators are processes; the worker's own functions run here, so that "while it lasts" and "after it has
passed" are moments and not waits. Each fault has an org of its own, whose deposits meet it at one call after the
other; all orgs go on at the same time.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from tests.acceptance.fault_ends import DEPOSITS, asked, name_of
from tests.acceptance.outside_calls import (
    ALL,
    ASKING_FOR_A_TOKEN,
    BOOKING,
    BY_NAME,
    CODE_EXCHANGED,
    EVENTS_LISTED,
    FEE_BOOKED,
    FEE_FETCHED,
    FEE_LOOKED_FOR,
    LOOKING_BACK,
    PAGE_ASKED_AFTER,
    PAGE_MADE,
    STALE,
    TOKENS,
    Call,
    Fault,
    at_call,
)
from tests.acceptance.stack import PROPOSAL, Due, Json, Stack, realm
from tests.acceptance.standstill import forget_access_token
from tests.conftest import SECRET_KEY, settings_for
from tests.integration.books_world import agree, run_lane_now

from crm.accounting import connection
from crm.accounting.context import Books
from crm.gateways.http import make_client
from crm.gateways.stripe import StripeGateway
from crm.kit.database import Database, app_url
from crm.kit.errors import Refused, Unavailable
from crm.payments import stripe_sweeps, transactions

# `went on`: the call gave what was asked for, or what it did not give was not needed.
WENT_ON = "went on"
FEES = 2  # of them with a fee in the books


@dataclass(frozen=True)
class Seen:
    """What a person could see while the fault lasted: a state, and the sentence that goes with it."""

    call: str
    fault: str
    state: str
    sentence: str = ""


@dataclass
class Matrix:
    """One stack with a worker's hands."""

    stack: Stack
    books: Books
    stripe: StripeGateway
    orgs: Mapping[str, int]  # fault -> its org
    noted: list[Seen] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)  # calls that did read the past
    remembered: dict[str, str] = field(default_factory=dict)  # call -> its `stale` fault
    # Addresses that name no company: whoever has a fault there is alone.
    alone: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def run(self, faults: Sequence[Fault]) -> None:
        """Every fault, each in its org, all at the same time; the past, counted in everybody's writes, alone."""
        for phase in (self.prepare, self.pay_and_book):
            async with asyncio.TaskGroup() as group:
                for fault in (fault for fault in faults if fault is not STALE):
                    group.create_task(phase(fault, self.orgs[fault.name]))
        await self._begin_remembering(self.orgs[STALE.name])
        await self.prepare(STALE, self.orgs[STALE.name])
        await self.pay_and_book(STALE, self.orgs[STALE.name])

    async def prepare(self, fault: Fault, org_id: int) -> None:
        """Connects, asks for missed events and opens the first page, each under the fault and then without."""
        await asyncio.to_thread(self.stack.staff, org_id)
        await self._connect_under(fault, org_id)
        await self._work_under(
            fault, EVENTS_LISTED, org_id,
            lambda: stripe_sweeps.sweep_events(self.books.db, self.books.settings, self.stripe),
        )  # fmt: skip
        await self._page_under(fault, org_id)

    async def pay_and_book(self, fault: Fault, org_id: int) -> None:
        """Pays and books all deposits of a company that is prepared, with the fault at each call and then without;
        ends with every deposit booked, and with the fees of two."""
        await self._stripe_under(fault, org_id)
        await self._book_under(fault, org_id)
        for number in range(1, DEPOSITS):
            due = await asyncio.to_thread(self.stack.open_checkout, org_id, PROPOSAL + number)
            payment_id, _ = await self.pay(due)
            await self._look_back_under(fault, org_id, number)
        await self._fees_under(fault, org_id, payment_id)

    # --- while a person waits ---

    async def _connect_under(self, fault: Fault, org_id: int) -> None:
        staff = self.stack.staff(org_id)

        async def connect() -> httpx2.Response:
            back = await asyncio.to_thread(agree, staff, realm(org_id))
            return await asyncio.to_thread(staff.get, back, headers={"Accept": "application/json"})

        await self._ask_under(fault, CODE_EXCHANGED, org_id, connect)

    async def _page_under(self, fault: Fault, org_id: int) -> None:
        staff, path = self.stack.staff(org_id), f"/payments/checkout_session?proposal_id={PROPOSAL}"
        await self._ask_under(fault, PAGE_MADE, org_id, lambda: asyncio.to_thread(staff.post, path))

    async def _ask_under(
        self, fault: Fault, call: Call, org_id: int, ask: Callable[[], Awaitable[httpx2.Response]]
    ) -> httpx2.Response:
        """Asks while the fault lasts, notes the answer, and asks again without it: then it must be given."""
        async with self.alone[call.path]:
            async with self._fault(fault, call, org_id):
                answer = await ask()
            if answer.status_code < 300:
                self._note(call, fault, WENT_ON)
            else:
                assert answer.headers["content-type"] == "application/problem+json", answer.text
                self._note(call, fault, f"answered {answer.status_code}", answer.json()["detail"])
            again = await ask()
        assert again.status_code < 300, f"{call.name}, {fault.name}: {again.text}"
        return again

    # --- Stripe, in the background ---

    async def _stripe_under(self, fault: Fault, org_id: int) -> None:
        due = await asyncio.to_thread(self.stack.open_checkout, org_id)  # the page that is open already
        staff = self.stack.staff(org_id)
        path, body = f"/portal/{due.proposal_id}/confirm-payment", {"session_id": due.session_id}
        await self._ask_under(
            fault,
            PAGE_ASKED_AFTER.of(due.session_id),
            org_id,
            lambda: asyncio.to_thread(staff.post, path, json=body),
        )
        payment_id, charge = await self.pay(due)
        await self._work_under(
            fault, FEE_FETCHED.of(charge), org_id,
            lambda: stripe_sweeps.fetch_fee(self.books.db, self.stripe, org_id, payment_id),
        )  # fmt: skip
        (fee,) = self._row("SELECT fee_minor FROM payments WHERE org_id = %s AND id = %s", org_id, payment_id)
        assert fee, f"{FEE_FETCHED.name}, {fault.name}: no fee"

    async def _work_under(
        self, fault: Fault, call: Call, org_id: int, work: Callable[[], Awaitable[Any]]
    ) -> None:
        async with self.alone[call.path]:
            async with self._fault(fault, call, org_id):
                try:
                    await work()
                except Refused as error:
                    self._note(call, fault, "job gives up", error.detail)
                except Unavailable as error:
                    self._note(call, fault, "job tries again", error.detail)
                else:
                    told = self._row(
                        "SELECT max(sentence) FROM differences WHERE org_id = %s AND resolved_at IS NULL",
                        org_id,
                    )[0]
                    self._note(call, fault, "difference" if told else WENT_ON, told)
            await work()

    # --- the books ---

    async def _book_under(self, fault: Fault, org_id: int) -> None:
        """The first deposit, call by call: while the fault lasts at one, the next is held, so that a fault which
        does no harm does not carry us past the others."""
        await asyncio.to_thread(forget_access_token, self.stack.sql, org_id)
        for call, then in zip(BOOKING, [*BOOKING[1:], None], strict=True):
            await self._run_under(fault, call, org_id, then)
            if call.path == TOKENS:
                async with self.alone[TOKENS]:  # else the next run asks, where others may have their fault
                    await asyncio.to_thread(forget_access_token, self.stack.sql, org_id)
                    await connection.access(self.books, org_id)
        await self._run_to_end(fault, org_id, 1)

    async def _look_back_under(self, fault: Fault, org_id: int, number: int) -> None:
        calls = LOOKING_BACK[1:] if number == 1 else LOOKING_BACK[:1]
        for call, then in zip(calls, LOOKED[1:] if number == 1 else LOOKED[:1], strict=True):
            if call.name != "the payment is looked for":  # its answer is lost once already
                await self._lose_answer(BY_NAME[call.after], org_id)
            await self._run_under(fault, call, org_id, then)
        await self._run_to_end(fault, org_id, number + 1)

    async def _fees_under(self, fault: Fault, org_id: int, payment_id: int) -> None:
        """The first deposit's fee meets the fault when it is booked; that of `payment_id`, whose answer is lost, when it is
        looked for."""
        await self.let_fees_go(org_id)
        await self._run_under(fault, FEE_BOOKED, org_id, None)
        await run_lane_now(self.books, self.stack.sql, org_id)
        await stripe_sweeps.fetch_fee(self.books.db, self.stripe, org_id, payment_id)
        await self._lose_answer(FEE_BOOKED, org_id)
        await self._run_under(fault, FEE_LOOKED_FOR, org_id, None)
        await run_lane_now(self.books, self.stack.sql, org_id)
        (booked,) = self._row(
            "SELECT count(*) FROM postings WHERE org_id = %s AND kind = 'stripe_fee' AND state = 'posted'",
            org_id,
        )
        assert booked == FEES, f"{fault.name}: {booked} of {FEES} fees booked"

    async def let_fees_go(self, org_id: int) -> None:
        """From now on each fee that is known has a document of its own."""
        self.stack.sql.execute("UPDATE orgs SET fee_documents = 'per_payment' WHERE id = %s", [org_id])
        async with self.books.db.transaction(org_id) as session:
            await transactions.group_fees(session, org_id)

    async def _lose_answer(self, write: Call, org_id: int) -> None:
        rule = Fault("", "drop_after").rule(write, company(org_id))
        fault_id = await self._add(rule)
        await run_lane_now(self.books, self.stack.sql, org_id)
        assert (await self._take_away(fault_id))["hits"] == 1, f"{write.name}: not reached"

    async def _run_under(self, fault: Fault, call: Call, org_id: int, then: Call | None) -> None:
        # A refusal of the token makes us ask for another one, where others may have their fault.
        asks_for_token = call.path == TOKENS or at_call(fault, call).name in ASKING_FOR_A_TOKEN
        async with AsyncExitStack() as ends:
            if asks_for_token:
                await ends.enter_async_context(self.alone[TOKENS])
            await ends.enter_async_context(self._fault(fault, call, org_id))
            held = None if then is None else await self._add(HELD.rule(then, company(org_id)))
            await run_lane_now(self.books, self.stack.sql, org_id)
            reached = held is not None and (await self._take_away(held))["hits"] > 0
            line = await asyncio.to_thread(self._line, org_id)
            status = await asyncio.to_thread(self._status, org_id)
            if reached or line["state"] == "posted":
                self._note(call, fault, WENT_ON)
            elif not status["connected"]:
                self._note(call, fault, "disconnected", line["problem"] or status["problem"])
            else:
                self._note(call, fault, line["state"], line["problem"])
        await self._mend(org_id, line, status)

    async def _mend(self, org_id: int, line: Json, status: Json) -> None:
        """What a person does once the trouble has passed: reconnect, or press Retry. Nothing where nobody is asked."""
        if not status["connected"]:
            async with self.alone[TOKENS]:
                await asyncio.to_thread(self.stack.connect, org_id)
        if line["state"] == "needs_you":
            answer = await asyncio.to_thread(self.stack.staff(org_id).post, f"/postings/{line['id']}/retry")
            assert answer.status_code == 200, answer.text

    async def _run_to_end(self, fault: Fault, org_id: int, deposits: int) -> None:
        await run_lane_now(self.books, self.stack.sql, org_id)
        posted = await asyncio.to_thread(self.stack.posted, org_id)
        assert posted == deposits, f"{fault.name}: {posted} of {deposits} booked"

    # --- hands and eyes ---

    @asynccontextmanager
    async def _fault(self, fault: Fault, call: Call, org_id: int) -> AsyncIterator[None]:
        """The fault at this call for as long as the block; it must have struck, else the call was not made."""
        if fault is STALE:
            yield
            if await self._was_stale(call):
                self.stale.add(call.name)
            return
        fault_id = await self._add(at_call(fault, call).rule(call, company(org_id)))
        yield
        told = await self._take_away(fault_id)
        assert told["hits"] > 0, f"{call.name}, {fault.name}: the call was not made"

    async def _begin_remembering(self, org_id: int) -> None:
        """From now on the simulator keeps how things stood: a read is stale by a write made meanwhile."""
        for call in ALL:
            if call.method == "GET":
                self.remembered[call.name] = await self._add(STALE.rule(call, company(org_id)))

    async def _was_stale(self, call: Call) -> bool:
        """Whether the call read the past; False for a write, and where nothing had been written before it."""
        if (fault_id := self.remembered.pop(call.name, None)) is None:
            return False
        return (await self._take_away(fault_id))["hits"] > 0

    async def _add(self, rule: Json) -> str:
        return str((await asyncio.to_thread(self.stack.sandbox, "POST", "/_faults", rule))["id"])

    async def _take_away(self, fault_id: str) -> Json:
        told: Json = await asyncio.to_thread(self.stack.sandbox, "GET", f"/_faults/{fault_id}")
        await asyncio.to_thread(self.stack.sandbox, "DELETE", f"/_faults/{fault_id}")
        return told

    async def pay(self, due: Due) -> tuple[int, str]:
        """On Stripe's page; its signed events bring it here. Our payment's id, and Stripe's charge."""
        await asyncio.to_thread(self.stack.pay_on_page, due)
        deadline = asyncio.get_running_loop().time() + 20
        arrived = (
            "SELECT id, stripe_charge FROM payments p WHERE org_id = %s AND proposal_id = %s "
            "AND paid_at IS NOT NULL AND EXISTS (SELECT 1 FROM procrastinate_jobs j "
            "WHERE j.task_name = 'fetch_fee' AND j.args @> jsonb_build_object('org_id', org_id, 'payment_id', p.id))"
        )
        while (row := self.stack.sql.execute(arrived, [due.org_id, due.proposal_id]).fetchone()) is None:
            assert asyncio.get_running_loop().time() < deadline, f"{due.session_id}: no events of the payment"
            await asyncio.sleep(0.05)
        return int(row[0]), str(row[1])

    def _line(self, org_id: int) -> Json:
        """The newest line of the console's sync log."""
        lines = self.stack.staff(org_id).get("/postings?limit=1").json()["items"]
        newest: Json = lines[0]
        return newest

    def _status(self, org_id: int) -> Json:
        found: Json = self.stack.staff(org_id).get("/qbo/status").json()
        return found

    def _row(self, query: str, *values: Any) -> tuple[Any, ...]:
        row = self.stack.sql.execute(query, values).fetchone()
        assert row is not None
        return tuple(row)

    def _note(self, call: Call, fault: Fault, state: str, sentence: str | None = None) -> None:
        plain = re.sub(r"'[a-z]+_[A-Za-z0-9_]+'", "'...'", sentence or "")
        self.noted.append(Seen(call.name, at_call(fault, call).name, state, plain))

    @property
    def seen(self) -> list[Seen]:
        """All that was noted, but for reads whose past was no other than the present."""
        return [one for one in self.noted if one.fault != STALE.name or one.call in self.stale]


# What follows each of LOOKING_BACK once it has found what was made.
LOOKED = (
    BY_NAME["the invoice is made"],
    BY_NAME["the payment is made"],
    BY_NAME["the payment is looked for"],
    None,
)
HELD = Fault("", "status", {"status": 503})


def company(org_id: int) -> str:
    """The address of the org's own company at QuickBooks."""
    return f"/v3/company/{realm(org_id)}"


@asynccontextmanager
async def open_matrix(stack: Stack, orgs: Mapping[str, int]) -> AsyncIterator[Matrix]:
    """The worker's hands on this stack, with connections of their own."""
    fields = {name.lower(): value for name, value in stack.environment.items()}
    settings = settings_for(fields.pop("database_url"), **fields)
    assert settings.database_url is not None
    db = Database(app_url(settings.database_url, SECRET_KEY), pool_size=10)
    async with make_client() as http:
        try:
            yield Matrix(stack, Books(db, settings, http), StripeGateway(settings), orgs)
        finally:
            await db.close()


async def faultless(matrix: Matrix, org_id: int) -> list[str]:
    """Connects, pays and books a first deposit without trouble; the names of the calls that the simulator saw of us.

    A request that is none of them stands there as it is.
    """
    stack = matrix.stack
    seen = stack.sandbox("GET", "/_state/requests?limit=1")["requests"]
    before = seen[0]["number"] if seen else 0
    await asyncio.to_thread(stack.connect, org_id)
    await stripe_sweeps.sweep_events(matrix.books.db, matrix.books.settings, matrix.stripe)
    due = await asyncio.to_thread(stack.open_checkout, org_id)
    path, body = f"/portal/{due.proposal_id}/confirm-payment", {"session_id": due.session_id}
    answer = await asyncio.to_thread(stack.staff(org_id).post, path, json=body)
    assert answer.status_code == 202, answer.text
    payment_id, _ = await matrix.pay(due)
    await stripe_sweeps.fetch_fee(matrix.books.db, matrix.stripe, org_id, payment_id)
    forget_access_token(stack.sql, org_id)
    await run_lane_now(matrix.books, stack.sql, org_id)
    assert stack.posted(org_id) == 1
    await matrix.let_fees_go(org_id)
    await run_lane_now(matrix.books, stack.sql, org_id)
    names = [name_of(entry) for entry in reversed(asked(stack, before))]
    names[names.index(BOOKING[0].name)] = CODE_EXCHANGED.name  # at the same address, and first
    return names
