"""What happens to the books from outside the product: the grant is lost, a period closed, documents touched in QuickBooks.

Each thing done here must be found by the product and named; `injected` remembers what was done and how it was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from tests.month.people import OVERPAID, People
from tests.month.plan import Step, Touch, What
from tests.month.record import Fact
from tests.month.world import World

Json = dict[str, Any]
TAX_CODE = "California"
EDIT_CENTS = 12_345  # by so much somebody raises an invoice
RESTORED_AFTER_MINUTES = 1  # the product waits some seconds, so that a press can be taken back
TOUCHES = {  # what is touched, and as what the product must name it
    Touch.INVOICE_EDITED: ("Invoice", "qbo_edited"),
    Touch.INVOICE_ACCEPTED: ("Invoice", "qbo_edited"),
    Touch.INVOICE_UNLINKED: ("Invoice", "qbo_edited"),
    Touch.INVOICE_VOIDED: ("Invoice", "qbo_voided"),
    Touch.INVOICE_DELETED: ("Invoice", "qbo_deleted"),
    Touch.PAYMENT_VOIDED: ("Payment", "qbo_voided"),
    Touch.PAYMENT_DELETED: ("Payment", "qbo_deleted"),
    Touch.FEE_EDITED: ("Purchase", "qbo_edited"),
    Touch.PAYOUT_DELETED: ("Transfer", "qbo_deleted"),
}

AGREED_TO = {Touch.INVOICE_ACCEPTED: "accept", Touch.INVOICE_UNLINKED: "unlink"}
AGREED_WORDS = {"accept": "accepted theirs", "unlink": "unlinked"}


@dataclass
class Injected:
    """Something that went wrong on purpose; `found` are the sentences in which the product told of it, `expected` is the
    difference (kind, entity, Id) that must be among them."""

    day: int
    what: str
    about: str
    expected: tuple[str, str, str] | None = None
    found: list[str] = field(default_factory=list)
    way_out: str = ""


class Outside:
    """Whoever works in QuickBooks, and the bookkeeper who mends it in the console."""

    def __init__(self, world: World, people: People) -> None:
        self.world, self.people = world, people
        self.injected: list[Injected] = []
        self.does = {
            What.POLICY: self.policy,
            What.TOUCH: self.touch,
            What.MEND: self.mend,
            What.DISCONNECT: self.disconnect,
            What.RECONNECT: self.reconnect,
            What.CLOSE_BOOKS: self.close_books,
            What.OPEN_BOOKS: self.open_books,
            What.REFUND: self.refund,
            What.REFUND_FAILS: self.refund_fails,
            What.PAYOUT_FAILS: self.payout_fails,
            What.TAX_CODE: self.tax_code,
            What.AUTOMATED_TAX: self.automated_tax,
        }

    def policy(self, step: Step) -> None:
        """The bookkeeper chooses how the deposits of new contracts are booked."""
        assert step.policy is not None
        self.world.office("PATCH", "/books/policy", {"policy": step.policy})
        self.people.record.add(step.day, Fact.POLICY, 0, 0, step.policy)

    def tax_code(self, _step: Step) -> None:
        """The bookkeeper reads the company's lists and chooses the code with which our sales tax is sent."""
        slots = self.world.office("POST", "/books/mapping/refresh")["slots"]
        (slot,) = [one for one in slots if one["slot"] == "tax_code"]
        (code,) = [one for one in slot["choices"] if one["name"] == TAX_CODE]
        self.world.office("PUT", "/books/mapping", {"slot": "tax_code", "qbo_id": code["id"]})

    def automated_tax(self, _step: Step) -> None:
        """The company switches to automated sales tax, which cannot be taken back."""
        path = f"/_state/quickbooks/{self.world.realm_id}/settings"
        self.world.sandbox.call("POST", path, {"automated_sales_tax": True})

    # --- the connection and the period ---

    def disconnect(self, step: Step) -> None:
        """The owner disconnects the app in QuickBooks."""
        self.world.sandbox.call("POST", "/_state/quickbooks/revoke", {"realm_id": self.world.realm_id})
        self.injected.append(Injected(step.day, "disconnected for two days", "the company"))

    def reconnect(self, _step: Step) -> None:
        status = self.world.office("GET", "/qbo/status")
        assert status["connected"] is False, status
        waiting = self._count("postings WHERE state = 'waiting'")
        why = self.world.rows("SELECT disconnected_why FROM qbo_tokens WHERE org_id = 1")[0][0]
        self._last("disconnected for two days").found = [why, f"{waiting} postings wait for the connection."]
        self._last("disconnected for two days").way_out = "connected again"
        self.world.connect()

    def close_books(self, step: Step) -> None:
        """The period is closed up to yesterday, while what was paid in it still waits."""
        until = self.world.date_of(step.day) - timedelta(days=1)
        self._set_closing_date(until.isoformat())
        self.injected.append(Injected(step.day, "books closed", f"everything up to {until:%d %B}"))

    def open_books(self, _step: Step) -> None:
        """The bookkeeper sees what was refused, opens the period again and presses Retry."""
        refused = self.world.rows(
            "SELECT problem FROM postings WHERE state = 'needs_you' AND problem_code = '6210' ORDER BY id"
        )
        closed = self._last("books closed")
        closed.found = sorted({row[0] for row in refused})
        closed.way_out = f"opened again, {len(refused)} postings retried"
        self._set_closing_date(None)
        self.world.office("POST", "/postings/retry")

    # --- money that must go back, and money that came back ---

    def refund(self, step: Step) -> None:
        """What was paid beyond the total is told to the office, which gives it back."""
        beyond = self.people.plan.job(step.job).life in OVERPAID
        told = self._differences("stripe", "overpaid", step.job) if beyond else []
        self.people.refund(step)
        if beyond:
            about = f"contract {step.job} ({self.people.plan.job(step.job).policy})"
            found = [one["sentence"] for one in told]
            self.injected.append(
                Injected(step.day, "paid beyond the total", about, found=found, way_out="given back")
            )

    def refund_fails(self, step: Step) -> None:
        """The customer's bank sends it back; the office reads of it, and notes what was agreed on the telephone."""
        self.people.refund_fails(step)
        self.world.settle()
        told = self._differences("stripe", "refund_failed", step.job)
        for one in told:
            note = {"note": "They want it as a credit on their next job."}
            self.world.office("POST", f"/differences/{one['id']}/resolve", note)
        self.injected.append(
            Injected(
                step.day,
                "refund came back",
                f"contract {step.job}",
                found=[one["sentence"] for one in told],
                way_out="noted by the office",
            )
        )

    def payout_fails(self, step: Step) -> None:
        """The bank sends a payout back after it was booked; Stripe pays the money out again on its next day."""
        last = self.people.record.of(Fact.PAID_OUT)[-1]
        payouts = self.world.sandbox.call("GET", "/_state/stripe/payouts")["data"]
        (payout,) = [one for one in payouts if one["amount"] == last.cents and one["status"] == "paid"]
        self.world.stripe(f"payouts/{payout['id']}/fail", {"code": "account_closed"})
        self.people.record.add(step.day, Fact.PAYOUT_CAME_BACK, 0, last.cents)
        self.world.settle()
        told = self.world.office("GET", "/activity", event="payout_failed")["items"]
        self.injected.append(
            Injected(
                step.day,
                "payout came back",
                f"that of day {last.day + 1}",
                found=[one["sentence"] for one in told],
                way_out="paid out again on the next day",
            )
        )

    # --- documents ---

    def touch(self, step: Step) -> None:
        assert step.touch is not None
        if step.touch is Touch.CUSTOMERS_MERGED:
            self._merge(step)
            return
        entity, kind = TOUCHES[step.touch]
        if step.job:
            qbo_id = self._made_for(step, entity)
            about = f"{entity} {qbo_id} of contract {step.job} ({self.people.plan.job(step.job).policy})"
        else:
            qbo_id = self.world.in_books(entity)[-1]["Id"]
            about = f"{entity} {qbo_id}"
        self._do(step.touch, entity, qbo_id)
        self.injected.append(Injected(step.day, step.touch, about, expected=(kind, entity, qbo_id)))

    def _made_for(self, step: Step, entity: str) -> str:
        """The first document of a kind that stands in the books for a contract."""
        proposal = self.people.contracts[step.job].proposal_id
        made = [
            document["qbo_id"]
            for posting in self._postings(proposal)
            for document in posting["documents"]
            if document["entity"] == entity
        ]
        assert made, f"no {entity} of contract {step.job} stands in the books on day {step.day}"
        return str(made[0])

    def _do(self, touch: Touch, entity: str, qbo_id: str) -> None:
        """By the API, as an app or the page of QuickBooks does it; a grant of its own."""
        tokens = self.world.sandbox.connect_quickbooks(self.world.realm_id)
        base = f"{self.world.sandbox.base_url}/v3/company/{self.world.realm_id}/{entity.lower()}"
        with httpx2.Client(headers=tokens.headers, timeout=30) as person:
            now = person.get(f"{base}/{qbo_id}").raise_for_status().json()[entity]
            body: Json = {"Id": now["Id"], "SyncToken": now["SyncToken"]}
            params: Json = {}
            match touch:
                case Touch.INVOICE_EDITED | Touch.INVOICE_ACCEPTED | Touch.INVOICE_UNLINKED:
                    line = dict(now["Line"][0])
                    line["Amount"] = round(line["Amount"] + EDIT_CENTS / 100, 2)
                    detail = line["SalesItemLineDetail"]
                    line["SalesItemLineDetail"] = detail | {"Qty": 1, "UnitPrice": line["Amount"]}
                    body |= {"sparse": True, "Line": [line, *now["Line"][1:]]}
                case Touch.FEE_EDITED:
                    line = now["Line"][0] | {"Amount": round(now["Line"][0]["Amount"] + EDIT_CENTS / 100, 2)}
                    body = {key: part for key, part in now.items() if key != "MetaData"} | {"Line": [line]}
                case Touch.INVOICE_VOIDED:
                    params = {"operation": "void"}
                case Touch.PAYMENT_VOIDED:
                    body |= {"sparse": True}
                    params = {"operation": "update", "include": "void"}
                case _:
                    params = {"operation": "delete"}
            answer = person.post(base, json=body, params=params)
            assert answer.status_code == 200, answer.text

    def _merge(self, step: Step) -> None:
        """Somebody finds that two customers are one, and merges them."""
        loser, winner = (self._customer_id(number) for number in (step.job, step.cents))
        body = {"entity": "Customer", "winner": winner, "loser": loser}
        self.world.sandbox.call("POST", f"/_state/quickbooks/{self.world.realm_id}/merge", body)
        about = f"customer of contract {step.job} into that of contract {step.cents}"
        self.injected.append(Injected(step.day, Touch.CUSTOMERS_MERGED, about))

    def mend(self, step: Step) -> None:
        """The bookkeeper opens Books > Differences, reads, and chooses a way out."""
        assert step.touch is not None
        injected = self._last(step.touch)
        if step.touch is Touch.CUSTOMERS_MERGED:
            kept = self._customer_id(step.job)
            other = next(s for s in self.people.plan.steps if s.touch is step.touch and s.what is What.TOUCH)
            injected.found = [
                f"Contract {step.job} now belongs to QuickBooks' customer {kept}."
                for _ in [0]
                if kept == self._customer_id(other.cents)
            ]
            injected.way_out = "followed by itself"
            return
        open_ = self._differences()
        injected.found = [one["sentence"] for one in open_]
        if injected.expected not in {_key(one) for one in open_}:
            return
        if step.touch in AGREED_TO:
            self._agree_to_theirs(step, next(one for one in open_ if _key(one) == injected.expected))
            return
        for _ in range(len(open_)):  # one restored document may settle what else the list says
            left = self._differences()
            if not left:
                injected.way_out = "restored ours"
                return
            first = next((one for one in left if _key(one) == injected.expected), left[0])
            self.world.office("POST", f"/books/differences/{first['id']}/restore")
            self.world.minutes(RESTORED_AFTER_MINUTES)
        injected.way_out = "" if self._differences() else "restored ours"

    def _agree_to_theirs(self, step: Step, difference: Json) -> None:
        """What was changed there stands from now on, and is no difference any more: nor tomorrow."""
        assert step.touch is not None
        injected, way = self._last(step.touch), AGREED_TO[step.touch]
        self.world.office("POST", f"/books/differences/{difference['id']}/{way}")
        self.world.minutes(RESTORED_AFTER_MINUTES)
        self.people.record.add(step.day - 1, Fact.EDITED, step.job, EDIT_CENTS)
        injected.way_out = "" if self._differences() else AGREED_WORDS[way]

    def _differences(self, source: str = "quickbooks", kind: str = "", job: int = 0) -> list[Json]:
        """What the bookkeeper reads under Books > Differences."""
        params: Json = {"source": source, "limit": 100}
        if kind:
            params["kind"] = kind
        found: list[Json] = self.world.office("GET", "/books/differences", **params)["items"]
        proposal = self.people.contracts[job].proposal_id if job else None
        return [one for one in found if proposal in {None, one["proposal_id"]}]

    # --- small things ---

    def _last(self, what: str) -> Injected:
        return next(one for one in reversed(self.injected) if one.what == what)

    def _postings(self, proposal_id: int) -> list[Json]:
        """Those of a contract, oldest first."""
        found: list[Json] = []
        cursor = None
        while True:
            page = self.world.office("GET", "/postings", limit=100, **({"cursor": cursor} if cursor else {}))
            found += [one for one in page["items"] if one["proposal_id"] == proposal_id]
            cursor = page["next_cursor"]
            if cursor is None:
                return found[::-1]

    def _customer_id(self, job: int) -> str:
        """The customer in QuickBooks that the product holds for this contract's."""
        rows = self.world.rows(
            "SELECT l.qbo_id FROM qbo_links l JOIN proposals p ON p.org_id = l.org_id "
            "AND split_part(l.local_id, ':', 1) = p.customer_id::text WHERE l.entity = 'Customer' "
            "AND l.local_kind = 'customer' AND p.org_id = 1 AND p.id = %s",
            self.people.contracts[job].proposal_id,
        )
        assert len(rows) == 1, rows
        return str(rows[0][0])

    def _count(self, what: str) -> int:
        return int(self.world.rows(f"SELECT count(*) FROM {what}")[0][0])

    def _set_closing_date(self, day: str | None) -> None:
        path = f"/_state/quickbooks/{self.world.realm_id}/settings"
        self.world.sandbox.call("POST", path, {"book_close_date": day})


def _key(difference: Json) -> tuple[str, str, str]:
    return difference["kind"], difference["entity"], difference["qbo_id"]
