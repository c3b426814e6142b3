"""How long requests take is measured per route, never per path."""

from __future__ import annotations

import httpx2
from tests.conftest import RunningApp


def test_timings_name_the_route_and_not_the_id(app_server: RunningApp, api: httpx2.Client) -> None:
    """Two proposals are one series, and an invented method or path adds no series of its own."""
    for path in ("/proposals/7", "/proposals/9", "/no/such/page"):
        api.get(path)
    api.request("BREW", "/proposals/7")
    lines = app_server.client().get("/metrics").text.splitlines()
    counts = [line for line in lines if line.startswith("crm_http_request_seconds_count")]
    assert any('method="GET",route="/proposals/{id}",status="200"' in line for line in counts)
    assert not any("/proposals/7" in line or "BREW" in line or "/no/such" in line for line in counts)
