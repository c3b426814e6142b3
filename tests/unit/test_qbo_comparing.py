"""What differs is said to the cent and in words; what does not matter to the books is not said."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.accounting.comeback.comparing import Seen, followed, judge

OURS: dict[str, Any] = {
    "TotalAmt": Decimal("4725.00"),
    "TxnDate": "2026-11-27",
    "DocNumber": "PP7-1",
    "CustomerRef": {"value": "7", "name": "Ann O'Neil"},
    "Line": [{"Amount": Decimal("4725.0"), "DetailType": "SalesItemLineDetail", "Description": "Deposit",
              "SalesItemLineDetail": {"ItemRef": {"value": "3"}}}],
}  # fmt: skip
SEEN = Seen("Invoice", "141", "live", "USD", OURS, OURS)


def theirs(**changes: Any) -> Seen:
    return replace(SEEN, theirs=OURS | changes)


def test_the_same_is_no_difference() -> None:
    """Balance, notes, numbers written otherwise and QuickBooks' own sum line say nothing new."""
    closing = {"Amount": 4725, "DetailType": "SubTotalLineDetail"}
    same = theirs(TotalAmt=4725, Balance=0, PrivateNote="a word", Line=[*OURS["Line"], closing], LinkedTxn=[])
    assert judge(same, {}) == []


def test_every_field_that_matters_is_shown_with_both_values() -> None:
    """Amount, date, customer and number in this order, each as people read it."""
    (verdict,) = judge(
        theirs(
            TotalAmt=4000, TxnDate="2026-01-31", CustomerRef={"value": "9", "name": "Bob"}, DocNumber="1002"
        ),
        {},
    )
    assert [(f.label, f.ours, f.theirs) for f in verdict.fields] == [
        ("Amount", "$4,725.00", "$4,000.00"),
        ("Date", "November 27, 2026", "January 31, 2026"),
        ("Customer", "Ann O'Neil", "Bob"),
        ("Number", "PP7-1", "1002"),
    ]
    assert verdict.sentence == (
        "Invoice PP7-1 was changed in QuickBooks: amount is $4,000.00 there, $4,725.00 here; also date, customer and "
        "number."
    )


def test_a_merged_customer_or_item_is_the_same() -> None:
    """References are followed through merges, also through several, and a circle ends."""
    line = OURS["Line"][0] | {"SalesItemLineDetail": {"ItemRef": {"value": "5"}}}
    seen = theirs(CustomerRef={"value": "9"}, Line=[line])
    aliases = {("Customer", "7"): "8", ("Customer", "8"): "9", ("Item", "3"): "5"}
    assert judge(seen, aliases) == []
    assert [v.kind for v in judge(seen, {})] == ["qbo_edited"]
    circle = {("Customer", "7"): "8", ("Customer", "8"): "7"}
    assert judge(SEEN, circle) is not None
    assert followed({"CustomerRef": {"value": "7", "name": "x"}}, aliases) == {"CustomerRef": {"value": "9"}}


def test_what_settles_an_invoice_is_told_apart() -> None:
    """Our own payment and what was there when we agreed are no strangers; another's payment and a credit are."""
    links = [{"TxnType": "Payment", "TxnId": "142"}, {"TxnType": "CreditMemo", "TxnId": "150"}]
    seen = replace(theirs(LinkedTxn=links), own_payments={"142"})
    (verdict,) = judge(seen, {})
    assert (verdict.kind, "credit memo 150" in verdict.sentence) == ("qbo_paid_by_hand", True)
    assert judge(replace(seen, ours=OURS | {"LinkedTxn": links}), {}) == []


_TEXT = st.text(alphabet="aB ':\t’“0", max_size=12)
_OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "TotalAmt": st.integers(0, 10**6), "TxnDate": st.sampled_from(["2026-01-31", "2026-02-28"]),
        "DocNumber": _TEXT, "CustomerRef": st.builds(lambda v, n: {"value": v, "name": n}, st.sampled_from("789"), _TEXT),
        "Line": st.lists(st.builds(lambda a, d: {"Amount": a, "Description": d}, st.integers(0, 99), _TEXT), max_size=3),
        "UnappliedAmt": st.integers(0, 99),
    },
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["Invoice", "Payment", "Transfer"]), _OBJECT, _OBJECT)
def test_nothing_differs_from_itself_and_all_that_is_said_differs(
    entity: str, ours: dict[str, Any], there: dict[str, Any]
) -> None:
    """An object equals itself; each field that is shown was changed, and accepting (theirs as ours) leaves nothing."""
    seen = Seen(entity, "1", "live", "USD", ours, there)
    for verdict in judge(seen, {}):
        assert verdict.sentence.endswith(".")
        for field in verdict.fields:
            assert field.field in {"UnappliedAmt", "LinkedTxn"} or ours.get(field.field) != there.get(
                field.field
            )
    assert judge(replace(seen, ours=ours, theirs=ours), {}) == []
    assert judge(replace(seen, ours=there), {}) == []
