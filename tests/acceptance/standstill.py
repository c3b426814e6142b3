"""Makes a process stand still at a chosen point, without a change to it, so that a test can kill it there.

Two kinds of points: a call outside, held by the simulator's faults before or after its effect; and a row being
written, held by a trigger in the test's database that waits for a lock which the test holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from tests.acceptance.outside_calls import BY_NAME, Call
from tests.acceptance.stack import Stack, realm

LOCK_SPACE = 4242  # first half of the advisory locks' keys; the second is the org

_FUNCTION = """
CREATE OR REPLACE FUNCTION test_stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared({space}, TG_ARGV[0]::int);
  RETURN NULL;
END $$
"""


@dataclass(frozen=True)
class Row:
    """A row of an org being written. `when` narrows it down; `at_commit`: the COMMIT itself stands still."""

    name: str
    table: str
    operation: str
    when: str = "true"
    org: str = "NEW.org_id"
    at_commit: bool = False


@dataclass(frozen=True)
class Outside:
    """A call to Intuit. `after`: it has taken effect, only the answer is held."""

    name: str
    call: Call
    after: bool = False


class RowHold:
    """Arms a Row for one org; `standing()` tells when a process is there, `release()` lets it go."""

    def __init__(self, stack: Stack, point: Row, org_id: int) -> None:
        self._sql, self._point, self._org_id = stack.sql, point, org_id
        self._trigger = f"stand_still_{org_id}"
        self._sql.execute(_FUNCTION.format(space=LOCK_SPACE))
        self._sql.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, org_id])
        kind = "CONSTRAINT TRIGGER" if point.at_commit else "TRIGGER"
        deferred = "DEFERRABLE INITIALLY DEFERRED " if point.at_commit else ""
        self._sql.execute(
            f"CREATE {kind} {self._trigger} AFTER {point.operation} ON {point.table} {deferred}FOR EACH ROW "
            f"WHEN ({point.org} = {org_id} AND ({point.when})) EXECUTE FUNCTION test_stand_still('{org_id}')"
        )

    def standing(self) -> bool:
        return self._waiting_pid() is not None

    def release(self) -> None:
        """Lets the transaction go on to its end, if its client still asks for one."""
        self._sql.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, self._org_id])

    def remove(self) -> None:
        """Takes the trigger away; only when all are released, as this waits for whoever writes there."""
        self._sql.execute(f"DROP TRIGGER {self._trigger} ON {self._point.table}")

    def _waiting_pid(self) -> int | None:
        row = self._sql.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = %s "
            "AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK_SPACE, self._org_id],
        ).fetchone()
        return row[0] if row else None


class OutsideHold:
    """The same for a call outside. The token endpoint knows no companies: it holds whoever refreshes first."""

    def __init__(self, stack: Stack, point: Outside, org_id: int) -> None:
        self._stack = stack
        match = point.call.at(f"/v3/company/{realm(org_id)}")
        action = "pause_after" if point.after else "pause_before"
        self._id = stack.sandbox("POST", "/_faults", {"match": match, "action": action, "times": 1})["id"]

    def standing(self) -> bool:
        return bool(self._stack.sandbox("GET", f"/_faults/{self._id}")["waiting"])

    def release(self) -> None:
        self._stack.sandbox("POST", f"/_faults/{self._id}/release")

    def remove(self) -> None:
        self._stack.sandbox("DELETE", f"/_faults/{self._id}")


Hold = RowHold | OutsideHold


def hold(stack: Stack, point: Row | Outside, org_id: int) -> Hold:
    return RowHold(stack, point, org_id) if isinstance(point, Row) else OutsideHold(stack, point, org_id)


def let_go(holds: Iterable[Hold]) -> None:
    """Releases all of them, then takes them away."""
    held = list(holds)
    for one in held:
        one.release()
    for one in held:
        one.remove()


_JOB_ORG = "(NEW.args->>'org_id')::int"

IN_THE_API = (
    Row("the event is kept", "inbox_events", "INSERT", "NEW.type = 'checkout.session.completed'"),
    Row("the payment is marked paid", "payments", "UPDATE", "NEW.state = 'paid'"),
    Row("payment_success is written", "portal_activity_log", "INSERT", "NEW.event = 'payment_success'"),
    Row("the chain's head moves on", "activity_heads", "UPDATE"),
    Row("the job is staged", "procrastinate_jobs", "INSERT", "NEW.task_name = 'follow_up'", _JOB_ORG),
    Row("the event is closed", "inbox_events", "UPDATE", "NEW.type = 'checkout.session.completed'"),
    Row("all of it is committed", "payments", "UPDATE", "NEW.state = 'paid'", at_commit=True),
)

IN_THE_WORKER = (
    Row("the posting is made", "postings", "INSERT"),
    Row("the posting is claimed", "postings", "UPDATE", "OLD.lease IS NULL AND NEW.lease IS NOT NULL"),
    Row("the customer is linked", "qbo_links", "INSERT", "NEW.entity = 'Customer'"),
    Row("the invoice is prepared", "qbo_requests", "INSERT", "NEW.operation = 'create_invoice'"),
    Row("the invoice is linked", "qbo_links", "INSERT", "NEW.entity = 'Invoice'"),
    Row("the invoice has succeeded", "qbo_requests", "UPDATE",
        "NEW.operation = 'create_invoice' AND NEW.state = 'succeeded'"),
    Row("invoice_created is written", "portal_activity_log", "INSERT", "NEW.event = 'invoice_created'"),
    Row("the invoice's link is committed", "qbo_links", "INSERT", "NEW.entity = 'Invoice'", at_commit=True),
    Row("the payment is linked", "qbo_links", "INSERT", "NEW.entity = 'Payment'"),
    Row("invoice_paid is written", "portal_activity_log", "INSERT", "NEW.event = 'invoice_paid'"),
    Row("the posting is posted", "postings", "UPDATE", "NEW.state = 'posted'"),
    Row("the job is finished", "procrastinate_jobs", "UPDATE", "NEW.status = 'succeeded'", _JOB_ORG),
)  # fmt: skip

_CALLS = (
    "the token is refreshed",
    "the customer is looked for",
    "the customer is made",
    "the item is made",
    "the invoice is made",
    "the account is made",
    "the payment is made",
)
OUTSIDE = tuple(
    Outside(f"{'after' if after else 'before'} {name}", BY_NAME[name], after)
    for name in _CALLS
    for after in (False, True)
)


def forget_access_token(sql: psycopg.Connection[Any], org_id: int) -> None:
    """The org's access token ends now, so that its next call refreshes."""
    sql.execute("UPDATE qbo_tokens SET expires_at = '2020-01-01' WHERE org_id = %s", [org_id])
