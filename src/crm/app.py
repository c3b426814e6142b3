"""Puts the API together: what one server process holds, its routes, and what surrounds them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute

from crm.accounting.backfill.routes import router as backfill
from crm.accounting.comeback.routes import router as comeback
from crm.accounting.connection_routes import router as qbo_connection
from crm.accounting.contracts.mapping_routes import router as books_mapping
from crm.accounting.contracts.routes import router as books_contracts
from crm.accounting.doctor_routes import router as doctor
from crm.accounting.matching.finding_routes import router as matching_finding
from crm.accounting.matching.routes import router as matching
from crm.accounting.posting_action_routes import router as posting_actions
from crm.accounting.posting_routes import router as postings
from crm.accounting.quota_routes import router as quota
from crm.accounting.reconcile.by_hand_routes import router as clearing_by_hand
from crm.accounting.reconcile.routes import router as reconciliation
from crm.accounting.sync_log_routes import router as sync_log
from crm.accounting.webhook import router as quickbooks_webhook
from crm.customers.lead_form_routes import public as public_lead_form
from crm.customers.lead_form_routes import router as lead_form
from crm.customers.routes import router as customers
from crm.dependencies import AppState, app_state
from crm.edge import Edge
from crm.files.routes import logo_router as logo
from crm.files.routes import router as files
from crm.gateways.http import make_client
from crm.identity.routes import router as identity
from crm.kit.database import Database, app_url
from crm.kit.embedded_postgres import running_url
from crm.kit.revisions import head_revision
from crm.kit.settings import Settings
from crm.law.routes import router as law
from crm.metrics.log_fold import LogFold
from crm.metrics.routes import router as metrics
from crm.notifications.routes import router as mail
from crm.notifications.template_routes import router as mail_templates
from crm.notifications.unsubscribing import router as unsubscribing
from crm.operations.activity_routes import router as activity
from crm.operations.customer_routes import router as customer_history
from crm.operations.exports import router as exports
from crm.operations.figures_routes import router as figures
from crm.operations.file_routes import router as used_files
from crm.operations.import_routes import router as imports
from crm.operations.job_routes import router as jobs
from crm.operations.overview_routes import router as overview
from crm.operations.proposal_rows_routes import router as proposal_rows
from crm.operations.search_routes import router as search
from crm.outgoing.routes import router as outgoing
from crm.papers.month_close_routes import router as month_close
from crm.papers.routes import router as papers
from crm.payments import webhook
from crm.payments.money_back_routes import router as money_back
from crm.payments.payout_routes import router as payout_items
from crm.payments.routes import router as payments
from crm.payments.webhook import make_intake
from crm.portal.change_routes import router as portal_changes
from crm.portal.message_routes import router as portal_messages
from crm.portal.routes import router as portal
from crm.problems import DATABASE_AWAY, add_problem_handlers
from crm.proposals.change_order_routes import router as change_orders
from crm.proposals.price_book import router as price_book
from crm.proposals.routes import router as proposals
from crm.proposals.template_routes import router as templates
from crm.web_pages import WebPages

# Every room's routes, in the order in which the API's description lists them.
ROUTERS: tuple[APIRouter, ...] = (
    identity,
    lead_form,  # before the leads: "form" is no lead's number
    public_lead_form,
    customers,
    files,
    logo,
    law,
    proposals,
    change_orders,
    price_book,
    templates,
    portal,
    portal_messages,
    portal_changes,
    payments,
    mail,
    mail_templates,
    unsubscribing,
    money_back,
    papers,
    qbo_connection,
    postings,
    posting_actions,
    backfill,
    books_contracts,
    books_mapping,
    sync_log,
    quota,
    doctor,
    comeback,
    matching_finding,
    matching,
    reconciliation,
    clearing_by_hand,
    month_close,
    payout_items,
    quickbooks_webhook,
    overview,
    proposal_rows,
    figures,
    customer_history,
    used_files,
    search,
    imports,
    exports,
    activity,
    jobs,
    outgoing,
    metrics,
)

READY_SECONDS_MAX = 2.0
NOT_REACHABLE: tuple[type[Exception], ...] = (TimeoutError, *DATABASE_AWAY)


class Problem(BaseModel):
    """An error (RFC 9457). `type` is stable; `detail` is a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class FieldProblem(BaseModel):
    field: str
    message: str


Problem.model_rebuild()
_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "model": Problem,
        "description": "A problem (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def create_app(settings: Settings) -> FastAPI:
    """The whole application. Nothing is connected until it starts serving.

    Raises RuntimeError at start when there is no database to use.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(app_url(_database_url(settings), settings.secret_keys[0]))
        async with make_client() as http:
            app.state.crm = AppState(settings, database, http)
            app.state.stripe_intake = make_intake(app.state.crm)
            app.state.log_fold = LogFold()
            yield
            await app.state.stripe_intake.close()
        await database.close()

    app = FastAPI(
        title="PeakPro CRM",
        version="1.0.0",
        summary="Proposals that are approved and paid in a portal, and stand in QuickBooks within seconds.",
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from elsewhere, which our pages never do
        redoc_url=None,
        responses=_PROBLEM,
        generate_unique_id_function=_operation_id,
    )
    app.router.routes += _routes()
    _describe_webhook(app)
    add_problem_handlers(app)
    app.add_middleware(WebPages)
    app.add_middleware(Edge, production=settings.crm_env == "production")
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Every address, once for all applications of a process: FastAPI works out an included router's parameters and
    models at its first request, which takes a quarter of a second, and nothing of it depends on settings."""
    rooms = FastAPI(
        responses=_PROBLEM, generate_unique_id_function=_operation_id, openapi_url=None, docs_url=None
    )
    # The webhook first: the hot path should not be looked for behind all others.
    rooms.router.routes.append(webhook.ROUTE)
    for router in (*ROUTERS, health):
        rooms.include_router(router)
    return tuple(rooms.router.routes)


def _describe_webhook(app: FastAPI) -> None:
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        description = generated()
        description["paths"].setdefault(webhook.ROUTE.path, webhook.DESCRIPTION)
        return description

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it


def _operation_id(route: APIRoute) -> str:
    """The handler's name: what a generated client calls the operation."""
    return route.name


def _database_url(settings: Settings) -> str:
    url = settings.database_url or running_url(settings.crm_data_dir)
    if url is None:
        raise RuntimeError(
            f"No database: DATABASE_URL is not set and none runs in {settings.crm_data_dir}. "
            "Start everything with `make run`, or set DATABASE_URL."
        )
    return url


health = APIRouter(tags=["health"])


class Alive(BaseModel):
    status: str = "ok"


class Readiness(BaseModel):
    """Whether this process can serve, and if not, what is wrong."""

    ready: bool
    problems: list[str] = []


@health.get("/healthz", summary="Whether the process lives")
async def healthz() -> Alive:
    return Alive()


@health.get("/readyz", summary="Whether it can serve; names what is wrong", response_model=Readiness)
async def readyz(request: Request) -> JSONResponse:
    problems = await _what_is_wrong(app_state(request))
    return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)


async def _what_is_wrong(state: AppState) -> list[str]:
    try:
        async with asyncio.timeout(READY_SECONDS_MAX), state.database.engine.connect() as connection:
            has = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            current = (
                await connection.scalar(text("SELECT version_num FROM alembic_version")) if has else None
            )
    except NOT_REACHABLE as error:
        reason = str(error).splitlines()[0] if str(error) else f"no answer within {READY_SECONDS_MAX:g} s"
        return [f"database: not reachable ({type(error).__name__}: {reason[:200]})"]
    newest = head_revision()
    if current != newest:
        return [
            f"migrations: the database is at {current or 'none'}, this version needs {newest}; run `crm migrate`"
        ]
    return []
