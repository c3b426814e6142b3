"""The simulator's XML validates against Intuit's schema: every kind of object, in every state it can be in."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx2
import pytest
import xmlschema
from tests.sandbox.quickbooks_world import AMY, RECORDINGS, Books, Json, line, open_books, payment_body, token

from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.xml_shapes import SHAPES, Element

XSD = RECORDINGS / "intuit-php-sdk" / "xsd" / "IntuitRestServiceDef.xsd"
AS_XML = {"accept": "application/xml"}
AMERICAN = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}}
FOREIGN = {"CurrencyRef": {"value": "EUR"}, "ExchangeRate": 1.1}

EXCEPTIONS = {
    "CustomField": "recorded without a value where a form shows an empty field (invoice_send.xml); the schema wants one",
    "Transfer": "recorded without ClassRef and TransferEx (transfers.xml); the schema wants one of them",
    "SalesFormsPrefs": "recorded with a type BooleanTypeCustomFieldDefinition that the schema lacks (preferences.xml)",
}
"""Element -> why nothing is said when it is incomplete; a wrong or misplaced part of it still is a fault."""

pytestmark = pytest.mark.skipif(not XSD.exists(), reason="Intuit's schema is not on this machine")


@cache
def schema() -> xmlschema.XMLSchema10:
    """Intuit's schema of all answers, with the objects in Finance.xsd."""
    return xmlschema.XMLSchema10(XSD)


def faults(content: bytes) -> list[str]:
    """What the schema says against an answer, the exceptions left out."""
    root = ET.fromstring(content)
    for section in [
        one for one in root.iter() if _local(one) in ("SalesFormsPrefs", "VendorAndPurchasesPrefs")
    ]:
        for part in [one for one in section if _local(one) in ("CustomField", "POCustomField")]:
            section.remove(part)
    return [
        f"{error.path}: {error.reason}"
        for error in schema().iter_errors(root)
        if error.elem is None
        or _local(error.elem) not in EXCEPTIONS
        or "is not complete" not in str(error.reason)
    ]


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


Made = list[tuple[str, Json]]
"""Kind and object, in the order of their making."""


def _american(books: Books) -> Made:
    """A company with sales tax, custom fields, classes, departments: every kind of object, plain and linked."""
    books.settings(custom_fields=["Crew #"], track_classes=True, track_departments=True)
    made: Made = []

    def make(kind: str, **body: Any) -> Json:
        made.append((kind, books.make(kind, body)))
        return made[-1][1]

    job = make("Customer", DisplayName="Job", Job=True, ParentRef={"value": AMY}, Notes="steep",
               BillAddr={"Line1": "1 Main St", "City": "Denver"}, PrimaryPhone={"FreeFormNumber": "555"})  # fmt: skip
    vendor = make("Vendor", DisplayName="Gutters & Co", AcctNum="7", TaxIdentifier="12-3456789")
    make("Employee", GivenName="Ann", FamilyName="Ridge", PrimaryAddr={"Line1": "2 Main St"})
    item = make(
        "Item", Name="Ridge cap", Type="Service", IncomeAccountRef={"value": "5"}, Sku="R1", UnitPrice=12.5
    )
    make("Account", Name="Clearing", AccountType="Bank")
    class_ = make("Class", Name="North")
    make("Class", Name="Inner", SubClass=True, ParentRef={"value": class_["Id"]})
    department = make("Department", Name="West")
    make("Term", Name="Net 10", DueDays=10)
    make("PaymentMethod", Name="Wire", Type="NON_CREDIT_CARD")
    estimate = make("Estimate", CustomerRef={"value": AMY}, Line=[line(100, item["Id"])], **AMERICAN)
    form: Json = {"CustomerRef": {"value": AMY}, "Line": [line(100, TaxCodeRef={"value": "TAX"})], **AMERICAN}
    discount = {
        "Amount": 10,
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": False},
    }
    text = {"DetailType": "DescriptionOnly", "Description": "as agreed", "DescriptionLineDetail": {}}
    made.append(("Invoice", books.make("Invoice", {
        **form, "Line": [*form["Line"], text, discount], "ClassRef": {"value": class_["Id"]},
        "DepartmentRef": {"value": department["Id"]}, "CustomerMemo": {"value": "thanks"},
        "BillEmail": {"Address": "a@b.example"}, "EmailStatus": "NeedToSend",
        "CustomField": [{"DefinitionId": "1", "StringValue": "12"}],
    })))  # fmt: skip
    paid = make("Invoice", **form, LinkedTxn=[{"TxnId": estimate["Id"], "TxnType": "Estimate"}])
    bundle = {"GroupItemRef": {"value": item["Id"]}, "Quantity": 1, "Line": [line(5)]}
    make("Invoice", CustomerRef={"value": job["Id"]},
         Line=[{"DetailType": "GroupLineDetail", "GroupLineDetail": bundle}])  # fmt: skip
    payment = make("Payment", **payment_body(60, (paid["Id"], 50)), PaymentRefNum="pi_1")
    make("CreditMemo", **form)
    make("SalesReceipt", **form)
    make("RefundReceipt", **form, DepositToAccountRef={"value": "35"})
    fee = {"Amount": -1, "DetailType": "DepositLineDetail", "DepositLineDetail": {
        "AccountRef": {"value": "8"}, "Entity": {"value": vendor["Id"], "type": "VENDOR"}}}  # fmt: skip
    make("Deposit", DepositToAccountRef={"value": "35"}, Line=[
        {"Amount": 60, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}, fee
    ], CashBack={"AccountRef": {"value": "36"}, "Amount": 5, "Memo": "till"})  # fmt: skip
    make("Transfer", FromAccountRef={"value": "35"}, ToAccountRef={"value": "36"}, Amount=5)
    make("Purchase", AccountRef={"value": "35"}, PaymentType="Cash", EntityRef={"value": vendor["Id"], "type": "Vendor"}, Line=[
        {"Amount": 3, "DetailType": "AccountBasedExpenseLineDetail",
         "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "8"}}},
    ])  # fmt: skip
    make("JournalEntry", Line=[
        {"Amount": 7, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}
        for detail in (
            {"PostingType": "Debit", "AccountRef": {"value": "1"},
             "Entity": {"Type": "Customer", "EntityRef": {"value": AMY}}},
            {"PostingType": "Credit", "AccountRef": {"value": "5"}},
        )
    ])  # fmt: skip
    make(
        "Attachable", Note="a photo", AttachableRef=[{"EntityRef": {"type": "Invoice", "value": paid["Id"]}}]
    )
    return made


def _european(books: Books) -> Made:
    """A company of several currencies: documents in euros, with rates and home amounts."""
    books.settings(multicurrency=True)
    customer = books.make("Customer", {"DisplayName": "Dachdecker", "CurrencyRef": {"value": "EUR"}})
    owner = {"CustomerRef": {"value": customer["Id"]}, **FOREIGN}
    invoice = books.make("Invoice", {**owner, "Line": [line(100)]})
    applied = {"Amount": 40, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    payment = books.make("Payment", {**owner, "TotalAmt": 40, "Line": [applied], "ExchangeRate": 1.2})
    memo = books.make("CreditMemo", {**owner, "Line": [line(1)]})
    currency = books.make("CompanyCurrency", {"Code": "CHF"})
    return [("Customer", customer), ("Invoice", invoice), ("Payment", payment), ("CreditMemo", memo),
            ("CompanyCurrency", currency)]  # fmt: skip


def _british(books: Books) -> Made:
    """A company with a tax code on each line, inside the amounts."""
    books.settings(country="GB", home_currency="GBP")
    form = {"CustomerRef": {"value": AMY}, "GlobalTaxCalculation": "TaxInclusive",
            "Line": [line(120, TaxCodeRef={"value": "2"})]}  # fmt: skip
    return [(kind, books.make(kind, form)) for kind in ("Invoice", "Estimate", "SalesReceipt", "CreditMemo")]


@pytest.fixture(scope="module", params=[_american, _european, _british], ids=["taxed", "currencies", "vat"])
def company(request: pytest.FixtureRequest) -> Iterator[tuple[Books, Made]]:
    """A connected company with the objects of one of the above."""
    make: Callable[[Books], Made] = request.param
    with open_books() as books:
        yield books, make(books)


def test_every_object_read_and_listed_is_valid(company: tuple[Books, Made]):
    """By Id, by query (what every company holds from the start besides) and in change data."""
    books, made = company
    kinds = list(ENTITIES)
    answers = [books.client.get(f"/{kind.lower()}/{obj['Id']}", headers=AS_XML) for kind, obj in made]
    answers += [
        books.client.get("/query", params={"query": f"select * from {kind}"}, headers=AS_XML)
        for kind in kinds
    ]
    since = books.sandbox.clock.now().isoformat()[:10]
    asked = {"entities": ",".join(kind for kind, _ in made), "changedSince": since}
    answers.append(books.client.get("/cdc", params=asked, headers=AS_XML))
    answers.append(books.client.get("/preferences", headers=AS_XML))
    assert [answer.text for answer in answers if answer.status_code != 200] == []
    assert [fault for answer in answers for fault in faults(answer.content)] == []


def test_updated_inactive_voided_and_deleted_objects_are_valid(company: tuple[Books, Made]):
    """Each is changed as far as its kind allows, and every answer on the way validates."""
    books, made = company
    answers = []
    for kind, obj in reversed(made):
        path, entity = f"/{kind.lower()}", ENTITIES[kind]
        now = books.read(kind, obj["Id"])
        answers.append(books.client.post(path, json={**token(now), "sparse": True}, headers=AS_XML))
        if entity.is_txn:
            now = books.read(kind, obj["Id"])
            if entity.voidable:
                asked = (
                    {"operation": "void"} if kind == "Invoice" else {"operation": "update", "include": "void"}
                )
                answers.append(
                    books.client.post(path, json={**token(now), "sparse": True}, params=asked, headers=AS_XML)
                )
                now = books.read(kind, obj["Id"])
            answers.append(
                books.client.post(path, json=token(now), params={"operation": "delete"}, headers=AS_XML)
            )
        elif "Active" in entity.fields:
            now = books.read(kind, obj["Id"])
            answers.append(books.client.post(path, json={**now, "Active": False}, headers=AS_XML))
    since = books.sandbox.clock.now().isoformat()[:10]
    asked = {"entities": ",".join(kind for kind, _ in made), "changedSince": since}
    answers.append(books.client.get("/cdc", params=asked, headers=AS_XML))
    assert sum(answer.status_code == 200 for answer in answers) > len(made)
    assert [fault for answer in answers for fault in faults(answer.content)] == []


def test_counts_batches_refusals_and_uploads_are_valid(books: Books):
    """The envelopes around objects are in the schema as well."""
    items = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Ada"}},
        {"bId": "2", "operation": "create", "Customer": {"DisplayName": "Ada"}},
        {"bId": "3", "Query": "select count(*) from Customer"},
    ]
    file = {"file_content_01": ("roof.txt", b"tiles", "text/plain")}
    answers = [
        books.client.post("/batch", json={"BatchItemRequest": items}, headers=AS_XML),
        books.client.get("/query", params={"query": "select count(*) from Invoice"}, headers=AS_XML),
        books.client.get("/customer/999", headers=AS_XML),
        httpx2.post(
            f"{books.client.base_url}upload", files=file,
            headers={"authorization": books.tokens.headers["authorization"], **AS_XML},
        ),
    ]  # fmt: skip
    assert [fault for answer in answers for fault in faults(answer.content)] == []


def test_what_is_excepted_is_against_the_schema(books: Books):
    """Were the simulator's transfers or empty custom fields valid, the exceptions would hide nothing but faults."""
    books.settings(custom_fields=["Crew #"])
    transfer = {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": 5}
    for element, kind, obj in (
        ("Transfer", "Transfer", books.make("Transfer", transfer)),
        ("CustomField", "Invoice", books.invoice()),
    ):
        answer = books.client.get(f"/{kind.lower()}/{obj['Id']}", headers=AS_XML)
        assert faults(answer.content) == []
        against = [_local(error.elem) for error in schema().iter_errors(ET.fromstring(answer.content))]
        assert against == [element]
        elsewhere = answer.content.replace(b"<SyncToken>", b"<DocNumber>9</DocNumber><SyncToken>")
        assert faults(elsewhere) != []


def test_the_table_of_shapes_is_the_schemas():
    """Order, repetition and kind of every element are those of Intuit's types; nothing is left out."""
    for name, shape in SHAPES.items():
        found: Any = schema().types[name] if name in schema().types else schema().elements[name].type
        described = [
            Element(str(part.local_name), many, _holds(part.type))
            for part, many in _elements(found.content, many=False)
        ]
        told = [
            one if one.holds in SHAPES or one.holds in SIMPLE else Element(one.name, one.many, "any")
            for one in described
        ]
        assert list(shape.values()) == told, name


def test_every_field_is_in_the_schema():
    """A field that Intuit's type does not have would be refused with 2010 by Intuit."""
    for entity in ENTITIES.values():
        unknown = entity.fields.keys() - SHAPES[entity.name].keys() - {"domain", "sparse", "status"}
        assert not unknown, entity.name


SIMPLE = ("text", "number", "flag", "reference")


def _elements(group: Any, *, many: bool) -> Iterator[tuple[Any, bool]]:
    for part in group:
        repeated = many or part.max_occurs is None or part.max_occurs > 1
        if isinstance(part, xmlschema.XsdElement):
            yield part, repeated
        else:
            yield from _elements(part, many=repeated)


def _holds(kind: Any) -> str:
    """What the table calls the type of an element."""
    if kind.is_simple():
        primitive = kind.primitive_type.local_name if kind.primitive_type is not None else ""
        return {"boolean": "flag", "decimal": "number", "float": "number", "double": "number"}.get(
            primitive, "text"
        )
    if kind.has_simple_content():
        return "reference"
    return str(kind.local_name)
