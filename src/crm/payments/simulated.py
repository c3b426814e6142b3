"""Dev mode: the portal's simulated payment sends the very events that Stripe would, through the same code."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Literal

import orjson
from sqlalchemy import select

from crm.identity.principal import Principal
from crm.inbox.stripe_event import parse
from crm.kit import clock
from crm.kit.database import Database
from crm.kit.errors import Conflict, NotFound, Unavailable
from crm.kit.settings import Settings
from crm.payments.stripe_events import take_in
from crm.payments.tables import CheckoutSession, Payment

Outcome = Literal["paid", "declined", "bank_clears", "bank_fails"]
BANK_SECONDS = 4.0  # long enough to see "Processing", short enough to wait for

_later: set[asyncio.Task[None]] = set()  # keeps the second half of a bank transfer from being collected


async def pay(
    db: Database,
    settings: Settings,
    principal: Principal,
    proposal_id: int,
    session_id: str,
    outcome: Outcome,
) -> None:
    """Raises NotFound outside dev mode or for another proposal's page, Conflict for one that is not open."""
    if not settings.unsigned_events_allowed:
        raise NotFound("There are no simulated payments here.")
    async with db.transaction(principal.org_id) as session:
        row = await session.scalar(
            select(CheckoutSession)
            .join(
                Payment,
                (Payment.org_id == CheckoutSession.org_id) & (Payment.id == CheckoutSession.payment_id),
            )
            .where(
                CheckoutSession.org_id == principal.org_id,
                CheckoutSession.session_id == session_id,
                Payment.proposal_id == proposal_id,
                CheckoutSession.dev_mode.is_(True),
            )
        )
        if row is None:
            raise NotFound("There is no such simulated payment page.")
        if row.state != "open":
            raise Conflict("This payment page is closed. Open a new one.", kind="checkout-closed")
        object_ = {
            "id": session_id,
            "object": "checkout.session",
            "amount_total": row.amount_minor,
            "currency": row.currency.lower(),
            "metadata": {"org_id": str(principal.org_id), "proposal_id": str(proposal_id)},
            "payment_intent": f"pi_mock_{secrets.token_hex(8)}",
        }
    match outcome:
        case "paid":
            await _send(db, "checkout.session.completed", object_ | {"payment_status": "paid"})
        case "declined":
            return  # a declined card leaves the page open, as at Stripe: the customer tries again
        case "bank_clears" | "bank_fails":
            await _send(db, "checkout.session.completed", object_ | {"payment_status": "unpaid"})
            said = "succeeded" if outcome == "bank_clears" else "failed"
            status = "paid" if outcome == "bank_clears" else "unpaid"
            task = asyncio.create_task(
                _send_later(
                    db, f"checkout.session.async_payment_{said}", object_ | {"payment_status": status}
                )
            )
            _later.add(task)
            task.add_done_callback(_later.discard)


async def _send_later(db: Database, type_: str, object_: dict[str, Any]) -> None:
    await asyncio.sleep(BANK_SECONDS)
    await _send(db, type_, object_)


async def _send(db: Database, type_: str, object_: dict[str, Any]) -> None:
    event = {
        "id": f"evt_mock_{secrets.token_hex(12)}",
        "type": type_,
        "livemode": False,
        "created": int(clock.now().timestamp()),
        "data": {"object": object_},
    }
    (outcome,) = await take_in(db, [parse(orjson.dumps(event), livemode=False)], dev_mode=True)
    if outcome is not None:
        raise Unavailable("The payment could not be noted. Please try again.") from outcome
