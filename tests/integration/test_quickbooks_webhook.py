"""Intuit's webhooks are proven, kept once under the company's org, and refused otherwise."""

import base64
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from tests.conftest import RunningApp, settings_for

from crm.gateways.intuit_signature import is_from_intuit
from crm.inbox.quickbooks_event import parse
from crm.kit.errors import BadRequest
from crm.kit.settings import Settings

DATA = Path(__file__).parents[3] / "shared" / "data" / "quickbooks"


def signed(token: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(token.encode(), body, "sha256")).decode()


def test_intuits_own_vector_is_accepted_and_a_changed_byte_is_not() -> None:
    """The signature rule equals Intuit's published example."""
    path = DATA / "intuit-java-sdk" / "webhook_signature_vector.json"
    if not path.exists():
        pytest.skip("the published recordings are not beside this checkout")
    vector = json.loads(path.read_text())
    texts = {key.lower(): value for key, value in vector.items() if isinstance(value, str)}
    token = next(value for key, value in texts.items() if "verifier" in key or "token" in key)
    signature = next(value for key, value in texts.items() if "signature" in key)
    body = next(value for key, value in texts.items() if "body" in key or "payload" in key).encode()
    assert is_from_intuit(body, signature, token)
    assert not is_from_intuit(body + b" ", signature, token)
    assert not is_from_intuit(body, None, token)


@pytest.mark.parametrize("name", ["webhook_cloudevents.json", "webhook_legacy.json"])
def test_both_published_shapes_are_read(name: str) -> None:
    """CloudEvents and the older notifications give events with company, type and a stable key."""
    path = DATA / "intuit-dotnet-sdk" / name
    if not path.exists():
        pytest.skip("the published recordings are not beside this checkout")
    body = path.read_bytes()
    events = parse(body)
    assert events
    assert all(event.realm_id.isdigit() and event.type.startswith("qbo.") for event in events)
    assert [event.key for event in parse(body)] == [event.key for event in events]


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'"x"', b"[1]", b'[{"id": ""}]', b"\xff"])
def test_anything_else_is_refused_with_a_reason(body: bytes) -> None:
    """What has neither shape is a 400 that says so."""
    with pytest.raises(BadRequest) as refused:
        parse(body)
    assert refused.value.detail


def test_events_are_kept_once_and_a_wrong_signature_stores_nothing(
    database_url: str, start_app: Callable[[Settings], RunningApp], owner_sql: psycopg.Connection[Any]
) -> None:
    """A signed body is kept event by event, its repetition changes nothing, an unsigned one is a 400."""
    token = "verifier-token-of-this-test"
    app = start_app(settings_for(database_url, qbo_webhook_verifier_token=SecretStr(token)))
    client = app.client()
    event = {
        "specversion": "1.0",
        "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
        "type": "qbo.invoice.updated.v1",
        "intuitentityid": "142",
        "intuitaccountid": "310687",
    }
    body = json.dumps([event, event | {"id": "second"}]).encode()
    for _ in range(2):
        answer = client.post("/qbo/webhook", content=body, headers={"intuit-signature": signed(token, body)})
        assert (answer.status_code, answer.json()) == (200, {"received": True})
    kept = owner_sql.execute("SELECT type, state FROM inbox_events WHERE source = 'quickbooks'").fetchall()
    assert kept == [("qbo.invoice.updated.v1", "kept")] * 2
    refused = client.post("/qbo/webhook", content=body, headers={"intuit-signature": signed("other", body)})
    assert refused.status_code == 400
    assert refused.json()["type"].endswith("webhook-signature")


def test_without_a_verifier_token_the_answer_says_what_to_set(app_server: RunningApp) -> None:
    """Nobody's word is taken before the token is set; the 503 names the variable."""
    answer = app_server.client().post("/qbo/webhook", content=b"[]")
    assert answer.status_code == 503
    assert "QBO_WEBHOOK_VERIFIER_TOKEN" in answer.json()["detail"]
