"""The refusals that Stripe answers with, in its shape (https://docs.stripe.com/api/errors)."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal; `stored` says whether an idempotency key remembers it.

    Stripe stores an answer under its key only when the endpoint began executing, so an invalid parameter
    or a missing key is not remembered (https://docs.stripe.com/api/idempotent_requests).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        stored: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.stored = stored
        self.body: dict[str, Any] = {"message": message, "type": type, **more}
        if code is not None:
            self.body["code"] = code
            self.body["doc_url"] = "https://stripe.com/docs/error-codes/" + code.replace("_", "-")
        if param is not None:
            self.body["param"] = param


def missing_param(name: str) -> ApiError:
    return ApiError(f"Missing required param: {name}.", code="parameter_missing", param=name, stored=False)


def invalid_param(message: str, name: str, code: str | None = None) -> ApiError:
    return ApiError(message, code=code, param=name, stored=False)


def not_simulated(what: str, param: str) -> ApiError:
    """Refuses what would change the outcome and is not simulated, rather than to accept and ignore it."""
    return invalid_param(f"This simulator of Stripe does not do {what}.", param)


def no_such(kind: str, id: str, param: str, status: int = 400) -> ApiError:
    """An id that is not in this account: 404 for the id in the path, 400 for one in the parameters."""
    return ApiError(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)


def card_error(message: str, code: str, decline_code: str | None, **more: Any) -> ApiError:
    """A declined payment: HTTP 402 with the reason (https://docs.stripe.com/declines/codes)."""
    if decline_code is not None:
        more["decline_code"] = decline_code
    return ApiError(message, status=402, type="card_error", code=code, **more)
