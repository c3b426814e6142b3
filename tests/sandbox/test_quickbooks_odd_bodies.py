"""Whatever a client sends, the QuickBooks simulator answers with a result or a Fault."""

from tests.sandbox.quickbooks_world import AMY, RECEIVABLE, Books, Json, line, payment_body

ODD: tuple[object, ...] = (
    None,
    "",
    0,
    -1,
    1e300,
    "x",
    True,
    [],
    {},
    [1],
    [[]],
    [None],
    {"value": None},
    {"value": [1]},
    {"a": 1},
    "\u0663",
)


def test_no_body_makes_the_simulator_fail(books: Books) -> None:
    """Every field of an invoice and of a payment replaced by every odd value is answered with 200 or a Fault."""
    invoice = books.invoice(10)
    bodies: dict[str, Json] = {
        "Invoice": {
            "CustomerRef": {"value": AMY},
            "Line": [line(10, Qty=1, UnitPrice=10, TaxCodeRef={"value": "TAX"})],
            "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 1},
            "BillEmail": {"Address": "a@example.com"},
            "TxnDate": "2026-05-01",
            "LinkedTxn": [],
        },
        "Payment": {**payment_body(5, (invoice["Id"], 1)), "DepositToAccountRef": {"value": "35"}},
    }
    for kind, body in bodies.items():
        for path in _paths(body):
            for value in ODD:
                answer = books.post(kind, _replaced(body, path, value))
                assert answer.status_code in (200, 400), (kind, path, value, answer.text)
                assert ("Fault" in answer.json()) == (answer.status_code == 400)
    assert books.balance_cents(RECEIVABLE) == round(books.owed() * 100)


def _paths(value: object, above: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(value, dict):
        inner = [path for name, part in value.items() for path in _paths(part, (*above, name))]
    elif isinstance(value, list):
        inner = [path for place, part in enumerate(value) for path in _paths(part, (*above, place))]
    else:
        inner = []
    return [above, *inner] if above else inner


def _replaced(value: object, path: tuple[object, ...], new: object) -> Json:
    if not path:
        return new  # type: ignore[return-value]
    if isinstance(value, dict):
        return {
            name: _replaced(part, path[1:], new) if name == path[0] else part for name, part in value.items()
        }
    assert isinstance(value, list)
    return [_replaced(part, path[1:], new) if place == path[0] else part for place, part in enumerate(value)]  # type: ignore[return-value]
