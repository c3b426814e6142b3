"""Turns every exception into an RFC 9457 answer that a person can act on, and that gives away nothing."""

from __future__ import annotations

import math
from typing import Any

import orjson
import psycopg
import sqlalchemy.exc
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from crm.kit.errors import PROBLEM_BASE, CrmError
from crm.kit.field_errors import field_errors
from crm.kit.logging import logger

MEDIA_TYPE = "application/problem+json"
# How many wrong fields an answer names; more help nobody.
DATABASE_RETRY_SECONDS = 5

# What we raise when the database does not answer, has no free connection or is going down.
DATABASE_AWAY: tuple[type[Exception], ...] = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
)

_log = logger("crm.problems")

_TITLES = {
    400: ("bad-request", "The request cannot be read"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "This address does not take that method"),
    413: ("too-large", "The request is too large"),
    415: ("unsupported-media-type", "Send JSON"),
}


def add_problem_handlers(app: FastAPI) -> None:
    """Registers what answers each kind of exception; the last resort for the rest is the edge."""
    app.add_exception_handler(CrmError, _crm_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_exception)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _database_away)


def problem_response(status: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    body = {"type": PROBLEM_BASE + kind, "title": title, "status": status, "detail": detail, **more}
    return Response(orjson.dumps(body), status, media_type=MEDIA_TYPE)


def internal_problem(request_id: str) -> Response:
    """What a caller sees of a fault of ours: that it happened and the number to quote, nothing else."""
    return problem_response(
        500,
        "internal",
        "Something failed on our side",
        f"Nothing was changed. If it happens again, tell us this number: {request_id}.",
        request_id=request_id,
    )


async def _crm_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CrmError)
    headers = {}
    retry_after = getattr(error, "retry_after_seconds", None)
    if retry_after is not None:
        headers["Retry-After"] = str(math.ceil(retry_after))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(error.problem(), default=str), error.status, headers, MEDIA_TYPE)


async def _not_valid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = field_errors(error.errors())
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    where = f"{first['field']}: " if first["field"] else ""
    return problem_response(
        422, "invalid", "A value is not valid", f"{where}{first['message']}{more}", errors=errors
    )


async def _http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind, title = _TITLES.get(error.status_code, ("http", "The request cannot be answered"))
    detail = error.detail if isinstance(error.detail, str) else title
    response = problem_response(error.status_code, kind, title, f"{detail.rstrip('.')}.")
    response.headers.update(error.headers or {})
    return response


async def _database_away(_request: Request, error: Exception) -> Response:
    _log.warning("database_away", error=str(error).splitlines()[0] if str(error) else type(error).__name__)
    response = problem_response(
        503,
        "database-away",
        "Our database is not answering",
        "Nothing was changed. Please try again in a few seconds.",
    )
    response.headers["Retry-After"] = str(DATABASE_RETRY_SECONDS)
    return response
