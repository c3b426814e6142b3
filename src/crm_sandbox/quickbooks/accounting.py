"""The accounting API under /v3/company/{realm}: who may, how often, and which operation is meant."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.quickbooks import reports
from crm_sandbox.quickbooks.attachments import upload
from crm_sandbox.quickbooks.batch import run_batch
from crm_sandbox.quickbooks.change_data import changes_since
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.currencies import read_rate, set_rate
from crm_sandbox.quickbooks.downloads import download_address, may_download
from crm_sandbox.quickbooks.entities import BY_PATH, ENTITIES, Entity
from crm_sandbox.quickbooks.listings import present
from crm_sandbox.quickbooks.paper import invoice_pdf
from crm_sandbox.quickbooks.preference_changes import update_preferences
from crm_sandbox.quickbooks.query import run as run_query
from crm_sandbox.quickbooks.refusals import Refused, refusal, unparsable, unsupported
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.state import QuickBooksState
from crm_sandbox.quickbooks.tax_service import create_tax_code
from crm_sandbox.quickbooks.wire import answer, came_as_xml, gateway_refusal, headers, throttled
from crm_sandbox.quickbooks.write import create, delete, read, update, void
from crm_sandbox.quickbooks.xml_form import from_xml

MAX_BODY_BYTES = 5_000_000
MAX_REQUEST_ID = 50
MAX_NESTING = 100


@dataclass(frozen=True)
class Asked:
    """One request: `parts` are the pieces of the path after the realm."""

    method: str
    parts: list[str]
    parameters: dict[str, str]
    body: bytes
    content_type: str


def accounting_routes(state: QuickBooksState) -> list[BaseRoute]:
    """One route for the whole API: Intuit's paths are /v3/company/{realm}/{what}[/{id}[/{more}]].

    The second one gives attached files to whoever has their temporary address.
    """

    async def endpoint(request: Request) -> Response:
        return await _serve(state, request)

    async def download(request: Request) -> Response:
        return _download(state, request)

    return [
        Route("/v3/company/{realm}/{rest:path}", endpoint, methods=["GET", "POST"]),
        Route("/v3/download/{realm}/{ident}/{name}", download, methods=["GET"]),
    ]


async def _serve(state: QuickBooksState, request: Request) -> Response:
    realm = request.path_params["realm"]
    parts = [part for part in request.path_params["rest"].split("/") if part]
    refused = _gate(state, request, realm, parts)
    if refused is not None:
        return refused
    company = state.company(realm)
    body = await request.body()
    # From here to the answer nothing is awaited: each request is one step, as one database transaction.
    asked = Asked(
        request.method, parts, dict(parse_qsl(request.url.query, keep_blank_values=True)), body,
        request.headers.get("content-type", ""),
    )  # fmt: skip
    now = company.now().isoformat(timespec="milliseconds")
    if request.method == "GET" and (parts[-1:] == ["pdf"] or parts[:1] == ["download"]):
        return _file(company, request, parts, now)
    try:
        if request.method == "POST" and came_as_xml(request):
            asked = replace(asked, body=orjson.dumps(from_xml(body)))
        status, content = _answer_once(company, asked)
    except Refused as unreadable:
        status, content = 400, unreadable.as_json()
    return answer(request, content, now, status)


def _gate(state: QuickBooksState, request: Request, realm: str, parts: list[str]) -> Response | None:
    """What the gateway refuses before the accounting service sees the request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return gateway_refusal(401, "AuthenticationFailed", 3200, "AUTHENTICATION", "Malformed bearer token")
    grant = state.tokens.check(token.strip())
    if grant is None:
        detail = f"Token expired: {token[:6]}***"
        return gateway_refusal(401, "AuthenticationFailed", 3200, "AUTHENTICATION", detail)
    if grant.realm_id != realm or "com.intuit.quickbooks.accounting" not in grant.scope.split():
        return gateway_refusal(403, "ApplicationAuthorizationFailed", 3100, "SERVICE", None)
    if not state.throttle.allows(realm, batch=parts[:1] == ["batch"]):
        return throttled(state.company(realm).now().isoformat(timespec="milliseconds"))
    return None


def _answer_once(company: Company, asked: Asked) -> tuple[int, JsonObject]:
    """Answers the request; a write whose requestid was seen before gets the first answer again."""
    request_id = asked.parameters.get("requestid") if asked.method == "POST" else None
    if request_id and len(request_id) > MAX_REQUEST_ID:
        detail = (
            f"The request id must not be longer than {MAX_REQUEST_ID} characters. Supplied value:{request_id}"
        )
        return 400, refusal("2130", "Invalid Request Id Format", detail, "requestid").as_json()
    is_query = asked.parts[:1] == ["query"]
    first = company.answers.find(request_id) if request_id and not is_query else None
    if first is not None:
        return first
    try:
        result = 200, _dispatch(company, asked)
    except Refused as refused:
        result = 400, refused.as_json()
    if request_id and not is_query:
        company.answers.keep(request_id, *result)
    return result


def _dispatch(company: Company, asked: Asked) -> JsonObject:
    parts = asked.parts
    what = parts[0].lower() if parts else ""
    special = _SPECIAL.get((asked.method, what))
    if special:
        return special(company, asked)
    entity = BY_PATH.get(what)
    if entity is None or len(parts) > 3 or (asked.method == "GET" and len(parts) != 2):
        path = f"/v3/company/{company.realm_id}/{'/'.join(parts)}"
        raise unsupported(f"Could not find resource for relative : {path} of full path: {path}")
    if asked.method == "GET":
        return {
            entity.name: present(company, entity, read(company, entity, _own_id(company, entity, parts[1])))
        }
    if len(parts) == 3 and parts[2].lower() == "send":
        return _send(company, entity, parts[1], asked.parameters)
    if len(parts) != 1:
        raise unsupported(f"POST {'/'.join(parts)}")
    return {entity.name: write(company, entity, parse_object(asked.body), asked.parameters)}


def write(company: Company, entity: Entity, body: JsonObject, parameters: dict[str, str]) -> JsonObject:
    """Create, update, void or delete, as the parameters `operation` and `include` say; raises Refused."""
    operation = parameters.get("operation", "").lower()
    include = parameters.get("include", "").lower()
    duplicate_ok = "allowduplicatedocnum" in include
    if operation == "delete":
        return delete(company, entity, body)
    if operation == "void" and entity.name == "Invoice":
        return void(company, entity, body)
    if operation == "update" and include == "void" and entity.name != "Invoice":
        return void(company, entity, body)
    if operation not in ("", "create", "update"):
        raise unsupported(f"{operation} {entity.name}")
    made = update if body.get("Id") or operation == "update" else create
    return present(company, entity, made(company, entity, body, duplicate_number_ok=duplicate_ok))


def parse_object(body: bytes) -> JsonObject:
    """The JSON object of a request; raises Refused 2010 for anything else."""
    if len(body) > MAX_BODY_BYTES:
        raise unparsable("Request larger than 5 MB;")
    try:
        parsed = orjson.loads(body)
    except ValueError:
        raise unparsable("failed to parse json object; a property") from None
    if not isinstance(parsed, dict):
        raise unparsable("failed to parse json object; a property")
    if body.count(b"{") + body.count(b"[") > MAX_NESTING and _is_deeper(parsed, MAX_NESTING):
        raise unparsable(f"nested deeper than {MAX_NESTING};")
    return parsed


def _is_deeper(value: object, levels: int) -> bool:
    """Whether more lists and objects lie in each other: too many could not be written down again."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)


def _query(company: Company, asked: Asked) -> JsonObject:
    text = asked.parameters.get("query") or asked.body.decode("utf-8", "replace")
    return {"QueryResponse": run_query(company, text)}


def _preferences(company: Company, asked: Asked) -> JsonObject:
    if asked.method == "POST":
        return {"Preferences": update_preferences(company, parse_object(asked.body))}
    return {"Preferences": present(company, ENTITIES["Preferences"], company.objects["Preferences"]["1"])}


def _batch(company: Company, asked: Asked) -> JsonObject:
    return run_batch(company, parse_object(asked.body), write)


def _change_data(company: Company, asked: Asked) -> JsonObject:
    return changes_since(
        company, asked.parameters.get("entities", ""), asked.parameters.get("changedSince", "")
    )


def _report(company: Company, asked: Asked) -> JsonObject:
    return reports.report(company, asked.parts[1] if len(asked.parts) == 2 else "", asked.parameters)


def _exchange_rate(company: Company, asked: Asked) -> JsonObject:
    if asked.method == "POST":
        return {"ExchangeRate": set_rate(company, parse_object(asked.body))}
    return {"ExchangeRate": read_rate(company, asked.parameters)}


def _tax_service(company: Company, asked: Asked) -> JsonObject:
    if asked.parts[1:] != ["taxcode"]:
        raise unsupported("POST " + "/".join(asked.parts))
    return {"TaxService": create_tax_code(company, parse_object(asked.body))}


def _upload(company: Company, asked: Asked) -> JsonObject:
    return upload(company, asked.content_type, asked.body)


def _send(company: Company, entity: Entity, ident: str, parameters: dict[str, str]) -> JsonObject:
    """E-mails the document: nothing leaves the sandbox, but its EmailStatus says so."""
    obj = read(company, entity, ident)
    if entity.name not in ("Invoice", "Estimate", "SalesReceipt", "CreditMemo", "RefundReceipt", "Payment"):
        raise unsupported(f"send {entity.name}")
    address = parameters.get("sendTo") or (obj.get("BillEmail") or {}).get("Address")
    if not address:
        raise refusal("6000", "A business validation error has occurred while processing your request",
                      "Business Validation Error: An email address is required to send this transaction.")  # fmt: skip
    with company.transaction():
        now = company.now().isoformat(timespec="seconds")
        sent = {**obj, "SyncToken": str(int(obj["SyncToken"]) + 1), "EmailStatus": "EmailSent",
                "BillEmail": {"Address": address},
                "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": now},
                "MetaData": {**obj["MetaData"], "LastUpdatedTime": now}}  # fmt: skip
        company.put(entity, sent)
        company.note(entity.name, ident, "emailed")
    return {entity.name: sent}


def _file(company: Company, request: Request, parts: list[str], now: str) -> Response:
    """What is answered as it is, not wrapped: a document on paper, or the address of an attached file."""
    entity = BY_PATH.get(parts[0].lower())
    try:
        if parts[0] == "download" and len(parts) == 2:
            obj = read(company, ENTITIES["Attachable"], parts[1])
            if obj["Id"] not in company.files:
                raise unsupported(f"download of {obj['Id']}, which has no file")
            return Response(download_address(company, obj), 200, headers(), "text/plain")
        if entity is None or len(parts) != 3 or not entity.is_txn:
            raise unsupported("GET " + "/".join(parts))
        content = invoice_pdf(company, entity, read(company, entity, parts[1]))
    except Refused as refused:
        return answer(request, refused.as_json(), now, 400)
    return Response(content, 200, headers(), "application/pdf")


def _download(state: QuickBooksState, request: Request) -> Response:
    company = state.companies.get(request.path_params["realm"])
    ident, asked = request.path_params["ident"], request.query_params
    allowed = company is not None and may_download(
        company, ident, asked.get("Expires", ""), asked.get("Signature", "")
    )
    if company is None or not allowed or ident not in company.files:
        return Response(
            "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
            403,
            media_type="application/xml",
        )
    about = company.objects["Attachable"][ident]
    return Response(company.files[ident], 200, media_type=about.get("ContentType"))


def _own_id(company: Company, entity: Entity, ident: str) -> str:
    """CompanyInfo is read under the realm id and has the Id 1."""
    return "1" if entity is ENTITIES["CompanyInfo"] and ident == company.realm_id else ident


_Special = Callable[[Company, Asked], JsonObject]
_SPECIAL: dict[tuple[str, str], _Special] = {
    ("GET", "query"): _query,
    ("POST", "query"): _query,
    ("GET", "preferences"): _preferences,
    ("POST", "preferences"): _preferences,
    ("POST", "taxservice"): _tax_service,
    ("POST", "exchangerate"): _exchange_rate,
    ("POST", "batch"): _batch,
    ("GET", "cdc"): _change_data,
    ("GET", "reports"): _report,
    ("GET", "exchangerate"): _exchange_rate,
    ("POST", "upload"): _upload,
}
