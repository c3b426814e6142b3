"""Fetches from Stripe what its events did not bring: lost events, sessions left open, fees, refunds.

Everything found goes through the same inbox, so finding it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import select, text

from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.stripe import StripeGateway
from crm.identity.tables import Org
from crm.inbox.stripe_event import parse
from crm.kit import clock
from crm.kit.database import ROW_LOCK, Database, raw
from crm.kit.errors import NotFound, OutsideError, Refused, Unavailable
from crm.kit.logging import logger
from crm.kit.settings import Settings
from crm.payments import differences, transactions
from crm.payments.differences import Found
from crm.payments.money_events import HANDLERS, save_refund
from crm.payments.session_events import TYPES
from crm.payments.stripe_events import take_in
from crm.payments.tables import CheckoutSession, Payment, Payout, StripeCursor

OVERLAP = timedelta(minutes=10)  # events become listable a little after they happen
KEPT = timedelta(days=29)  # Stripe keeps them 30 days
OPEN_SESSION_AGE = timedelta(minutes=30)
SESSIONS_PER_SWEEP = PAYOUTS_PER_SWEEP = 200

HEARD_TYPES = frozenset({*TYPES, *HANDLERS})  # what Stripe must tell us of

log = logger("stripe_sweeps")


async def sweep_events(db: Database, settings: Settings, stripe: StripeGateway) -> int:
    """Takes in the events since the last sweep, of our account and each connected one; how many were seen."""
    lost = "Until then a payment whose message from Stripe was lost is missing here."
    return await _each_account(
        db, ("stripe_refuses", lost), lambda account: _sweep_account(db, settings, stripe, account)
    )


async def sweep_transactions(db: Database, stripe: StripeGateway) -> int:
    """Copies what moved in every account's balance, and what is in payouts not itemised yet; how much was new."""
    unknown = "Until then fees, payouts and disputes are missing here and in the books."
    new = await _each_account(
        db, ("stripe_refuses_balance", unknown), lambda account: transactions.pull(db, stripe, account)
    )
    async with db.transaction() as session:
        orgs = (await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all()
    async with db.transaction(*orgs) as session:
        rows = await session.execute(
            select(Payout.org_id, Payout.payout_id)
            .where(Payout.reconciliation_status == "completed", Payout.itemised_at.is_(None))
            .order_by(Payout.created_at)
            .limit(PAYOUTS_PER_SWEEP)
        )
        missing = rows.all()
    for org_id, payout_id in missing:
        new += await transactions.itemise(db, stripe, org_id, payout_id)
    return new


async def _each_account(
    db: Database, difference: tuple[str, str], work: Callable[[str], Awaitable[int]]
) -> int:
    """`work` on our own account and each connected one: the trouble of one is not another's. `difference`: its kind,
    and what a refusal means for us."""
    seen, failure = 0, None
    for account in await _accounts(db):
        try:
            seen += await work(account)
        except OutsideError as error:  # one account's trouble is not another's
            log.warning("account not swept", account=account or "platform", code=error.code, why=error.detail)
            if isinstance(error, Unavailable):
                failure = error
            else:
                await _tell(db, difference, account, error)
        else:
            await _tell(db, difference, account, None)
    if failure is not None:
        raise failure  # the queue tries again; what was taken in stays
    return seen


async def _tell(
    db: Database, difference: tuple[str, str], account: str, refusal: OutsideError | None
) -> None:
    """What only a person can mend is a difference for the orgs of the account, until Stripe answers again."""
    (kind, meaning), subject = difference, account or "platform"
    async with db.transaction() as session:
        everyone = (await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all()
    async with db.transaction(*everyone) as session:
        own = Org.stripe_account == account if account else Org.stripe_account.is_(None)
        orgs = (await session.scalars(select(Org.id).where(own).order_by(Org.id))).all()
        conn = await raw(session)
        if refusal is None:
            await differences.over(conn, orgs, kind, subject)
            return
        sentence = f"{refusal.detail} {meaning}"
        await differences.keep(conn, [Found(org_id, kind, subject, sentence) for org_id in orgs])


async def _sweep_account(db: Database, settings: Settings, stripe: StripeGateway, account: str) -> int:
    async with db.transaction() as session:
        cursor = await session.get(StripeCursor, account)
        since = cursor.swept_until - OVERLAP if cursor else clock.now() - KEPT
    started = clock.now()
    events = await stripe.list_events(
        created_gte=int(since.timestamp()), types=sorted(HEARD_TYPES), account=account
    )
    for event in events:
        if account:
            event["account"] = account
        await _take(db, settings, event)
    async with db.transaction() as session:
        await session.merge(StripeCursor(account=account, swept_until=started))
    return len(events)


async def sweep_sessions(db: Database, settings: Settings, stripe: StripeGateway) -> int:
    """Asks after sessions that stayed open or processing: paid pages whose event never came."""
    async with db.transaction() as session:
        orgs = (await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all()
    asked = 0
    async with db.transaction(*orgs) as session:
        rows = (
            await session.execute(
                select(CheckoutSession.session_id, Payment.stripe_account)
                .join(
                    Payment,
                    (Payment.org_id == CheckoutSession.org_id) & (Payment.id == CheckoutSession.payment_id),
                )
                .where(
                    CheckoutSession.state.in_(["open", "processing"]),
                    CheckoutSession.dev_mode.is_(False),
                    CheckoutSession.session_id.is_not(None),
                    CheckoutSession.created_at < clock.now() - OPEN_SESSION_AGE,
                )
                .order_by(CheckoutSession.created_at)
                .limit(SESSIONS_PER_SWEEP)
            )
        ).all()
    for session_id, account in rows:
        assert session_id is not None  # by the query
        try:
            found = await stripe.retrieve_session(session_id, account=account)
        except Refused as error:  # a page that Stripe does not show us hides no other
            log.warning("page not shown", session_id=session_id, code=error.code, why=error.detail)
            continue
        asked += 1
        await _take(db, settings, session_as_event(found, account))
    return asked


def session_as_event(found: dict[str, Any], account: str) -> dict[str, Any]:
    """A session as the event that should have come; its key makes repetition harmless."""
    type_ = "checkout.session.completed" if found.get("status") == "complete" else "checkout.session.expired"
    state = f"{found.get('status')}:{found.get('payment_status')}"
    if found.get("status") == "open":
        type_ = "checkout.session.still_open"
    return {
        "id": f"sweep:{found['id']}:{state}",
        "type": type_,
        "livemode": found.get("livemode", False),
        "data": {"object": found},
        **({"account": account} if account else {}),
    }


async def _take(db: Database, settings: Settings, event: dict[str, Any]) -> None:
    parsed = parse(orjson.dumps(event), livemode=settings.livemode)
    for outcome in await take_in(db, [parsed], dev_mode=settings.unsigned_events_allowed):
        if outcome is not None:
            raise outcome


async def confirm(
    db: Database, settings: Settings, stripe: StripeGateway, org_id: int, proposal_id: int, session_id: str
) -> None:
    """Asks Stripe after one page at once: the customer came back and the event has not come yet.

    Stripe's own advice is to fulfil from both ways (docs.stripe.com/checkout/fulfillment); both end in the same
    inbox. Raises NotFound for a page that is not this proposal's.
    """
    async with db.transaction(org_id) as session:
        row = (
            await session.execute(
                select(CheckoutSession.state, CheckoutSession.dev_mode, Payment.stripe_account)
                .join(
                    Payment,
                    (Payment.org_id == CheckoutSession.org_id) & (Payment.id == CheckoutSession.payment_id),
                )
                .where(
                    CheckoutSession.org_id == org_id,
                    CheckoutSession.session_id == session_id,
                    Payment.proposal_id == proposal_id,
                )
            )
        ).one_or_none()
    if row is None:
        raise NotFound("This payment page does not belong to this proposal.")
    state, dev_mode, account = row
    if dev_mode or state not in {"open", "processing"}:
        return  # nothing to ask: it is simulated, or its end is known
    found = await stripe.retrieve_session(session_id, account=account)
    await _take(db, settings, session_as_event(found, account))


async def _accounts(db: Database) -> list[str]:
    """Our own account ("") and every connected one."""
    async with db.transaction() as session:
        orgs = (await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all()
    async with db.transaction(*orgs) as session:
        connected = await session.scalars(
            select(Org.stripe_account).where(
                Org.stripe_account.is_not(None), Org.stripe_disconnected_at.is_(None)
            )
        )
        return ["", *(account for account in connected if account)]


async def fetch_fee(db: Database, stripe: StripeGateway, org_id: int, payment_id: int) -> None:
    """Stripe's fee on a payment, from the charge's balance transaction (facts/stripe.md, fees).

    Raises Unavailable when Stripe does not answer or does not show it yet, Refused when it does not know the charge.
    """
    async with db.transaction(org_id) as session:
        payment = await session.get_one(Payment, (org_id, payment_id))
        if payment.fee_minor is not None or payment.stripe_charge is None:
            return
        charge_id, account = payment.stripe_charge, payment.stripe_account
    charge = await stripe.retrieve_charge(charge_id, account=account)
    transaction = charge.get("balance_transaction")
    if not isinstance(transaction, dict):
        # The event that sent us here had it, so this is an older copy; nothing would send us again.
        raise Unavailable(
            "Stripe does not show the fee of this payment yet. We ask again.", code="fee-not-there"
        )
    movement = transactions.read_movement(transaction, charge)
    async with db.transaction(org_id) as session:
        payment = await session.get_one(Payment, (org_id, payment_id), with_for_update=ROW_LOCK)
        if payment.fee_minor is not None:
            return
        await transactions.keep(session, account, [(org_id, movement)])
        payment.fee_minor, payment.net_minor = transaction["fee"], transaction["net"]
        payment.balance_transaction = transaction["id"]
        await record(
            session,
            org_id,
            Event.PAYMENT_FEE_KNOWN,
            proposal_id=payment.proposal_id,
            actor="stripe",
            payment_id=payment_id,
            fee_cents=transaction["fee"],
            net_cents=transaction["net"],
            currency=str(transaction["currency"]).upper(),
        )


async def fetch_refunds(db: Database, stripe: StripeGateway, org_id: int, payment_id: int) -> None:
    """All refunds of a payment as Stripe has them now."""
    async with db.transaction(org_id) as session:
        payment = await session.get_one(Payment, (org_id, payment_id))
        intent, account = payment.stripe_payment_intent, payment.stripe_account
        proposal_id = payment.proposal_id
    if intent is None:
        return
    refunds = await stripe.list_refunds(intent, account=account)
    async with db.transaction(org_id) as session:
        await session.get_one(Payment, (org_id, payment_id), with_for_update=ROW_LOCK)
        conn = await raw(session)
        for refund in refunds:
            await save_refund(conn, org_id, payment_id, proposal_id, refund)


async def close_session(stripe: StripeGateway, session_id: str, account: str) -> None:
    """Closes a page that another has replaced; one that is no longer open needs no closing."""
    found = await stripe.retrieve_session(session_id, account=account)
    if found.get("status") == "open":
        await stripe.expire_session(session_id, account=account)
