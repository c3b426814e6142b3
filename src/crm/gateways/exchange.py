"""One request outside and its answer as they may be kept: without secrets, without needless personal data, bounded.

What a person needs to see why QuickBooks said no (names, amounts, dates, references) stays; addresses, telephone
numbers and tax numbers do not, and e-mail addresses keep their first letter and their domain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
import simplejson

from crm.kit.logging import scrub

TEXT_LENGTH_MAX = 8_000  # of each side, as kept
PARSED_BYTES_MAX = 200_000  # a longer answer (a report, a day of changes) is told by its size only
HIDDEN = "…"

# Fields whose whole value is hidden, wherever they stand (facts/quickbooks.md 2.3: shapes of QuickBooks; 1.3: OAuth).
_PERSONAL = frozenset(
    {
        "BillAddr", "ShipAddr", "ShipFromAddr", "CompanyAddr", "LegalAddr", "CustomerCommunicationAddr", "RemitToAddr",
        "PrimaryPhone", "AlternatePhone", "Mobile", "Fax", "PrimaryTaxIdentifier", "BusinessNumber", "TaxIdentifier",
        "EmployerId", "SSN", "BirthDate", "CreditCardPayment", "CheckPayment",
    }
)  # fmt: skip
_SECRET = frozenset({"access_token", "refresh_token", "id_token", "token", "client_secret"})
_SECRET_IN_FORM = _SECRET | {"code", "redirect_uri"}  # in JSON a `code` is that of a fault
_TOKEN = re.compile(r"(?<=Bearer )\S{8,}|eyJ[A-Za-z0-9_-]{6}[A-Za-z0-9_.-]+|(?:sk|rk|whsec)_[A-Za-z0-9_]{8,}")
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """`status` is None when no answer came; `answer` is then what went wrong, in the client's words."""

    at: datetime
    milliseconds: int
    method: str
    path: str
    params: str
    request: str
    status: int | None
    answer: str
    intuit_tid: str


def kept_response(
    at: datetime,
    milliseconds: int,
    method: str,
    path: str,
    params: str,
    request: str,
    response: httpx2.Response,
) -> Exchange:
    return Exchange(
        at,
        milliseconds,
        method,
        path,
        _plain(params),
        kept_text(request),
        response.status_code,
        _kept_answer(response),
        response.headers.get("intuit_tid", ""),
    )


def kept_silence(
    at: datetime, milliseconds: int, method: str, path: str, params: str, request: str, error: Exception
) -> Exchange:
    """No answer came."""
    said = _plain(f"{type(error).__name__}: {error}")
    return Exchange(at, milliseconds, method, path, _plain(params), kept_text(request), None, said, "")


def kept_text(text: str) -> str:
    """JSON with the fields above hidden; anything else as it is, without what looks like a secret or an address."""
    try:
        found = simplejson.loads(text, use_decimal=True) if text[:1] in "{[" else None
    except ValueError:
        found = None
    if found is None:
        return _plain(text)
    # Its fields are told apart by name above; a fault's `code` is not that of a sign-in, which `scrub` would cut.
    return _bounded(
        _TOKEN.sub(HIDDEN, simplejson.dumps(redacted(found), use_decimal=True, ensure_ascii=False))
    )


def kept_form(form: Mapping[str, str]) -> str:
    """A form of OAuth: which grant, never its values."""
    return "&".join(f"{name}={HIDDEN if name in _SECRET_IN_FORM else value}" for name, value in form.items())


def redacted(value: Any) -> Any:
    """The same value with personal and secret fields hidden, at any depth."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if key in _PERSONAL or key in _SECRET else redacted(inner)
            for key, inner in value.items()
        }
    return [redacted(inner) for inner in value] if isinstance(value, list) else value


def _kept_answer(response: httpx2.Response) -> str:
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    size = len(response.content)
    if size > PARSED_BYTES_MAX:
        return f"({size} bytes of {kind or 'unnamed content'}: too long to keep)"
    if kind.startswith(("application/pdf", "image/", "application/octet-stream")):
        return f"({size} bytes of {kind})"
    return kept_text(response.text)


def _plain(text: str) -> str:
    return _bounded(scrub(text))


def _bounded(text: str) -> str:
    shown = _EMAIL.sub(rf"\1{HIDDEN}@\2", text).replace("\0", "")
    shown = shown.encode(
        "utf-8", "replace"
    ).decode()  # half a character, which JSON allows and a database does not
    if len(shown) <= TEXT_LENGTH_MAX:
        return shown
    return f"{shown[:TEXT_LENGTH_MAX]}{HIDDEN} ({len(shown) - TEXT_LENGTH_MAX} characters more)"
