"""What is kept of a request and its answer: enough to understand a refusal, nothing that opens a door."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx2
import pytest

from crm.gateways.exchange import TEXT_LENGTH_MAX, kept_form, kept_response, kept_silence, kept_text

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def kept(content: bytes, content_type: str = "application/json") -> str:
    response = httpx2.Response(
        400, content=content, headers={"content-type": content_type, "intuit_tid": "t-1"}
    )
    return kept_response(NOW, 12, "POST", "/v3/company/1/invoice", "minorversion=75", "", response).answer


def test_personal_fields_are_hidden_and_the_rest_is_not():
    """Names, amounts, dates and references stay; addresses, telephones and tax numbers go, at any depth."""
    body = {
        "Customer": {
            "DisplayName": "Elena Hartley",
            "PrimaryEmailAddr": {"Address": "elena.hartley@mail.example"},
            "PrimaryPhone": {"FreeFormNumber": "(303) 555-0117"},
            "BillAddr": {"Line1": "1847 Elm Street"},
            "PrimaryTaxIdentifier": "123-45-6789",
            "Balance": 4725.00,
        },
        "Line": [{"Amount": 4725.00, "Contact": {"Mobile": {"FreeFormNumber": "555-0199"}}}],
    }
    shown = kept_text(json.dumps(body))
    for hidden in ("elena.hartley", "555-0117", "1847 Elm", "123-45-6789", "555-0199"):
        assert hidden not in shown
    assert kept_text('{"Fault": {"Error": [{"code": "6210"}]}}') == '{"Fault": {"Error": [{"code": "6210"}]}}'
    for said in ("Elena Hartley", "e…@mail.example", "4725.0"):
        assert said in shown


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "eyJhbGciOi.SECRET", "refresh_token": "RT1-SECRET-x", "expires_in": 3600}',
        '{"fault": {"error": [{"detail": "Token expired: Bearer eyJlbmMiOiJBSECRET"}]}}',
        "<html>access_token=abcdSECRETxyz</html>",
        "SELECT * FROM Customer WHERE PrimaryEmailAddr = 'SECRET@mail.example'".replace("SECRET", "zSECRET"),
    ],
)
def test_secrets_are_hidden_in_every_shape(text: str):
    """Tokens in JSON, in a fault's detail, in HTML; addresses in a query."""
    assert "SECRET" not in kept_text(text)


def test_a_grant_is_kept_without_its_values():
    """A form of OAuth says which grant it asked for."""
    form = {
        "grant_type": "authorization_code",
        "code": "AB1secret",
        "redirect_uri": "https://x.example/callback",
    }
    assert kept_form(form) == "grant_type=authorization_code&code=…&redirect_uri=…"


@pytest.mark.parametrize(
    ("content", "content_type", "said"),
    [
        (b"%PDF-1.7 ...", "application/pdf", "(12 bytes of application/pdf)"),
        (b"[" + b"1," * 150_000 + b"1]", "application/json", "too long to keep"),
        (b"<html>" + b"x" * 20_000, "text/html", "characters more"),
        (b'{"a": "\\ud800 half a letter \\u0000"}', "application/json", "half a letter"),
        (b"\xff\xfe\x00not text", "text/html", "not text"),
        (b"", "", ""),
    ],
)
def test_what_is_kept_is_bounded_and_can_be_stored(content: bytes, content_type: str, said: str):
    """Papers and long answers are told by their size; bytes that a database refuses are not among it."""
    shown = kept(content, content_type)
    assert said in shown
    assert len(shown) <= TEXT_LENGTH_MAX + 40
    assert "\0" not in shown
    shown.encode()


def test_silence_is_kept_with_its_reason():
    """No status, and the client's word for what happened."""
    silent = kept_silence(NOW, 130_000, "POST", "/p", "", "{}", httpx2.ReadTimeout("no answer"))
    assert (silent.status, silent.answer) == (None, "ReadTimeout: no answer")
