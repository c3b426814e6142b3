"""The price book and templates: found fast, copied into proposals, never changing an offer that was made."""

from __future__ import annotations

from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp

LINE: dict[str, Any] = {"name": "Roof", "quantity": "2", "unit_price_minor": 500_000, "section": "Roof"}


def kind(answer: httpx2.Response) -> str:
    return str(answer.json()["type"]).rpartition("/")[2]


def template_id(api: httpx2.Client, name: str) -> int:
    return int(api.get("/proposal-templates", params={"q": name}).json()["items"][0]["id"])


def test_a_price_item_is_added_found_changed_and_deleted(api: httpx2.Client):
    """It takes the company's currency, is found by part of its section, and can be put out of use or deleted."""
    new = {"name": "Copper valley", "unit": "ft", "unit_price_minor": 2_150, "tax_percent": "8.81",
           "section": "Metalwork"}  # fmt: skip
    made = api.post("/price-items", json=new).json()
    assert made == {**made, **new, "currency": "USD", "active": True}
    found = api.get("/price-items", params={"q": "metalWORK"}).json()["items"]
    assert [one["id"] for one in found] == [made["id"]]
    url = f"/price-items/{made['id']}"
    assert api.patch(url, json={"active": False, "unit_price_minor": 2_300}).json()["active"] is False
    assert api.get("/price-items", params={"q": "metalwork", "active": True}).json()["items"] == []
    assert api.get(url).json()["unit_price_minor"] == 2_300
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


def test_one_name_stands_once_in_the_book(app_server: RunningApp, api: httpx2.Client):
    """Added or renamed to a name that is there: refused, in any case of letters; another company is free."""
    item = {"name": "Copper valley", "unit_price_minor": 2_150}
    assert api.post("/price-items", json=item).status_code == 201
    twice = api.post("/price-items", json={**item, "name": "COPPER valley"})
    assert (twice.status_code, kind(twice)) == (409, "price-item-exists")
    other = api.post("/price-items", json={**item, "name": "Zinc valley"}).json()
    renamed = api.patch(f"/price-items/{other['id']}", json={"name": "copper valley"})
    assert kind(renamed) == "price-item-exists"
    summit = app_server.as_user("admin@summit.example")
    assert summit.post("/price-items", json=item).status_code == 201
    assert summit.get(f"/price-items/{other['id']}").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("unit_price_minor", 10**12),
        ("tax_percent", "101"),
        ("currency", "ZZZ"),
        ("unit", "x" * 61),
    ],
)
def test_what_cannot_be_a_price_is_refused_by_name(api: httpx2.Client, field: str, value: object):
    """The answer names the field, on adding and on changing."""
    item = {"name": "Copper valley", "unit_price_minor": 2_150, field: value}
    assert api.post("/price-items", json=item).json()["errors"][0]["field"] == field
    some = api.get("/price-items").json()["items"][0]["id"]
    assert api.patch(f"/price-items/{some}", json={field: value}).json()["errors"][0]["field"] == field


def test_a_proposal_is_written_from_each_demo_template(api: httpx2.Client):
    """Good, better and best; a storm repair; one in Spanish: each becomes a draft that can be sent."""
    drafts = {}
    for one in api.get("/proposal-templates").json()["items"]:
        made = api.post(f"/proposal-templates/{one['id']}/proposals", json={"customer_id": 1})
        assert made.status_code == 201, made.text
        drafts[one["name"]] = made.json()
        assert api.post(f"/proposals/{made.json()['id']}/send").status_code == 200
    assert {draft["language"] for draft in drafts.values()} == {"en", "es"}
    roof = drafts["Roof replacement, good, better, best"]
    assert [option["name"] for option in roof["options"]] == ["Good", "Better", "Best"]
    assert [part["key"] for part in roof["schedule"]] == ["deposit", "milestone:1", "final"]


def test_a_proposal_becomes_a_template_and_back(api: httpx2.Client):
    """What was kept of a proposal gives a draft that says the same, for another customer and under another title."""
    offer = {"customer_id": 1, "title": "Elm Street", "terms": "Cash.", "deposit": {"percent": 20}, "lines": [LINE],
             "options": [{"name": "Best", "lines": [{**LINE, "optional": True}]}],
             "milestones": [{"name": "Dried in", "percent": "12.5"}]}  # fmt: skip
    first = api.post("/proposals", json=offer).json()
    body = {"name": "Simple roof", "proposal_id": first["id"]}
    kept = api.post("/proposal-templates/of-proposal", json=body).json()
    assert "customer_id" not in kept["content"]
    made = api.post(
        f"/proposal-templates/{kept['id']}/proposals", json={"customer_id": 2, "title": "Oak Street"}
    ).json()
    assert (made["title"], made["customer"]["id"], made["status"]) == ("Oak Street", 2, "draft")
    for field in ("terms", "deposit", "milestones", "schedule", "total_minor", "currency", "language"):
        assert made[field] == first[field], field
    assert made["options"][0]["lines"][0]["optional"] is True
    assert kind(api.post("/proposal-templates/of-proposal", json=body)) == "template-exists"


def test_changing_a_template_changes_no_proposal(api: httpx2.Client):
    """A template is renamed, filled anew and deleted; the draft made of it before stays as it was."""
    content = {"title": "Roof", "lines": [LINE]}
    kept = api.post("/proposal-templates", json={"name": "Mine", "content": content}).json()
    assert kept["content"]["lines"][0]["unit_price_minor"] == 500_000
    draft = api.post(f"/proposal-templates/{kept['id']}/proposals", json={"customer_id": 1}).json()
    dearer = {"title": "Roof", "lines": [{**LINE, "unit_price_minor": 600_000}]}
    url = f"/proposal-templates/{kept['id']}"
    assert api.patch(url, json={"name": "Ours", "content": dearer}).json()["name"] == "Ours"
    assert api.get(f"/proposals/{draft['id']}").json()["total_minor"] == draft["total_minor"] == 1_000_000
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


def test_what_is_no_longer_possible_in_a_template_is_named(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Values of an older time and a photo that is gone are refused with their place; no draft is left behind."""
    storm = template_id(api, "Storm repair")
    url = f"/proposal-templates/{storm}/proposals"
    before = api.get("/proposals").json()["items"][0]["id"]
    for path, value, field in (
        ("{lines,0,tax_percent}", '"200"', "lines.0.tax_percent"),
        ("{lines,0,tax_percent}", '"0"', None),
        ("{colour}", '"red"', "colour"),
    ):
        owner_sql.execute(
            "UPDATE proposal_templates SET content = jsonb_set(content, %s, %s) WHERE id = %s",
            [path, value, storm],
        )
        answer = api.post(url, json={"customer_id": 1})
        if field is None:
            assert api.delete(f"/proposals/{answer.json()['id']}").status_code == 200
            continue
        assert (answer.status_code, kind(answer)) == (409, "template-outdated")
        assert answer.json()["errors"][0]["field"] == field
    gone = {"title": "Roof", "lines": [LINE], "files": [{"file_id": 99_999}]}
    kept = api.post("/proposal-templates", json={"name": "With photo", "content": gone}).json()
    refused = api.post(f"/proposal-templates/{kept['id']}/proposals", json={"customer_id": 1})
    assert refused.json()["errors"][0]["field"] == "files.0.file_id"
    assert api.get("/proposals").json()["items"][0]["id"] == before
    unknown = api.post(f"/proposal-templates/{kept['id']}/proposals", json={"customer_id": 99_999})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "customer_id")


def test_who_only_reads_writes_no_template(app_server: RunningApp):
    """A reader sees the book and the templates and changes neither; somebody who sells may."""
    viewer, sales = app_server.as_user("viewer@peakpro.io"), app_server.as_user("sales@peakpro.io")
    assert viewer.get("/price-items").status_code == viewer.get("/proposal-templates").status_code == 200
    item = {"name": "Copper valley", "unit_price_minor": 2_150}
    assert [one.post("/price-items", json=item).status_code for one in (viewer, sales)] == [403, 201]
    kept = {"name": "Mine", "content": {"title": "Roof"}}
    assert [one.post("/proposal-templates", json=kept).status_code for one in (viewer, sales)] == [403, 201]


def test_a_template_keeps_what_it_said_and_brings_it_back(
    app_server: RunningApp, api: httpx2.Client, owner_sql: psycopg.Connection
):
    """Every save is a revision with who made it; an older one is restored as a new one and taken back the same way; what is
    the same makes none, the oldest give way, and a name that is taken by now is said."""
    content = {"title": "Roof", "lines": [LINE]}
    url = "/proposal-templates"
    made = api.post(url, json={"name": "Mine", "content": content}).json()
    url = f"{url}/{made['id']}"
    dearer = {"title": "Roof", "lines": [{**LINE, "unit_price_minor": 600_000}]}
    office = app_server.as_user("office@peakpro.io")
    for _ in range(2):  # saved twice is one revision
        assert office.patch(url, json={"name": "Ours", "content": dearer}).json()["revision"] == 2

    def kept() -> list[tuple[int, str, str | None, int | None]]:
        items = api.get(f"{url}/revisions").json()["items"]
        return [(one["revision"], one["name"], one["saved_by"], one["restored_from"]) for one in items]

    assert kept() == [(2, "Ours", "Dana Whitfield", None), (1, "Mine", "Alex Romero", None)]
    restored = api.post(f"{url}/revisions/1/restore").json()
    assert (restored["revision"], restored["name"], restored["content"]) == (3, "Mine", made["content"])
    assert api.post(f"{url}/revisions/1/restore").json()["revision"] == 3  # it says that already
    assert api.post(f"{url}/revisions/2/restore").json()["content"]["lines"][0]["unit_price_minor"] == 600_000
    assert kept()[0] == (4, "Ours", "Alex Romero", 2)
    first = api.get(f"{url}/revisions", params={"limit": 3}).json()
    rest = api.get(f"{url}/revisions", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [one["revision"] for one in [*first["items"], *rest["items"]]] == [4, 3, 2, 1]
    assert api.get("/activity").json()["items"][0]["sentence"] == "Template Ours is again as revision 2 was"

    assert api.post("/proposal-templates", json={"name": "Mine", "content": content}).status_code == 201
    assert kind(api.post(f"{url}/revisions/1/restore")) == "template-exists"
    assert api.post(f"{url}/revisions/9/restore").status_code == 404
    assert app_server.as_user("viewer@peakpro.io").post(f"{url}/revisions/2/restore").status_code == 403
    summit = app_server.as_user("admin@summit.example")
    assert summit.get(f"{url}/revisions").status_code == 404
    owner_sql.execute(
        "UPDATE proposal_templates SET revision = 101 WHERE org_id = 1 AND id = %s", [made["id"]]
    )
    assert api.patch(url, json={"name": "Theirs"}).json()["revision"] == 102
    assert [number for number, *_ in kept()] == [102, 4, 3]
    assert api.delete(url).status_code == 204
    assert (
        owner_sql.execute("SELECT 1 FROM template_revisions WHERE template_id = %s", [made["id"]]).fetchall()
        == []
    )
