"""Files that people send: taken for what they are, kept once, shown without harm."""

from __future__ import annotations

import io
import zlib

import httpx2
import psycopg
import pytest
from PIL import Image
from tests.conftest import RunningApp

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(width: int, height: int, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(out, form, **options)
    return out.getvalue()


def upload(api: httpx2.Client, kind: str, data: bytes, name: str = "") -> httpx2.Response:
    return api.post("/files", params={"kind": kind, "name": name}, content=data)


def test_a_large_photo_becomes_a_small_one_without_its_place(api: httpx2.Client):
    """A photo of 20 MB, lying on its side with a GPS position, is kept upright, at most 2,400 px, without EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn me a quarter"
    exif.get_ifd(0x8825)[2] = (39.0, 44.0, 21.0)  # latitude
    data = picture(4_800, 3_600, quality=97, exif=exif)
    assert len(data) > 15_000_000
    kept = upload(api, "photo", data, "IMG_2041.HEIC")
    assert kept.status_code == 201, kept.text
    row = kept.json()
    assert (row["media_type"], row["name"]) == ("image/jpeg", "IMG_2041.jpg")
    assert (row["width"], row["height"]) == (1_800, 2_400)
    shown = api.get(f"/files/{row['id']}/content")
    image = Image.open(io.BytesIO(shown.content))
    assert not dict(image.getexif())
    assert len(shown.content) == row["size_bytes"] < len(data) / 4


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("photo", SVG, "not a picture we can use"),
        ("photo", PDF, "not a picture we can use"),
        ("photo", b"<html><script>alert(1)</script>", "not a picture we can use"),
        ("photo", b"", "empty"),
        ("photo", picture(300, 200)[:1_500], "damaged"),
        ("logo", b"MZ" + b"\0" * 500, "not a picture we can use"),
        ("logo", PDF, "not a picture we can use"),
        ("attachment", b"PK\x03\x04 a zip", "JPEG, PNG or WebP, or as an attachment a PDF"),
        ("attachment", b"%PDF-1.7 cut off", "cut off"),
    ],
)
def test_what_it_is_not_is_said(api: httpx2.Client, kind: str, data: bytes, says: str):
    """Scripts, programs, archives, cut-off and empty files are refused with a sentence that names the field."""
    refused = upload(api, kind, data, "roof.jpg")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "file"
    assert says in refused.json()["errors"][0]["message"]


def test_a_picture_that_would_fill_the_memory_is_refused(api: httpx2.Client):
    """A PNG of 300 kB that would unpack to hundreds of megapixels is not unpacked."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)

    header = (30_000).to_bytes(4) + (30_000).to_bytes(4) + bytes([1, 0, 0, 0, 0])
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 300_000_000, 9))
    )
    assert upload(api, "photo", bomb + chunk(b"IEND", b"")).status_code == 422


def test_what_hides_behind_a_picture_does_not_stay(api: httpx2.Client):
    """A script appended to a picture is gone from what is kept, and what is shown cannot run."""
    data = picture(200, 100, "PNG") + b"<script>alert(1)</script>"
    shown = api.get(f"/files/{upload(api, 'photo', data, '<b>.html').json()['id']}/content")
    assert b"script" not in shown.content
    assert shown.headers["content-type"].startswith("image/")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    again = api.get(str(shown.url), headers={"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_same_content_is_kept_once(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Sent twice under two names it is one file, said once."""
    ids = {upload(api, "attachment", PDF, name).json()["id"] for name in ("terms.pdf", "again.pdf")}
    assert len(ids) == 1
    said = owner_sql.execute("SELECT count(*) FROM portal_activity_log WHERE event = 'file_kept'").fetchone()
    assert said == (1,)


def test_a_file_of_another_company_is_not_there(app_server: RunningApp, api: httpx2.Client):
    """Another company's file is not found, neither listed, described nor shown; one's own is all three."""
    file_id = upload(api, "attachment", PDF).json()["id"]
    other = app_server.as_user("admin@summit.example")
    assert other.get(f"/files/{file_id}/content").status_code == 404
    assert other.get(f"/files/{file_id}").status_code == 404
    assert other.get("/files").json()["items"] == []
    assert api.get(f"/files/{file_id}").json() == api.get("/files").json()["items"][0]


def test_more_than_the_most_is_refused(api: httpx2.Client):
    """26 MB are refused with the limit in the sentence; other routes keep their own, smaller one."""
    refused = upload(api, "photo", b"\xff" * 26_000_000)
    assert (refused.status_code, refused.json()["detail"]) == (
        413,
        "It may hold at most 25 MB (25,000,000 bytes).",
    )
    assert api.post("/customers", content=b" " * 1_100_000).status_code == 413


def kept(api: httpx2.Client, kind: str, name: str) -> int:
    data = PDF + f"%{name}\n".encode() if kind == "attachment" else picture(60, 40)
    return int(upload(api, kind, data, name).json()["id"])


def test_each_file_says_where_it_is_used(api: httpx2.Client):
    """A proposal, a template and the company's logo are named with their files; what nothing uses has none."""
    photo, terms, logo, idle = (
        kept(api, "photo", "ridge.jpg"), kept(api, "attachment", "warranty.pdf"),
        kept(api, "logo", "mark.png"), kept(api, "attachment", "old offer.pdf"),
    )  # fmt: skip
    line = {"name": "Roof", "quantity": "1", "unit_price_minor": 500_000}
    content = {"title": "Ridge work", "lines": [line], "files": [{"file_id": photo}]}
    proposal = api.post("/proposals", json=content | {"customer_id": 1}).json()
    template = api.post(
        "/proposal-templates", json={"name": "Ridge", "content": content | {"files": [{"file_id": terms}]}}
    )
    assert template.status_code == 201, template.text
    api.put("/org/logo", json={"file_id": logo})
    found = {file["id"]: file for file in api.get("/overview/files").json()["items"]}
    named = {id: [(use["kind"], use["title"]) for use in file["uses"]] for id, file in found.items()}
    assert named[photo] == [("proposal", "Ridge work")]
    assert found[photo]["uses"][0]["id"] == proposal["id"]
    assert named[terms] == [("template", "Ridge")]
    assert [kind for kind, _ in named[logo]] == ["logo"]
    assert named[idle] == []
    assert [found[id]["use_count"] for id in (photo, terms, logo, idle)] == [1, 1, 1, 0]
    assert api.get(f"/overview/files/{terms}").json() == found[terms]
    unused = api.get("/overview/files", params={"unused": True}).json()["items"]
    assert [file["id"] for file in unused] == [idle]
    refused = api.delete(f"/files/{terms}")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "The template “Ridge” uses this file; take it out there first.",
    )
    assert [api.delete(f"/files/{id}").status_code for id in (photo, logo, idle)] == [409, 409, 204]
    assert api.get(f"/overview/files/{idle}").status_code == 404


def test_files_come_page_by_page_and_by_words(app_server: RunningApp, api: httpx2.Client):
    """Newest first, each once, however small the page; words, kind and use narrow alike; another company sees none."""
    ids = [kept(api, "attachment", f"survey {number} of roof.pdf") for number in range(5)]
    other = kept(api, "attachment", "terms.pdf")

    def pages(**params: str | bool) -> list[int]:
        seen: list[int] = []
        cursor = None
        while True:
            given: dict[str, str | bool | int] = {"limit": 2, **params} | (
                {"cursor": cursor} if cursor else {}
            )
            page = api.get("/overview/files", params=given).json()
            seen += [file["id"] for file in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                return seen

    assert pages() == [other, *reversed(ids)]
    for narrowed in ({}, {"kind": "attachment"}, {"unused": True}):
        assert pages(q="ROOF survey", **narrowed) == [*reversed(ids)]
        assert pages(q="3", **narrowed) == [ids[3]]
        assert pages(q="oof_", **narrowed) == []
    assert pages(kind="photo") == []
    summit = app_server.as_user("admin@summit.example")
    assert summit.get("/overview/files").json()["items"] == []
    assert summit.get(f"/overview/files/{other}").status_code == 404
