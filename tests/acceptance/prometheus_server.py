"""A real Prometheus with the repository's own configuration and rules, asked over its HTTP API.

Of the configuration only what a machine decides is changed: addresses, the token's file and how often it looks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from tests.acceptance.stack import _free_port, wait_until

ROOT = Path(__file__).parents[2]
EVERY = "500ms"  # scrapes and evaluations; the repository's own is 15 s
Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]


class Prometheus:
    """The running server."""

    def __init__(self, url: str) -> None:
        self.http = httpx2.Client(base_url=url, timeout=10)

    def ask(self, expr: str, at: float | None = None) -> Vector:
        """What `expr` answers at that moment (seconds since 1970): its labels without the name, and the value."""
        values = {"query": expr} | ({} if at is None else {"time": f"{at:.3f}"})
        answer = self.http.get("/api/v1/query", params=values).json()
        assert answer["status"] == "success", answer
        kind, result = answer["data"]["resultType"], answer["data"]["result"]
        assert kind == "vector", f"{expr}: a {kind}"
        found = {
            frozenset((k, v) for k, v in one["metric"].items() if k != "__name__"): float(one["value"][1])
            for one in result
        }
        assert len(found) == len(result), f"{expr}: two samples differ by their name only"
        return found

    def one(self, expr: str, at: float | None = None) -> float:
        """The only sample."""
        (value,) = self.ask(expr, at).values()
        return value

    def alert_rules(self) -> list[dict[str, Any]]:
        """The alerts as the server has read them: name, labels, query."""
        groups = self.http.get("/api/v1/rules", params={"type": "alert"}).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def targets(self) -> dict[str, str]:
        """Each scraped address by job: its health and the last error."""
        found = self.http.get("/api/v1/targets").json()["data"]["activeTargets"]
        return {
            f"{t['labels']['job']} {t['labels']['instance']}": f"{t['health']} {t['lastError']}".strip()
            for t in found
        }


def tools() -> Path:
    """Where prometheus and promtool are. Skips where there are none, fails in CI (`make test` sets them up)."""
    own = ROOT / "var" / "tools" / "prometheus" / "usr" / "bin"
    on_path = shutil.which("prometheus")
    folder = own if (own / "prometheus").exists() else Path(on_path).parent if on_path else None
    if folder is None:
        assert not os.environ.get("CI"), "in CI Prometheus must be there (scripts/setup_prometheus)"
        pytest.skip("there is no Prometheus here; scripts/setup_prometheus fetches it where apt can")
    return folder


@contextmanager
def running_prometheus(folder: Path, addresses: Mapping[str, str], token: str) -> Iterator[Prometheus]:
    """Scrapes `addresses` (the repository's target: the one to ask instead) with the bearer `token`."""
    binary = tools() / "prometheus"
    port = _free_port()
    config = _adapted(folder, {**addresses, "localhost:9090": f"127.0.0.1:{port}"}, token)
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(binary),
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Prometheus(f"http://127.0.0.1:{port}")
    try:
        wait_until(lambda: _is_ready(server, process), f"Prometheus is ready; see {folder}/prometheus.log")
        yield server
    finally:
        server.http.close()
        process.kill()  # what it stored is for nobody
        process.wait()


def _adapted(folder: Path, addresses: Mapping[str, str], token: str) -> Path:
    shutil.copytree(ROOT / "monitoring" / "prometheus", folder / "config")
    path = folder / "config" / "prometheus.yml"
    config = yaml.safe_load(path.read_text())
    config["global"] = {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY}
    (folder / "token").write_text(token)
    for job in config["scrape_configs"]:
        if "authorization" in job:
            job["authorization"] = {"credentials_file": str(folder / "token")}
        for targets in job["static_configs"]:
            targets["targets"] = [addresses[target] for target in targets["targets"]]
    path.write_text(yaml.safe_dump(config))
    return path


def _is_ready(server: Prometheus, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "Prometheus ended while starting"
    try:
        return server.http.get("/-/ready").status_code == 200
    except httpx2.TransportError:
        return False
