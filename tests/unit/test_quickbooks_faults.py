"""QuickBooks' faults, as recorded: each becomes the reaction of facts/quickbooks.md 2.5, by code alone."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from crm.gateways.quickbooks_faults import TokenExpired, error, existing_transaction_id, from_json, from_xml
from crm.kit.errors import Disconnected, OutsideError, Refused, Unavailable

RECORDED = Path(__file__).parents[2].parent / "shared" / "data" / "quickbooks"

AGAIN, NEVER, GONE, REFRESH = Unavailable, Refused, Disconnected, TokenExpired
REACTIONS: dict[str, type[OutsideError]] = {
    "3200": REFRESH, "3100": GONE, "120": GONE, "3001": AGAIN, "10000": AGAIN,
    "5010": NEVER, "610": NEVER, "2500": NEVER, "6240": NEVER, "6140": NEVER, "6210": NEVER, "6000": NEVER,
    "6190": NEVER, "6270": NEVER, "2010": NEVER, "2020": NEVER, "2030": NEVER, "2050": NEVER, "2080": NEVER,
    "4000": NEVER, "4001": NEVER, "500": NEVER,
}  # fmt: skip


@pytest.mark.parametrize(("code", "reaction"), REACTIONS.items())
@pytest.mark.parametrize("shape", ["service", "gateway", "xml"])
def test_the_code_decides_in_every_shape(code: str, reaction: type[OutsideError], shape: str):
    """The three shapes mean the same, zeros in front or not, whatever language the texts have."""
    raised = error(fault_in(shape, f"00{code}"), status_of(code), "tid-1", write=True)
    assert type(raised) is reaction
    assert raised.code == code
    assert raised.reference == "tid-1"


def fault_in(shape: str, code: str) -> Any:
    if shape == "service":
        text = {"Message": "Erreur", "Detail": "Détail", "code": code, "element": "Line"}
        return from_json({"Fault": {"Error": [text], "type": "ValidationFault"}, "time": "now"})
    if shape == "gateway":
        lower = {"message": "m", "detail": "d", "code": code, "element": None}
        return from_json({"warnings": None, "fault": {"error": [lower], "type": "AUTHENTICATION"}})
    xml = f'<e:R xmlns:e="http://x"><e:Fault><e:Error code="{code}"><e:Message>m</e:Message></e:Error></e:Fault></e:R>'
    return from_xml(ET.fromstring(xml))


def status_of(code: str) -> int:
    return {"3200": 401, "120": 401, "3100": 403, "3001": 429, "10000": 500}.get(code, 400)


@pytest.mark.parametrize(
    ("status", "reaction"),
    [(401, REFRESH), (403, GONE), (429, AGAIN), (500, AGAIN), (502, AGAIN), (503, AGAIN), (504, AGAIN), (404, AGAIN)],
)  # fmt: skip
def test_without_a_readable_fault_the_status_decides(status: int, reaction: type[OutsideError]):
    """HTML of a gateway: what cannot be read is never taken for a refusal."""
    assert type(error(None, status, "", write=True)) is reaction


def test_a_write_that_ended_in_a_system_failure_has_an_unknown_outcome():
    """Reads may simply be asked again; a write must be looked for first. Throttling never did anything."""
    failed = error(None, 500, "", write=True)
    read = error(None, 500, "", write=False)
    throttled = error(fault_in("xml", "3001"), 429, "", write=True)
    assert isinstance(failed, Unavailable)
    assert isinstance(read, Unavailable)
    assert isinstance(throttled, Unavailable)
    assert (failed.outcome_known, read.outcome_known) == (False, True)
    assert throttled.retry_after_seconds == 60


def cases() -> Iterator[tuple[str, Any, int]]:
    """(where it was recorded, body, HTTP status) of every recorded fault."""
    path = RECORDED / "secondary" / "faults_collected.json"
    if not path.exists():
        return
    for number, row in enumerate(json.loads(path.read_text())):
        body = row.get("body") or row.get("xml")
        if body is None and row["code"].isdigit():  # only its texts were published: in the usual shape
            texts = {"Message": row.get("message"), "Detail": row.get("detail"), "code": row["code"]}
            body = {"Fault": {"Error": [texts], "type": "ValidationFault"}}
        if body is not None:
            yield f"collected {number}: {row['code']}", body, int(row["http"])
    for name in sorted(RECORDED.glob("minimul-qbo_api/vcr/error/*.yml")):
        for number, call in enumerate(yaml.safe_load(name.read_text())["http_interactions"]):
            answer = call["response"]
            if answer["status"]["code"] >= 400:
                yield f"{name.stem} {number}", answer["body"]["string"], int(answer["status"]["code"])
    for name in sorted(RECORDED.glob("ruckus-quickbooks-ruby/*.xml")):
        text = name.read_text()
        if "<Fault" in text or "<Error" in text:
            yield name.stem, text, 429 if "throttle" in name.stem or "too_many" in name.stem else 400
    extra = RECORDED / "ruckus-quickbooks-ruby" / "json" / "tax_service_error_dup.json"
    yield extra.stem, json.loads(extra.read_text()), 400


def parts(body: Any) -> list[Any]:
    """The faults in a body: itself, or those of a batch's items."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return [from_xml(ET.fromstring(body))] if body.lstrip().startswith("<") else []
    if isinstance(body, dict) and "BatchItemResponse" in body:
        return [from_json(item) for item in body["BatchItemResponse"] if "Fault" in item]
    return [from_json(body)] if isinstance(body, dict) else []


@pytest.mark.skipif(not RECORDED.exists(), reason="the published recordings are not beside this checkout")
@pytest.mark.parametrize(("body", "status"), [pytest.param(b, s, id=i) for i, b, s in cases()])
def test_recorded_faults_get_their_reaction(body: Any, status: int):
    """Every fault that others have recorded is read, and its code's reaction is the table's."""
    for fault in parts(body):
        assert fault is not None, body
        raised = error(fault, status, "tid", write=True)
        expected = REACTIONS.get(fault.code, NEVER if status < 500 else AGAIN)
        assert type(raised) is expected, (fault, raised)
        assert raised.detail
        assert "{" not in raised.detail.partition("QuickBooks says")[0]


@pytest.mark.skipif(not RECORDED.exists(), reason="the published recordings are not beside this checkout")
def test_there_are_recordings_to_read():
    """The list above is not empty by accident."""
    assert sum(len(parts(body)) for _, body, _ in cases()) >= 10


@pytest.mark.parametrize(
    ("detail", "found"),
    [
        ("DocNumber=18696 is assigned to TxnType=Invoice with TxnId=6575", "6575"),
        (
            "Ce numéro a déjà été utilisé. DocNumber=INV-0002 is assigned to TxnType=Facture with TxnId=2137",
            "2137",
        ),
        ("Duplicate Document Number", None),
        ("", None),
    ],
)
def test_the_number_behind_a_duplicate_is_read_in_any_language(detail: str, found: str | None):
    """Only `TxnId=` is the same everywhere."""
    assert existing_transaction_id(detail) == found


@pytest.mark.parametrize("body", [{}, {"Fault": None}, {"Fault": []}, {"Invoice": {}}, {"fault": "x"}])
def test_what_is_no_fault_is_none(body: dict[str, Any]):
    """A normal answer is not mistaken for one."""
    assert from_json(body) is None


@pytest.mark.parametrize("body", [{"Fault": {"x": 1}}, {"Fault": {"Error": [7]}}, {"Fault": {"Error": "x"}}])
def test_a_broken_fault_is_still_a_fault(body: dict[str, Any]):
    """Without a code it is refused by its status, never taken for an answer."""
    fault = from_json(body)
    assert fault is not None
    assert isinstance(error(fault, 400, "tid", write=True), Refused)


def test_a_token_in_a_fault_is_not_shown():
    """Gateways print part of the token into `detail` (facts 2.5); no person and no log sees it."""
    leaked = {
        "fault": {"error": [{"detail": "Token expired: Bearer eyJlbmMiOiJBMTI4Q0JDLUhT", "code": "3200"}]}
    }
    fault = from_json(leaked)
    assert fault is not None
    assert "BMTI4Q0JDLUhT" not in fault.detail
