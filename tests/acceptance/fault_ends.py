"""What the matrix of faults begins with, and what must be true at its end: orgs with deposits, and nothing lost or doubled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tests.acceptance.outside_calls import ALL, BOOKING, TOKENS
from tests.acceptance.stack import DEPOSIT_CENTS, PROPOSAL, Stack
from tests.row_copies import copy_row

Json = dict[str, Any]
DEPOSITS = 3  # the first one, one whose answers are lost, one of a customer without an e-mail address
NAMELESS = 2  # the customer of the third


def make_orgs(stack: Stack, org_ids: Sequence[int]) -> None:
    """Contractors with DEPOSITS approved proposals each; the last one's customer has no e-mail address, and nothing
    else of the first one's. Their fees are booked once a day at first, so that the lane holds deposits alone."""
    stack.add_orgs(org_ids, proposals=DEPOSITS)
    stack.sql.execute("UPDATE orgs SET fee_documents = 'per_day' WHERE id = ANY(%s)", [list(org_ids)])
    for org_id in org_ids:
        nothing = dict.fromkeys(("email", "phone", "billing_address", "site_address"))
        changed = {"id": NAMELESS, "name": "Ann Nameless", **nothing}
        copy_row(stack.sql, "customers", "org_id = %s AND id = 1", changed, org_id)
        stack.sql.execute(
            "UPDATE proposals SET customer_id = %s WHERE org_id = %s AND id = %s",
            [NAMELESS, org_id, PROPOSAL + DEPOSITS - 1],
        )


def unknown_requests(stack: Stack) -> list[str]:
    """Of what the simulator was asked by the product lately, all that is none of the calls we know."""
    known = {call.name for call in ALL}
    return [name for name in map(name_of, asked(stack, 0)) if name not in known]


def asked(stack: Stack, after: int) -> list[Json]:
    """What came from the product: not the customer's page, nor Intuit's consent, which people open."""
    found = stack.sandbox("GET", f"/_state/requests?limit=1000&after={after}")["requests"]
    return [entry for entry in found if re.match("/v1/|/v2/|/v3/|/oauth2/", entry["path"])]


def name_of(entry: Json) -> str:
    """The call that a request is; the exchange and the refresh share an address, and its bodies are not shown."""
    if re.search(TOKENS, entry["path"]):
        return BOOKING[0].name
    names = [call.name for call in ALL if call.fits(entry, r"/v3/company/\d+")]
    return names[0] if len(names) == 1 else f"{entry['method']} {entry['path']}?{entry['query']}"


def assert_nothing_lost_or_doubled(stack: Stack, org_ids: Iterable[int]) -> None:
    """Each deposit: one charge at Stripe, one invoice with one payment in the books, one document for each fee that was let
    go there, and clearing equal to all that."""
    sessions = stack.sandbox("GET", "/_state/stripe/checkout.session")["data"]
    charges = Counter(
        charge["metadata"].get("org_id") for charge in stack.sandbox("GET", "/_state/stripe/charge")["data"]
    )
    for org_id in org_ids:
        stack.assert_booked_once(org_id, payments=DEPOSITS)
        mine = [one["status"] for one in sessions if one["metadata"].get("org_id") == str(org_id)]
        assert mine == ["complete"] * DEPOSITS, f"org {org_id}: {mine}"
        assert charges[str(org_id)] == DEPOSITS
        clearing = [a for a in stack.in_books(org_id, "Account") if a["Name"] == "Stripe Clearing"]
        fees = stack.sql.execute(
            "SELECT fee_minor FROM stripe_transactions WHERE org_id = %s AND fee_group IS NOT NULL", [org_id]
        ).fetchall()
        booked = [round(one["TotalAmt"] * 100) for one in stack.in_books(org_id, "Purchase")]
        assert sorted(booked) == sorted(row[0] for row in fees)
        held = DEPOSITS * DEPOSIT_CENTS - sum(booked)
        assert [round(a["CurrentBalance"] * 100) for a in clearing] == [held]
