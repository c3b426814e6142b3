"""QuickBooks' faults: three shapes, read by code, each turned into what to do and a bookkeeper's sentence.

Codes, reactions and sentences: quickbooks_codes.py. Texts are localised, so only codes decide; the detail is
shown to a person, with anything that looks like a token cut out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from crm.gateways.quickbooks_codes import CODES, GONE, KINDS, UNKNOWN_CODE
from crm.kit.errors import Disconnected, OutsideError, Refused, Unavailable
from crm.kit.logging import scrub

THROTTLE_WAIT_SECONDS = 60.0  # facts 2.10: after a 429 wait 60 s; no Retry-After is promised
_XML = re.compile(r"^\{.*\}")
_ELEMENT = re.compile(rf"\b({'|'.join(KINDS)}) element id (\S+)")
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


def error(fault: Fault | None, status: int, tid: str, *, write: bool) -> OutsideError:
    """The error to raise for a fault, or for an HTTP status that came without a readable one."""
    code = fault.code if fault else ""
    detail = fault.detail or fault.message if fault else ""
    known: dict[str, Any] = {"code": code or f"http-{status}", "reference": tid}
    if code == "3001" or status == 429:
        return Unavailable(CODES["3001"].sentence, retry_after_seconds=THROTTLE_WAIT_SECONDS, **known)
    if code == "3200" or (status == 401 and code != "120"):
        return TokenExpired("The access token has expired.", **known)
    if code in {"3100", "120"} or (status == 403 and not code):
        return Disconnected(CODES[code or "3100"].sentence, **known)
    if status >= 500 or code == "10000" or fault is None:
        return Unavailable(CODES["10000"].sentence, outcome_known=not write, **known)
    entry = CODES.get(code)
    sentence = (entry.sentence if entry else UNKNOWN_CODE).format(detail=detail, code=code, tid=tid)
    if code == "2500" and (gone := _ELEMENT.search(detail)):
        kind, place = KINDS[gone[1]]
        sentence = GONE.format(kind=kind, id=gone[2], place=place, detail=detail)
    if entry is not None and entry.ours:
        return Refused(sentence, element=fault.element, **known)
    return Refused(sentence, element=fault.element, fault_detail=detail, **known)


def existing_transaction_id(detail: str) -> str | None:
    """The Id that a 6140 names (`TxnId=6575`): the one part of its text that is not translated."""
    match = _TXN_ID.search(detail)
    return match[1] if match else None
