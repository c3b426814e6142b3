"""docs/api.md takes a proposal from draft to paid: the very calls that it shows, run as a reader would copy them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
from tests.conftest import RunningApp

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
SECONDS_MAX = 60


def blocks(language: str) -> str:
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL))


def run(command: list[str], app: RunningApp, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "BASE": app.url}
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def test_the_calls_by_curl(app_server: RunningApp, api: httpx2.Client, tmp_path: Path):
    """Written, changed under its tag, sent, approved with option and extra, its deposit paid, the receipt a PDF."""
    told = run(["bash", "-euo", "pipefail", "-c", blocks("sh")], app_server, tmp_path)
    # 2,000.00 + 33.5 x 310.00 + 120 x 9.99
    assert "total 1358380, payment " in told
    [row] = [
        one
        for one in api.get("/proposals").json()["items"]
        if one["title"].startswith("Roof replacement, 412")
    ]
    proposal = api.get(f"/proposals/{row['id']}").json()
    assert (proposal["status"], proposal["introduction"]) == ("approved", "Dear Elena, as we discussed.")
    assert proposal["approval"]["signer_name"] == "Elena Hartley"
    parts = {
        one["part"]: (one["state"], one["amount_minor"])
        for one in api.get("/payments", params={"proposal_id": row["id"]}).json()["items"]
    }
    assert parts["deposit"] == ("paid", 407_514)
    assert sum(amount for _, amount in parts.values()) == 1_358_380
    assert (tmp_path / "receipt.pdf").read_bytes().startswith(b"%PDF-")


def test_the_same_in_python(app_server: RunningApp, tmp_path: Path):
    """The program needs nothing but Python, and ends with the deposit paid."""
    told = run([sys.executable, "-c", blocks("python")], app_server, tmp_path)
    assert told == "paid 45000 of 150000\n"


def test_every_address_on_the_page_exists(app_server: RunningApp):
    """Whatever path the page names is one of the API's."""
    known = {re.sub(r"\{[^}]+\}", "*", path) for path in app_server.app.openapi()["paths"]}
    named = re.findall(r"\$BASE(/[^\"\s?]+)", PAGE) + re.findall(r'call\("[A-Z]+", f?"(/[^"?]+)', PAGE)
    assert len(named) > 15
    bare = {re.sub(r"\$[A-Z]+|\{[^}]+\}", "*", path) for path in named}
    assert bare - known == set()
