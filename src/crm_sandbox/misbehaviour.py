"""What a fault does to one request. The cuts happen on the real TCP connection."""

import asyncio
import contextlib
import json

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_sandbox.fault_rule import MAX_SECONDS, FaultRule

GARBAGE_HTML = b"<html><head><title>502</title></head><body><h1>Bad gateway</h1>\x00\xff\xfe</body>"


async def misbehave(rule: FaultRule, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Runs `app`, or not, as the rule's action says; ConnectionResetError where there is no TCP connection."""
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
        case action:
            raise AssertionError(f"nobody knows how to do {action}")


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
