"""What tests may do behind Stripe's back, under /_state/stripe: look, clear debits, dispute, pay out, resend."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.delivery_settings import read_delivery_settings
from crm_sandbox.stripe.accounts import deauthorize
from crm_sandbox.stripe.balance import retrieve_balance
from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.checkout_sessions import expire_session
from crm_sandbox.stripe.disputes import close_dispute, open_dispute
from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.events import as_of_now, emit, listeners
from crm_sandbox.stripe.intent_steps import clear_or_fail
from crm_sandbox.stripe.payouts import fail_payout, mark_paid, pay_out_automatically
from crm_sandbox.stripe.refunds import fail_refund, settle_refund
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import DEFAULT_PLATFORM, KINDS, StripeState
from crm_sandbox.stripe.webhook_endpoints import roll_secret

MAX_SHOWN = 1_000
MAX_BODY_BYTES = 1_000_000

Given = dict[str, Any]
Act = Callable[[StripeState, Request, Given], Any]


def hook_routes(state: StripeState) -> list[BaseRoute]:
    """The addresses; each answers JSON, 404 for what does not exist and 409 for what cannot be done now."""
    prefix = "/_state/stripe"
    return [
        Route(f"{prefix}/settings", _hook(state, _settings), methods=["GET", "POST"]),
        Route(f"{prefix}/deliveries", _hook(state, _deliveries), methods=["GET"]),
        Route(f"{prefix}/delivery", _hook(state, _delivery), methods=["GET", "POST"]),
        Route(f"{prefix}/events", _hook(state, _emit), methods=["POST"]),
        Route(f"{prefix}/events/{{id}}/resend", _hook(state, _resend), methods=["POST"]),
        Route(f"{prefix}/ach/{{id}}/{{answer}}", _hook(state, _ach), methods=["POST"]),
        Route(f"{prefix}/sessions/{{id}}/expire", _hook(state, _expire), methods=["POST"]),
        Route(f"{prefix}/refunds/{{id}}/{{answer}}", _hook(state, _refund), methods=["POST"]),
        Route(f"{prefix}/disputes", _hook(state, _dispute), methods=["POST"]),
        Route(f"{prefix}/disputes/{{id}}/{{answer}}", _hook(state, _dispute_answer), methods=["POST"]),
        Route(f"{prefix}/payouts", _hook(state, _payout), methods=["POST"]),
        Route(f"{prefix}/payouts/{{id}}/{{answer}}", _hook(state, _payout_answer), methods=["POST"]),
        Route(f"{prefix}/webhook_endpoints/{{id}}/roll", _hook(state, _roll), methods=["POST"]),
        Route(f"{prefix}/accounts/{{id}}/deauthorize", _hook(state, _deauthorize), methods=["POST"]),
        Route(f"{prefix}/balances", _hook(state, _balances), methods=["GET"]),
        Route(f"{prefix}/{{kind}}", _hook(state, _objects), methods=["GET"]),
        Route(prefix, _hook(state, _summary), methods=["GET"]),
    ]


class NotHere(Exception):
    """No such object or action."""


def _hook(state: StripeState, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        state.timers.run_due()
        body = await request.body()
        try:
            given = json.loads(body) if body else {}
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, 400)
        if not isinstance(given, dict):
            return JSONResponse({"error": "the body is not a JSON object"}, 400)
        try:
            return JSONResponse(act(state, request, given))
        except NotHere as problem:
            return JSONResponse({"error": str(problem)}, 404)
        except ApiError as problem:
            return JSONResponse({"error": str(problem)}, 409)
        except (TypeError, ValueError) as problem:
            return JSONResponse({"error": str(problem)}, 400)

    return answer


def _summary(state: StripeState, _request: Request, _given: Given) -> Given:
    return state.summary()


def _objects(state: StripeState, request: Request, _given: Given) -> Given:
    """Kinds by their API name, also in the plural: `charge`, `refunds`, `checkout.session`."""
    asked = request.path_params["kind"]
    kind = {"sessions": "checkout.session"}.get(asked, asked)
    kind = kind if kind in KINDS else kind.removesuffix("s")
    if kind not in KINDS:
        raise NotHere(f"no kind {asked!r}; there are {', '.join(KINDS)}")
    account = request.query_params.get("account")
    if account is not None and account not in state.spaces:
        raise NotHere(f"no account {account}")
    data = list(state.spaces[account].objects[kind].values()) if account else state.objects(kind)
    if kind == "event":
        data = [as_of_now(state, event) for event in data]
    return {"kind": kind, "count": len(data), "data": data[-MAX_SHOWN:]}


def _balances(state: StripeState, _request: Request, _given: Given) -> Given:
    """Every account with what it holds: its balance, and how many objects of each kind."""
    return {
        "accounts": [
            {
                "account": space.id,
                "connected_to": space.platform.id if space.platform else None,
                "balance": retrieve_balance(background(state, space)),
                "counts": {kind: len(kept) for kind, kept in space.objects.items() if kept},
            }
            for space in state.spaces.values()
        ]
    }


def _settings(state: StripeState, _request: Request, given: Given) -> Given:
    """Changes any of `ach_clear_seconds`, `fee_seconds`, `refund_settle_seconds`, `processing_seconds`, `converts_at`."""
    state.settings = dataclasses.replace(state.settings, **{k: float(v) for k, v in given.items()})
    return dataclasses.asdict(state.settings)


def _deliveries(state: StripeState, request: Request, _given: Given) -> Given:
    """Newest last; `?event=evt_...` and `?state=failed` narrow it."""
    wanted = {k: request.query_params[k] for k in ("event", "state", "type") if k in request.query_params}
    shown = [sending.shown() for sending in state.delivery.sendings.values()]
    chosen = [s for s in shown if all(s[k] == v for k, v in wanted.items())]
    return {**state.delivery.summary(), "data": chosen[-MAX_SHOWN:]}


def _delivery(state: StripeState, _request: Request, given: Given) -> Given:
    delivery = state.delivery
    read_delivery_settings(given)
    delivery.shuffle = given.get("shuffle", delivery.shuffle)
    delivery.duplicate_every = given.get("duplicate_every", delivery.duplicate_every)
    delivery.delay_seconds = given.get("delay_seconds", delivery.delay_seconds)
    if "paused" in given:
        delivery.pause(paused=given["paused"])
    return {
        "paused": delivery.paused,
        "shuffle": delivery.shuffle,
        "duplicate_every": delivery.duplicate_every,
        "delay_seconds": delivery.delay_seconds,
    }


def _emit(state: StripeState, _request: Request, given: Given) -> StripeObject:
    """Emits any event: {"type", "object" (an id or a body), "account"?, "previous_attributes"?}."""
    if isinstance(given.get("object"), str):
        call, body = _find(state, given["object"])
    else:
        body = dict(given["object"]) if given.get("object") else {}
        account = given.get("account")
        if account is not None and account not in state.spaces:
            raise NotHere(f"no account {account}")
        call = background(state, state.spaces[account] if account else state.platform(DEFAULT_PLATFORM))
    if not given.get("type"):
        raise ValueError("type is missing")
    return emit(call, str(given["type"]), body, given.get("previous_attributes"))


def _resend(state: StripeState, request: Request, _given: Given) -> Given:
    call, event = _find(state, request.path_params["id"], "event")
    targets = listeners(state, call.space, event["type"])
    state.delivery.resend(event, targets)
    return {"event": event["id"], "sent_to": [target.url for target in targets]}


def _ach(state: StripeState, request: Request, _given: Given) -> StripeObject:
    call, body = _find(state, request.path_params["id"])
    answer = _one_of(request, "clear", "fail")
    if body["object"] == "checkout.session":
        body = call.space.objects["payment_intent"].get(body["payment_intent"] or "", {})
    if body.get("object") != "payment_intent" or not clear_or_fail(call, body, clears=answer == "clear"):
        raise ApiError("There is no bank debit waiting for an answer.")
    return body


def _expire(state: StripeState, request: Request, _given: Given) -> StripeObject:
    call, session = _find(state, request.path_params["id"], "checkout.session")
    call.path = {"session": session["id"]}
    return expire_session(call)


def _refund(state: StripeState, request: Request, given: Given) -> StripeObject:
    call, refund = _find(state, request.path_params["id"], "refund")
    if _one_of(request, "fail", "settle") == "fail":
        fail_refund(call, refund, str(given.get("reason", "lost_or_stolen_card")))
    else:
        settle_refund(call, refund)
    return refund


def _dispute(state: StripeState, _request: Request, given: Given) -> StripeObject:
    """Opens a dispute: {"charge" | "payment_intent" | "session": id, "reason"?, "amount"?, "inquiry"?}."""
    id = given.get("charge") or given.get("payment_intent") or given.get("session")
    call, body = _find(state, str(id))
    if body["object"] == "checkout.session":
        body = call.space.find(body["payment_intent"] or "") or {}
    if body.get("object") == "payment_intent":
        body = call.space.find(body["latest_charge"] or "") or {}
    if body.get("object") != "charge":
        raise NotHere(f"{id} has no charge")
    return open_dispute(
        call,
        body,
        str(given.get("reason", "product_not_received")),
        inquiry=bool(given.get("inquiry", False)),
        amount=given.get("amount"),
    )


def _dispute_answer(state: StripeState, request: Request, _given: Given) -> StripeObject:
    call, dispute = _find(state, request.path_params["id"], "dispute")
    return close_dispute(call, dispute, _one_of(request, "won", "lost"))


def _payout(state: StripeState, _request: Request, given: Given) -> StripeObject:
    """An automatic payout: {"account"?, "currency"?, "include_pending"?: true}."""
    account = given.get("account", DEFAULT_PLATFORM)
    if account not in state.spaces:
        raise NotHere(f"no account {account}; there are {', '.join(state.spaces)}")
    return pay_out_automatically(
        background(state, state.spaces[account]),
        str(given.get("currency", "usd")),
        include_pending=bool(given.get("include_pending", True)),
    )


def _payout_answer(state: StripeState, request: Request, given: Given) -> StripeObject:
    call, payout = _find(state, request.path_params["id"], "payout")
    if _one_of(request, "fail", "paid") == "fail":
        fail_payout(call, payout, str(given.get("code", "account_closed")))
    else:
        mark_paid(call, payout)
    return payout


def _roll(state: StripeState, request: Request, given: Given) -> Given:
    """A new signing secret; {"keep_old_seconds"?: 0} says how long the old one signs too."""
    call, endpoint = _find(state, request.path_params["id"], "webhook_endpoint")
    return {"secret": roll_secret(call, endpoint, float(given.get("keep_old_seconds", 0)))}


def _deauthorize(state: StripeState, request: Request, _given: Given) -> StripeObject:
    id = request.path_params["id"]
    space = state.spaces.get(id)
    if space is None or space.platform is None:
        raise NotHere(f"no connected account {id}")
    return deauthorize(state, space)


def _find(state: StripeState, id: str, kind: str | None = None) -> tuple[Call, StripeObject]:
    found = state.locate(id)
    if found is None or (kind is not None and found[1]["object"] != kind):
        raise NotHere(f"no {kind or 'object'} {id}")
    return background(state, found[0]), found[1]


def _one_of(request: Request, *words: str) -> str:
    answer = str(request.path_params["answer"])
    if answer not in words:
        raise NotHere(f"{answer!r} is none of {', '.join(words)}")
    return answer
