"""Finds whose an event is: by the session, intent or charge that we stored, or by the connected account.

Never by metadata alone: a connected account can write anything there (facts/stripe.md, Connect).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from crm.inbox.stripe_event import StripeEvent
from crm.kit.database import NOBODY, see_orgs_raw


async def route(conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent], *, dev_mode: bool) -> None:
    """Sets each event's org and lets the transaction see exactly those orgs (and what is nobody's)."""
    refs = sorted({ref for event in events for ref in event.refs})
    accounts = sorted({event.account for event in events if event.account})
    cursor = await conn.execute(
        "SELECT ref, org_id, account FROM crm_stripe_routes(%s, %s)", [refs, accounts]
    )
    by_ref = {(ref, account): org_id for ref, org_id, account in await cursor.fetchall()}
    unrouted = []
    for event in events:
        known = (by_ref.get((ref, event.account)) for ref in (*event.refs, event.account) if ref)
        event.org_id = next((org_id for org_id in known if org_id is not None), NOBODY)
        if event.org_id == NOBODY:
            unrouted.append(event)
    if unrouted:
        await _route_platform(conn, unrouted, dev_mode=dev_mode)
    await see_orgs_raw(conn, sorted({NOBODY, *(event.org_id for event in events)}))


async def _route_platform(
    conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent], *, dev_mode: bool
) -> None:
    """Events of our own Stripe account that no row of ours explains: a payout belongs to the one org that
    uses the account, and so does a session, as a difference for a person. Where several use it, a session goes
    to the one that it names (in dev mode it is believed, as the seeds' tests have it)."""
    own = [row[0] for row in await (await conn.execute("SELECT org_id FROM crm_platform_orgs()")).fetchall()]
    everyone: set[int] | None = None
    for event in events:
        if event.account:
            continue
        a_session = event.type.startswith("checkout.session.")
        if len(own) == 1 and (event.type.startswith("payout.") or (a_session and not dev_mode)):
            event.org_id = own[0]  # whatever a session names: nobody else can have taken its money
        elif a_session:
            claimed = claim(event, "org_id")
            if claimed is None:
                continue
            if everyone is None:
                cursor = await conn.execute("SELECT org_id FROM crm_org_list()")
                everyone = {row[0] for row in await cursor.fetchall()}
            # Beyond dev mode only an org on this very account can have such a session.
            allowed = everyone if dev_mode else set(own) & everyone
            event.org_id = claimed if claimed in allowed else NOBODY


def claim(event: StripeEvent, name: str) -> int | None:
    """A number that the session's metadata claims, when it is one."""
    metadata = event.object.get("metadata")
    value = metadata.get(name) if isinstance(metadata, dict) else None
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:12]) < 2**31 else None
