"""What must hold in the QuickBooks simulator whatever a client sends, in any order."""

import random

import pytest
from tests.sandbox.quickbooks_world import AMY, BILL, RECEIVABLE, Books, Json, line, payment_body, token

STEPS = 250
VOID_PAYMENT = {"operation": "update", "include": "void"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_receivable_is_the_sum_of_open_items(books: Books, seed: int) -> None:
    """After any mix of invoices, payments, credits, changes, voids and deletes the books agree with the documents."""
    dice = random.Random(seed)
    for _ in range(STEPS):
        _one_step(books, dice)
    everything = {kind: _all(books, kind) for kind in ("Invoice", "Payment", "CreditMemo")}
    opened = sum(one["Balance"] for one in everything["Invoice"])
    credit = sum(one["UnappliedAmt"] for one in everything["Payment"])
    credit += sum(one["RemainingCredit"] for one in everything["CreditMemo"])
    owed = sum(books.owed(customer) for customer in (AMY, BILL))
    assert opened > 0
    assert books.balance_cents(RECEIVABLE) == round((opened - credit) * 100) == round(owed * 100)
    for invoice in everything["Invoice"]:
        linked = {link["TxnId"] for link in invoice["LinkedTxn"]}
        paying = {
            payment["Id"]: part["Amount"]
            for payment in everything["Payment"]
            for part in payment.get("Line", [])
            if part["LinkedTxn"][0] == {"TxnId": invoice["Id"], "TxnType": "Invoice"}
        }
        assert linked == set(paying)
        assert round(invoice["Balance"] * 100) == round((invoice["TotalAmt"] - sum(paying.values())) * 100)


def _one_step(books: Books, dice: random.Random) -> None:
    customer, amount = dice.choice((AMY, BILL)), dice.randint(1, 50_000) / 100
    invoices, payments = _all(books, "Invoice"), _all(books, "Payment")
    match dice.randrange(8):
        case 0 | 1:
            books.invoice(amount, customer)
        case 2 | 3 if invoices:
            invoice = dice.choice(invoices)
            part = round(min(invoice["Balance"], amount), 2)
            body = payment_body(amount, (invoice["Id"], part), customer=invoice["CustomerRef"]["value"])
            books.make("Payment", body)
        case 4:
            books.make("CreditMemo", {"CustomerRef": {"value": customer}, "Line": [line(amount)]})
        case 5 if payments:
            books.make(
                "Payment",
                token(dice.choice(payments)),
                **dice.choice(({"operation": "delete"}, VOID_PAYMENT)),
            )
        case 6 if invoices:
            books.make("Invoice", token(dice.choice(invoices)), operation=dice.choice(("void", "delete")))
        case 7 if invoices:
            # Less than what is paid is refused; both outcomes must leave the books whole.
            books.post("Invoice", {**token(dice.choice(invoices)), "sparse": True, "Line": [line(amount)]})


def _all(books: Books, kind: str) -> list[Json]:
    return books.sandbox.quickbooks.objects(books.realm_id, kind)


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
