"""The form on a company's website: what people send becomes a lead, spam is told apart, nobody gets further."""

from __future__ import annotations

import re
import time

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp

PERSON = {
    "name": "Nadia Karim",
    "email": "nadia.karim@example.com",
    "phone": "+1 303 555 0188",
    "street": "900 Pearl Street",
    "city": "Denver",
    "postal_code": "80203",
    "message": "Shingles came off in the wind.",
}


@pytest.fixture
def form_path(api: httpx2.Client) -> str:
    """The form's address, as the console shows it."""
    return "/lead-form/" + api.get("/leads/form").json()["url"].rpartition("/")[2]


def newest(api: httpx2.Client, **query: str) -> dict:
    return api.get("/leads", params=query).json()["items"][0]


def test_the_page_works_without_javascript(app_server: RunningApp, api: httpx2.Client, form_path: str):
    """A browser without scripts opens the page, sends it, and reads a thank-you; the office has the lead."""
    visitor = app_server.client(Accept="text/html")
    page = visitor.get(form_path)
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "PeakPro Roofing" in page.text
    (shown_at,) = re.findall(r'name="shown_at" value="(\d+)"', page.text)
    shown = int(shown_at) - 30  # half a minute ago
    thanks = visitor.post(form_path, data=PERSON | {"shown_at": str(shown), "company_url": ""})
    assert thanks.status_code == 201
    assert "Thank you" in thanks.text
    lead = newest(api)
    assert (lead["name"], lead["source"], lead["status"]) == ("Nadia Karim", "Website", "new")
    assert lead["site_address"]["line1"] == "900 Pearl Street"
    entry = api.get("/activity", params={"event": "lead_created"}).json()["items"][0]
    assert (entry["meta"]["lead_id"], entry["who"]) == (lead["id"], "Website")


def test_the_page_speaks_spanish(app_server: RunningApp, form_path: str):
    """Whoever asks for Spanish reads the form, its mistakes and the thanks in Spanish."""
    visitor = app_server.client(Accept="text/html")
    page = visitor.get(form_path, params={"lang": "es"}).text
    assert '<html lang="es">' in page
    assert "Su nombre" in page
    assert "Gracias" in visitor.post(form_path, params={"lang": "es"}, data=PERSON).text


def test_mistakes_keep_what_was_typed(app_server: RunningApp, api: httpx2.Client, form_path: str):
    """A wrong field is marked with its sentence, the rest stays as typed, markup in it stays text, and no lead is made."""
    before = newest(api)["id"]
    wrong = PERSON | {"email": "nobody at home", "message": "<script>alert(1)</script>"}
    page = app_server.client(Accept="text/html").post(form_path, data=wrong)
    assert page.status_code == 422
    assert "name@example.com" in page.text
    assert 'value="900 Pearl Street"' in page.text
    assert "<script>" not in page.text
    nobody = app_server.client().post(form_path, json={"name": "No way back"})
    assert nobody.status_code == 422
    assert "e-mail address or a phone number" in nobody.json()["detail"]
    assert newest(api)["id"] == before


def test_another_sites_script_may_send_it(app_server: RunningApp, api: httpx2.Client, form_path: str):
    """A browser on the company's own site is allowed to send JSON, and to read that it was taken."""
    site = app_server.client(Origin="https://www.peakpro.example")
    allowed = site.options(form_path, headers={"Access-Control-Request-Method": "POST"})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == "*"
    taken = site.post(form_path, json=PERSON)
    assert (taken.status_code, taken.json()) == (201, {"received": True})
    assert taken.headers["access-control-allow-origin"] == "*"
    assert newest(api)["email"] == PERSON["email"]


@pytest.mark.parametrize(
    "more", [{"company_url": "https://spam.example"}, {"shown_at": str(int(time.time()) + 86_400)}]
)
def test_spam_stands_apart_and_can_be_taken_back(
    app_server: RunningApp, api: httpx2.Client, form_path: str, more: dict
):
    """Who fills the trap or is too quick gets the same thanks; the office sees it only among spam, with the reason."""
    before = newest(api)["id"]
    counted = leads_metric(app_server)
    assert app_server.client().post(form_path, json=PERSON | more).status_code == 201
    assert newest(api)["id"] == before
    caught = newest(api, status="spam")
    assert caught["name"] == "Nadia Karim"
    assert caught["spam_reason"]
    assert leads_metric(app_server) == counted
    assert api.post(f"/leads/{caught['id']}/convert").status_code == 409
    back = api.patch(f"/leads/{caught['id']}", json={"status": "new"}).json()
    assert (back["status"], back["spam_reason"]) == ("new", None)
    assert leads_metric(app_server) == counted + 1


def leads_metric(app_server: RunningApp) -> float:
    text = app_server.client().get("/metrics").text
    (value,) = re.findall(r'crm_leads_created_total\{org_id="1"\} ([0-9.]+)', text)
    return float(value)


def test_a_double_click_makes_one_lead(app_server: RunningApp, api: httpx2.Client, form_path: str):
    """The same words again within minutes are thanked for, and kept once."""
    total = len(api.get("/leads", params={"limit": 200}).json()["items"])
    for _ in range(3):
        assert app_server.client().post(form_path, json=PERSON).status_code == 201
    assert len(api.get("/leads", params={"limit": 200}).json()["items"]) == total + 1


def test_who_sends_too_often_is_told_when_to_come_back(app_server: RunningApp, form_path: str):
    """After ten within a quarter of an hour one address waits, in a sentence and with Retry-After."""
    visitor = app_server.client()
    answers = [visitor.post(form_path, json=PERSON | {"message": f"No. {n}"}) for n in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    page = app_server.client(Accept="text/html").post(form_path, data=PERSON)
    assert page.status_code == 429
    assert "try again in a few minutes" in page.text


def test_more_than_a_form_holds_is_refused(app_server: RunningApp, form_path: str):
    """A body over 40 kB, a field over its length, bytes that are no text and a key that is none leave nothing."""
    visitor = app_server.client()
    assert visitor.post(form_path, json=PERSON | {"message": "x" * 50_000}).status_code == 413
    assert visitor.post(form_path, json=PERSON | {"message": "x" * 4_001}).status_code == 422
    assert visitor.post(form_path, content=b"\xff\xfe=1").status_code == 400
    assert visitor.post(form_path, content=b"&".join([b"a=1"] * 100)).status_code == 400
    assert (
        visitor.post(form_path, content=b"[1", headers={"Content-Type": "application/json"}).status_code
        == 400
    )
    assert visitor.post(form_path, json=[1]).status_code == 422
    assert visitor.post("/lead-form/nobodys-key", json=PERSON).status_code == 404


def test_the_company_sets_it_up(app_server: RunningApp, api: httpx2.Client, form_path: str):
    """Words are its own, the address can be renewed and the form switched off; only who manages may, others may read."""
    changed = api.patch("/leads/form", json={"heading": "Free roof check", "thanks": "We call within a day."})
    assert changed.status_code == 200
    visitor = app_server.client(Accept="text/html")
    assert "Free roof check" in visitor.get(form_path).text
    assert "We call within a day." in visitor.post(form_path, data=PERSON).text
    renewed = api.post("/leads/form/new-key").json()["url"]
    assert visitor.get(form_path).status_code == 404
    new_path = "/lead-form/" + renewed.rpartition("/")[2]
    assert visitor.get(new_path).status_code == 200
    api.patch("/leads/form", json={"active": False})
    assert visitor.get(new_path).status_code == 404
    sales = app_server.as_user("sales@peakpro.io")
    assert sales.get("/leads/form").status_code == 200
    assert sales.patch("/leads/form", json={"active": True}).status_code == 403


def test_a_lead_of_one_companys_form_is_no_others(app_server: RunningApp, form_path: str):
    """What comes by one company's form stands with that company alone, and each has a form of its own."""
    app_server.client().post(form_path, json=PERSON)
    other = app_server.as_user("admin@summit.example")
    assert other.get("/leads").json()["items"] == []
    assert not other.get("/leads/form").json()["url"].endswith(form_path)


def test_the_same_person_is_found_by_mail_phone_and_address(api: httpx2.Client):
    """Written otherwise it is still the same; the hint names by what, and customers come first."""
    lead = api.post(
        "/leads",
        json={
            "name": "E. Hartley",
            "email": "ELENA.hartley@example.com",
            "phone": "(303) 555-0142",
            "site_address": {"line1": "1847 elm street.", "city": "Denver", "postal_code": "80220"},
        },
    ).json()
    again = api.post("/leads", json={"name": "Hartley", "phone": "303-555-0142"}).json()
    found = api.get(f"/leads/{lead['id']}/same-person").json()
    assert [(each["kind"], each["id"], each["same"]) for each in found] == [
        ("customer", 1, ["email", "phone", "address"]),
        ("lead", again["id"], ["phone"]),
    ]


def test_not_the_same_person_is_said_once(api: httpx2.Client):
    """After that neither of the two asks again."""
    one = api.post("/leads", json={"name": "A", "phone": "720 555 9000"}).json()
    two = api.post("/leads", json={"name": "B", "phone": "+1 (720) 555-9000"}).json()
    said = api.post(f"/leads/{two['id']}/same-person", json={"kind": "lead", "id": one["id"], "same": False})
    assert said.status_code == 200, said.text
    assert api.get(f"/leads/{two['id']}/same-person").json() == []
    assert api.get(f"/leads/{one['id']}/same-person").json() == []


def test_the_same_person_joins(api: httpx2.Client, owner_sql: psycopg.Connection):
    """A lead leaves the pipeline for the other lead and can come back; with a customer it is converted to them."""
    one = api.post("/leads", json={"name": "A", "phone": "720 555 9000"}).json()
    two = api.post("/leads", json={"name": "B", "phone": "720 555 9000"}).json()
    joined = api.post(f"/leads/{two['id']}/same-person", json={"kind": "lead", "id": one["id"], "same": True})
    assert (joined.json()["status"], joined.json()["duplicate_of"]) == ("duplicate", one["id"])
    assert newest(api)["id"] == one["id"]
    assert api.patch(f"/leads/{two['id']}", json={"status": "new"}).json()["duplicate_of"] is None
    three = api.post("/leads", json={"name": "Tom", "phone": "303 555 0142"}).json()
    linked = api.post(f"/leads/{three['id']}/same-person", json={"kind": "customer", "id": 1, "same": True})
    assert (linked.json()["status"], linked.json()["customer_id"]) == ("converted", 1)
    assert api.patch(f"/leads/{one['id']}", json={"status": "duplicate"}).status_code == 409
    itself = api.post(f"/leads/{one['id']}/same-person", json={"kind": "lead", "id": one["id"], "same": True})
    assert itself.status_code == 409


def test_stages_are_counted(api: httpx2.Client):
    """Every stage is there with its count, in the order of the pipeline."""
    stages = api.get("/leads/stages").json()
    assert [each["status"] for each in stages] == [
        "new", "contacted", "qualified", "converted", "lost", "spam", "duplicate",
    ]  # fmt: skip
    assert sum(each["count"] for each in stages) == 12
