"""The website's form over HTTP: its page, what people send, and how the company sets it up."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ValidationError

from crm.customers import lead_form_page as pages
from crm.customers.lead_form import (
    BODY_BYTES_MAX,
    FormOfCompany,
    LeadFormChange,
    Sent,
    change_form,
    form_for_staff,
    form_of,
    take,
)
from crm.customers.tables import LeadForm
from crm.dependencies import DatabaseDep, SettingsDep, client_ip
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit.errors import BadRequest, TooLarge, TooMany
from crm.kit.field_errors import field_errors
from crm.kit.settings import Settings
from crm.problems import problem_response

PATH = "/lead-form"
FIELDS_MAX = 20
# No cookie and no secret is involved: any page may send the form, and read that it was taken.
ANY_PAGE = {"Access-Control-Allow-Origin": "*"}

public = APIRouter(prefix=PATH, tags=["leads"])
router = APIRouter(tags=["leads"], route_class=IdempotentRoute)

Key = Annotated[str, Path(max_length=40, pattern="^[A-Za-z0-9_-]+$")]
Language = Annotated[str | None, Query(alias="lang", max_length=5)]


class Taken(BaseModel):
    received: bool = True


@public.get("/{key}", include_in_schema=False)
async def show_lead_form(key: Key, database: DatabaseDep, lang: Language = None) -> HTMLResponse:
    form = await form_of(database, key)
    return HTMLResponse(pages.form_page(form, pages.language_of(form, lang), {}, {}))


@public.options("/{key}", include_in_schema=False)
async def allow_lead_form(key: Key) -> Response:
    """A browser asks first when another site's script sends JSON."""
    more = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=ANY_PAGE | more)


@public.post(
    "/{key}",
    summary="Ask a company for an estimate, from its website",
    status_code=201,
    response_model=Taken,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A form as browsers send it, answered with a page, or JSON, answered with JSON.",
            "content": {
                "application/json": {"schema": Sent.model_json_schema()},
                "application/x-www-form-urlencoded": {"schema": Sent.model_json_schema()},
            },
        }
    },
)
async def send_lead_form(
    key: Key, request: Request, database: DatabaseDep, lang: Language = None
) -> Response:
    form = await form_of(database, key)
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        raise TooLarge(f"The form may hold at most {BODY_BYTES_MAX // 1000} kB.")
    as_json = "json" in request.headers.get("content-type", "")
    values = _json(body) if as_json else _fields(body)
    language = pages.language_of(form, lang)
    try:
        await take(database, form, Sent.model_validate(values), client_ip(request))
    except ValidationError as error:
        return _not_valid(form, language, values, error, as_json=as_json)
    except TooMany as error:
        headers = {"Retry-After": str(error.retry_after_seconds)}
        if as_json:
            answer = problem_response(429, error.kind, error.title, error.detail)
            answer.headers.update(headers | ANY_PAGE)
            return answer
        return HTMLResponse(pages.too_many_page(form, language), 429, headers)
    if as_json:
        return JSONResponse({"received": True}, 201, ANY_PAGE)
    return HTMLResponse(pages.thanks_page(form, language), 201)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("This is not valid JSON.") from None


def _fields(body: bytes) -> dict[str, str]:
    """What a browser's form holds; fields that we do not know are no reason to lose somebody's message."""
    try:
        given = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise BadRequest("This form cannot be read.") from None
    return {name: value for name, value in given.items() if name in Sent.model_fields}


def _not_valid(
    form: FormOfCompany, language: str, values: Any, error: ValidationError, *, as_json: bool
) -> Response:
    errors = field_errors(error.errors())
    if as_json:
        answer = problem_response(422, "invalid", "A value is not valid", errors[0]["message"], errors=errors)
        answer.headers.update(ANY_PAGE)
        return answer
    by_field = {each["field"]: each["message"] for each in errors}
    return HTMLResponse(pages.form_page(form, language, values, by_field), 422)


class LeadFormOut(BaseModel):
    """`url` is the form's own page; `snippet` is HTML to paste into the company's website."""

    active: bool
    heading: str
    thanks: str
    url: str
    snippet: str


READ = [require(Permission.READ)]
MANAGE = [require(Permission.ORG_MANAGE)]


@router.get("/leads/form", dependencies=READ, summary="The form for the company's website")
async def read_lead_form(principal: StaffDep, session: OrgTx, settings: SettingsDep) -> LeadFormOut:
    form = await form_for_staff(session, principal.org_id)
    return _out(form, settings, await session.get_one(Org, principal.org_id))


@router.patch("/leads/form", dependencies=MANAGE, summary="Change its words, or switch it off")
async def change_lead_form(
    body: LeadFormChange, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> LeadFormOut:
    form = await change_form(session, principal, body)
    return _out(form, settings, await session.get_one(Org, principal.org_id))


@router.post(
    "/leads/form/new-key",
    dependencies=[*MANAGE, once],
    summary="Give it another address; the old one ends at once",
)
async def renew_lead_form(principal: StaffDep, session: OrgTx, settings: SettingsDep) -> LeadFormOut:
    form = await change_form(session, principal, LeadFormChange(), new_key=True)
    return _out(form, settings, await session.get_one(Org, principal.org_id))


def _out(form: LeadForm, settings: Settings, org: Org) -> LeadFormOut:
    url = f"{settings.portal_public_url.rstrip('/')}{PATH}/{form.public_key}"
    return LeadFormOut(
        active=form.active,
        heading=form.heading,
        thanks=form.thanks,
        url=url,
        snippet=pages.snippet(url, org.name),
    )
