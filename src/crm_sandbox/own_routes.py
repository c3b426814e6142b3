"""What the sandbox answers about itself, under /_health and /_state: summary, requests, clock, reset."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.guide import client_settings
from crm_sandbox.requests_log import MAX_KEPT

if TYPE_CHECKING:
    from crm_sandbox.app import Sandbox


def own_routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """The addresses; what one simulator holds is answered by its own routes below /_state."""

    async def healthy(request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def summary(request: Request) -> Response:
        return JSONResponse(
            {
                "now": sandbox.clock.now().isoformat(timespec="milliseconds"),
                "base_url": sandbox.config.base_url,
                "quickbooks": sandbox.quickbooks.summary(),
                "stripe": sandbox.stripe.summary(),
                "faults": sandbox.faults.as_json(),
                "presets": sandbox.presets.as_json(),
            }
        )

    async def clients(request: Request) -> Response:
        return JSONResponse({"clients": client_settings(sandbox.config)})

    async def requests(request: Request) -> Response:
        given = {"after": 0, "limit": MAX_KEPT, "changed_after": 0, "bodies": 1}
        for name in given:
            text = request.query_params.get(name)
            if text is None:
                continue
            if not (text.isascii() and text.isdigit() and len(text) < 16):
                return JSONResponse({"error": f"{name} must be a whole number from 0"}, 400)
            given[name] = int(text)
        found = sandbox.log.newest_first(
            given["after"], given["limit"], changed_after=given["changed_after"], bodies=bool(given["bodies"])
        )
        return JSONResponse({"requests": found})

    async def one_request(request: Request) -> Response:
        found = sandbox.log.one(request.path_params["number"])
        error = f"no such request; the last {MAX_KEPT} are kept"
        return JSONResponse(found) if found else JSONResponse({"error": error}, 404)

    async def forget_requests(request: Request) -> Response:
        sandbox.log.clear()
        return JSONResponse({"cleared": True})

    async def reset(request: Request) -> Response:
        sandbox.reset()
        await sandbox.save()  # at once: what was to be forgotten must not come back
        return JSONResponse({"reset": True})

    async def show_clock(request: Request) -> Response:
        return JSONResponse({"now": sandbox.clock.now().isoformat()})

    async def advance_clock(request: Request) -> Response:
        try:
            seconds = float((await request.json())["advance_seconds"])
            return JSONResponse({"now": sandbox.clock.advance(seconds).isoformat()})
        except OverflowError as error:
            return JSONResponse({"error": str(error)}, 400)
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": 'send {"advance_seconds": a number from 0}'}, 400)

    return [
        Route("/_health", healthy, methods=["GET"]),
        Route("/_state", summary, methods=["GET"]),
        Route("/_state/clients", clients, methods=["GET"]),
        Route("/_state/requests", requests, methods=["GET"]),
        Route("/_state/requests", forget_requests, methods=["DELETE"]),
        Route("/_state/requests/{number:int}", one_request, methods=["GET"]),
        Route("/_state/reset", reset, methods=["POST"]),
        Route("/_state/clock", show_clock, methods=["GET"]),
        Route("/_state/clock", advance_clock, methods=["POST"]),
    ]
