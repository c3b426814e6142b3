"""Files and notes attached to transactions in the QuickBooks simulator."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
import yaml
from tests.sandbox.quickbooks_world import RECORDINGS, Books, Json, open_books, token

PDF = b"%PDF-1.4\r\n\x00\xff--boundary?\r\n\r\nend\n"


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    """One company for all tests of this file: each attaches to an invoice of its own."""
    with open_books() as opened:
        yield opened


def upload(books: Books, files: list[tuple[str, tuple[str, bytes, str]]]) -> list[Json]:
    """The AttachableResponse for the given parts, sent as any HTTP client sends them."""
    plain = {name: value for name, value in books.tokens.headers.items() if name != "content-type"}
    answer = httpx2.post(
        f"{books.sandbox.base_url}/v3/company/{books.realm_id}/upload", files=files, headers=plain
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["AttachableResponse"]


def about(invoice: str, **more: object) -> tuple[str, bytes, str]:
    """A metadata part that links a file to an invoice."""
    ref = {"EntityRef": {"type": "invoice", "value": invoice}}
    return "about.json", json.dumps({"AttachableRef": [ref], **more}).encode(), "application/json"


def test_an_uploaded_file_is_attached_found_and_downloaded_byte_for_byte(books: Books) -> None:
    """Upload, query by what it is attached to, both ways to download, and an address that ends after 15 minutes."""
    invoice = books.invoice(1)["Id"]
    parts = [
        ("file_metadata_0", about(invoice, Note="signed")),
        ("file_content_0", ("p.pdf", PDF, "application/pdf")),
        ("file_content_1", ("roof.png", b"\x89PNG", "image/png")),
    ]
    first, second = (one["Attachable"] for one in upload(books, parts))
    assert (first["FileName"], first["Size"], first["ContentType"]) == ("p.pdf", len(PDF), "application/pdf")
    assert first["AttachableRef"] == [
        {"EntityRef": {"value": invoice, "type": "Invoice"}, "IncludeOnSend": False}
    ]
    assert (second["FileName"], "AttachableRef" in second) == ("roof.png", False)
    where = f"AttachableRef.EntityRef.Type = 'Invoice' and AttachableRef.EntityRef.value = '{invoice}'"
    found = books.ask(f"select Id from attachable where {where}")["Attachable"]
    assert found == [{"domain": "QBO", "sparse": True, "Id": first["Id"]}]
    assert httpx2.get(first["TempDownloadUri"]).content == PDF
    plain = books.client.get(f"/download/{first['Id']}")
    assert plain.headers["content-type"].startswith("text/plain")
    assert httpx2.get(plain.text).content == PDF
    assert httpx2.get(first["TempDownloadUri"] + "0").status_code == 403
    books.sandbox.clock.advance(901)
    assert httpx2.get(first["TempDownloadUri"]).status_code == 403
    assert httpx2.get(books.read("Attachable", first["Id"])["TempDownloadUri"]).content == PDF


def test_an_upload_for_something_that_is_not_there_is_answered_as_recorded(books: Books) -> None:
    """The recorded multipart body, sent as it is, gets the recorded status and Fault beside a part that succeeds."""
    path = RECORDINGS / "minimul-qbo_api" / "vcr" / "attachment" / "error_estimate.yml"
    if not path.exists():
        pytest.skip("the recordings are not on this machine")
    recorded = yaml.safe_load(path.read_text())["http_interactions"][0]
    headers = {"content-type": recorded["request"]["headers"]["Content-Type"][0]}
    answer = books.client.post("/upload", content=recorded["request"]["body"]["string"], headers=headers)
    theirs = json.loads(recorded["response"]["body"]["string"])
    assert answer.status_code == recorded["response"]["status"]["code"]
    assert answer.json()["AttachableResponse"] == theirs["AttachableResponse"]
    parts = [("file_metadata_0", about("999999")), ("file_content_0", ("a.txt", b"a", "text/plain"))]
    parts.append(("file_content_1", ("b.txt", b"b", "text/plain")))
    assert [next(iter(one)) for one in upload(books, parts)] == ["Fault", "Attachable"]


def test_an_upload_is_replayed_by_its_requestid(books: Books) -> None:
    """The same requestid gives the first answer and no second file."""
    content, kind = (
        httpx2.Request("POST", "http://x", files=[("file_content_0", ("twice.txt", b"x", "text/plain"))]),
        "content-type",
    )
    body, headers = content.read(), {kind: content.headers[kind]}
    first, again = (
        books.client.post("/upload", content=body, headers=headers, params={"requestid": "up-1"})
        for _ in range(2)
    )
    assert first.json()["AttachableResponse"] == again.json()["AttachableResponse"]
    found = books.ask("SELECT COUNT(*) FROM Attachable WHERE FileName = 'twice.txt'")
    assert found == {"totalCount": 1}


def test_a_note_is_written_changed_and_deleted(books: Books) -> None:
    """Attachables without a file: created, fully updated with a SyncToken, deleted, and told so by CDC."""
    invoice = books.invoice(1)["Id"]
    link = {"AttachableRef": [{"EntityRef": {"type": "Invoice", "value": invoice}, "IncludeOnSend": "true"}]}
    note = books.make("Attachable", {"Note": "call first", **link})
    assert note["AttachableRef"][0]["IncludeOnSend"] is True
    changed = books.make("Attachable", {**token(note), "Note": "called"})
    assert (changed["Note"], changed["SyncToken"], "AttachableRef" in changed) == ("called", "1", False)
    assert books.refusal("Attachable", {**token(note), "Note": "late"})["code"] == "5010"
    gone = books.make("Attachable", token(changed), operation="delete")
    assert gone == {"domain": "QBO", "status": "Deleted", "Id": note["Id"]}
    # A day without a zone begins at midnight in California, which may still be ahead.
    since = (books.sandbox.clock.now() - timedelta(days=1)).isoformat()[:10]
    changes = books.client.get("/cdc", params={"entities": "Attachable", "changedSince": since}).json()
    listed = changes["CDCResponse"][0]["QueryResponse"][0]["Attachable"]
    assert note["Id"] in [one["Id"] for one in listed if one.get("status") == "Deleted"]


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        ({}, "2020", "Note"),
        ({"Note": "x" * 2001}, "2050", "Note"),
        ({"FileName": "x" * 1001}, "2050", "FileName"),
        ({"Note": "x", "Colour": "red"}, "2010", None),
        ({"Note": "x", "AttachableRef": [{"EntityRef": {"type": "Ghost", "value": "1"}}]}, "6000", ""),
    ],
)
def test_an_attachable_that_cannot_be_is_refused(
    books: Books, body: Json, code: str, element: str | None
) -> None:
    """Empty, too long, with an unknown field or linked to an unknown kind: each has its code."""
    error = books.refusal("Attachable", body)
    assert (error["code"], error.get("element")) == (code, element)


def test_what_is_no_file_to_attach_is_refused(books: Books) -> None:
    """Unknown types fail by themselves; another body than multipart, a cut one or an unknown part fails whole."""
    unknown = upload(books, [("file_content_0", ("a.exe", b"MZ", "application/x-msdownload"))])
    assert unknown[0]["Fault"]["Error"][0]["code"] == "6000"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    head = b'content-disposition: form-data; name="file_content_0"\n'
    for content, code in (
        (b'--b\r\ncontent-disposition: form-data; name="file_content_0"\r\n\r\nx', "2010"),
        (b'--b\r\ncontent-disposition: form-data; name="other"\r\n\r\nx\r\n--b--', "2010"),
        (b"--b--", "2020"),
        (b"--b\n" + head + b"content-transfer-encoding: base64\n\nno*base64\n--b--\n", "2010"),
    ):
        answer = books.client.post("/upload", content=content, headers=headers)
        assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, code)
    assert books.client.post("/upload", json={}).json()["Fault"]["Error"][0]["code"] == "500"
