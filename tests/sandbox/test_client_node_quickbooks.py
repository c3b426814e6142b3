"""node-quickbooks with Intuit's OAuth client for Node, as they come from npm, works against the simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.sandbox.node_clients import NodeClients, Refused, node_clients, require_node_clients
from tests.sandbox.quickbooks_world import AMY, approve, line, payment_body, query_of, token

from crm_sandbox.testing import RunningSandbox, running_sandbox

ACCOUNTING, OPENID = "com.intuit.quickbooks.accounting", "openid"
DAY = 86_400


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """One for all tests here: a Node process takes half a second to start."""
    require_node_clients()
    with running_sandbox(qbo_rate_limits_on=False) as running:
        yield running


@pytest.fixture(scope="module")
def process(sandbox: RunningSandbox) -> Iterator[NodeClients]:
    with node_clients(sandbox) as clients:
        yield clients


@pytest.fixture
def node(process: NodeClients, sandbox: RunningSandbox) -> NodeClients:
    """Both clients, let into fresh books."""
    sandbox.call("POST", "/_state/reset")
    log_in(process)
    return process


def log_in(node: NodeClients, *scopes: str) -> dict[str, str]:
    """The owner consents, Intuit's client exchanges the code, node-quickbooks takes its tokens."""
    asked = node.oauth("authorizeUri", {"scope": list(scopes or (ACCOUNTING,)), "state": "st-1"})
    back = approve(asked)
    node.oauth("createToken", back)
    return node.connect(query_of(back)["realmId"])


def tokens(node: NodeClients) -> dict[str, Any]:
    return node.oauth("getToken")


def an_invoice(node: NodeClients, amount: float = 4725.0) -> dict[str, Any]:
    return node.quickbooks("createInvoice", {"CustomerRef": {"value": AMY}, "Line": [line(amount)]})


def test_a_person_lets_the_app_in(node: NodeClients, sandbox: RunningSandbox) -> None:
    """Intuit's client holds realm, state and Intuit's lifetimes, and the first read works."""
    held = tokens(node)
    assert held["realmId"] == sandbox.realm_id
    assert (held["expires_in"], held["x_refresh_token_expires_in"]) == (3600, 8_640_000)
    assert held["x_refresh_token_hard_expires_in"] == 157_680_000
    assert node.quickbooks("getCompanyInfo", sandbox.realm_id)["CompanyName"] == "Sandbox Company_US_1"


def test_the_refresh_token_changes_once_a_day(node: NodeClients, sandbox: RunningSandbox) -> None:
    """Both clients refresh; after a day they hold another refresh token, and the old one is refused."""
    first = tokens(node)["refresh_token"]
    assert node.quickbooks("refreshAccessToken")["refresh_token"] == first
    sandbox.clock.advance(DAY + 1)
    assert node.oauth("refresh")["refresh_token"] != first
    with pytest.raises(Refused) as old:
        node.quickbooks("refreshAccessToken")  # it still holds the first
    assert (old.value.status, old.value.body["error"]) == (400, "invalid_grant")


def test_an_expired_token_is_refreshed_and_the_request_repeated(
    node: NodeClients, sandbox: RunningSandbox
) -> None:
    """After an hour 401 with code 3200; refreshed by node-quickbooks itself, the same request works."""
    sandbox.clock.advance(3601)
    with pytest.raises(Refused) as expired:
        node.quickbooks("getCustomer", AMY)
    assert (expired.value.status, expired.value.body["fault"]["error"][0]["code"]) == (401, "3200")
    node.quickbooks("refreshAccessToken")
    assert node.quickbooks("getCustomer", AMY)["DisplayName"] == "Amy's Bird Sanctuary"


def test_who_consented_is_told_to_an_app_that_may_ask(node: NodeClients) -> None:
    """With OpenID's scopes Intuit's client finds the id_token signed by a published key; both read userinfo."""
    log_in(node, ACCOUNTING, OPENID, "email")
    assert node.oauth("validateIdToken") is True
    assert node.oauth("getUserInfo")["email"] == "john@example.com"
    assert node.quickbooks("getUserInfo")["email"] == "john@example.com"


def test_a_revoked_app_is_out(node: NodeClients) -> None:
    """Revoked by either client, the tokens of both are dead."""
    node.quickbooks("revokeAccess", True)
    with pytest.raises(Refused) as refused:
        node.oauth("refresh")
    assert refused.value.message == "invalid_grant"
    log_in(node)
    refresh_token = tokens(node)["refresh_token"]
    node.oauth("revoke")
    with pytest.raises(Refused) as again:
        node.oauth("refreshUsingToken", refresh_token)
    assert again.value.message == "invalid_grant"


def test_intuits_client_calls_the_api_itself(node: NodeClients, sandbox: RunningSandbox) -> None:
    """makeApiCall reads a company, and hands on the Fault of a refusal with its code."""
    path = f"v3/company/{sandbox.realm_id}"
    info = node.oauth("makeApiCall", {"url": f"{path}/companyinfo/{sandbox.realm_id}"})
    assert info["CompanyInfo"]["CompanyName"] == "Sandbox Company_US_1"
    with pytest.raises(Refused) as missing:
        node.oauth("makeApiCall", {"url": f"{path}/invoice/99999"})
    assert (missing.value.code, missing.value.fault["type"]) == ("610", "ValidationFault")


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # what is created, what a sparse update sends, what a full update sends
    "Customer": ({"DisplayName": "Ridge & Sons", "Notes": "gate code 7"}, {"CompanyName": "Ridge LLC"},
                 {"DisplayName": "Ridge"}),
    "Item": ({"Name": "Ridge vent", "Type": "Service", "IncomeAccountRef": {"value": "45"}, "Description": "per foot"},
             {"UnitPrice": 12.5},
             {"Name": "Vent", "Type": "Service", "IncomeAccountRef": {"value": "45"}}),
    "Invoice": ({"CustomerRef": {"value": AMY}, "Line": [line(4725)], "PrivateNote": "proposal 7"},
                {"CustomerMemo": {"value": "Thank you"}},
                {"CustomerRef": {"value": AMY}, "Line": [line(4000)]}),
    "Payment": ({**payment_body(100), "PrivateNote": "ch_1"}, {"PaymentRefNum": "ch_1"},
                payment_body(90)),
    "Estimate": ({"CustomerRef": {"value": AMY}, "Line": [line(15750)], "PrivateNote": "proposal 7"},
                 {"TxnStatus": "Accepted"},
                 {"CustomerRef": {"value": AMY}, "Line": [line(15000)]}),
}  # fmt: skip
KEPT_UNTIL_FULL = {"Customer": "Notes", "Item": "Description"}


@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_made_and_changed_sparsely_and_wholly(node: NodeClients, kind: str) -> None:
    """A sparse update keeps what it leaves out, a full one clears it; get reads what the last one left."""
    body, sparse, full = KINDS[kind]
    kept = KEPT_UNTIL_FULL.get(kind, "PrivateNote")
    made = node.quickbooks(f"create{kind}", body)
    changed = node.quickbooks(f"update{kind}", {**token(made), **sparse})  # sparse unless told otherwise
    assert {name: changed[name] for name in sparse} == sparse
    assert changed[kept] == body[kept]
    whole = node.quickbooks(f"update{kind}", {**token(changed), **full, "sparse": False})
    assert kept not in whole
    assert node.quickbooks(f"get{kind}", made["Id"]) == whole
    assert whole["SyncToken"] == "2"


def test_an_invoice_is_paid_voided_and_deleted(node: NodeClients) -> None:
    """Payment and invoice change each other's balance through create, voidPayment, voidInvoice and deleteInvoice."""
    invoice = an_invoice(node)
    payment = node.quickbooks("createPayment", payment_body(4725.0, (invoice["Id"], 4725.0)))
    assert node.quickbooks("getInvoice", invoice["Id"])["Balance"] == 0
    assert node.quickbooks("voidPayment", token(payment))["TotalAmt"] == 0
    assert node.quickbooks("getInvoice", invoice["Id"])["Balance"] == 4725.0
    assert node.quickbooks("voidInvoice", invoice["Id"])["Invoice"]["TotalAmt"] == 0
    assert node.quickbooks("deleteInvoice", invoice["Id"])["Invoice"]["status"] == "Deleted"
    with pytest.raises(Refused) as gone:
        node.quickbooks("getInvoice", invoice["Id"])
    assert (gone.value.status, gone.value.first["code"]) == (400, "610")


def test_an_invoice_is_sent_and_printed(node: NodeClients) -> None:
    """sendInvoicePdf brings EmailSent, getInvoicePdf the bytes of a PDF."""
    invoice = an_invoice(node)
    assert node.quickbooks("sendInvoicePdf", invoice["Id"], "sue@example.com")["EmailStatus"] == "EmailSent"
    assert bytes(node.quickbooks("getInvoicePdf", invoice["Id"])["data"]).startswith(b"%PDF-")


def test_lists_come_by_page_by_condition_and_counted(node: NodeClients) -> None:
    """findCustomers pages, filters, counts and fetches all pages by itself, with every sign that needs escaping."""
    odd = "Row % & = + # < > ' \\ 5"
    for name in [*(f"Row {number}" for number in range(5)), odd]:
        node.quickbooks("createCustomer", {"DisplayName": name})
    rows = {"field": "DisplayName", "value": "Row%", "operator": "LIKE"}
    page = [
        rows,
        {"field": "limit", "value": 2},
        {"field": "offset", "value": 3},
        {"field": "asc", "value": "Id"},
    ]
    found = node.quickbooks("findCustomers", page)["QueryResponse"]
    assert [one["DisplayName"] for one in found["Customer"]] == ["Row 2", "Row 3"]
    assert (found["startPosition"], found["maxResults"]) == (3, 2)
    counted = node.quickbooks("findCustomers", [rows, {"count": True}])
    assert counted["QueryResponse"]["totalCount"] == 6
    every = node.quickbooks("findCustomers", {"fetchAll": True, "limit": 2, "asc": "Id"})["QueryResponse"]
    assert len(every["Customer"]) == 9
    named = node.quickbooks("findCustomers", {"DisplayName": odd.replace("\\", "\\\\")})["QueryResponse"]
    assert [one["DisplayName"] for one in named["Customer"]] == [odd]
    assert "Invoice" not in node.quickbooks("findInvoices", {"Id": ["1", "2"]})["QueryResponse"]


def test_a_batch_succeeds_and_fails_item_by_item(node: NodeClients) -> None:
    """Create, query, update and delete in one request; the item that is refused says so alone."""
    invoice = an_invoice(node)
    amy = {"Id": AMY, "SyncToken": "0", "sparse": True, "Notes": "seen"}
    items = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Batch"}},
        {"bId": "2", "operation": "create", "Customer": {"DisplayName": "Cool Cars"}},
        {"bId": "3", "Query": "select * from Invoice"},
        {"bId": "4", "operation": "update", "Customer": amy},
        {"bId": "5", "operation": "delete", "Invoice": token(invoice)},
    ]
    answers = {one["bId"]: one for one in node.quickbooks("batch", items)["BatchItemResponse"]}
    assert answers["1"]["Customer"]["DisplayName"] == "Batch"
    assert answers["2"]["Fault"]["Error"][0]["code"] == "6240"
    assert answers["3"]["QueryResponse"]["Invoice"][0]["Id"] == invoice["Id"]
    assert answers["4"]["Customer"]["Notes"] == "seen"
    assert answers["5"]["Invoice"]["status"] == "Deleted"


def test_changes_are_captured_with_what_was_deleted(node: NodeClients, sandbox: RunningSandbox) -> None:
    """changeDataCapture brings what changed since then, of each kind asked for, deleted objects marked as such."""
    sandbox.clock.advance(600)
    since = (sandbox.clock.now() - timedelta(seconds=300)).isoformat(timespec="seconds")
    kept, gone = an_invoice(node), an_invoice(node)
    node.quickbooks("deleteInvoice", token(gone))
    answer = node.quickbooks("changeDataCapture", ["Invoice", "Payment"], since.replace("+", "%2B"))
    (invoices, payments) = answer["CDCResponse"][0]["QueryResponse"]
    assert {one["Id"]: one.get("status") for one in invoices["Invoice"]} == {
        kept["Id"]: None,
        gone["Id"]: "Deleted",
    }
    assert payments == {}


def test_preferences_and_reports_are_read(node: NodeClients) -> None:
    """getPreferences and the client's calls for reports show the company's settings and its books."""
    an_invoice(node, 100.0)
    for name in ("ProfitAndLoss", "BalanceSheet", "CustomerBalance", "AgedReceivables", "TransactionList"):
        report = node.quickbooks(f"report{name}", {"accounting_method": "Accrual"})
        assert report["Header"]["ReportName"] == name
        assert '"100.00"' in json.dumps(report["Rows"]), name
    assert node.quickbooks("getPreferences")["CurrencyPrefs"]["MultiCurrencyEnabled"] is False
    report = node.quickbooks("reportTrialBalance", {"accounting_method": "Accrual"})
    rows = {
        row["ColData"][0]["value"]: row["ColData"][1:] for row in report["Rows"]["Row"] if "ColData" in row
    }
    assert rows["Accounts Receivable (A/R)"][0]["value"] == "100.00"


def test_a_file_is_attached_to_an_invoice(node: NodeClients, tmp_path: Path) -> None:
    """upload sends a stream and links it afterwards; the file comes back byte for byte, is found and deleted."""
    invoice = an_invoice(node)
    photo = tmp_path / "ridge.jpg"
    photo.write_bytes(bytes(range(256)))
    stream = {"file": str(photo)}
    kept = node.quickbooks("upload", photo.name, "image/jpeg", stream, "Invoice", invoice["Id"])
    assert kept["AttachableRef"][0]["EntityRef"] == {"type": "Invoice", "value": invoice["Id"]}
    assert (kept["FileName"], kept["Size"]) == ("ridge.jpg", 256)
    assert httpx2.get(kept["TempDownloadUri"]).content == photo.read_bytes()
    found = node.quickbooks("findAttachables", {"FileName": "ridge.jpg"})["QueryResponse"]["Attachable"]
    assert [one["Id"] for one in found] == [kept["Id"]]
    assert node.quickbooks("deleteAttachable", token(kept))["Attachable"]["status"] == "Deleted"


def test_the_same_request_id_makes_one_object(node: NodeClients) -> None:
    """The client's requestId makes a second create give the first customer again."""
    body = {"DisplayName": "Once", "requestId": "once-1"}
    assert node.quickbooks("createCustomer", body)["Id"] == node.quickbooks("createCustomer", body)["Id"]


def test_a_taken_name_a_stale_object_and_a_missing_one_are_told_apart(node: NodeClients) -> None:
    """6240, 5010, 610 and 4001 reach the caller in the client's error, with status 400 and Intuit's Fault."""
    customer = node.quickbooks("createCustomer", {"DisplayName": "Ridge"})
    with pytest.raises(Refused) as taken:
        node.quickbooks("createCustomer", {"DisplayName": "Ridge"})
    assert (taken.value.status, taken.value.first["code"]) == (400, "6240")
    assert "Another customer is already using this name" in taken.value.first["Detail"]
    node.quickbooks("updateCustomer", {**token(customer), "Notes": "first"})
    with pytest.raises(Refused) as stale:
        node.quickbooks("updateCustomer", {**token(customer), "Notes": "second"})
    assert (stale.value.first["code"], stale.value.first["Message"]) == ("5010", "Stale Object Error")
    with pytest.raises(Refused) as missing:
        node.quickbooks("getInvoice", "99999")
    assert missing.value.first["code"] == "610"
    with pytest.raises(Refused) as unknown:
        node.quickbooks("findCustomers", {"Colour": "red"})
    assert unknown.value.first["code"] == "4001"


def test_a_request_beyond_the_limit_is_throttled() -> None:
    """The throttle's 429 reaches the caller with Intuit's XML; a minute later the same request works."""
    require_node_clients()
    with running_sandbox(qbo_rate_per_minute=1) as strict, node_clients(strict) as node:
        log_in(node)
        node.quickbooks("getCustomer", AMY)
        with pytest.raises(Refused) as throttled:
            node.quickbooks("getCustomer", AMY)
        assert throttled.value.status == 429
        assert '<Error code="3001">' in throttled.value.body
        strict.clock.advance(60)
        assert node.quickbooks("getCustomer", AMY)["Id"] == AMY
