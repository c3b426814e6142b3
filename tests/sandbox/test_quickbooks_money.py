"""Invoices, payments and the double entry behind them in the QuickBooks simulator."""

import pytest
from tests.sandbox.quickbooks_world import (
    AMY,
    BILL,
    CHECKING,
    RECEIVABLE,
    SERVICES,
    UNDEPOSITED,
    Books,
    Json,
    line,
    payment_body,
    token,
)


def test_an_invoice_is_owed_and_earned(books: Books) -> None:
    """An invoice raises what the customer owes and the income of its item by the same amount."""
    invoice = books.invoice(4725.0)
    assert (invoice["TotalAmt"], invoice["Balance"]) == (4725.0, 4725.0)
    assert invoice["Line"][-1]["DetailType"] == "SubTotalLineDetail"
    assert books.owed() == 4725.0
    assert books.balance_cents(RECEIVABLE) == 472500
    assert books.balance_cents(SERVICES) == -472500
    assert books.read("Account", RECEIVABLE)["CurrentBalance"] == 4725.0
    assert books.read("Account", SERVICES)["CurrentBalance"] == 0


def test_a_payment_settles_its_invoice(books: Books) -> None:
    """A payment lowers the invoice, the customer and the receivable, and raises the named account."""
    invoice = books.invoice(100)
    payment = books.payment(60, (invoice["Id"], 60), DepositToAccountRef={"value": CHECKING})
    assert payment["UnappliedAmt"] == 0
    after = books.read("Invoice", invoice["Id"])
    assert after["Balance"] == 40.0
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert int(after["SyncToken"]) == int(invoice["SyncToken"]) + 1
    assert books.owed() == 40.0
    assert books.balance_cents(CHECKING) == 6000
    assert books.balance_cents(RECEIVABLE) == 4000


def test_without_lines_the_whole_payment_is_credit(books: Books) -> None:
    """A payment without lines goes to Undeposited Funds, stays unapplied and lowers the balance all the same."""
    payment = books.payment(50)
    assert payment["UnappliedAmt"] == 50.0
    assert books.owed() == -50.0
    assert books.balance_cents(UNDEPOSITED) == 5000


def test_one_payment_settles_several_invoices_and_keeps_the_rest(books: Books) -> None:
    """Lines split a payment; what no line names is unapplied."""
    first, second = books.invoice(30), books.invoice(40)
    payment = books.payment(100, (first["Id"], 30), (second["Id"], 25))
    assert payment["UnappliedAmt"] == 45.0
    assert books.read("Invoice", second["Id"])["Balance"] == 15.0


def test_more_than_is_open_cannot_be_applied(books: Books) -> None:
    """Applying more than the open balance, or more than was received, is refused and leaves no trace."""
    invoice = books.invoice(100)
    assert books.refusal("Payment", payment_body(200, (invoice["Id"], 150)))["code"] == "6000"
    assert books.refusal("Payment", payment_body(50, (invoice["Id"], 100)))["code"] == "6000"
    twice = payment_body(200, (invoice["Id"], 60), (invoice["Id"], 60))
    assert books.refusal("Payment", twice)["code"] == "6000"
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100.0
    assert books.ask("SELECT COUNT(*) FROM Payment") == {"totalCount": 0}
    assert books.balance_cents(UNDEPOSITED) == 0


def test_another_customers_invoice_cannot_be_paid(books: Books) -> None:
    """A payment settles invoices of its own customer and of that customer's jobs only."""
    invoice = books.invoice(100, customer=BILL)
    assert books.refusal("Payment", payment_body(100, (invoice["Id"], 100)))["code"] == "6000"
    job = books.make("Customer", {"DisplayName": "Roof", "Job": True, "ParentRef": {"value": AMY}})
    assert job["FullyQualifiedName"] == "Amy's Bird Sanctuary:Roof"
    below = books.invoice(70, customer=job["Id"])
    books.payment(70, (below["Id"], 70))
    assert books.read("Invoice", below["Id"])["Balance"] == 0


def test_unknown_or_deleted_targets_cannot_be_linked(books: Books) -> None:
    """A link to nothing is 620, a link to a deleted invoice 610."""
    assert books.refusal("Payment", payment_body(5, ("99999", 5)))["code"] == "620"
    invoice = books.invoice(5)
    books.make("Invoice", token(invoice), operation="delete")
    assert books.refusal("Payment", payment_body(5, (invoice["Id"], 5)))["code"] == "610"


@pytest.mark.parametrize(
    "how", [{"operation": "delete"}, {"operation": "update", "include": "void"}], ids=["delete", "void"]
)
def test_taking_a_payment_back_opens_the_invoice_again(books: Books, how: dict[str, str]) -> None:
    """Delete and void restore the invoice, the customer and the books."""
    invoice = books.invoice(100)
    payment = books.payment(100, (invoice["Id"], 100))
    gone = books.make("Payment", token(payment), **how)
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100.0
    assert books.read("Invoice", invoice["Id"])["LinkedTxn"] == []
    assert books.owed() == 100.0
    assert books.balance_cents(UNDEPOSITED) == 0
    if "include" in how:
        assert (gone["TotalAmt"], gone["UnappliedAmt"], gone["PrivateNote"]) == (0, 0, "Voided")
    else:
        assert gone == {"domain": "QBO", "status": "Deleted", "Id": payment["Id"]}


def test_a_voided_invoice_is_zero_and_frees_its_payment(books: Books) -> None:
    """Voiding keeps number and date, zeroes the amounts and leaves the payment as credit."""
    invoice = books.invoice(100, PrivateNote="pi_123")
    payment = books.payment(100, (invoice["Id"], 100))
    voided = books.make("Invoice", token(books.read("Invoice", invoice["Id"])), operation="void")
    assert (voided["TotalAmt"], voided["Balance"]) == (0, 0)
    assert voided["PrivateNote"].endswith("Voided")
    assert all(one["Amount"] == 0 for one in voided["Line"])
    assert books.read("Payment", payment["Id"])["UnappliedAmt"] == 100.0
    assert books.owed() == -100.0
    assert books.balance_cents(SERVICES) == 0


def test_a_deleted_invoice_is_gone_for_good(books: Books) -> None:
    """Reading or changing it says that another user has deleted it."""
    invoice = books.invoice(10)
    books.make("Invoice", token(invoice), operation="delete")
    answer = books.client.get(f"/invoice/{invoice['Id']}")
    error = answer.json()["Fault"]["Error"][0]
    assert (error["code"], "deleted" in error["Detail"]) == ("610", True)
    assert books.balance_cents(RECEIVABLE) == 0


def test_changing_an_invoice_rebooks_it(books: Books) -> None:
    """A changed amount replaces the old one in the books; less than what is paid is refused."""
    invoice = books.invoice(100)
    books.payment(80, (invoice["Id"], 80))
    current = books.read("Invoice", invoice["Id"])
    changed = books.make("Invoice", {**token(current), "sparse": True, "Line": [line(250)]})
    assert (changed["TotalAmt"], changed["Balance"]) == (250.0, 170.0)
    assert books.balance_cents(SERVICES) == -25000
    too_little = {**token(changed), "sparse": True, "Line": [line(50)]}
    assert books.refusal("Invoice", too_little)["code"] == "6000"
    assert books.balance_cents(SERVICES) == -25000


def test_a_full_update_clears_what_it_leaves_out_and_a_sparse_one_keeps_it(books: Books) -> None:
    """PrivateNote survives a sparse update and is gone after a full one."""
    invoice = books.invoice(10, PrivateNote="note", CustomerMemo={"value": "memo"})
    sparse = books.make("Invoice", {**token(invoice), "sparse": True, "CustomerMemo": {"value": "new"}})
    assert (sparse["PrivateNote"], sparse["CustomerMemo"]) == ("note", {"value": "new"})
    full = books.make("Invoice", {**token(sparse), "CustomerRef": {"value": AMY}, "Line": [line(10)]})
    assert "PrivateNote" not in full
    assert full["DocNumber"] == invoice["DocNumber"]


def test_a_sparse_update_of_a_payment_keeps_what_it_leaves_out(books: Books) -> None:
    """Amount, customer and applied lines stay when only the note is sent; the lines sent replace all."""
    invoice = books.invoice(30)
    payment = books.payment(10, (invoice["Id"], 10), PrivateNote="note")
    noted = books.make("Payment", {**token(payment), "sparse": True, "PrivateNote": "x"})
    assert (noted["TotalAmt"], noted["UnappliedAmt"], noted["PrivateNote"]) == (10, 0, "x")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 20
    freed = books.make("Payment", {**token(noted), "sparse": True, "Line": []})
    assert (freed["UnappliedAmt"], freed["PrivateNote"]) == (10, "x")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 30


def test_tax_follows_the_code_or_the_override(books: Books) -> None:
    """Without a header code there is none; a code computes it; TotalTax overrides it."""
    lines = [line(100, TaxCodeRef={"value": "TAX"}), line(50, TaxCodeRef={"value": "NON"})]
    body = {"CustomerRef": {"value": AMY}, "Line": lines}
    assert books.make("Invoice", body)["TotalAmt"] == 150.0
    coded = books.make("Invoice", {**body, "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}}})
    assert (coded["TotalAmt"], coded["TxnTaxDetail"]["TotalTax"]) == (158.0, 8.0)
    detail = {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 7.5}
    assert books.make("Invoice", {**body, "TxnTaxDetail": detail})["TotalAmt"] == 157.5
    assert books.refusal("Invoice", {**body, "Line": [line(1, TaxCodeRef={"value": "9"})]})["code"] == "6100"


def test_automated_sales_tax_ignores_codes_but_not_an_override(books: Books) -> None:
    """With automated tax a sent code alone changes nothing; code and total together do."""
    books.settings(automated_sales_tax=True, automated_sales_tax_percent=10.0)
    body = {"CustomerRef": {"value": AMY}, "Line": [line(100, TaxCodeRef={"value": "TAX"})]}
    body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": "2"}}
    assert books.make("Invoice", body)["TotalAmt"] == 110.0
    body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 0}
    assert books.make("Invoice", body)["TotalAmt"] == 100.0


def test_outside_the_us_each_line_needs_a_tax_code(books: Books) -> None:
    """A British company refuses a line without a VAT code and takes inclusive amounts apart."""
    books.settings(country="GB", home_currency="GBP")
    error = books.refusal("Invoice", {"CustomerRef": {"value": AMY}, "Line": [line(100)]})
    assert (error["code"], "VAT rate" in error["Detail"]) == ("6000", True)
    body = {"CustomerRef": {"value": AMY}, "Line": [line(120, TaxCodeRef={"value": "2"})]}
    assert books.make("Invoice", body)["TotalAmt"] == 144.0
    inclusive = books.make("Invoice", {**body, "GlobalTaxCalculation": "TaxInclusive"})
    assert (inclusive["TotalAmt"], inclusive["TxnTaxDetail"]["TotalTax"]) == (120.0, 20.0)
    assert books.balance_cents(SERVICES) == -22000


def test_a_deposit_item_on_a_liability_is_not_income(books: Books) -> None:
    """The product's way: an item on an Other Current Liability account books the deposit as owed, not earned."""
    account = books.make("Account", {"Name": "Customer deposits", "AccountType": "Other Current Liability"})
    item = books.make(
        "Item", {"Name": "Roof Deposit", "Type": "Service", "IncomeAccountRef": {"value": account["Id"]}}
    )
    books.make("Invoice", {"CustomerRef": {"value": AMY}, "Line": [line(4725, item=item["Id"])]})
    assert books.balance_cents(account["Id"]) == -472500
    final = [line(15750), line(-4725, item=item["Id"])]
    assert books.make("Invoice", {"CustomerRef": {"value": AMY}, "Line": final})["TotalAmt"] == 11025.0
    assert books.balance_cents(account["Id"]) == 0


def test_a_negative_total_is_refused(books: Books) -> None:
    """An invoice may hold negative lines but not a negative total."""
    assert books.refusal("Invoice", {"CustomerRef": {"value": AMY}, "Line": [line(-1)]})["code"] == "6000"


def test_a_bank_deposit_takes_payments_from_undeposited_funds_less_the_fee(books: Books) -> None:
    """Stripe's payout: payments in, a negative line for the fee, the net on the bank; the payment is then fixed."""
    payment = books.payment(262)
    lines = [
        {"Amount": 262, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]},
        {
            "Amount": -62.5,
            "DetailType": "DepositLineDetail",
            "DepositLineDetail": {"AccountRef": {"value": "8"}},
        },
    ]
    deposit = books.make("Deposit", {"DepositToAccountRef": {"value": CHECKING}, "Line": lines})
    assert deposit["TotalAmt"] == 199.5
    assert books.balance_cents(CHECKING) == 19950
    assert books.balance_cents("8") == 6250
    assert books.balance_cents(UNDEPOSITED) == 0
    deposited = books.read("Payment", payment["Id"])
    assert deposited["LinkedTxn"] == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]
    assert books.refusal("Payment", token(deposited), operation="delete")["code"] == "6540"
    again = {"DepositToAccountRef": {"value": CHECKING}, "Line": lines[:1]}
    assert books.refusal("Deposit", again)["code"] == "620"
    books.make("Deposit", token(deposit), operation="delete")
    books.make("Payment", token(books.read("Payment", payment["Id"])), operation="delete")


def test_refund_receipts_and_credit_memos_turn_the_books_around(books: Books) -> None:
    """A refund takes money and income back; a credit memo lowers what is owed and can be used up by a payment."""
    body = {"CustomerRef": {"value": AMY}, "Line": [line(40)]}
    books.make("RefundReceipt", {**body, "DepositToAccountRef": {"value": CHECKING}})
    assert books.balance_cents(CHECKING) == -4000
    memo = books.make("CreditMemo", body)
    assert (memo["RemainingCredit"], books.owed()) == (40.0, -40.0)
    invoice = books.invoice(40)
    use = payment_body(0, (invoice["Id"], 40))
    use["Line"].append({"Amount": 40, "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]})
    books.make("Payment", use)
    assert books.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0
    assert books.read("Invoice", invoice["Id"])["Balance"] == 0
    assert books.owed() == 0


def test_money_moves_by_transfer_expense_and_journal(books: Books) -> None:
    """Transfer, Purchase and JournalEntry balance; an entry out of balance is refused with 2300."""
    books.make(
        "Transfer", {"FromAccountRef": {"value": CHECKING}, "ToAccountRef": {"value": "36"}, "Amount": 10}
    )
    detail = {
        "Amount": 3,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "8"}},
    }
    books.make("Purchase", {"AccountRef": {"value": CHECKING}, "PaymentType": "Cash", "Line": [detail]})
    assert books.balance_cents(CHECKING) == -1300

    def entry(kind: str, account: str, amount: float) -> Json:
        posting = {"PostingType": kind, "AccountRef": {"value": account}}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": posting}

    books.make("JournalEntry", {"Line": [entry("Debit", CHECKING, 13), entry("Credit", "34", 13)]})
    assert books.balance_cents(CHECKING) == 0
    unequal = {"Line": [entry("Debit", CHECKING, 13), entry("Credit", "34", 12)]}
    assert books.refusal("JournalEntry", unequal)["code"] == "2300"


def test_an_invoice_closes_the_one_estimate_it_is_linked_to(books: Books) -> None:
    """The estimate is Closed and links back; a second invoice on it, or two estimates at once, are refused."""
    body = {"CustomerRef": {"value": AMY}, "Line": [line(100)]}
    first, second = books.make("Estimate", body), books.make("Estimate", body)

    def link(*ids: str) -> Json:
        return {**body, "LinkedTxn": [{"TxnId": ident, "TxnType": "Estimate"} for ident in ids]}

    assert books.refusal("Invoice", link(first["Id"], second["Id"]))["code"] == "6000"
    invoice = books.make("Invoice", link(first["Id"]))
    closed = books.read("Estimate", first["Id"])
    assert (closed["TxnStatus"], closed["LinkedTxn"][0]["TxnId"]) == ("Closed", invoice["Id"])
    assert books.refusal("Invoice", link(first["Id"]))["code"] == "620"
    assert books.balance_cents(RECEIVABLE) == 10000


def test_multicurrency_books_at_the_rate_and_puts_the_difference_aside(books: Books) -> None:
    """Currency becomes required and follows the customer; an account must be of it or of the home currency; a changed rate
    lands in Exchange Gain or Loss."""
    assert books.refusal("Customer", {"DisplayName": "E", "CurrencyRef": {"value": "EUR"}})["code"] == "6000"
    books.settings(multicurrency=True)
    customer = books.make("Customer", {"DisplayName": "Euro Dach", "CurrencyRef": {"value": "EUR"}})["Id"]
    body = {"CustomerRef": {"value": customer}, "Line": [line(100)]}
    assert books.refusal("Invoice", body)["element"] == "CurrencyRef"
    assert books.refusal("Invoice", {**body, "CurrencyRef": {"value": "USD"}})["code"] == "6000"
    euro = {"CurrencyRef": {"value": "EUR"}, "ExchangeRate": 1.1}
    pound = {"Name": "Pounds", "AccountType": "Bank", "CurrencyRef": {"value": "GBP"}}
    elsewhere = {"DepositToAccountRef": {"value": books.make("Account", pound)["Id"]}}
    for money in (
        payment_body(100, customer=customer) | euro,
        payment_body(100) | {"CurrencyRef": {"value": "USD"}},
    ):
        refused = books.refusal("Payment", {**money, **elsewhere})
        assert (refused["code"], "one foreign currency per transaction" in refused["Detail"]) == (
            "6000",
            True,
        )
    assert books.owed(customer) == 0
    invoice = books.make("Invoice", {**body, **euro})
    assert (invoice["TotalAmt"], invoice["HomeTotalAmt"]) == (100.0, 110.0)
    pay = {**payment_body(100, (invoice["Id"], 100), customer=customer), **euro, "ExchangeRate": 1.2}
    books.make("Payment", pay)
    assert books.owed(customer) == 0
    assert books.balance_cents(RECEIVABLE) == 0
    assert books.balance_cents(UNDEPOSITED) == 12000
    assert books.balance_cents("93") == -1000


def test_a_company_that_applies_credits_itself_links_what_was_not_asked_for(books: Books) -> None:
    """With AutoApplyCredit a payment without lines settles the oldest invoice: the surprise to reckon with."""
    books.settings(auto_apply_credit=True)
    first, second = books.invoice(30), books.invoice(40)
    payment = books.payment(50)
    assert payment["UnappliedAmt"] == 0
    assert books.read("Invoice", first["Id"])["Balance"] == 0
    assert books.read("Invoice", second["Id"])["Balance"] == 20.0


def test_the_trial_balance_report_has_two_equal_columns(books: Books) -> None:
    """Whatever was booked, debits and credits of the report are the same sum."""
    books.payment(33.33, (books.invoice(99.99)["Id"], 33.33))
    report = books.client.get("/reports/TrialBalance").json()
    total = report["Rows"]["Row"][-1]["Summary"]["ColData"]
    assert total[1]["value"] == total[2]["value"] == "99.99"
