"""One call to QuickBooks Online: sent with minorversion and requestid, its faults told apart by code.

Facts: facts/quickbooks.md 2.1, 2.5, 2.6. Which company may call when, and with which token, is decided by
`accounting.company`; this module only speaks the protocol.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree import ElementTree as ET

import httpx2
import simplejson

from crm.gateways import quickbooks_faults as faults
from crm.gateways.exchange import Exchange, kept_response, kept_silence
from crm.gateways.quickbooks_codes import SILENT, UNREADABLE
from crm.kit import clock
from crm.kit.errors import OutsideError, Unavailable
from crm.kit.logging import logger, scrub

MINOR_VERSION = "75"
REQUESTID_LENGTH_MAX = 50
READ_TIMEOUT = httpx2.Timeout(30, connect=5)
# QuickBooks cuts a request after 120 s; giving up earlier would make an outcome unknown for no reason.
WRITE_TIMEOUT = httpx2.Timeout(130, connect=5)
ANSWER_BYTES_MAX = 10_000_000

BATCH_PATH = "batch"
BATCH_ITEMS_MAX = 30  # facts 2.8
BATCH_REQUESTID_LENGTH_MAX = 36  # each bId at most 10 (facts 2.6)

log = logger("quickbooks")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes up with what is said about it (the call's body)."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask. `metered`: Intuit counts reads (CorePlus), not writes."""

    method: Literal["GET", "POST"]
    path: str  # below /v3/company/{realm}/, e.g. "invoice"
    operation: str  # our word for it in logs and usage, e.g. "create_invoice"
    params: tuple[tuple[str, str], ...] = ()
    body: str | None = None  # JSON text, exactly as it is kept and sent
    requestid: str | None = None
    subject: str = ""  # what it is about, as "payment:12", for the sync log; the work under way comes first
    attached: Attached | None = None

    @property
    def metered(self) -> bool:
        return self.method == "GET"


@dataclass(frozen=True, slots=True)
class Answer:
    data: dict[str, Any]
    intuit_tid: str


def query(operation: str, statement: str) -> Call:
    return Call("GET", "query", operation, params=(("query", statement),))


def batch(requestid: str, creates: Sequence[tuple[str, str]]) -> Call:
    """Creates several objects, given as (entity, JSON text), in one call. Each succeeds or fails by itself."""
    if not 0 < len(creates) <= BATCH_ITEMS_MAX or len(requestid) > BATCH_REQUESTID_LENGTH_MAX:
        raise ValueError(f"{len(creates)} items under {requestid} are no batch that QuickBooks takes")
    items = ", ".join(
        f'{{"bId": "{number}", "operation": "create", "{entity}": {body}}}'
        for number, (entity, body) in enumerate(creates)
    )
    return Call("POST", BATCH_PATH, "batch", body=f'{{"BatchItemRequest": [{items}]}}', requestid=requestid)


def batch_answers(answer: Answer, count: int) -> list[Answer | OutsideError]:
    """What became of each item, in the order in which they were sent; one without an answer may have happened."""
    found: dict[str, Any] = {str(item.get("bId")): item for item in answer.data.get("BatchItemResponse", [])}
    return [_item_answer(found.get(str(number)), answer) for number in range(count)]


def _item_answer(item: dict[str, Any] | None, answer: Answer) -> Answer | OutsideError:
    if item is None:
        return Unavailable(UNREADABLE, code="unreadable", reference=answer.intuit_tid, outcome_known=False)
    fault = faults.from_json(item)
    if fault is not None:
        return faults.error(fault, 400, answer.intuit_tid, write=True)
    return Answer({**item, "time": answer.data.get("time")}, answer.intuit_tid)


INACTIVE_MARK = " (deleted)"
"""What QuickBooks puts behind the name of something made inactive (recorded of customers, vendors, accounts)."""


def quote(value: str) -> str:
    """A literal for the query language: backslash before quote and backslash (facts 2.8)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def named(field: str, name: str) -> str:
    """The condition for a list object of that name, active or not: QuickBooks marks the name of what is inactive."""
    return f"{field} IN ({quote(name)}, {quote(name + INACTIVE_MARK)})"


def is_queryable(value: str) -> bool:
    """US companies refuse query literals outside ISO-8859-1 with 4000 (facts 2.8)."""
    try:
        value.encode("iso-8859-1")
    except UnicodeEncodeError:
        return False
    return True


async def send(
    http: httpx2.AsyncClient,
    host: str,
    realm_id: str,
    token: str,
    call: Call,
    kept: list[Exchange] | None = None,
) -> Answer:
    """Sends one call. Raises Unavailable, Refused, Disconnected, or TokenExpired (refresh, then repeat).

    What was sent and answered is appended to `kept`, also when it raises.
    """
    params: list[tuple[str, Any]] = [*call.params, ("minorversion", MINOR_VERSION)]
    if call.requestid is not None:
        if len(call.requestid) > REQUESTID_LENGTH_MAX:
            raise ValueError(f"requestid longer than {REQUESTID_LENGTH_MAX} characters: {call.requestid}")
        params.append(("requestid", call.requestid))
    path = f"/v3/company/{realm_id}/{call.path}"
    at, began = clock.now(), time.monotonic()
    about = (call.method, path, "&".join(f"{name}={value}" for name, value in params), call.body or "")
    try:
        response = await http.request(
            call.method,
            f"{host}{path}",
            params=params,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"}
            | ({"Content-Type": "application/json"} if call.body is not None and not call.attached else {}),
            content=None if call.attached else call.body,
            files=_parts(call.attached, call.body or "{}") if call.attached else None,
            timeout=READ_TIMEOUT if call.metered else WRITE_TIMEOUT,
        )
    except httpx2.HTTPError as error:
        # Not even connected means nothing happened; anything later may have.
        known = call.metered or isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
        log.warning("quickbooks call failed", operation=call.operation, error=scrub(repr(error)))
        if kept is not None:
            kept.append(kept_silence(at, _since(began), *about, error))
        raise Unavailable(
            SILENT,
            code=type(error).__name__,
            outcome_known=known,
        ) from error
    tid, milliseconds = response.headers.get("intuit_tid", ""), _since(began)
    log.info(
        "quickbooks call",
        operation=call.operation,
        status=response.status_code,
        intuit_tid=tid,
        realm_id=realm_id,
        milliseconds=milliseconds,
    )
    if kept is not None:
        kept.append(kept_response(at, milliseconds, *about, response))
    return Answer(_read(response, call, tid), tid)


def _parts(attached: Attached, about: str) -> list[tuple[str, tuple[str, bytes, str]]]:
    """The multipart form of an upload: what is said about the file, then the file."""
    return [
        ("file_metadata_0", ("about.json", about.encode(), "application/json")),
        ("file_content_0", (attached.name, attached.content, attached.content_type)),
    ]


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _read(response: httpx2.Response, call: Call, tid: str) -> dict[str, Any]:
    """The body, when it is an answer; a fault of any of the three shapes is raised, even with HTTP 200."""
    found = _parse(response)
    if call.attached is not None and isinstance(found, dict):
        # Each file of an upload succeeds or fails by itself, with HTTP 200; we send one.
        each = found.get("AttachableResponse")
        found = each[0] if isinstance(each, list) and each and isinstance(each[0], dict) else found
    fault = faults.from_json(found) if isinstance(found, dict) else faults.from_xml(found)
    if fault is not None or response.status_code >= 400:
        raise faults.error(fault, response.status_code, tid, write=not call.metered)
    if not isinstance(found, dict):
        raise Unavailable(
            UNREADABLE,
            code="unreadable",
            reference=tid,
            outcome_known=call.metered,
        )
    return found


def _parse(response: httpx2.Response) -> dict[str, Any] | ET.Element | None:
    content = response.content[:ANSWER_BYTES_MAX]
    try:
        found = loads(content)
    except ValueError:
        if not content.lstrip().startswith(b"<") or re.search(
            rb"<!(DOCTYPE|ENTITY)", content[:2000], re.IGNORECASE
        ):
            return None  # not ours to read: HTML of a proxy, or XML that could be a trap
        try:
            return ET.fromstring(content)  # noqa: S314 - no DTD, checked above
        except ET.ParseError:
            return None
    return found if isinstance(found, dict) else None


def loads(content: bytes | str) -> Any:
    """JSON with amounts as Decimal, never float."""
    return simplejson.loads(content, use_decimal=True)


def dumps(body: Any) -> str:
    """JSON in which a Decimal stands digit for digit: Decimal('4725.00') becomes 4725.00."""
    return simplejson.dumps(body, use_decimal=True, ensure_ascii=True)
