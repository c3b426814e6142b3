"""The monitoring files say what the seeds and the contract say, and name only commands that exist."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from crm import edge
from crm.kit.settings import Settings
from crm.payments import outcomes

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"

STRIPE_AND_PORTAL = {
    "STRIPE_SECRET_KEY": "",
    "STRIPE_PUBLIC_KEY": "",
    "STRIPE_WEBHOOK_SECRET": "",
    "PORTAL_PUBLIC_URL": "http://localhost:5173",
    "DEPOSIT_PERCENT": "30",
}
QUICKBOOKS = {
    "QBO_CLIENT_ID": "",
    "QBO_CLIENT_SECRET": "",
    "QBO_REDIRECT_URI": "http://localhost:8089/qbo/oauth/callback",
    "QBO_ENV": "sandbox",
    "QBO_ITEM_NAME_DEPOSIT": "Roof Deposit",
}
OURS = (
    "CRM_ENV DATABASE_URL CRM_DATA_DIR CRM_SECRET_KEY METRICS_TOKEN PORT PORTAL_PORT SANDBOX_PORT SMTP_URL "
    "QBO_WEBHOOK_VERIFIER_TOKEN STRIPE_API_BASE QBO_API_BASE QBO_AUTHORIZE_URL QBO_TOKEN_URL QBO_REVOKE_URL"
).split()


def _steps(*steps: tuple[float, str]) -> dict[str, Any]:
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}


# Copied from the seeds (sprint 3 "Grafana Dashboard", sprint 4 "Grafana Dashboard Panels").
SEED_PANELS: list[dict[str, Any]] = [
    {
        "title": "Payments (24h)",
        "type": "stat",
        "expr": "sum(increase(crm_portal_payments_total[24h]))",
        "legendFormat": "Payments",
        "defaults": {},
    },
    {
        "title": "Revenue (7d)",
        "type": "stat",
        "expr": "sum(increase(crm_portal_payment_amount_cents_sum[7d])) / 100",
        "legendFormat": "Revenue ($)",
        "defaults": {"unit": "currencyUSD"},
    },
    {
        "title": "Lead → Payment Conversion (7d)",
        "type": "gauge",
        "expr": "sum(increase(crm_portal_payments_total[7d])) / sum(increase(crm_leads_created_total[7d]))",
        "legendFormat": "Conversion Rate",
        "defaults": {"unit": "percentunit", "max": 1.0},
    },
    {
        "title": "Invoices Generated (24h)",
        "type": "stat",
        "gridPos": {"x": 0, "y": 8, "w": 6, "h": 4},
        "expr": "sum(increase(crm_invoices_generated_total[24h]))",
        "legendFormat": "Invoices",
        "defaults": {
            "color": {"mode": "thresholds"},
            "thresholds": _steps((0, "red"), (1, "yellow"), (5, "green")),
        },
    },
    {
        "title": "Revenue (30d)",
        "type": "stat",
        "gridPos": {"x": 6, "y": 8, "w": 6, "h": 4},
        "expr": "sum(increase(crm_portal_payment_amount_cents_sum[30d])) / 100",
        "legendFormat": "Revenue",
        "defaults": {
            "unit": "currencyUSD",
            "color": {"mode": "palette-classic"},
            "thresholds": _steps((0, "red"), (10000, "yellow"), (50000, "green")),
        },
    },
    {
        "title": "QuickBooks API Errors (24h)",
        "type": "stat",
        "gridPos": {"x": 12, "y": 8, "w": 6, "h": 4},
        "expr": "sum(increase(crm_qbo_api_errors_total[24h]))",
        "legendFormat": "Errors",
        "defaults": {
            "color": {"mode": "thresholds"},
            "thresholds": _steps((0, "green"), (1, "yellow"), (5, "red")),
        },
    },
    {
        "title": "Payment → Invoice Conversion (7d)",
        "type": "gauge",
        "gridPos": {"x": 18, "y": 8, "w": 6, "h": 4},
        "expr": "sum(increase(crm_invoices_generated_total[7d])) / sum(increase(crm_portal_payments_total[7d]))",
        "legendFormat": "Conversion Rate",
        "defaults": {
            "unit": "percentunit",
            "max": 1.0,
            "color": {"mode": "thresholds"},
            "thresholds": _steps((0, "red"), (0.5, "yellow"), (0.9, "green")),
        },
    },
]


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    file = MONITORING / "grafana-provisioning" / "dashboards" / "peakpro-crm-kpis.json"
    content: dict[str, Any] = json.loads(file.read_text())
    return content


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((MONITORING / "docker-compose.yml").read_text())
    return content


@pytest.mark.parametrize("seed", SEED_PANELS, ids=lambda seed: seed["title"])
def test_each_panel_of_the_seeds_is_there_exactly(dashboard: dict[str, Any], seed: dict[str, Any]) -> None:
    """Title, kind, question, legend, unit, thresholds and, where given, the place are the seeds'."""
    (panel,) = [panel for panel in dashboard["panels"] if panel["title"] == seed["title"]]
    assert panel["type"] == seed["type"]
    assert [(t["expr"], t["legendFormat"]) for t in panel["targets"]] == [
        (seed["expr"], seed["legendFormat"])
    ]
    assert seed["defaults"].items() <= panel["fieldConfig"]["defaults"].items()
    assert seed.get("gridPos", panel["gridPos"]) == panel["gridPos"]


def test_the_dashboard_shows_what_the_seeds_do_not(dashboard: dict[str, Any]) -> None:
    """Beyond the seeds: what waits, how long it takes, connections, quota, backlog and webhook errors."""
    asked = " ".join(t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", []))
    for metric in (
        "crm_payments_waiting",
        "crm_payments_waiting_cents",
        "crm_payments_waiting_oldest_seconds",
        "crm:payment_to_invoice_seconds:p50_1h",
        "crm:payment_to_invoice_seconds:p95_1h",
        "crm_qbo_connected",
        "crm_qbo_refresh_token_days_left",
        "crm:qbo_metered_reads:share",
        "crm:qbo_metered_reads:forecast_month",
        "crm_jobs_backlog",
        "crm_jobs_oldest_seconds",
        "crm_jobs_failed",
        "crm_webhooks_total",
    ):
        assert re.search(rf"(?<![\w:]){metric}\b", asked), metric


def test_every_panel_can_be_read_by_a_person(dashboard: dict[str, Any]) -> None:
    """Each says what it shows; a state colour stands for a threshold, and thresholds climb."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith("."), panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        if defaults["color"]["mode"] == "thresholds":
            values = [step["value"] for step in defaults["thresholds"]["steps"]]
            assert values == sorted(set(values)), panel["title"]
            assert values[0] == 0, panel["title"]


def test_the_dashboard_is_what_grafana_loads(dashboard: dict[str, Any]) -> None:
    """What Grafana asks of a provisioned dashboard: a uid, no id of another installation, a schema it migrates from,
    and for each panel its kind, a type, a place and queries with letters of their own."""
    assert dashboard["uid"]
    assert "id" not in dashboard
    assert isinstance(dashboard["schemaVersion"], int)
    assert dashboard["time"].keys() == {"from", "to"}
    for panel in dashboard["panels"]:
        assert panel["type"] in {"row", "stat", "gauge", "timeseries"}
        assert panel["gridPos"].keys() == {"x", "y", "w", "h"}
        if panel["type"] == "row":
            assert panel["panels"] == []
            continue
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == sorted(set(letters))
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    (org,) = dashboard["templating"]["list"]
    assert (org["name"], org["type"], org["allValue"]) == ("org", "query", ".*")
    variables = set(re.findall(r"\$\{?(\w+)", json.dumps([p.get("targets") for p in dashboard["panels"]])))
    assert variables == {"org"}


def test_panels_neither_overlap_nor_leave_the_grid(dashboard: dict[str, Any]) -> None:
    """Every cell of Grafana's 24 columns belongs to one panel at most, and ids and uids are what links need."""
    cells: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & own, panel["title"]
        assert max(x for x, _ in own) < 24
        cells |= own
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_panels_ask_the_data_source_that_is_provisioned(dashboard: dict[str, Any]) -> None:
    """A dashboard that names another uid shows nothing but errors."""
    sources = yaml.safe_load(
        (MONITORING / "grafana-provisioning" / "datasources" / "prometheus.yml").read_text()
    )
    (source,) = sources["datasources"]
    used = {p["datasource"]["uid"] for p in dashboard["panels"] if p["type"] != "row"}
    assert used == {source["uid"]}


def test_recorded_names_that_panels_use_are_recorded(dashboard: dict[str, Any]) -> None:
    """A panel on a recording rule that does not exist would stay empty without a word."""
    rules = yaml.safe_load((MONITORING / "prometheus" / "rules" / "crm.yml").read_text())
    recorded = {rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule}
    asked = {t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", [])}
    used = {name for expr in asked for name in re.findall(r"\b\w+:\w+:\w+\b", expr)}
    assert used
    assert used <= recorded


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((MONITORING / "prometheus" / "rules" / "crm.yml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]


def test_every_alert_says_what_to_do(alerts: list[dict[str, Any]]) -> None:
    """Whoever is called at night reads what is wrong, where to begin, and where more is written."""
    assert alerts
    for alert in alerts:
        assert alert["labels"]["severity"] in {"page", "ticket"}, alert["alert"]
        assert alert["annotations"].keys() == {"summary", "what_to_do", "runbook_url"}
        assert alert["annotations"]["runbook_url"] == f"docs/runbook.md#{alert['alert'].lower()}"


def test_every_alert_has_its_section_and_every_section_its_alert(alerts: list[dict[str, Any]]) -> None:
    """The runbook speaks of the alerts there are, and says of each with which urgency it comes."""
    text = (ROOT / "docs" / "runbook.md").read_text()
    sections = dict(re.findall(r"^### (Crm\w+)\n(.*)$", text, re.MULTILINE))
    assert sections.keys() == {alert["alert"] for alert in alerts}
    for alert in alerts:
        assert alert["labels"]["severity"] in sections[alert["alert"]], alert["alert"]


def test_every_alert_is_tried_both_ways(alerts: list[dict[str, Any]]) -> None:
    """promtool's tests of the rules hold for each alert and severity a time when it fires, and for each alert one
    when it does not."""
    tests = yaml.safe_load((MONITORING / "prometheus" / "crm_rules_test.yml").read_text())["tests"]
    tried = [trial for test in tests for trial in test.get("alert_rule_test", [])]
    fired = {
        (trial["alertname"], expected["exp_labels"]["severity"], expected["exp_labels"].get("percent"))
        for trial in tried
        for expected in trial["exp_alerts"]
    }
    assert fired == {(a["alert"], a["labels"]["severity"], a["labels"].get("percent")) for a in alerts}
    silent = {trial["alertname"] for trial in tried if not trial["exp_alerts"]}
    assert silent == {alert["alert"] for alert in alerts}


def test_prometheus_asks_one_api_for_what_is_stored_and_every_api_for_its_own(
    compose: dict[str, Any],
) -> None:
    """Stored figures from two processes would count twice; webhooks and timings of only one would be too few."""
    config = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    (stored,) = jobs["crm-stored"]["static_configs"]
    (own,) = jobs["crm-api"]["static_configs"]
    assert len(stored["targets"]) == 1
    assert jobs["crm-api"]["params"] == {"of": ["process"]}
    serving = {
        name for name, service in compose["services"].items() if "crm api" in str(service.get("command"))
    }
    serving |= {
        name for name, service in compose["services"].items() if service.get("command") == ["crm", "api"]
    }
    assert set(own["targets"]) == {f"{name}:8089" for name in serving}
    (relabel,) = jobs["crm-stored"]["metric_relabel_configs"]
    names = {family.name for family in REGISTRY.collect()}
    assert names >= {edge._SECONDS._name, outcomes.WEBHOOKS._name}
    left = {name for name in names if not re.fullmatch(relabel["regex"], f"{name}_x")}
    assert relabel["action"] == "drop"
    assert left == set(), "in-process figures that would be told twice"


def test_compose_has_the_services_of_the_house(compose: dict[str, Any]) -> None:
    """The names that the seeds' commands use (`docker exec postgres-crm ...`, `docker logs crm-api`)."""
    expected = {"crm-api", "crm-worker", "portal", "postgres-crm", "prometheus", "grafana"}
    assert compose["services"].keys() == expected
    assert {service["container_name"] for service in compose["services"].values()} == expected


@pytest.mark.parametrize("service", ["crm-api", "crm-worker", "portal"])
def test_compose_passes_every_variable_of_the_contract(compose: dict[str, Any], service: str) -> None:
    """Every setting can be given from outside, with the seeds' defaults."""
    environment = compose["services"][service]["environment"]
    assert set(OURS) <= environment.keys()
    for name, default in (STRIPE_AND_PORTAL | QUICKBOOKS).items():
        assert environment[name] == f"${{{name}:-{default}}}"


def test_every_variable_of_compose_is_one_that_the_product_reads(compose: dict[str, Any]) -> None:
    """A misspelt name would be ignored in silence."""
    known = {name.upper() for name in Settings.model_fields}
    assert compose["services"]["crm-api"]["environment"].keys() <= known


def test_the_example_settings_are_the_contracts_and_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`cp .env.example .env` changes nothing: every variable is there, with the value it has anyway."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    example = ROOT / ".env.example"
    told = set(re.findall(r"^([A-Z_]+)=", example.read_text(), re.MULTILINE))
    assert told == {name.upper() for name in Settings.model_fields}
    assert told >= {*STRIPE_AND_PORTAL, *QUICKBOOKS, *OURS}
    copied = Settings(_env_file=example)
    assert copied == Settings(_env_file=None)


@pytest.mark.skipif(importlib.util.find_spec("crm.cli") is None, reason="the command line is not written yet")
def test_every_command_of_the_containers_exists(compose: dict[str, Any]) -> None:
    """What compose and the image start, the command line knows."""
    started = {"api"}  # the image's own
    assert 'CMD ["crm", "api"]' in (ROOT / "Dockerfile").read_text()
    for service in ("crm-api", "crm-worker", "portal"):
        started |= set(re.findall(r"\bcrm ([a-z-]+)", " ".join(compose["services"][service]["command"])))
    assert {"api", "worker", "migrate", "demo-data"} <= started
    for command in started:
        subprocess.run([sys.executable, "-m", "crm.cli", command, "--help"], check=True, capture_output=True)


def test_no_committed_secret_opens_a_port_to_the_world(compose: dict[str, Any]) -> None:
    """The database publishes no port, and the monitoring ones listen on this machine only."""
    assert "ports" not in compose["services"]["postgres-crm"]
    for service in ("prometheus", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in compose["services"][service]["ports"])
