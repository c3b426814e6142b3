"""The one call of Connect's OAuth that the simulator has: a platform ends the connection to an account."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.stripe.accounts import deauthorize
from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.keys import account_of_key
from crm_sandbox.stripe.state import StripeState

MAX_FORM_BYTES = 20_000


def oauth_routes(state: StripeState) -> list[BaseRoute]:
    """POST /oauth/deauthorize, at Stripe under connect.stripe.com; errors are in OAuth's shape."""

    async def end(request: Request) -> Response:
        try:
            platform = state.platform(account_of_key(request))
        except ApiError as error:
            return _refused("invalid_client", str(error), error.status)
        form = parse_qs((await request.body())[:MAX_FORM_BYTES].decode("utf-8", "replace"))
        client_id, wanted = (form.get(name, [""])[-1] for name in ("client_id", "stripe_user_id"))
        if client_id != platform.client_id:
            return _refused(
                "invalid_client", f"No such application; this key's is {platform.client_id}.", 401
            )
        space = state.spaces.get(wanted)
        if space is None or space.platform is not platform:
            text = (
                f"This application is not connected to stripe account {wanted}, or there is no such account."
            )
            return _refused("invalid_client", text, 401)
        deauthorize(state, space)
        return JSONResponse({"stripe_user_id": wanted})

    return [Route("/oauth/deauthorize", end, methods=["POST"])]


def _refused(code: str, text: str, status: int) -> Response:
    return JSONResponse({"error": code, "error_description": text}, status)
