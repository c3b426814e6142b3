"""What tests and the page can see and do behind the QuickBooks simulator's back, under /_state/quickbooks."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.quickbooks.merging import merge
from crm_sandbox.quickbooks.state import QuickBooksState


def control_routes(state: QuickBooksState) -> list[BaseRoute]:
    """Reading the books, changing settings, disconnecting and ageing tokens."""

    async def revoke(request: Request) -> Response:
        realm = (await _json(request)).get("realm_id")
        return JSONResponse({"revoked": state.tokens.revoke_realm(realm)})

    async def expire(request: Request) -> Response:
        realm = (await _json(request)).get("realm_id")
        return JSONResponse({"expired": state.tokens.expire_access_tokens(realm)})

    async def settings(request: Request) -> Response:
        realm = request.path_params["realm"]
        try:
            changed = state.change_settings(realm, await _json(request))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(asdict(changed))

    async def show_settings(request: Request) -> Response:
        company = state.companies.get(request.path_params["realm"])
        return JSONResponse(asdict(company.settings)) if company else _no_such("company")

    async def trial_balance(request: Request) -> Response:
        realm = request.path_params["realm"]
        return JSONResponse(state.trial_balance(realm)) if realm in state.companies else _no_such("company")

    async def objects(request: Request) -> Response:
        """All of a kind in the order of their making; with `newest` the last so many, newest first."""
        newest = request.query_params.get("newest")
        if newest is not None and not (newest.isascii() and newest.isdigit() and len(newest) < 10):
            return JSONResponse({"error": "newest must be a whole number from 0"}, 400)
        last = None if newest is None else int(newest)
        try:
            found, count = state.newest(request.path_params["realm"], request.path_params["entity"], last)
        except KeyError:
            return _no_such("company or kind of object")
        return JSONResponse({"count": count, "objects": found})

    async def one(request: Request) -> Response:
        given = request.path_params
        try:
            found = state.document(given["realm"], given["entity"], given["id"])
        except KeyError:
            return _no_such("object")
        return JSONResponse(found)

    async def wipe(request: Request) -> Response:
        realm = request.path_params["realm"]
        if realm not in state.companies:
            return _no_such("company")
        state.wipe_books(realm)
        return JSONResponse({"wiped": realm})

    async def merging(request: Request) -> Response:
        company = state.companies.get(request.path_params["realm"])
        if company is None:
            return _no_such("company")
        asked = await _json(request)
        try:
            kept = merge(company, *(str(asked.get(name)) for name in ("entity", "winner", "loser")))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse(kept)

    async def delivery(request: Request) -> Response:
        try:
            state.webhooks.change(await _json(request))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(state.webhooks.settings())

    async def deliveries(request: Request) -> Response:
        shown = [one.shown() for one in state.webhooks.deliveries]
        return JSONResponse({**state.webhooks.summary(), "data": shown})

    async def resend(request: Request) -> Response:
        if not state.webhooks.send_again(request.path_params["id"]):
            return _no_such("delivery")
        return JSONResponse({"sent": request.path_params["id"]})

    base = "/_state/quickbooks"
    return [
        Route(f"{base}/revoke", revoke, methods=["POST"]),
        Route(f"{base}/expire_access_tokens", expire, methods=["POST"]),
        Route(f"{base}/delivery", delivery, methods=["GET", "POST"]),
        Route(f"{base}/deliveries", deliveries, methods=["GET"]),
        Route(base + "/deliveries/{id:int}/resend", resend, methods=["POST"]),
        Route(base + "/{realm}/settings", settings, methods=["POST"]),
        Route(base + "/{realm}/settings", show_settings, methods=["GET"]),
        Route(base + "/{realm}/trial_balance", trial_balance, methods=["GET"]),
        Route(base + "/{realm}/merge", merging, methods=["POST"]),
        Route(base + "/{realm}/wipe", wipe, methods=["POST"]),
        Route(base + "/{realm}/{entity}", objects, methods=["GET"]),
        Route(base + "/{realm}/{entity}/{id}", one, methods=["GET"]),
    ]


async def _json(request: Request) -> dict[str, Any]:
    """The JSON object of the request; an empty body counts as {}."""
    if not await request.body():
        return {}
    try:
        parsed = await request.json()
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _no_such(what: str) -> Response:
    return JSONResponse({"error": f"no such {what}"}, 404)
