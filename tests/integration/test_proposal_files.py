"""Photos and papers of a proposal: frozen with it, copied to the next version, shown to its reader alone."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import psycopg
import pytest
from PIL import Image
from tests.conftest import RunningApp

from crm.kit.database import Database
from crm.proposals.content import content_hash, load

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def kept(api: httpx2.Client, kind: str, shade: int = 90) -> int:
    """A new picture, or as an attachment a PDF; its id."""
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (shade, 90, 120)).save(out, "PNG")
    data = PDF if kind == "attachment" else out.getvalue()
    answer = api.post("/files", params={"kind": kind, "name": f"{kind}.x"}, content=data)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def offer(files: list[dict[str, Any]]) -> dict[str, Any]:
    line = {"name": "Roof", "quantity": "1", "unit_price_minor": 500_000}
    return {"customer_id": 1, "title": "Roof with pictures", "lines": [line], "files": files}


@pytest.fixture
def sent(api: httpx2.Client) -> dict[str, Any]:
    """A proposal with a photo and a PDF, sent."""
    files = [
        {"file_id": kept(api, "attachment"), "caption": "Manufacturer's warranty"},
        {"file_id": kept(api, "photo"), "caption": "North slope"},
    ]
    draft = api.post("/proposals", json=offer(files)).json()
    return api.post(f"/proposals/{draft['id']}/send").json()


def test_files_come_in_order_with_captions(api: httpx2.Client, sent: dict[str, Any]):
    """What was attached is answered in its order with caption and hash, and the next version has it too."""
    proposal = sent["proposal"]
    shown = [(one["kind"], one["caption"]) for one in proposal["files"]]
    assert shown == [("attachment", "Manufacturer's warranty"), ("photo", "North slope")]
    following = api.post(f"/proposals/{proposal['id']}/supersede").json()
    assert following["files"] == proposal["files"]
    turned = [{"file_id": one["id"]} for one in reversed(proposal["files"])]
    changed = api.patch(f"/proposals/{following['id']}", json={"files": turned}).json()
    assert [(one["kind"], one["caption"]) for one in changed["files"]] == [("photo", ""), ("attachment", "")]


def test_what_was_sent_keeps_its_files(
    api: httpx2.Client, sent: dict[str, Any], owner_sql: psycopg.Connection
):
    """After sending neither the API nor SQL changes a photo or a caption, and no file of it can be deleted."""
    proposal = sent["proposal"]
    refused = api.patch(f"/proposals/{proposal['id']}", json={"files": []})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "proposal-frozen")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner_sql.execute("UPDATE proposal_files SET caption = 'x' WHERE proposal_id = %s", [proposal["id"]])
    file_id = proposal["files"][0]["id"]
    in_use = api.delete(f"/files/{file_id}")
    assert (in_use.status_code, in_use.json()["type"].rpartition("/")[2]) == (409, "file-in-use")
    assert api.get(f"/files/{file_id}/content").content == PDF


def test_a_changed_picture_is_not_what_was_signed(
    app_server: RunningApp, sent: dict[str, Any], owner_sql: psycopg.Connection
):
    """The hash covers the files: when one is another than was sent, the signature is refused."""
    proposal = sent["proposal"]
    client = app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")
    owner_sql.execute("UPDATE files SET sha256 = repeat('0', 64) WHERE id = %s", [proposal["files"][1]["id"]])
    body = {"signer_name": "Elena Hartley", "content_hash": proposal["content_hash"], "agree": True}
    refused = client.post(f"/portal/{proposal['id']}/approve", json=body)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "content-changed")


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_hashes_of_older_forms_still_hold(
    app_server: RunningApp,
    sent: dict[str, Any],
    owner_sql: psycopg.Connection,
    database: Database,
    version: int,
):
    """A proposal that was frozen under an older form can be signed under the hash it was sent with."""

    proposal = sent["proposal"]
    async with database.transaction(1) as session:
        old_hash = content_hash(await load(session, 1, proposal["id"]), version)
    assert old_hash != proposal["content_hash"]
    owner_sql.execute("UPDATE proposals SET content_hash = %s WHERE id = %s", [old_hash, proposal["id"]])
    client = app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")
    body = {"signer_name": "Elena Hartley", "content_hash": old_hash, "agree": True}
    signed = client.post(f"/portal/{proposal['id']}/approve", json=body)
    assert (signed.status_code, signed.json()["status"]) == (200, "approved")


def test_the_link_opens_its_files_and_no_others(
    app_server: RunningApp, api: httpx2.Client, sent: dict[str, Any]
):
    """The customer reads the proposal's files and the logo with the link, and no other file of the company."""
    proposal = sent["proposal"]
    client = app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")
    base = f"/portal/{proposal['id']}/files"
    attachment = client.get(f"{base}/{proposal['files'][0]['id']}")
    assert (attachment.content, attachment.headers["content-type"]) == (PDF, "application/pdf")
    assert "sandbox" in attachment.headers["content-security-policy"]
    assert client.get(f"{base}/{kept(api, 'photo', 200)}").status_code == 404
    assert client.get(f"/portal/7/files/{proposal['files'][0]['id']}").status_code == 401
    assert app_server.client().get(f"{base}/{proposal['files'][0]['id']}").status_code == 401
    logo = kept(api, "logo")
    assert client.get(f"{base}/{logo}").status_code == 404
    assert api.put("/org/logo", json={"file_id": logo}).json()["logo_file_id"] == logo
    assert client.get(f"/portal/{proposal['id']}").json()["contractor"]["logo_file_id"] == logo
    assert client.get(f"{base}/{logo}").headers["content-type"] == "image/png"


def test_a_list_that_cannot_be_is_refused_by_place(app_server: RunningApp, api: httpx2.Client):
    """An unknown file, a logo, another company's file and the same file twice are refused where they stand."""
    photo, logo = kept(api, "photo"), kept(api, "logo")
    foreign = kept(app_server.as_user("admin@summit.example"), "photo", 30)
    for wrong in (999_999, logo, foreign, photo):
        refused = api.post("/proposals", json=offer([{"file_id": photo}, {"file_id": wrong}]))
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "files.1.file_id"


def test_a_file_that_nothing_uses_can_go(api: httpx2.Client):
    """A photo is deleted once no proposal shows it, a logo once it is taken down; what is gone is not found."""
    photo, logo = kept(api, "photo"), kept(api, "logo")
    draft = api.post("/proposals", json=offer([{"file_id": photo}])).json()
    api.put("/org/logo", json={"file_id": logo})
    assert [api.delete(f"/files/{one}").status_code for one in (photo, logo)] == [409, 409]
    assert api.delete(f"/proposals/{draft['id']}").status_code == 200
    assert api.delete("/org/logo").json()["logo_file_id"] is None
    assert [api.delete(f"/files/{one}").status_code for one in (photo, logo)] == [204, 204]
    assert api.get(f"/files/{photo}/content").status_code == 404
    assert api.put("/org/logo", json={"file_id": photo}).json()["errors"][0]["field"] == "file_id"
