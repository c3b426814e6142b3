"""Validation errors as sentences that name the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ERRORS_MAX = 50


def field_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Validation errors as {field, message}: `lines.0.name`, and a sentence instead of a code."""
    return [
        {"field": _field(error.get("loc", ())), "message": _message(error)} for error in errors[:ERRORS_MAX]
    ]


def _field(location: Sequence[str | int]) -> str:
    """The path within the body, or the parameter's name; a place in unreadable JSON is no field."""
    parts = [str(part) for part in location]
    if parts and parts[0] in {"body", "query", "path", "header", "cookie"}:
        if len(parts) == 2 and parts[0] == "body" and parts[1].isdigit():
            return "body"
        parts = parts[1:] or ["body"]
    return ".".join(parts)


def _message(error: dict[str, Any]) -> str:
    context = error.get("ctx") or {}
    match error.get("type"):
        case "missing":
            return "This is needed."
        case "extra_forbidden":
            return "There is no such field."
        case "string_too_long":
            return f"Use at most {context['max_length']} characters."
        case "string_too_short":
            return "Please fill this in."
        case "string_unicode":
            return "This holds characters that are not valid Unicode."
        case "json_invalid":
            return "This is not valid JSON."
        case "value_error":
            return str(context.get("error", error.get("msg", "")))
        case _:
            text = str(error.get("msg", "This value is not valid"))
            return text if text.endswith(".") else f"{text}."
