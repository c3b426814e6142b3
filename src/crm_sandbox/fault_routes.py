"""The addresses under /_faults: add faults, look at them, let go on, remove them, and the same for presets."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.fault_presets import PRESETS, FaultPresets
from crm_sandbox.fault_rule import ACTIONS, COMMON, MATCH
from crm_sandbox.faults import FaultRules


def fault_routes(rules: FaultRules, presets: FaultPresets) -> list[BaseRoute]:
    """The endpoints; what is refused is told in a sentence."""

    async def add(request: Request) -> Response:
        try:
            rule = rules.add(await request.json())
        except ValueError as error:  # which broken JSON is too
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"id": rule.id}, 201)

    async def show_all(request: Request) -> Response:
        return JSONResponse({"faults": rules.as_json(), "presets": presets.as_json()})

    async def actions(request: Request) -> Response:
        return JSONResponse(
            {
                "actions": {
                    name: {"says": action.says, "effect": action.effect, "options": action.options}
                    for name, action in ACTIONS.items()
                },
                "common": {name: one.wanted for name, one in COMMON.items()},
                "match": {name: one.wanted for name, one in MATCH.items()},
            }
        )

    async def clear(request: Request) -> Response:
        presets.end_all()
        rules.clear()
        return JSONResponse({"cleared": True})

    async def show(request: Request) -> Response:
        found = [one for one in rules.as_json() if one["id"] == request.path_params["id"]]
        return JSONResponse(found[0]) if found else _no_such_fault()

    async def remove(request: Request) -> Response:
        found = rules.remove(request.path_params["id"])
        return JSONResponse({"removed": True}) if found else _no_such_fault()

    async def release(request: Request) -> Response:
        rule = rules.rules.get(request.path_params["id"])
        if not rule:
            return _no_such_fault()
        rule.released.set()
        return JSONResponse({"released": rule.waiting})

    async def show_presets(request: Request) -> Response:
        return JSONResponse({"presets": presets.as_json()})

    async def start_preset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in PRESETS:
            return _no_such_preset()
        try:
            given = await request.json() if await request.body() else {}
            if not isinstance(given, dict) or set(given) - {"until_seconds"}:
                return JSONResponse({"error": 'send nothing, or {"until_seconds": how long}'}, 400)
            added = presets.start(name, given.get("until_seconds"))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"started": name, "faults": added}, 201)

    async def end_preset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in PRESETS:
            return _no_such_preset()
        presets.end(name)
        return JSONResponse({"ended": name})

    return [
        Route("/_faults", add, methods=["POST"]),
        Route("/_faults", show_all, methods=["GET"]),
        Route("/_faults", clear, methods=["DELETE"]),
        Route("/_faults/actions", actions, methods=["GET"]),
        Route("/_faults/presets", show_presets, methods=["GET"]),
        Route("/_faults/presets/{name}", start_preset, methods=["POST"]),
        Route("/_faults/presets/{name}", end_preset, methods=["DELETE"]),
        Route("/_faults/{id}", show, methods=["GET"]),
        Route("/_faults/{id}", remove, methods=["DELETE"]),
        Route("/_faults/{id}/release", release, methods=["POST"]),
    ]


def _no_such_fault() -> Response:
    return JSONResponse({"error": "no such fault; GET /_faults lists them"}, 404)


def _no_such_preset() -> Response:
    return JSONResponse({"error": f"no such preset; there are {', '.join(PRESETS)}"}, 404)
