"""Makes the sandbox misbehave on demand: answers lost, late, twice, broken, or never sent.

A fault is added with `POST /_faults`, listed with `GET /_faults`, removed with `DELETE /_faults[/{id}]`
and let go on with `POST /_faults/{id}/release`. The drops happen on the real TCP connection.
"""

import asyncio
import contextlib
import json
import random
import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_RULES = 1_000
MAX_SECONDS = 600.0
ACTIONS = (
    "status", "delay", "reset_before", "drop_after", "hang_before", "hang_after",
    "garbage", "slow_body", "pause_before", "pause_after",
)  # fmt: skip
GARBAGE_HTML = b"<html><head><title>502</title></head><body><h1>Bad gateway</h1>\x00\xff\xfe</body>"


@dataclass
class FaultRule:
    """One thing to do wrong: which requests it hits, what happens to them and how often.

    `after` requests pass unharmed first; then it acts `times` times (None: always).
    """

    id: str
    action: str
    method: str | None = None
    path: re.Pattern[str] | None = None
    query: re.Pattern[str] | None = None
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    hits: int = 0
    waiting: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    dice: random.Random = field(default_factory=lambda: random.Random(1))

    def takes(self, method: str, path: str, query: str) -> bool:
        """Whether this rule acts on the request; counts it as seen when it matches."""
        if self.method and self.method != method:
            return False
        if self.path and not self.path.search(path):
            return False
        if self.query and not self.query.search(query):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.hits >= self.times):
            return False
        if self.probability < 1.0 and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """What `GET /_faults` tells about the rule."""
        match = {"method": self.method, "path": self.path and self.path.pattern}
        match["query"] = self.query and self.query.pattern
        return {
            "id": self.id, "action": self.action, "match": match, "times": self.times, "after": self.after,
            "probability": self.probability, "options": self.options,
            "seen": self.seen, "hits": self.hits, "waiting": self.waiting,
        }  # fmt: skip


class FaultRules:
    """All rules of one sandbox; the first one that takes a request acts on it."""

    def __init__(self) -> None:
        self.rules: dict[str, FaultRule] = {}
        self._numbers = count(1)

    def add(self, spec: dict[str, Any]) -> FaultRule:
        """Adds a rule from its JSON form; ValueError says in words what is wrong with it."""
        if len(self.rules) >= MAX_RULES:
            raise ValueError(f"at most {MAX_RULES} faults; clear some first")
        spec = dict(spec)
        action = spec.pop("action", None)
        if action not in ACTIONS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
        match = spec.pop("match", None) or {}
        unknown = set(match) - {"method", "path", "query"}
        if unknown:
            raise ValueError(f"match knows method, path and query, not {', '.join(sorted(unknown))}")
        seconds = spec.get("seconds", 0)
        if not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_SECONDS:
            raise ValueError(f"seconds must be a number from 0 to {MAX_SECONDS:g}")
        method = match.get("method")
        rule = FaultRule(
            id=str(next(self._numbers)),
            action=action,
            method=method.upper() if method else None,
            path=_pattern(match.get("path")),
            query=_pattern(match.get("query")),
            times=spec.pop("times", 1),
            after=int(spec.pop("after", 0) or 0),
            probability=float(spec.pop("probability", 1.0)),
            dice=random.Random(spec.pop("seed", 1)),
            options=spec,
        )
        self.rules[rule.id] = rule
        return rule

    def remove(self, rule_id: str) -> bool:
        """Removes one rule and lets go on what it holds; False if there is none of that id."""
        rule = self.rules.pop(rule_id, None)
        if rule:
            rule.released.set()
        return rule is not None

    def clear(self) -> None:
        """Removes all rules and lets go on what they hold."""
        for rule_id in list(self.rules):
            self.remove(rule_id)

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs `app` for one request, through the first fault that takes it."""
        path = str(scope["path"])
        if path == "/" or path.startswith("/_"):
            await app(scope, receive, send)
            return
        query = unquote_plus(scope["query_string"].decode("latin-1"))
        for rule in self.rules.values():
            if rule.takes(scope["method"], path, query):
                if entry := scope.get("sandbox.log_entry"):
                    entry.faults.append(f"{rule.action} ({rule.id})")
                await _misbehave(rule, app, scope, receive, send)
                return
        await app(scope, receive, send)


async def _misbehave(rule: FaultRule, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    options, seconds = rule.options, float(rule.options.get("seconds", 0))
    match rule.action:
        case "status":
            await _read_all(receive)
            body = options.get("body", "")
            content = body if isinstance(body, str) else json.dumps(body)
            kind = options.get("content_type", "text/plain" if isinstance(body, str) else "application/json")
            answer = Response(content, int(options.get("status", 500)), options.get("headers"), kind)
            await answer(scope, receive, send)
        case "garbage":
            if options.get("effect"):
                await _run_unheard(app, scope, receive)
            await Response(GARBAGE_HTML, 200, media_type="text/html")(scope, receive, send)
        case "delay":
            await _hold(rule, seconds)
            await app(scope, receive, send)
        case "pause_before":
            await _hold(rule)
            await app(scope, receive, send)
        case "reset_before":
            await _drop(scope)
        case "hang_before":
            await _hold(rule, seconds)
            await _drop(scope)
        case "drop_after":
            await _run_unheard(app, scope, receive)
            await _drop(scope)
        case "hang_after":
            await _run_unheard(app, scope, receive)
            await _hold(rule, seconds)
            await _drop(scope)
        case "pause_after":
            answer_messages = await _run_unheard(app, scope, receive)
            await _hold(rule)
            for message in answer_messages:
                await send(message)
        case "slow_body":
            for message in await _run_unheard(app, scope, receive):
                await _send_slowly(message, seconds, send)


async def _hold(rule: FaultRule, seconds: float = MAX_SECONDS) -> None:
    """Waits until the rule is released or removed, at most `seconds`."""
    rule.waiting += 1
    try:
        # The time of a delay or hang being over is its end, not a failure.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(rule.released.wait(), seconds)
    finally:
        rule.waiting -= 1


async def _run_unheard(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """Lets the effect of the request happen and returns the answer instead of sending it."""
    answer: list[Message] = []

    async def keep(message: Message) -> None:
        answer.append(message)

    await app(scope, receive, keep)
    return answer


async def _read_all(receive: Receive) -> None:
    message = await receive()
    while message["type"] == "http.request" and message.get("more_body"):
        message = await receive()


async def _send_slowly(message: Message, seconds: float, send: Send) -> None:
    body = message.get("body", b"")
    if message["type"] != "http.response.body" or len(body) < 2:
        await send(message)
        return
    pieces = min(10, len(body))
    size = -(-len(body) // pieces)
    for start in range(0, len(body), size):
        last = start + size >= len(body)
        await send({**message, "body": body[start : start + size], "more_body": not last})
        await asyncio.sleep(seconds / pieces)


async def _drop(scope: Scope) -> None:
    """Cuts the connection: the client sees it closed without a single byte of an answer."""
    transport = scope.get("sandbox.transport")
    if transport is None:
        raise ConnectionResetError("dropped by a fault")
    transport.abort()
    for _ in range(3):  # lets the server notice before it would write an answer of its own
        await asyncio.sleep(0)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {text!r}: {error}") from error


def fault_routes(rules: FaultRules) -> list[BaseRoute]:
    """The endpoints under /_faults."""

    async def add(request: Request) -> Response:
        try:
            spec = await request.json()
            rule = rules.add(spec if isinstance(spec, dict) else {})
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"id": rule.id}, 201)

    async def show_all(request: Request) -> Response:
        return JSONResponse({"faults": [rule.as_json() for rule in rules.rules.values()]})

    async def clear(request: Request) -> Response:
        rules.clear()
        return JSONResponse({"cleared": True})

    async def show(request: Request) -> Response:
        rule = rules.rules.get(request.path_params["id"])
        return JSONResponse(rule.as_json()) if rule else JSONResponse({"error": "no such fault"}, 404)

    async def remove(request: Request) -> Response:
        found = rules.remove(request.path_params["id"])
        return JSONResponse({"removed": found}, 200 if found else 404)

    async def release(request: Request) -> Response:
        rule = rules.rules.get(request.path_params["id"])
        if not rule:
            return JSONResponse({"error": "no such fault"}, 404)
        rule.released.set()
        return JSONResponse({"released": rule.waiting})

    return [
        Route("/_faults", add, methods=["POST"]),
        Route("/_faults", show_all, methods=["GET"]),
        Route("/_faults", clear, methods=["DELETE"]),
        Route("/_faults/{id}", show, methods=["GET"]),
        Route("/_faults/{id}", remove, methods=["DELETE"]),
        Route("/_faults/{id}/release", release, methods=["POST"]),
    ]
