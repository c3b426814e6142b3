"""How answers look on the wire: JSON when it is asked for, else XML, with Intuit's headers on both."""

import json
import secrets
import time

import orjson
from starlette.requests import Request
from starlette.responses import Response

from crm_sandbox.quickbooks.report_xml import is_report, to_report_xml
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.xml_form import NAMESPACE, to_xml

QBO_VERSION = "1990.132"


def wants_json(request: Request) -> bool:
    """Intuit answers in XML unless the client asks for JSON by name."""
    return "application/json" in request.headers.get("accept", "").lower()


def came_as_xml(request: Request) -> bool:
    """Whether the body is XML; Intuit takes both, by Content-Type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/xml", "text/xml")


def headers() -> dict[str, str]:
    """What every answer carries; support asks for the intuit_tid."""
    tid = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return {"intuit_tid": tid, "qbo-version": QBO_VERSION, "cache-control": "max-age=0, no-cache, no-store"}


def answer(request: Request, body: JsonObject, now: str, status: int = 200) -> Response:
    """The answer with `time` added, in the form that the request asked for."""
    extra, kind = headers(), "application/json" if wants_json(request) else "application/xml"
    if status == 200:
        kind += ";charset=utf-8"
    else:
        del extra["qbo-version"]  # a refusal is told without it and without a charset (recorded)
    if wants_json(request):
        body = body.get("TaxService", body)  # the one object that JSON shows unwrapped
        shown = body if is_report(body) else {**body, "time": now}
        return Response(orjson.dumps(shown), status, extra, kind)
    text = to_report_xml(body) if is_report(body) else to_xml(body, now)
    return Response(text.encode(), status, extra, kind)


def gateway_refusal(status: int, name: str, number: int, fault_type: str, detail: str | None) -> Response:
    """401 and 403 come from a gateway in front, in an envelope of their own with small letters."""
    body: JsonObject = {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [
                {
                    "message": f"message={name}; errorCode={number:06d}; statusCode={status}",
                    "detail": detail,
                    "code": str(number),
                    "element": None,
                }
            ],
            "type": fault_type,
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(time.time() * 1000),
        "status": None,
        "cdcresponse": [],
    }
    extra = headers()
    if status == 401:
        extra["WWW-Authenticate"] = 'Bearer realm="Intuit", error="invalid_token"'
    return Response(json.dumps(body).encode(), status, extra, "application/json")


def throttled(now: str) -> Response:
    """429, in XML even for those who asked for JSON."""
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<IntuitResponse time="{now}" xmlns="{NAMESPACE}"><Fault type="SERVICE"><Error code="3001">'
        "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
        "<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
    )
    return Response(text.encode(), 429, headers(), "application/xml")
