"""Two people write one draft: nobody's words are overwritten unseen, and saving often does not fill the log."""

from __future__ import annotations

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.test_proposals import draft, events


@pytest.fixture
def colleague(app_server: RunningApp) -> httpx2.Client:
    return app_server.as_user("office@peakpro.io")


def test_the_second_is_told_who_was_first_and_when(api: httpx2.Client, colleague: httpx2.Client):
    """A change upon an old revision is 412 with name and moment, changes nothing, and can be made upon the new one."""
    made = draft(api)
    seen = colleague.get(f"/proposals/{made['id']}")
    assert (seen.headers["etag"], seen.json()["revised_by"]) == ('"1"', None)
    first = api.patch(
        f"/proposals/{made['id']}", json={"title": "Mine"}, headers={"If-Match": seen.headers["etag"]}
    )
    assert (first.status_code, first.headers["etag"], first.json()["revision"]) == (200, '"2"', 2)
    name = api.get("/auth/me").json()["name"]

    second = colleague.patch(
        f"/proposals/{made['id']}", json={"title": "Ours"}, headers={"If-Match": seen.headers["etag"]}
    )
    assert second.status_code == 412
    problem = second.json()
    assert problem["type"].endswith("/changed-meanwhile")
    assert (problem["changed_by"], problem["revision"]) == (name, 2)
    assert problem["changed_at"][:16] == first.json()["revised_at"][:16]
    assert problem["detail"].startswith(f"{name} changed this draft")

    now = colleague.get(f"/proposals/{made['id']}")
    assert (now.json()["title"], now.json()["revised_by"]) == ("Mine", name)
    kept = colleague.patch(
        f"/proposals/{made['id']}", json={"title": "Ours"}, headers={"If-Match": now.headers["etag"]}
    )
    assert (kept.status_code, kept.json()["title"], kept.json()["revision"]) == (200, "Ours", 3)


@pytest.mark.parametrize("if_match", [None, "*", '"7", "1"'])
def test_who_does_not_ask_or_names_this_revision_too_is_let_through(api: httpx2.Client, if_match: str | None):
    """Without If-Match, with a star, or with a list that holds the revision a change is made as before."""
    made = draft(api)
    headers = {"If-Match": if_match} if if_match else {}
    answer = api.patch(f"/proposals/{made['id']}", json={"title": "Changed"}, headers=headers)
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)


@pytest.mark.parametrize("if_match", ["1", 'W/"1"', '"2"', '""', "x" * 400])
def test_any_other_tag_is_another_revision(api: httpx2.Client, if_match: str):
    """A tag that is not ours, weak or unquoted matches nothing; a draft is never changed by guessing."""
    made = draft(api)
    answer = api.patch(f"/proposals/{made['id']}", json={"title": "No"}, headers={"If-Match": if_match})
    assert answer.status_code == 412
    assert api.get(f"/proposals/{made['id']}").json()["title"] == "New roof"


def test_a_sitting_is_said_once_and_every_change_of_hand(
    api: httpx2.Client, colleague: httpx2.Client, owner_sql: psycopg.Connection
):
    """Ten saves of one person in one sitting are one entry; a colleague's and a deliberate change are their own."""
    made = draft(api)
    path = f"/proposals/{made['id']}"
    for number in range(10):
        answer = api.patch(path, params={"autosave": True}, json={"title": f"Roof {number}"})
        assert answer.status_code == 200
    assert events(owner_sql, made["id"]).count("proposal_updated") == 1
    colleague.patch(path, params={"autosave": True}, json={"title": "Roof"})
    assert events(owner_sql, made["id"]).count("proposal_updated") == 2
    colleague.patch(path, json={"title": "A roof"})
    assert events(owner_sql, made["id"]).count("proposal_updated") == 3
    owner_sql.execute("UPDATE proposals SET revised_at = now() - interval '11 minutes'")
    colleague.patch(path, params={"autosave": True}, json={"title": "The roof"})
    assert events(owner_sql, made["id"]).count("proposal_updated") == 4


def test_what_was_sent_has_no_tag_and_stays(api: httpx2.Client):
    """Who writes on while a colleague sends is told that it was sent; its tag opens nothing."""
    made = draft(api)
    tag = api.get(f"/proposals/{made['id']}").headers["etag"]
    assert api.post(f"/proposals/{made['id']}/send").status_code == 200
    answer = api.patch(f"/proposals/{made['id']}", json={"title": "No"}, headers={"If-Match": tag})
    assert answer.status_code == 409
    assert "etag" not in api.get(f"/proposals/{made['id']}").headers


def test_nothing_is_sent_that_the_sender_did_not_see(
    api: httpx2.Client, colleague: httpx2.Client, owner_sql: psycopg.Connection
):
    """A change a second earlier: sending is 412 with who made it, the draft stays one and says nothing; the revision
    that was read is sent, and who asks nothing sends as before."""
    made = draft(api)
    seen = api.get(f"/proposals/{made['id']}")
    colleague.patch(f"/proposals/{made['id']}", json={"introduction": "Half the price, boss."})
    refused = api.post(f"/proposals/{made['id']}/send", headers={"If-Match": seen.headers["etag"]})
    assert refused.status_code == 412
    assert refused.json()["changed_by"] == colleague.get("/auth/me").json()["name"]
    now = api.get(f"/proposals/{made['id']}")
    assert now.json()["status"] == "draft"
    assert "proposal_sent" not in events(owner_sql, made["id"])
    sent = api.post(f"/proposals/{made['id']}/send", headers={"If-Match": now.headers["etag"]})
    assert (sent.status_code, sent.json()["proposal"]["status"]) == (200, "sent")
    other = draft(api)
    assert api.post(f"/proposals/{other['id']}/send").status_code == 200
