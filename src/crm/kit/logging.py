"""Structured logs on standard error: readable in development, JSON lines in production, secrets scrubbed."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

# Tokens and keys of the three parties, wherever they appear in a value.
_SECRET = re.compile(
    r"((?:sk|rk|whsec)_[A-Za-z0-9_]{4})[A-Za-z0-9_]+"
    r"|(Bearer\s+\S{4})\S+"
    r"|(eyJ[A-Za-z0-9_-]{6})[A-Za-z0-9_.-]+"
    r"|((?:access_token|refresh_token|code|client_secret)[\"']?\s*[=:]\s*[\"']?\S{4})[^\s\"'&,}]+"
)


def scrub(text: str) -> str:
    """Cuts anything that looks like a credential to its first characters."""
    return _SECRET.sub(lambda m: next(g for g in m.groups() if g) + "…", text)


def _scrub_event(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = scrub(value)
    return event


def configure_logging(*, production: bool, level: str = "info") -> None:
    """From `level` up; info says each request and each call outside."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if production else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def logger(name: str) -> Any:
    return structlog.get_logger(name)
