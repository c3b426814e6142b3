"""Remembers the answer of each idempotency key, as https://docs.stripe.com/api/idempotent_requests says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_sandbox.stripe.errors import ApiError

MAX_KEY_LENGTH = 255
MAX_KEYS = 20_000
KEPT_SECONDS = 24 * 3600


@dataclass
class Answer:
    """What a key's first request asked and got; `status` is None while it still executes."""

    method: str
    path: str
    parameters: dict[str, Any]
    started_at: int
    request_id: str
    status: int | None = None
    body: bytes = b""


class IdempotencyKeys:
    """The keys of one account. Answers are kept 24 hours, MAX_KEYS at most."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}

    def claim(self, key: str, asked: Answer) -> Answer | None:
        """The stored answer to repeat, or None when this request is the first and may execute.

        Raises ApiError: 400 when the key came with other parameters, 409 while its first request executes.
        """
        if len(key) > MAX_KEY_LENGTH:
            raise ApiError(f"Idempotency keys can be at most {MAX_KEY_LENGTH} characters.", stored=False)
        first = self._answers.get(key)
        if first is None or asked.started_at - first.started_at >= KEPT_SECONDS:
            self._answers.pop(key, None)
            self._answers[key] = asked
            while len(self._answers) > MAX_KEYS:
                del self._answers[next(iter(self._answers))]
            return None
        if (first.method, first.path) != (asked.method, asked.path):
            raise _mismatch(
                "Keys for idempotent requests can only be used for the same endpoint they were first used "
                f"for ('{first.path}' vs '{asked.path}'). Try using a key other than '{key}' if you meant to "
                "execute a different request."
            )
        if first.parameters != asked.parameters:
            raise _mismatch(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request."
            )
        if first.status is None:
            raise ApiError(
                "There is currently another in-progress request using this Idempotent Key (that probably "
                "means you submitted twice, and the other request is still going through): "
                f"{key}. Please try again later.",
                status=409,
                code="idempotency_key_in_use",
                stored=False,
            )
        return first

    def keep(self, key: str, status: int, body: bytes) -> None:
        """Stores the answer of the request that claimed the key."""
        if key in self._answers:
            self._answers[key].status = status
            self._answers[key].body = body

    def snapshot(self) -> dict[str, Answer]:
        """Every answer by its key."""
        return self._answers

    def restore(self, kept: dict[str, Answer]) -> None:
        """Takes a snapshot's answers; a request that was executing then has ended unheard, so its key is free."""
        self._answers = {key: answer for key, answer in kept.items() if answer.status is not None}

    def release(self, key: str) -> None:
        """Forgets a claim whose request never began executing."""
        self._answers.pop(key, None)


def _mismatch(message: str) -> ApiError:
    return ApiError(message, type="idempotency_error", stored=False)
