"""The one error tree.

CrmError                 the caller sees `status`, `type` and a sentence
├── Invalid              422: a value is wrong; names the field and the fix
├── Unauthenticated      401: who are you?
├── Forbidden            403: we know you, but not this
├── NotFound             404: not here, or not yours
├── Conflict             409: right request, wrong moment
├── ChangedMeanwhile     412: somebody else was first; says who and when
├── TooMany              429: slow down; says when
├── NotConfigured        503: an administrator must set something first
└── OutsideError         something outside our process failed
    ├── Unavailable      try again (timeouts, 429, 5xx); may say when
    ├── Refused          never again; shown to a person, in a bookkeeper's words
    └── Disconnected     the grant is gone; a person must reconnect
"""

from __future__ import annotations

from typing import Any

PROBLEM_BASE = "https://peakpro.example/problems/"


class CrmError(Exception):
    """An error with a stable `type`, an HTTP `status` and a sentence that says what to do."""

    status = 500
    title = "Something failed on our side"
    kind = "internal"

    def __init__(self, detail: str, *, kind: str | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.kind = kind or type(self).kind
        self.more = more

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        return {
            "type": PROBLEM_BASE + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }


class Invalid(CrmError):
    status, title, kind = 422, "A value is not valid", "invalid"

    def __init__(self, detail: str, *, field: str, kind: str | None = None, **more: Any) -> None:
        errors = [{"field": field, "message": detail}]
        super().__init__(detail, kind=kind, errors=errors, **more)


class BadRequest(CrmError):
    status, title, kind = 400, "The request cannot be read", "bad-request"


class TooLarge(CrmError):
    status, title, kind = 413, "The request is too large", "too-large"


class Unauthenticated(CrmError):
    status, title, kind = 401, "Please sign in", "unauthenticated"


class Forbidden(CrmError):
    status, title, kind = 403, "Not allowed", "forbidden"


class NotFound(CrmError):
    status, title, kind = 404, "Not found", "not-found"


class Conflict(CrmError):
    status, title, kind = 409, "Not possible right now", "conflict"


class ChangedMeanwhile(CrmError):
    status, title, kind = 412, "Changed meanwhile", "changed-meanwhile"


class TooMany(CrmError):
    status, title, kind = 429, "Too many attempts", "too-many"

    def __init__(self, detail: str, *, retry_after_seconds: int, **more: Any) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds, **more)
        self.retry_after_seconds = retry_after_seconds


class NotConfigured(CrmError):
    status, title, kind = 503, "Not set up yet", "not-configured"


class OutsideError(CrmError):
    status, title, kind = 502, "Another service did not do its part", "outside"

    def __init__(
        self, detail: str, *, code: str = "", reference: str = "", outcome_known: bool = True, **more: Any
    ) -> None:
        super().__init__(detail, **more)
        self.code = code
        self.reference = reference  # the other side's own id of the call (intuit_tid, Request-Id)
        self.outcome_known = outcome_known  # False: our write may or may not have happened


class Unavailable(OutsideError):
    status, title, kind = 503, "Another service is not answering", "unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: float | None = None, **more: Any) -> None:
        super().__init__(detail, **more)
        self.retry_after_seconds = retry_after_seconds


class Refused(OutsideError):
    status, title, kind = 502, "Another service refused", "refused"


class Disconnected(OutsideError):
    status, title, kind = 409, "Not connected", "disconnected"
