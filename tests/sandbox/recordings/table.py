"""The table of docs/sandbox-recordings.md: what was compared with what, and every difference with its reason.

`python -m tests.sandbox.recordings.table` writes it.
"""

from collections import Counter
from pathlib import Path

from tests.sandbox.recordings import folder
from tests.sandbox.recordings.differences import reason
from tests.sandbox.recordings.outcome import Outcome

from crm_sandbox.testing import running_sandbox

PAGE = Path(__file__).parents[3] / "docs" / "sandbox-recordings.md"

_HEAD = """# The QuickBooks simulator against recordings

Written by `make sandbox-recordings`; a test says when it is out of date. The recordings are others' (of live companies
where a folder's description says so); they are read from `../shared/data/quickbooks` and not kept here.

Each request is sent again over HTTP to a company of the simulator that was brought to the recorded state through the
API; answers without a request are asked for. Compared are status, Content-Type, WWW-Authenticate, whether intuit_tid
and qbo-version are there, every key, every JSON type, and every value that is no id, time or token. Ids are followed:
a reference must point to the object that stands for the recorded one.
"""


def outcomes_of_all() -> dict[str, list[Outcome]]:
    """Plays every file: its name -> what came of it."""
    with running_sandbox(qbo_rate_limits_on=False) as sandbox:
        return {name: folder.play(sandbox, name) for name in folder.played_files()}


def rendered(outcomes: dict[str, list[Outcome]]) -> str:
    """The whole page."""
    every = [one for found in outcomes.values() for one in found]
    paths = sum(one.comparison.paths for one in every)
    equal = sum(not one.differences for one in every)
    reasons = Counter(
        (reason(one.recording, found) or "unknown").strip() for one in every for found in one.differences
    )
    summary = (
        f"**{len(outcomes)} files, {len(every)} answers, {paths:,} paths compared: {equal} answers are equal throughout, "
        f"{len(every) - equal} differ for {len(reasons)} reasons.**\n"
    )
    lines = [_HEAD, summary]
    for name in dict.fromkeys(name.split("/")[0] for name in outcomes):
        lines += _folder(
            name, {file: found for file, found in outcomes.items() if file.startswith(f"{name}/")}
        )
    lines += ["\n## Not played\n", "| file | reason |", "|---|---|"]
    lines += [f"| `{pattern}` | {_cell(why)} |" for pattern, why in (*folder.NOT_PLAYED, *folder.OTHER_TESTS)]
    return "\n".join(lines) + "\n"


def _folder(name: str, outcomes: dict[str, list[Outcome]]) -> list[str]:
    lines = [
        f"\n## {name}\n",
        "| file | object | request | paths | equal, or why not |",
        "|---|---|---|---|---|",
    ]
    for file, found in outcomes.items():
        rows: dict[tuple[str, str, str], list[Outcome]] = {}
        for one in found:
            whys = dict.fromkeys(reason(one.recording, each) or "unknown" for each in one.differences)
            rows.setdefault((one.entity, one.request, "; ".join(whys) or "equal"), []).append(one)
        for (entity, request, why), same in rows.items():
            paths = sum(one.comparison.paths for one in same)
            times = f" ({len(same)} objects)" if len(same) > 1 else ""
            shown = file.removeprefix(f"{name}/")
            lines.append(f"| {shown} | {entity} | `{_cell(request)}`{times} | {paths} | {_cell(why)} |")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(rendered(outcomes_of_all()))
