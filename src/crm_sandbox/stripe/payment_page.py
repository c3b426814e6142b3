"""The hosted payment page at /c/pay/{session}: shows, takes the form, authenticates, and sends back."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.checkout_sessions import expire_when_due
from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.instruments import ACH, BANK_ACCOUNTS, SEPA, Card, card_from_number
from crm_sandbox.stripe.intent_steps import authenticate
from crm_sandbox.stripe.page_html import authentication_html, closed_html, payment_html, receipt_html
from crm_sandbox.stripe.paying import pay_with
from crm_sandbox.stripe.session_steps import complete
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import StripeState

MAX_FORM_BYTES = 20_000
BANK_CHOICES = {
    ACH: {"clears": "000123456789", "fails": "000111111116", "disputed": "000555555559"},
    SEPA: {
        "clears": "AT611904300234573201",
        "fails": "AT861904300235473202",
        "disputed": "AT591904300235473203",
    },
}


class InvalidForm(Exception):
    """Something typed into the page is wrong; carries the sentence to show."""


def page_routes(state: StripeState) -> list[BaseRoute]:
    """The page's addresses. Plain HTML forms, so that tests can drive it with or without a browser."""

    async def show(request: Request) -> Response:
        call, session = _session(state, request)
        if session is None:
            return HTMLResponse(closed_html("There is no such payment page", "Please check the link."), 404)
        if session["status"] != "open":
            return _closed(session)
        return HTMLResponse(_page(call, session, request.query_params.get("method"), {}, None))

    async def pay(request: Request) -> Response:
        call, session = _session(state, request)
        if session is None:
            return HTMLResponse(closed_html("There is no such payment page", "Please check the link."), 404)
        if session["status"] != "open":
            return _closed(session)
        form = await _form(request)
        try:
            _submit(call, session, form)
        except InvalidForm as problem:
            return HTMLResponse(_page(call, session, form.get("method"), form, str(problem)), 422)
        except ApiError as problem:
            return HTMLResponse(_page(call, session, form.get("method"), form, str(problem)), 402)
        intent = call.space.objects["payment_intent"].get(session["payment_intent"] or "")
        if intent is not None and intent["status"] == "requires_action":
            return RedirectResponse(intent["next_action"]["redirect_to_url"]["url"], 303)
        return RedirectResponse(success_url(session), 303)

    async def ask(request: Request) -> Response:
        _, session = _session(state, request)
        if session is None or session["status"] != "open":
            return await show(request)
        return HTMLResponse(authentication_html(session))

    async def answer(request: Request) -> Response:
        call, session = _session(state, request)
        if session is None or session["status"] != "open" or not session["payment_intent"]:
            return await show(request)
        form = await _form(request)
        intent = call.space.objects["payment_intent"][session["payment_intent"]]
        try:
            authenticate(call, intent, passed=form.get("result") == "complete")
        except ApiError as problem:
            return HTMLResponse(_page(call, session, "card", {}, str(problem)), 402)
        return RedirectResponse(success_url(session), 303)

    async def receipt(request: Request) -> Response:
        found = state.locate(request.path_params["charge"])
        if found is None or found[1]["object"] != "charge" or not found[1]["paid"]:
            return HTMLResponse(closed_html("There is no such receipt", "Please check the link."), 404)
        return HTMLResponse(receipt_html(found[1]))

    return [
        Route("/c/pay/{session}", show, methods=["GET"]),
        Route("/c/pay/{session}", pay, methods=["POST"]),
        Route("/c/pay/{session}/authenticate", ask, methods=["GET"]),
        Route("/c/pay/{session}/authenticate", answer, methods=["POST"]),
        Route("/c/receipts/{charge}", receipt, methods=["GET"]),
    ]


def success_url(session: StripeObject) -> str:
    """Where the payer goes after paying, with the session's id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _session(state: StripeState, request: Request) -> tuple[Call, StripeObject | None]:
    state.timers.run_due()
    id = request.path_params["session"]
    for space in state.spaces.values():
        session = space.objects["checkout.session"].get(id)
        if session is not None:
            expire_when_due(state, space, session)
            return background(state, space), session
    return background(state, state.platform("acct_unknown")), None


def _closed(session: StripeObject) -> Response:
    if session["status"] == "expired":
        return HTMLResponse(
            closed_html(
                "This payment page has expired",
                "Nothing was charged. Please go back to where you came from to get a new one.",
                session["cancel_url"],
            ),
            410,
        )
    return HTMLResponse(
        closed_html("You're all done here", "This payment has already been made.", success_url(session))
    )


def _page(
    call: Call, session: StripeObject, method: str | None, form: dict[str, str], error: str | None
) -> str:
    items = call.space.extras[session["id"]].line_items
    methods: list[str] = session["payment_method_types"]
    return payment_html(session, items, method if method in methods else methods[0], form, error)


def _submit(call: Call, session: StripeObject, form: dict[str, str]) -> None:
    email = form.get("email") or session["customer_email"] or _customer_email(call, session)
    if not email or "@" not in email:
        raise InvalidForm("Please give an email address.")
    billing = {
        "email": email,
        "name": form.get("card_name") or form.get("account_name") or None,
        "address": {"country": form.get("country") or "US", "postal_code": form.get("postal_code") or None},
    }
    if session["payment_status"] == "no_payment_required":
        complete(call, session, billing)
    elif form.get("method") in BANK_CHOICES:
        number = BANK_CHOICES[form["method"]].get(form.get("bank_outcome", ""))
        if number is None:
            raise InvalidForm("Please choose a bank account.")
        pay_with(call, session, BANK_ACCOUNTS[number], billing)
    else:
        pay_with(call, session, _card(call, form), billing)


def _customer_email(call: Call, session: StripeObject) -> str | None:
    customer = call.space.objects["customer"].get(session["customer"] or "")
    return customer["email"] if customer else None


def _card(call: Call, form: dict[str, str]) -> Card:
    card = card_from_number(form.get("card_number", ""))
    if card is None:
        raise InvalidForm("Your card number is invalid.")
    month, _, year = form.get("card_expiry", "").replace(" ", "").partition("/")
    if not (month.isdigit() and year.isdigit() and 1 <= int(month) <= 12 and len(year) in (2, 4)):
        raise InvalidForm("Your card's expiration date is incomplete.")
    now = datetime.fromtimestamp(call.state.now(), UTC)
    if (int(year) % 100 + 2000, int(month)) < (now.year, now.month):
        raise InvalidForm("Your card's expiration date is in the past.")
    cvc = form.get("card_cvc", "").strip()
    if not (cvc.isdigit() and len(cvc) in (3, 4)):
        raise InvalidForm("Your card's security code is incomplete.")
    return card


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        raise InvalidForm("The form is too large.")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: values[-1].strip() for name, values in fields.items()}
