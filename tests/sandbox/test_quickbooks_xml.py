"""XML at the door: requests may come in it and answers go out in it, in the order of Intuit's schema."""

import xml.etree.ElementTree as ET

from tests.sandbox.quickbooks_world import AMY, Books, payment_body

XML = {"content-type": "application/xml", "accept": "application/xml"}
SPACE = {"q": "http://schema.intuit.com/finance/v3"}


def test_an_invoice_sent_as_xml_is_the_one_sent_as_json(books: Books):
    """Numbers, flags, references and repeated lines mean the same in both forms."""
    sent = f"""<Invoice xmlns="{SPACE["q"]}" sparse="false"><PrivateNote>of the roof</PrivateNote>
      <Line><Amount>50</Amount><DetailType>SalesItemLineDetail</DetailType>
        <SalesItemLineDetail><ItemRef name="Services">1</ItemRef><UnitPrice>25</UnitPrice><Qty>2</Qty>
        </SalesItemLineDetail></Line>
      <CustomerRef>{AMY}</CustomerRef><CustomerMemo>thanks</CustomerMemo>
      <AllowOnlinePayment>true</AllowOnlinePayment></Invoice>"""
    answer = books.client.post("/invoice", content=sent, headers={"content-type": "application/xml"})
    assert answer.status_code == 200, answer.text
    invoice = answer.json()["Invoice"]
    assert (invoice["TotalAmt"], invoice["PrivateNote"], invoice["AllowOnlinePayment"]) == (
        50,
        "of the roof",
        True,
    )
    assert invoice["CustomerRef"] == {"value": AMY, "name": "Amy's Bird Sanctuary"}
    assert invoice["CustomerMemo"] == {"value": "thanks"}
    assert len(invoice["Line"]) == 2


def test_xml_answers_stand_in_the_order_of_the_schema(books: Books):
    """Id and SyncToken come first, the customer after the lines, the balance near the end."""
    invoice = books.invoice(100)
    answer = books.client.get(f"/invoice/{invoice['Id']}", headers=XML)
    names = [child.tag.partition("}")[2] for child in ET.fromstring(answer.content)[0]]
    wanted = ["Id", "SyncToken", "MetaData", "DocNumber", "Line", "CustomerRef", "TotalAmt", "Balance"]
    assert [name for name in dict.fromkeys(names) if name in wanted] == wanted


def test_a_payment_line_names_its_invoice_in_plain_name_value_pairs(books: Books):
    """The Java classes that JSON shows around LineEx are not in XML."""
    invoice = books.invoice(100)
    payment = books.make("Payment", payment_body(100, (invoice["Id"], 100)))
    answer = books.client.get(f"/payment/{payment['Id']}", headers=XML)
    found = ET.fromstring(answer.content).find("q:Payment/q:Line/q:LineEx/q:NameValue", SPACE)
    assert found is not None
    assert [child.text for child in found] == ["txnId", invoice["Id"]]


def test_a_batch_may_come_in_xml(books: Books):
    """Each item carries its bId and operation as attributes, and so does its answer."""
    sent = f"""<IntuitBatchRequest xmlns="{SPACE["q"]}">
      <BatchItemRequest bId="one" operation="create"><Customer><DisplayName>Ada</DisplayName></Customer></BatchItemRequest>
      <BatchItemRequest bId="two"><Query>select count(*) from Invoice</Query></BatchItemRequest>
    </IntuitBatchRequest>"""
    answer = ET.fromstring(books.client.post("/batch", content=sent, headers=XML).content)
    items = answer.findall("q:BatchItemResponse", SPACE)
    assert [item.attrib["bId"] for item in items] == ["one", "two"]
    assert answer.findtext("q:BatchItemResponse/q:Customer/q:DisplayName", namespaces=SPACE) == "Ada"


def test_what_is_no_xml_is_refused_as_what_is_no_json(books: Books):
    """Broken XML and a document type are 2010; an unknown element is named."""
    for content in ("<Invoice><Line>", '<!DOCTYPE a [<!ENTITY b "c">]><Invoice>&b;</Invoice>'):
        answer = books.client.post("/invoice", content=content, headers={"content-type": "text/xml"})
        assert answer.status_code == 400
        assert answer.json()["Fault"]["Error"][0]["code"] == "2010"
    unknown = "<Invoice><Roof>red</Roof></Invoice>"
    error = books.client.post("/invoice", content=unknown, headers={"content-type": "text/xml"}).json()
    assert "Roof" in error["Fault"]["Error"][0]["Detail"]
