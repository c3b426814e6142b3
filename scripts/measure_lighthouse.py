"""Lighthouse as on a phone over the homeowner's page, served by the real stack: the figures, and whether each is enough.

Usage: `make lighthouse` (ARGS="--runs 3 --keep FOLDER"). Exit status 1 when a category is below SCORE_MIN, 2 when it
could not be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from own_stack import ROOT, link_of, stack

PROGRAM = ROOT / "scripts" / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
SCORE_MIN = 95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# One plain offer and one with options to choose from.
PROPOSALS = (7, 9)
RUN_SECONDS_MAX = 240.0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--runs", type=int, default=1, help="measure each page so often, the median counts"
    )
    arguments.add_argument("--keep", type=Path, help="a folder for Lighthouse's own reports")
    given = arguments.parse_args()
    chromium = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    if chromium is None:
        print("no Chromium: install it, or say where it is with CHROMIUM=/path/to/chromium")
        return 2
    enough = True
    with tempfile.TemporaryDirectory(prefix="crm-lighthouse-") as folder, stack(Path(folder)) as environment:
        for proposal in PROPOSALS:
            reports = [
                measured(link_of(proposal, environment), chromium, Path(folder)) for _ in range(given.runs)
            ]
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                (given.keep / f"proposal-{proposal}.json").write_text(json.dumps(reports[-1]))
            enough &= told(proposal, reports)
    return 0 if enough else 1


def measured(url: str, chromium: str, folder: Path) -> dict[str, Any]:
    """Lighthouse's report of one load: its own phone, its own slow network (the defaults)."""
    report = folder / "report.json"
    ran = subprocess.run(
        [
            ROOT / "scripts" / "with_node",
            "node",
            PROGRAM,
            url,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--only-categories={','.join(CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
        ],
        cwd=ROOT,
        env={**os.environ, "CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    if ran.returncode != 0:
        print(ran.stderr[-2000:])
        raise SystemExit(2)
    read: dict[str, Any] = json.loads(report.read_text())
    if error := read.get("runtimeError"):
        print(f"Lighthouse could not measure: {error.get('message')}")
        raise SystemExit(2)
    return read


def told(proposal: int, reports: list[dict[str, Any]]) -> bool:
    """Prints the scores and what costs points; returns whether all of them are enough."""
    enough = True
    print(f"proposal {proposal}")
    for name in CATEGORIES:
        score = round(100 * statistics.median(report["categories"][name]["score"] or 0 for report in reports))
        enough &= score >= SCORE_MIN
        print(f"  {name:16} {score:3}  {'' if score >= SCORE_MIN else f'below {SCORE_MIN}'}")
    for audit in (
        "first-contentful-paint",
        "largest-contentful-paint",
        "total-blocking-time",
        "cumulative-layout-shift",
    ):
        print(f"  {audit:26} {reports[-1]['audits'][audit]['displayValue']}")
    for name in CATEGORIES:
        for reference in reports[-1]["categories"][name]["auditRefs"]:
            audit = reports[-1]["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"  costs points: {name}: {audit['title']} {audit.get('displayValue', '')}")
    return enough


if __name__ == "__main__":
    sys.exit(main())
