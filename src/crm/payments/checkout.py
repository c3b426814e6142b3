"""Makes the page on which a deposit is paid: at Stripe, or in dev mode a plainly marked simulation.

Read and note, call, write: the try is stored with its request before Stripe is asked, so a crash in between
asks again under the same idempotency key and gets the same page. One open page per due payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.tables import Customer
from crm.gateways.stripe import StripeGateway
from crm.identity.principal import Principal
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.database import ROW_LOCK, Big, Database, get_own
from crm.kit.errors import Conflict, Invalid, NotConfigured, NotFound, Refused
from crm.kit.money import format_money
from crm.kit.settings import Settings
from crm.payments.parts import close_page, open_page, parts_of
from crm.payments.states import SETTLED
from crm.payments.tables import CheckoutSession, Payment
from crm.proposals import lifecycle
from crm.proposals.content import deposit_minor
from crm.proposals.schedule import DEPOSIT
from crm.proposals.tables import Proposal

OPEN_FOR = timedelta(hours=23)  # Stripe allows 30 minutes to 24 hours
ABANDONED_AFTER = timedelta(hours=1)  # a try that never reached Stripe; its expiry would soon be refused
STRIPE_AMOUNT_MAX = 99_999_999  # eight digits (docstring of PaymentIntent.amount, stripe 16.1.0)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page to pay on. Amounts in minor units."""

    url: str
    session_id: str
    deposit_minor: int
    total_minor: int
    dev_mode: bool


@dataclass(frozen=True, slots=True)
class _Try:
    """A stored try, ready to be made at Stripe (or made already: `url` is set)."""

    org_id: int
    id: int
    payment_id: int
    earlier: int  # tries of this proposal's parts before this one
    proposal_id: int
    account: str
    amount_minor: int
    currency: str
    total_minor: int
    request: dict[str, Any]
    idempotency_key: str
    session_id: str | None
    url: str | None


async def open_checkout(
    db: Database,
    settings: Settings,
    stripe: StripeGateway,
    principal: Principal,
    proposal_id: int,
    payment_id: int | None = None,
) -> Checkout:
    """The open page for a part of the proposal's price, made if there is none; without `payment_id` for the
    first part that is due, which before the approval is the deposit.

    Raises NotFound, Conflict (not payable, paid, under way, too small), NotConfigured, Refused or Unavailable.
    """
    if settings.stripe_dev_mode and settings.crm_env == "production":
        raise NotConfigured(
            "Online payment is not set up: STRIPE_SECRET_KEY is missing.", kind="stripe-not-configured"
        )
    prepared = await _prepare(db, settings, principal, proposal_id, payment_id)
    if prepared.url is None:
        if settings.stripe_dev_mode:
            # One further per earlier try of any part: two tries within a second must not share an id.
            stamp = int(clock.now().timestamp()) + prepared.earlier
            session_id, url = (
                f"cs_test_mock_{proposal_id}_{stamp}",
                _portal(settings, proposal_id, "mock_payment=true"),
            )
        else:
            try:
                made = await stripe.create_session(
                    prepared.request, idempotency_key=prepared.idempotency_key, account=prepared.account
                )
            except Refused as error:
                await _give_up(db, prepared)
                if error.code == "amount_too_small":
                    raise _too_small(prepared) from error
                raise
            session_id, url = _checked(prepared, made)
        prepared = await _opened(db, principal, prepared, session_id, url, dev_mode=settings.stripe_dev_mode)
    assert prepared.session_id is not None
    assert prepared.url is not None
    return Checkout(
        prepared.url,
        prepared.session_id,
        prepared.amount_minor,
        prepared.total_minor,
        settings.stripe_dev_mode,
    )


async def _prepare(
    db: Database, settings: Settings, principal: Principal, proposal_id: int, payment_id: int | None
) -> _Try:
    async with db.transaction(principal.org_id) as session:
        proposal = await get_own(session, Proposal, proposal_id, principal.org_id)
        org = await session.get_one(Org, principal.org_id)
        customer = await session.get_one(Customer, (principal.org_id, proposal.customer_id))
        _must_be_payable(proposal, org, principal)
        payment = await _due_part(session, settings, org, proposal, payment_id)
        current = await _open_try(session, payment, dev_mode=settings.stripe_dev_mode)
        if current is None:
            current = await _new_try(session, settings, org, proposal, payment, customer.email)
        return _Try(
            org_id=org.id,
            id=current.id,
            payment_id=payment.id,
            earlier=await _tries_before(session, proposal, current),
            proposal_id=proposal.id,
            account=payment.stripe_account,
            amount_minor=current.amount_minor,
            currency=current.currency,
            total_minor=proposal.total_minor + proposal.changes_minor,
            request=dict(current.request),
            idempotency_key=f"deposit:{org.id}:{payment.id}:{int(payment.created_at.timestamp())}:{current.attempt}",
            session_id=current.session_id,
            url=current.url,
        )


async def _tries_before(session: AsyncSession, proposal: Proposal, current: CheckoutSession) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(CheckoutSession)
        .join(
            Payment, (Payment.org_id == CheckoutSession.org_id) & (Payment.id == CheckoutSession.payment_id)
        )
        .where(
            CheckoutSession.org_id == proposal.org_id,
            Payment.proposal_id == proposal.id,
            CheckoutSession.id < current.id,
        )
    )
    return count or 0


def _must_be_payable(proposal: Proposal, org: Org, principal: Principal) -> None:
    today: date = clock.now().astimezone(ZoneInfo(org.time_zone)).date()
    status = lifecycle.effective(proposal.status, proposal.valid_until, today)
    lifecycle.must_be_payable(status)
    if principal.proposal_id is not None and status is not lifecycle.Status.APPROVED:
        raise Conflict(
            "Please approve the proposal first, then pay the deposit.", kind="proposal-not-approved"
        )
    if org.stripe_disconnected_at is not None:
        raise Conflict(
            "Online payment is switched off: the company has disconnected its Stripe account.",
            kind="stripe-disconnected",
        )


async def _due_part(
    session: AsyncSession, settings: Settings, org: Org, proposal: Proposal, payment_id: int | None
) -> Payment:
    """The part to pay, locked. Raises NotFound for one of another proposal, Conflict when nothing is due, or it
    is paid or under way."""
    # Two first calls at once: the proposal's row makes them one after the other.
    await get_own(session, Proposal, proposal.id, org.id, lock=True)
    parts = [row for row in await parts_of(session, proposal, lock=True) if row.state != "void"]
    if payment_id is not None:
        payment = next((row for row in parts if row.id == payment_id), None)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id} of this proposal.")
    elif proposal.approved_at is None or not parts:
        payment = await _deposit_before_approval(session, settings, org, proposal, parts)
    else:
        payment = _first_due(parts)
    if payment.state == "paid":
        raise Conflict(f"The {_spoken(payment)} is already paid.", kind="already-paid")
    if payment.state == "processing":
        raise Conflict(
            f"A bank transfer for this {_spoken(payment)} is under way; it can take up to 4 business days.",
            kind="payment-processing",
        )
    if payment.state == "planned":
        raise Conflict(f"The {_spoken(payment)} is not due yet.", kind="nothing-due")
    if payment.amount_minor > STRIPE_AMOUNT_MAX:
        raise Invalid(
            f"{format_money(payment.amount_minor, proposal.currency)} is more than Stripe takes in one payment "
            f"({format_money(STRIPE_AMOUNT_MAX, proposal.currency)}). Divide it into several.",
            field="deposit",
        )
    return payment


def _first_due(parts: Sequence[Payment]) -> Payment:
    for state in ("due", "failed", "processing", "planned", "paid"):
        found = [row for row in parts if row.state == state]
        if found:
            return found[-1] if state == "paid" else found[0]
    raise Conflict("There is nothing to pay on this proposal.", kind="nothing-due")


async def _deposit_before_approval(
    session: AsyncSession, settings: Settings, org: Org, proposal: Proposal, parts: Sequence[Payment]
) -> Payment:
    """Staff may take the deposit before the signature: it follows the total as long as nobody has paid it."""
    amount = deposit_minor(proposal, org, proposal.total_minor, settings.deposit_percent)
    if amount <= 0:
        raise Conflict("There is nothing to pay on this proposal.", kind="nothing-due")
    payment = next((row for row in parts if row.part == DEPOSIT), None)
    if payment is None:
        payment = Payment(
            org_id=org.id,
            proposal_id=proposal.id,
            state="due",
            due_at=clock.now(),
            amount_minor=amount,
            currency=proposal.currency,
            stripe_account=org.stripe_account or "",
        )
        session.add(payment)
        await session.flush()
        await session.refresh(payment)
    elif payment.state not in SETTLED:
        payment.amount_minor, payment.currency = Big(amount), proposal.currency
    return payment


def _spoken(payment: Payment) -> str:
    """ "deposit", "final balance", or a milestone by its own name."""
    return f"payment “{payment.name}”" if ":" in payment.part else payment.name.lower()


async def _open_try(session: AsyncSession, payment: Payment, *, dev_mode: bool) -> CheckoutSession | None:
    """The try that is still good; one that is not is closed here."""
    current = await open_page(session, payment)
    if current is None:
        return None
    now = clock.now()
    abandoned = current.state == "creating" and current.created_at < now - ABANDONED_AFTER
    over = current.expires_at <= now + timedelta(minutes=1)
    other = (
        current.amount_minor != payment.amount_minor
        or current.currency != payment.currency
        or current.dev_mode != dev_mode
    )
    if not (abandoned or over or other):
        return current
    await close_page(session, payment, current)  # two open pages could both be paid
    return None


async def _new_try(
    session: AsyncSession,
    settings: Settings,
    org: Org,
    proposal: Proposal,
    payment: Payment,
    email: str | None,
) -> CheckoutSession:
    last = await session.scalar(
        select(func.max(CheckoutSession.attempt)).where(
            CheckoutSession.org_id == org.id, CheckoutSession.payment_id == payment.id
        )
    )
    expires_at = (clock.now() + OPEN_FOR).replace(microsecond=0)
    made = CheckoutSession(
        org_id=org.id,
        payment_id=payment.id,
        attempt=(last or 0) + 1,
        state="creating",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        dev_mode=settings.stripe_dev_mode,
        expires_at=expires_at,
        request=session_request(settings, org, proposal, payment, email, int(expires_at.timestamp())),
    )
    session.add(made)
    await session.flush()
    return made


def session_request(
    settings: Settings, org: Org, proposal: Proposal, payment: Payment, email: str | None, expires_at: int
) -> dict[str, Any]:
    """The parameters of the Checkout session. The metadata also goes to the intent, for it is not copied."""
    metadata = {"org_id": str(org.id), "proposal_id": str(proposal.id), "payment_id": str(payment.id)}
    request: dict[str, Any] = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": payment.currency.lower(),
                    "unit_amount": payment.amount_minor,
                    "product_data": {"name": f"{payment.name}: {proposal.title}"[:250]},
                },
            }
        ],
        "metadata": metadata,
        "payment_intent_data": {
            "metadata": metadata,
            "description": f"{payment.name} for proposal #{proposal.id}, {org.name}"[:1000],
        },
        "client_reference_id": f"org-{org.id}-proposal-{proposal.id}-payment-{payment.id}",
        "expires_at": expires_at,
        "success_url": _portal(settings, proposal.id, "checkout=success&session_id={CHECKOUT_SESSION_ID}"),
        "cancel_url": _portal(settings, proposal.id, "checkout=cancelled"),
    }
    if email:
        request["customer_email"] = email
    return request


def _too_small(prepared: _Try) -> Conflict:
    """A total of cents, or what a change order left open. Only Stripe knows the least of each currency (facts/stripe.md)."""
    return Conflict(
        f"{format_money(prepared.amount_minor, prepared.currency)} is less than a card or bank payment can be. Please settle it directly with the company; with a change "
        "order it can also be added to another part, or be taken off.",
        kind="too-small-to-pay",
    )


def _portal(settings: Settings, proposal_id: int, query: str) -> str:
    return f"{settings.portal_public_url.rstrip('/')}/proposal/{proposal_id}?{query}"


def _checked(prepared: _Try, made: dict[str, Any]) -> tuple[str, str]:
    """What Stripe made is what we asked for, or a person must look before anybody pays on it."""
    if made.get("amount_total") != prepared.amount_minor or not made.get("url"):
        raise Refused(
            "Stripe made a payment page with another amount than the deposit. Nothing can be paid on it; "
            "please tell support.",
            code="amount-differs",
            reference=str(made.get("id", "")),
        )
    return str(made["id"]), str(made["url"])


async def _give_up(db: Database, prepared: _Try) -> None:
    """What Stripe refused is not asked again: the next call asks anew, with whatever was repaired since."""
    async with db.transaction(prepared.org_id) as session:
        row = await session.get_one(CheckoutSession, (prepared.org_id, prepared.id), with_for_update=ROW_LOCK)
        if row.state == "creating":
            row.state = "expired"


async def _opened(
    db: Database, principal: Principal, prepared: _Try, session_id: str, url: str, *, dev_mode: bool
) -> _Try:
    async with db.transaction(prepared.org_id) as session:
        row = await session.get_one(CheckoutSession, (prepared.org_id, prepared.id), with_for_update=ROW_LOCK)
        if row.session_id is None:
            row.session_id, row.url = session_id, url
            if row.state == "creating":
                row.state = "open"
            await record(
                session,
                prepared.org_id,
                Event.CHECKOUT_CREATED,
                proposal_id=prepared.proposal_id,
                actor=principal.actor,
                session_id=session_id,
                deposit_cents=prepared.amount_minor,
                dev_mode=dev_mode,
                currency=row.currency,
            )
        assert row.url is not None
        return _Try(
            **{
                **{name: getattr(prepared, name) for name in _Try.__slots__},
                "session_id": row.session_id,
                "url": row.url,
            }
        )
