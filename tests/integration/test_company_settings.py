"""What a company sets for its proposals: texts, validity, language, website, and a colour that can be read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import psycopg
import pytest

TEXTS = {"en": "Thank you for asking us.", "es": "Gracias por su consulta."}
LINE = {"name": "Roof", "quantity": "1", "unit_price_minor": 500_000}


def test_a_new_proposal_begins_with_the_companys_standards(api: httpx2.Client):
    """Texts in the language of the sale, validity and language are the company's unless they are given."""
    changes = {"default_introductions": TEXTS, "default_terms": {"es": "Pago final al terminar."},
               "validity_days": 30, "language": "es"}  # fmt: skip
    assert api.patch("/org", json=changes).json()["default_terms"] == {
        "en": "",
        "es": "Pago final al terminar.",
    }
    new: dict[str, Any] = {"customer_id": 1, "title": "Techo", "lines": [LINE]}
    made = api.post("/proposals", json=new).json()
    assert (made["language"], made["introduction"], made["terms"]) == (
        "es", TEXTS["es"], "Pago final al terminar.",
    )  # fmt: skip
    days = date.fromisoformat(made["valid_until"]) - datetime.now(UTC).date()
    assert timedelta(days=28) < days < timedelta(days=32)
    own = {**new, "language": "en", "introduction": "", "terms": "Cash.", "valid_until": None}
    made = api.post("/proposals", json=own).json()
    assert (made["language"], made["introduction"], made["terms"], made["valid_until"]) == (
        "en", "", "Cash.", None,
    )  # fmt: skip


def test_a_colour_comes_with_shades_that_can_be_read(api: httpx2.Client):
    """Yellow fails on white: the answer says by how much, and names the nearest shade that passes."""
    brand = api.patch("/org", json={"brand_color": "#ffd200"}).json()["brand"]
    assert brand["on_light"]["passes"] is False
    assert brand["on_light"]["nearest"] != "#ffd200"
    assert brand["on_dark"] == {**brand["on_dark"], "passes": True, "nearest": "#ffd200"}
    assert api.patch("/org", json={"brand_color": ""}).json()["brand"] is None


def test_every_version_of_the_settings_is_in_the_log(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Each change says who made it and what the fields became; what did not change is not said."""
    api.patch("/org", json={"website": "peakpro.example", "default_tax_percent": "8.81", "language": "en"})
    api.patch("/org", json={"website": "https://roofs.example/denver"})
    said = owner_sql.execute(
        "SELECT meta->'values' FROM portal_activity_log WHERE event = 'org_updated' ORDER BY id"
    ).fetchall()
    assert [one[0] for one in said] == [
        {"website": "https://peakpro.example", "default_tax_percent": "8.81"},
        {"website": "https://roofs.example/denver"},
    ]
    assert api.get("/org").json()["default_tax_percent"] == "8.81"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("website", "javascript:alert(1)"),
        ("website", "https://no dots"),
        ("website", 'https://a.example/"><script>'),
        ("validity_days", 0),
        ("validity_days", 366),
        ("language", "fr"),
        ("language", None),
        ("default_tax_percent", "101"),
        ("default_terms", {"de": "x"}),
        ("reply_to", "nobody"),
        ("default_introductions", {"en": "x" * 20_001}),
    ],
)
def test_what_cannot_be_a_setting_is_refused_by_name(api: httpx2.Client, field: str, value: object):
    """The answer names the field; nothing was changed."""
    before = api.get("/org").json()
    refused = api.patch("/org", json={field: value})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].split(".")[0] == field
    assert api.get("/org").json() == before
