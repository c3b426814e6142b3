"""GET /metrics: the figures that are stored, which every process tells alike, and those of this process alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from sqlalchemy import text
from starlette.responses import Response

from crm.dependencies import StateDep
from crm.kit.errors import Unauthenticated
from crm.metrics.families import collect
from crm.metrics.log_fold import LogFold

router = APIRouter(tags=["health"])


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def get_metrics(
    request: Request,
    state: StateDep,
    of: Annotated[
        Literal["all", "process"],
        Query(description="`process`: only what this process counts by itself, without asking the database."),
    ] = "all",
    authorization: Annotated[str | None, Header()] = None,
) -> Response:
    token = state.settings.metrics_token
    if token is not None:
        given = (authorization or "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), token.get_secret_value().encode()):
            raise Unauthenticated("These metrics need the bearer token METRICS_TOKEN.")
    own = generate_latest(REGISTRY)
    if of == "process":
        return Response(own, media_type=CONTENT_TYPE_LATEST)
    async with state.database.transaction() as session:
        orgs = list((await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all())
    fold: LogFold = request.app.state.log_fold
    counted = await fold.up_to_date(state.database, orgs)
    async with state.database.transaction(0, *orgs) as session:
        families = await collect(session, counted, state.settings.qbo_reads_per_month)
    registry = CollectorRegistry()
    registry.register(_Fixed(families))
    return Response(generate_latest(registry) + own, media_type=CONTENT_TYPE_LATEST)


class _Fixed:
    """Families that are counted already, in the form the library's registry takes."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
