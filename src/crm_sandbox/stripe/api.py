"""The frame around every /v1 endpoint: key, account, version, parameters, idempotency, errors, headers."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from crm_sandbox.multipart import parts
from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.expansion import expand
from crm_sandbox.stripe.forms import parse_form
from crm_sandbox.stripe.idempotency import Answer
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.keys import account_of_key
from crm_sandbox.stripe.parameters import Declaration, check
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import AccountSpace, StripeState
from crm_sandbox.stripe.versions import refuse_removed, version_of

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 1_000_000
MAX_UPLOAD_BYTES = 17_000_000
"""https://docs.stripe.com/api/files: the largest file of any purpose has 16 MB."""
UPLOADS = "/v1/files"


@dataclass(frozen=True)
class Endpoint:
    """One method and path, what it takes, and the function that answers it."""

    method: str
    path: str
    act: Callable[[Call], StripeObject]
    accepts: Declaration
    required: tuple[str, ...] = ()

    def pattern(self) -> re.Pattern[str]:
        """Matches the path and names the ids in it."""
        return re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "$")


class Api:
    """Answers /v1 from a table of endpoints."""

    def __init__(self, state: StripeState, endpoints: list[Endpoint]) -> None:
        self._state = state
        self._endpoints = [(endpoint, endpoint.pattern()) for endpoint in endpoints]

    async def answer(self, request: Request) -> Response:
        """The whole life of one request. Never raises: what goes wrong is answered in Stripe's shape."""
        self._state.timers.run_due()
        request_id = new_id("req_")
        headers = {"Request-Id": request_id, "Stripe-Version": self._state.config.stripe_api_version}
        try:
            version = version_of(request.headers.get("Stripe-Version"), headers["Stripe-Version"])
            headers["Stripe-Version"] = version
            call, endpoint = await self._read(request, request_id, version)
            if call.space is not call.platform:
                headers["Stripe-Account"] = call.space.id
            if call.idempotency_key is None:
                status, body = _run(call, endpoint)
            else:
                headers["Idempotency-Key"] = call.idempotency_key
                status, body = await self._once(call, endpoint, headers)
        except ApiError as error:
            status, body = error.status, _error_body(error, request_id, self._state.now())
            if status == 401:
                headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
        except Exception:
            # A mistake of the simulator itself: told in Stripe's shape, and in full in the log.
            log.exception("the Stripe simulator failed at %s %s", request.method, request.url.path)
            failure = ApiError("The simulator failed; its log says why.", status=500, type="api_error")
            status, body = 500, _error_body(failure, request_id, self._state.now())
        return Response(body, status, headers, media_type="application/json")

    async def _read(self, request: Request, request_id: str, version: str) -> tuple[Call, Endpoint]:
        platform = self._state.platform(account_of_key(request))
        space = self._account(platform, request.headers.get("Stripe-Account"))
        endpoint, path = self._endpoint(request)
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        call = Call(
            self._state, space, platform, {}, path, request_id, key or None, version, request.url.path
        )
        call.params, call.upload = await _parameters(request)
        return call, endpoint

    def _account(self, platform: AccountSpace, wanted: str | None) -> AccountSpace:
        if wanted is None or wanted == platform.id:
            return platform
        space = self._state.spaces.get(wanted)
        if space is None or space.platform is not platform:
            raise ApiError(
                f"The provided key does not have access to account '{wanted}' (or that account does not "
                "exist). Application access may have been revoked.",
                status=403,
                code="account_invalid",
                stored=False,
            )
        return space

    def _endpoint(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        path = request.url.path
        for endpoint, pattern in self._endpoints:
            if endpoint.method == request.method and (found := pattern.match(path)):
                return endpoint, found.groupdict()
        raise ApiError(
            f"Unrecognized request URL ({request.method}: {path}). Not in this simulator? See "
            "https://stripe.com/docs or we can help at https://support.stripe.com/.",
            status=404,
            stored=False,
        )

    async def _once(self, call: Call, endpoint: Endpoint, headers: dict[str, str]) -> tuple[int, bytes]:
        key = call.idempotency_key or ""
        keys = call.space.idempotency
        asked = Answer(endpoint.method, call.url, _compared(call), self._state.now(), call.request_id or "")
        first = keys.claim(key, asked)
        if first is not None and first.status is not None:
            headers["Idempotent-Replayed"] = "true"
            headers["Original-Request"] = first.request_id
            return first.status, first.body
        try:
            if self._state.settings.processing_seconds:
                await asyncio.sleep(self._state.settings.processing_seconds)
            status, body = _run(call, endpoint)
        except ApiError as error:
            if not error.stored:
                keys.release(key)
                raise
            status, body = error.status, _error_body(error, call.request_id or "", self._state.now())
        except BaseException:
            keys.release(key)
            raise
        keys.keep(key, status, body)
        return status, body


def _compared(call: Call) -> dict[str, Any]:
    """What a second request with the same idempotency key has to repeat."""
    if call.upload is None:
        return call.params
    return {**call.params, "file": hashlib.sha256(call.upload[1]).hexdigest()}


def _run(call: Call, endpoint: Endpoint) -> tuple[int, bytes]:
    refuse_removed(endpoint.path, call.params, call.version)
    call.params = check(call.params, endpoint.accepts, endpoint.required)
    paths = call.params.pop("expand", None) or []
    answer = endpoint.act(call)
    return 200, _json(expand(call.space, answer, paths))


async def _parameters(request: Request) -> tuple[dict[str, Any], tuple[str, bytes] | None]:
    """The parameters, and the file of an upload."""
    if request.method == "GET":
        return parse_form(request.url.query), None
    content_type = request.headers.get("Content-Type", "")
    body = await request.body()
    if len(body) > (MAX_UPLOAD_BYTES if request.url.path == UPLOADS else MAX_BODY_BYTES):
        raise ApiError("Request body is too large.", status=413, stored=False)
    if request.url.path == UPLOADS and content_type.startswith("multipart/form-data"):
        return _uploaded(content_type, body)
    if body and not content_type.startswith("application/x-www-form-urlencoded"):
        raise ApiError(
            "Invalid request: the Stripe API takes form-encoded bodies (Content-Type "
            f"application/x-www-form-urlencoded), not {content_type or 'none'}.",
            stored=False,
        )
    try:
        return {**parse_form(request.url.query), **parse_form(body.decode())}, None
    except UnicodeDecodeError as error:
        raise ApiError("Invalid request: the body is not UTF-8.", stored=False) from error


def _uploaded(content_type: str, body: bytes) -> tuple[dict[str, Any], tuple[str, bytes] | None]:
    try:
        found = parts(content_type, body)
    except ValueError as error:
        raise ApiError(
            f"Invalid request: the multipart body cannot be read: {error}.", stored=False
        ) from error
    fields = {part.name: part.content.decode("utf-8", "replace") for part in found if part.file_name is None}
    files = [(part.file_name, part.content) for part in found if part.file_name and part.name == "file"]
    return parse_form(urlencode(fields)), files[-1] if files else None


def _error_body(error: ApiError, request_id: str, now: int) -> bytes:
    log_url = f"https://dashboard.stripe.com/test/logs/{request_id}?t={now}"
    return _json({"error": {**error.body, "request_log_url": log_url}})


def _json(body: StripeObject) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)
