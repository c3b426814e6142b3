"""The sandbox's pages name everything that there is: options, faults, presets, endpoints of its own."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from starlette.routing import Route
from tests.sandbox.quickbooks_world import Books

from crm_sandbox.__main__ import _options
from crm_sandbox.fault_presets import PRESETS
from crm_sandbox.fault_rule import ACTIONS, COMMON, MATCH
from crm_sandbox.quickbooks.company import CompanySettings

DOCS = Path(__file__).parents[2] / "docs"
START = (DOCS / "sandbox.md").read_text()
FAULTS = (DOCS / "sandbox-faults.md").read_text()
PAGES = "".join(page.read_text() for page in sorted(DOCS.glob("sandbox*.md")))


def test_every_option_is_documented() -> None:
    """Each option of the command stands in the table of options."""
    options = {text for action in _options()._actions for text in action.option_strings} - {"-h", "--help"}
    assert {option for option in options if f"`{option}`" not in START} == set()


def test_every_fault_and_preset_is_documented() -> None:
    """Each action with its options, each common field and each preset with its title's meaning."""
    for name, action in ACTIONS.items():
        (row,) = [text for text in FAULTS.splitlines() if re.match(r"\| .*`" + name + "`", text)]
        assert [option for option in action.options if f"`{option}`" not in row] == [], name
    assert {
        name for name in (*COMMON, *MATCH) if f"`{name}`" not in FAULTS and f'"{name}"' not in FAULTS
    } == set()
    assert {name for name in PRESETS if f"| `{name}` |" not in FAULTS} == set()


def test_every_setting_of_a_company_is_documented() -> None:
    """Whatever a company can be set to stands on the page of QuickBooks."""
    told = (DOCS / "sandbox-quickbooks.md").read_text()
    assert {one.name for one in fields(CompanySettings) if not re.search(rf"\b{one.name}\b", told)} == set()


def test_the_example_of_a_fault_is_taken(books: Books) -> None:
    """The JSON on the page is a fault that the sandbox accepts."""
    (example,) = re.findall(r"```json\n(.*?)```", FAULTS, re.DOTALL)
    assert books.sandbox.call("POST", "/_faults", json.loads(example))["id"] == "1"


def test_every_control_endpoint_is_documented(books: Books) -> None:
    """Whatever answers under /_state or /_faults stands on one of the pages."""
    routes = [route for route in books.sandbox.app.routes if isinstance(route, Route)]
    paths = {route.path for route in routes if route.path.startswith(("/_state", "/_faults"))}
    assert len(paths) > 20
    assert not documented("/_state/quickbooks/nothing_like_it")
    assert {path for path in paths if not documented(path)} == set()


@pytest.mark.parametrize("page", sorted(DOCS.glob("sandbox*.md")), ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    """Every link to another page, and to a heading on it, exists."""
    for target, anchor in re.findall(r"\]\(([a-z-]+\.md)?(?:#([a-z0-9-]+))?\)", page.read_text()):
        there = DOCS / target if target else page
        assert there.exists(), target
        headings = re.findall(r"^#+ (.*)$", there.read_text(), re.MULTILINE)
        assert not anchor or anchor in {
            re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings
        }


def documented(path: str) -> bool:
    """Whether a page shows the path, perhaps shortened to `...` or `/won` or `/lost` for its last part."""
    bare = re.sub(r":[a-z]+}", "}", path)
    last = "/".join(bare.split("/")[-2:])
    shown = [re.escape(bare), re.escape(last)]
    shown += [re.sub(r"\\\{(answer|kind)\\\}", r"[a-z_{}]+", one) for one in shown]
    pattern = "|".join(
        re.sub(r"\\\{(id|number|realm|entity|Entity|name)\\\}", r"\\{[^}]+\\}", one) for one in shown
    )
    return re.search(pattern, PAGES) is not None
