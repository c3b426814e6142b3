"""How much at once: the sizes beyond which the QuickBooks simulator says no, or stops."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.sandbox.quickbooks_world import AMY, Books, Json, line


@pytest.fixture
def books(company_books: Books) -> Books:
    """A company of its own for each test."""
    return company_books


def batch(books: Books, bodies: list[Json]) -> Json:
    """The answer to a batch that creates payment methods."""
    items = [
        {"bId": str(place), "operation": "create", "PaymentMethod": body} for place, body in enumerate(bodies)
    ]
    return books.client.post("/batch", json={"BatchItemRequest": items}).json()


def test_change_data_tells_of_a_thousand_objects_and_thirty_days(books: Books) -> None:
    """Of more than 1,000 changes over several kinds 1,000 come; a time more than 30 days back is refused."""
    since = (books.sandbox.clock.now() - timedelta(minutes=1)).isoformat()
    for start in range(0, 1020, 30):
        made = batch(books, [{"Name": f"Method {number}"} for number in range(start, start + 30)])
        assert all("PaymentMethod" in item for item in made["BatchItemResponse"])
    asked = {"entities": "PaymentMethod,Customer", "changedSince": since}
    found = books.client.get("/cdc", params=asked).json()["CDCResponse"][0]["QueryResponse"]
    counts = [len(next((part for part in one.values() if isinstance(part, list)), [])) for one in found]
    assert sum(counts) == 1000
    now = datetime.now(UTC)
    for days, status in ((29.9, 200), (30.1, 400)):
        asked["changedSince"] = (now - timedelta(days=days)).isoformat()
        answer = books.client.get("/cdc", params=asked)
        assert answer.status_code == status
    assert answer.json()["Fault"]["Error"][0]["code"] == "2190"


def test_a_batch_has_thirty_items_and_a_transaction_ten_thousand_lines(books: Books) -> None:
    """One more of either is refused, and nothing is written."""
    whole = batch(books, [{"Name": f"Method {number}"} for number in range(31)])
    assert whole["Fault"]["Error"][0]["code"] == "1040"
    assert books.ask("SELECT COUNT(*) FROM PaymentMethod WHERE Name LIKE 'Method%'") == {"totalCount": 0}
    body = {"CustomerRef": {"value": AMY}, "Line": [line(1)] * 10_001}
    assert books.refusal("Invoice", body)["code"] == "2250"
    assert books.ask("SELECT COUNT(*) FROM Invoice") == {"totalCount": 0}
