"""QuickBooks' faults: three shapes, read by code, each turned into what to do and a bookkeeper's sentence.

Codes and reactions: facts/quickbooks.md 2.5. Texts are localised, so only codes decide; the detail is
shown to a person, with anything that looks like a token cut out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from crm.kit.errors import Disconnected, OutsideError, Refused, Unavailable
from crm.kit.logging import scrub

THROTTLE_WAIT_SECONDS = 60.0  # facts 2.10: after a 429 wait 60 s; no Retry-After is promised
_XML = re.compile(r"^\{.*\}")
_TXN_ID = re.compile(r"TxnId=(\d+)")
DETAIL_LENGTH_MAX = 500


class TokenExpired(OutsideError):
    """3200: the access token is no longer good; refresh it once and repeat the same request."""

    status, kind = 502, "token-expired"


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    message: str
    detail: str
    element: str = ""


def from_json(data: dict[str, Any]) -> Fault | None:
    """Shape 1 `Fault/Error/Message` and shape 2, the gateway's `fault/error/message`."""
    fault = data.get("Fault") or data.get("fault")
    if not isinstance(fault, dict):
        return None
    errors = fault.get("Error") or fault.get("error") or [{}]
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return _fault(
        first.get("code"),
        first.get("Message") or first.get("message"),
        first.get("Detail") or first.get("detail"),
        first.get("element"),
    )


def from_xml(root: Element | None) -> Fault | None:
    """Shape 3: XML, as throttling answers even when JSON was asked for."""
    if root is None:
        return None
    for error_ in root.iter():
        if _XML.sub("", error_.tag) == "Error":
            texts = {_XML.sub("", child.tag): child.text for child in error_}
            return _fault(
                error_.get("code"), texts.get("Message"), texts.get("Detail"), error_.get("element")
            )
    return None


def _fault(code: Any, message: Any, detail: Any, element: Any) -> Fault:
    return Fault(
        str(code or "").lstrip("0"),
        scrub(str(message or ""))[:DETAIL_LENGTH_MAX],
        scrub(str(detail or ""))[:DETAIL_LENGTH_MAX],
        str(element or ""),
    )


# What a person can do about it, by code. `{detail}` is QuickBooks' own explanation.
SENTENCES = {
    "610": "Something this needs was deleted or made inactive in QuickBooks. Make it active there, or retry "
    "so that we find or make another. QuickBooks says: {detail}",
    "2500": "The books setup points to something QuickBooks does not know. Check the mapping. QuickBooks "
    "says: {detail}",
    "5010": "Somebody changed this in QuickBooks at the same moment. Retry to use the newest version.",
    "6000": "QuickBooks has a business rule against this: {detail}",
    "6140": "QuickBooks already has a document with this number. QuickBooks says: {detail}",
    "6190": "The QuickBooks subscription has ended or the company is read-only, so nothing can be written. "
    "Renew it in QuickBooks, then retry.",
    "6210": "The books are closed for this date in QuickBooks. Move the closing date or ask your accountant "
    "which date to use, then retry.",
    "6240": "QuickBooks already has somebody with this name. QuickBooks says: {detail}",
    "6270": "The date lies before the item's inventory start date. Use a service item for deposits.",
}
OUR_FAULT = frozenset({"2010", "2020", "2030", "2050", "2080", "4000", "4001", "500", "400"})


def error(fault: Fault | None, status: int, tid: str, *, write: bool) -> OutsideError:
    """The error to raise for a fault, or for an HTTP status that came without a readable one."""
    code = fault.code if fault else ""
    detail = fault.detail or fault.message if fault else ""
    known: dict[str, Any] = {"code": code or f"http-{status}", "reference": tid}
    if code == "3001" or status == 429:
        return Unavailable(
            "QuickBooks asks us to slow down. We continue in about a minute.",
            retry_after_seconds=THROTTLE_WAIT_SECONDS,
            **known,
        )
    if code == "3200" or (status == 401 and code != "120"):
        return TokenExpired("The access token has expired.", **known)
    if code == "3100" or (status == 403 and not code):
        return Disconnected(
            "QuickBooks no longer lets us in: the app was disconnected there, or this is another company. "
            "Please reconnect.",
            **known,
        )
    if code == "120":
        return Disconnected(
            "The person who connected QuickBooks has lost access to it. Another QuickBooks administrator "
            "must reconnect.",
            **known,
        )
    if status >= 500 or code == "10000" or fault is None:
        return Unavailable(
            "QuickBooks has a problem of its own. We try again by ourselves.",
            outcome_known=not write,
            **known,
        )
    if code in OUR_FAULT:
        return Refused(
            f"QuickBooks did not understand what we sent (code {code}: {detail}). This is a mistake of ours; "
            f"please send the reference {tid} to support.",
            element=fault.element,
            **known,
        )
    sentence = SENTENCES.get(code, "QuickBooks refused (code {code}): {detail}")
    return Refused(
        sentence.format(detail=detail, code=code), element=fault.element, fault_detail=detail, **known
    )


def existing_transaction_id(detail: str) -> str | None:
    """The Id that a 6140 names (`TxnId=6575`): the one part of its text that is not translated."""
    match = _TXN_ID.search(detail)
    return match[1] if match else None
