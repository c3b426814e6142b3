"""python-quickbooks with intuit-oauth, as they come from the package index, works against the simulator."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects.account import Account
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import Address, AttachableRef, EmailAddress, Ref
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.customer import Customer
from quickbooks.objects.department import Department
from quickbooks.objects.deposit import Deposit, DepositLine, DepositLineDetail
from quickbooks.objects.detailline import (
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.employee import Employee
from quickbooks.objects.estimate import Estimate
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.journalentry import JournalEntry, JournalEntryLine, JournalEntryLineDetail
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.purchase import Purchase
from quickbooks.objects.refundreceipt import RefundReceipt
from quickbooks.objects.salesreceipt import SalesReceipt
from quickbooks.objects.taxservice import TaxRateDetails, TaxService
from quickbooks.objects.term import Term
from quickbooks.objects.trackingclass import Class
from quickbooks.objects.transfer import Transfer
from quickbooks.objects.vendor import Vendor
from tests.sandbox.quickbooks_world import approve, query_of

from crm_sandbox.testing import RunningSandbox, running_sandbox

REDIRECT = "http://localhost:8089/qbo/oauth/callback"
REPORTS = "ProfitAndLoss BalanceSheet GeneralLedger CustomerBalance AgedReceivables TransactionList".split()
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's OAuth library insists on https unless told that this is a machine of ours."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(qbo_rate_limits_on=False) as running:
        yield running


@pytest.fixture
def auth(sandbox: RunningSandbox) -> Iterator[AuthClient]:
    with let_in(sandbox) as app:
        yield app


@pytest.fixture
def qb(sandbox: RunningSandbox, auth: AuthClient) -> Iterator[QuickBooks]:
    with connected(sandbox, auth) as client:
        yield client


@contextlib.contextmanager
def let_in(sandbox: RunningSandbox) -> Iterator[AuthClient]:
    """Intuit's own OAuth client after the company's owner consented: it holds both tokens."""
    keys = sandbox.config.qbo_client_id, sandbox.config.qbo_client_secret
    with AuthClient(*keys, REDIRECT, f"{sandbox.base_url}/.well-known/openid_configuration") as app:
        back = query_of(approve(app.get_authorization_url([Scopes.ACCOUNTING])))
        assert back["state"] == app.state_token
        app.get_bearer_token(back["code"], realm_id=back["realmId"])
        yield app


@contextlib.contextmanager
def connected(sandbox: RunningSandbox, app: AuthClient) -> Iterator[QuickBooks]:
    """The client of the company that let the app in."""
    QuickBooks.sandbox_api_url_v3 = f"{sandbox.base_url}/v3"
    client = QuickBooks(
        auth_client=app, refresh_token=app.refresh_token, company_id=app.realm_id, minorversion=75
    )
    # It knows Intuit's two environments by name and takes a discovery address for production.
    client.sandbox = True
    with client.session:
        yield client


def made(kind: type[T], **fields: Any) -> T:
    """An object of the client with these fields set."""
    obj = kind()
    for name, value in fields.items():
        setattr(obj, name, value)
    return obj


def a_customer(qb: QuickBooks, name: str = "Ridge & Sons", **more: Any) -> Customer:
    return made(Customer, DisplayName=name, **more).save(qb=qb)


def a_line(amount: float, item_id: str = "1") -> SalesItemLine:
    detail = made(SalesItemLineDetail, ItemRef=made(Ref, value=item_id))
    return made(SalesItemLine, Amount=amount, SalesItemLineDetail=detail)


def an_invoice(qb: QuickBooks, customer: Customer, amount: float = 4725.0) -> Invoice:
    return made(Invoice, CustomerRef=customer.to_ref(), Line=[a_line(amount)]).save(qb=qb)


def a_payment(qb: QuickBooks, customer: Customer, invoice: Invoice, amount: float) -> Payment:
    applied = made(PaymentLine, Amount=amount, LinkedTxn=[invoice.to_linked_txn()])
    return made(Payment, CustomerRef=customer.to_ref(), TotalAmt=amount, Line=[applied]).save(qb=qb)


def test_customers_and_items_are_made_and_changed(qb: QuickBooks) -> None:
    """What is saved comes back by get: new fields, changed fields, and in a sparse update all the others."""
    address = made(
        Address, Line1="1 Ridge Rd", City="Golden", CountrySubDivisionCode="CO", PostalCode="80401"
    )
    mail = made(EmailAddress, Address="sue@example.com")
    customer = a_customer(qb, GivenName="Sue", BillAddr=address, PrimaryEmailAddr=mail)
    customer.CompanyName = "Ridge LLC"
    changed = customer.save(qb=qb)
    assert (changed.CompanyName, changed.SyncToken) == ("Ridge LLC", "1")
    only_notes = {"Id": changed.Id, "SyncToken": changed.SyncToken, "sparse": True, "Notes": "gate code 7"}
    # An object of the client names every field, so its own sparse update would clear those left empty.
    qb.update_object("Customer", json.dumps(only_notes))
    read = Customer.get(customer.Id, qb=qb)
    assert (read.GivenName, read.BillAddr.City, read.PrimaryEmailAddr.Address) == (
        "Sue",
        "Golden",
        "sue@example.com",
    )

    income = made(Ref, value="45")
    item = made(Item, Name="Ridge vent", Type="Service", IncomeAccountRef=income).save(qb=qb)
    item.UnitPrice = 12.5
    assert item.save(qb=qb).UnitPrice == 12.5
    assert Item.get(item.Id, qb=qb).IncomeAccountRef.name == "Roofing Income"


def test_an_invoice_is_paid_voided_and_deleted(qb: QuickBooks) -> None:
    """Invoice and payment change each other's balance on the way through save, void, void and delete."""
    customer = a_customer(qb)
    invoice = an_invoice(qb, customer)
    invoice.PrivateNote = "proposal 7"
    invoice = invoice.save(qb=qb)
    assert (invoice.PrivateNote, invoice.Balance, invoice.TotalAmt) == ("proposal 7", 4725.0, 4725.0)

    payment = a_payment(qb, customer, invoice, 4725.0)
    payment.PaymentRefNum = "ch_1"
    payment = payment.save(qb=qb)
    assert (payment.PaymentRefNum, payment.UnappliedAmt) == ("ch_1", 0)
    paid = Invoice.get(invoice.Id, qb=qb)
    assert (paid.Balance, paid.LinkedTxn[0].TxnId) == (0, payment.Id)
    assert Customer.get(customer.Id, qb=qb).Balance == 0

    payment.void(qb=qb)
    assert Payment.get(payment.Id, qb=qb).TotalAmt == 0
    owed = Invoice.get(invoice.Id, qb=qb)
    assert owed.Balance == 4725.0
    owed.void(qb=qb)
    voided = Invoice.get(invoice.Id, qb=qb)
    assert (voided.TotalAmt, voided.PrivateNote) == (0, "proposal 7 - Voided")
    assert voided.delete(qb=qb)["Invoice"]["status"] == "Deleted"
    with pytest.raises(ObjectNotFoundException) as gone:
        Invoice.get(invoice.Id, qb=qb)
    assert gone.value.error_code == 610


def test_an_estimate_is_made_accepted_and_deleted(qb: QuickBooks) -> None:
    """An estimate goes through save, change and delete, and does not touch what the customer owes."""
    customer = a_customer(qb)
    estimate = made(Estimate, CustomerRef=customer.to_ref(), Line=[a_line(15750.0)]).save(qb=qb)
    assert (estimate.TotalAmt, estimate.TxnStatus) == (15750.0, "Pending")
    estimate.TxnStatus = "Accepted"
    estimate = estimate.save(qb=qb)
    assert Estimate.get(estimate.Id, qb=qb).TxnStatus == "Accepted"
    assert Customer.get(customer.Id, qb=qb).Balance == 0
    estimate.delete(qb=qb)
    assert Estimate.count(qb=qb) == 0


def test_every_other_kind_is_made_and_changed(qb: QuickBooks) -> None:
    """The client sends each of its fields with every object; none is unknown, and a second save changes the first."""
    to_customer, checking, services = a_customer(qb).to_ref(), made(Ref, value="35"), made(Ref, value="5")
    job = {"DisplayName": "Back roof", "ParentRef": to_customer, "Job": True}
    sale = {"CustomerRef": to_customer, "Line": [a_line(5.0)]}
    cost = made(AccountBasedExpenseLineDetail, AccountRef=made(Ref, value="8"))
    expense = made(AccountBasedExpenseLine, Amount=5, AccountBasedExpenseLineDetail=cost)
    income = made(DepositLineDetail, AccountRef=services)
    into = made(DepositLine, Amount=5, DetailType="DepositLineDetail", DepositLineDetail=income)
    sides = [
        made(
            JournalEntryLine,
            Amount=5,
            JournalEntryLineDetail=made(JournalEntryLineDetail, PostingType=side, AccountRef=account),
        )
        for side, account in (("Debit", checking), ("Credit", services))
    ]
    for obj in (
        made(Customer, **job),
        made(Vendor, DisplayName="Slate & Co"),
        made(Employee, GivenName="Ann", FamilyName="Shingle"),
        made(Class, Name="Roofs"),
        made(Department, Name="North"),
        made(Term, Name="Net 7", DueDays=7),
        made(PaymentMethod, Name="Stripe"),
        made(Account, Name="Stripe clearing", AccountType="Bank", AccountSubType="Checking"),
        made(CreditMemo, **sale),
        made(SalesReceipt, **sale),
        made(RefundReceipt, **sale, DepositToAccountRef=checking),
        made(Deposit, DepositToAccountRef=checking, Line=[into]),
        made(Transfer, Amount=5, FromAccountRef=checking, ToAccountRef=made(Ref, value="36")),
        made(Purchase, AccountRef=checking, PaymentType="Cash", Line=[expense]),
        made(JournalEntry, Line=sides),
    ):
        saved = obj.save(qb=qb)
        assert saved.save(qb=qb).SyncToken == "1", obj.qbo_object_name
    rate = made(TaxRateDetails, TaxRateName="Golden", RateValue="3", TaxAgencyId="1")
    assert made(TaxService, TaxCode="Golden", TaxRateDetails=[rate]).save(qb=qb).TaxCodeId


def test_a_vendors_and_an_employees_rates_are_kept(qb: QuickBooks) -> None:
    """What an hour costs and is billed at comes back; an employee's too."""
    for person in (made(Vendor, DisplayName="Slate & Co"), made(Employee, GivenName="Ann")):
        person.BillRate, person.CostRate = 80, 35
        saved = person.save(qb=qb)
        assert (saved.BillRate, saved.CostRate) == (80, 35)


def test_an_invoice_is_sent_and_printed(qb: QuickBooks) -> None:
    """The client's send and download_pdf bring EmailSent and a PDF."""
    invoice = an_invoice(qb, a_customer(qb))
    sent = invoice.send(qb=qb, send_to="sue+roof@example.com")["Invoice"]
    assert (sent["EmailStatus"], sent["BillEmail"]["Address"]) == ("EmailSent", "sue+roof@example.com")
    assert invoice.download_pdf(qb=qb).startswith(b"%PDF-")


def test_lists_come_by_page_and_by_condition(qb: QuickBooks) -> None:
    """all, filter, where, choose and count find what they should, page by page and with an apostrophe."""
    for number in range(5):
        a_customer(qb, f"Row {number}")
    assert Customer.count("DisplayName LIKE 'Row%'", qb=qb) == 5
    pages = [
        [one.DisplayName for one in Customer.where("DisplayName LIKE 'Row%'", "DisplayName", start, 2, qb=qb)]
        for start in (1, 3, 5, 7)
    ]
    assert pages == [["Row 0", "Row 1"], ["Row 2", "Row 3"], ["Row 4"], []]
    newest = Customer.all(order_by="MetaData.CreateTime DESC", start_position=1, max_results=3, qb=qb)
    assert len(newest) == 3
    assert [one.Id for one in Customer.filter(DisplayName="Amy's Bird Sanctuary", qb=qb)] == ["1"]
    assert {one.Id for one in Customer.choose(["1", "2"], qb=qb)} == {"1", "2"}
    assert {one.Name for one in Item.all(qb=qb)} >= {"Roof Repair"}


def test_a_batch_succeeds_and_fails_item_by_item(qb: QuickBooks) -> None:
    """Thirty-five customers go in two batches; the one whose name is taken fails alone and says so."""
    a_customer(qb, "Taken")
    wanted = [made(Customer, DisplayName=f"Batch {number}") for number in range(34)]
    done = batch_create([*wanted, made(Customer, DisplayName="Taken")], qb=qb)
    assert len(done.successes) == 34
    (fault,) = done.faults
    assert (fault.Error[0].code, fault.original_object.DisplayName) == ("6240", "Taken")
    for customer in done.successes[:3]:
        customer.Notes = "seen"
    assert [one.Notes for one in batch_update(done.successes[:3], qb=qb).successes] == ["seen"] * 3
    invoices = [an_invoice(qb, done.successes[0], 10.0) for _ in range(2)]
    gone = batch_delete(invoices, qb=qb)
    assert [one.status for one in gone.successes] == ["Deleted", "Deleted"]


def test_changes_are_captured_with_what_was_deleted(qb: QuickBooks, sandbox: RunningSandbox) -> None:
    """CDC brings what changed since then, of each kind asked for, deleted objects marked as such."""
    sandbox.clock.advance(1200)
    since = sandbox.clock.now() - timedelta(seconds=600)
    customer = a_customer(qb)
    kept, gone = an_invoice(qb, customer), an_invoice(qb, customer)
    gone.delete(qb=qb)
    found = change_data_capture([Customer, Invoice, Payment], since.isoformat(timespec="seconds"), qb=qb)
    assert [one.Id for one in found.Customer] == [customer.Id]
    assert {one.Id: getattr(one, "status", "kept") for one in found.Invoice} == {
        kept.Id: "kept",
        gone.Id: "Deleted",
    }
    assert not hasattr(found, "Payment")


def test_company_preferences_and_trial_balance_are_read(qb: QuickBooks) -> None:
    """CompanyInfo, Preferences and a report come as the client's own objects expect them."""
    an_invoice(qb, a_customer(qb), 100.0)
    assert CompanyInfo.get(qb.company_id, qb=qb).CompanyName == "Sandbox Company_US_1"
    assert Preferences.get(qb=qb).CurrencyPrefs.MultiCurrencyEnabled is False
    report = qb.get_report("TrialBalance", {"accounting_method": "Accrual"})
    rows = {
        row["ColData"][0]["value"]: row["ColData"][1:] for row in report["Rows"]["Row"] if "ColData" in row
    }
    assert rows["Accounts Receivable (A/R)"][0]["value"] == "100.00"


def test_a_sale_stands_in_every_report(qb: QuickBooks) -> None:
    """Each report of the trade comes under its name in Intuit's rows and columns, with the one sale in it."""
    an_invoice(qb, a_customer(qb), 1234.5)
    for name in REPORTS:
        report = qb.get_report(name)
        assert report["Header"]["ReportName"] == name
        assert all(column["ColType"] for column in report["Columns"]["Column"])
        assert '"1234.50"' in json.dumps(report["Rows"]), name


def test_a_file_and_a_note_are_attached_to_an_invoice(qb: QuickBooks, tmp_path: Path) -> None:
    """The client's own multipart, from bytes and from a path, is kept byte for byte; notes and files are found and deleted."""
    invoice = an_invoice(qb, a_customer(qb))
    link = made(AttachableRef, EntityRef=made(Ref, type="Invoice", value=invoice.Id))
    photo = bytes(range(256)) + b"\r\n--not the end\n"
    (tmp_path / "scope.txt").write_bytes(b"tear off, two layers\n")
    fields = {"AttachableRef": [link], "FileName": "ridge.jpg", "ContentType": "image/jpeg"}
    first = made(Attachable, **fields, _FileBytes=photo).save(qb=qb)
    text = {"FileName": "scope.txt", "ContentType": "text/plain"}
    second = made(Attachable, **text, _FilePath=str(tmp_path / "scope.txt")).save(qb=qb)
    assert httpx2.get(first.TempDownloadUri).content == photo
    assert httpx2.get(second.TempDownloadUri).content == b"tear off, two layers\n"
    assert (first.Size, first.AttachableRef[0].EntityRef.value) == (len(photo), invoice.Id)
    note = made(Attachable, Note="call before noon", AttachableRef=[link]).save(qb=qb)
    assert Attachable.get(note.Id, qb=qb).Note == "call before noon"
    assert {one.Id for one in Attachable.all(qb=qb)} == {first.Id, second.Id, note.Id}
    note.delete(qb=qb)
    assert Attachable.count(qb=qb) == 2


def test_the_same_request_id_makes_one_object(qb: QuickBooks) -> None:
    """The client's request_id makes a second save give the first customer again."""
    first = made(Customer, DisplayName="Once").save(qb=qb, request_id="once-1")
    again = made(Customer, DisplayName="Once").save(qb=qb, request_id="once-1")
    assert again.Id == first.Id
    assert Customer.count("DisplayName = 'Once'", qb=qb) == 1


def test_a_taken_name_a_stale_object_and_a_missing_one_are_told_apart(qb: QuickBooks) -> None:
    """6240, 5010, 610, 2020 and 4000 reach the caller as the client's exceptions, with code, message and detail."""
    customer = a_customer(qb)
    with pytest.raises(QuickbooksException) as taken:
        a_customer(qb)
    assert (taken.value.error_code, taken.value.message) == (6240, "Duplicate Name Exists Error")
    assert "Another customer is already using this name" in taken.value.detail

    customer.Notes = "first"
    customer.save(qb=qb)  # the client keeps the old SyncToken in the object it was given
    customer.Notes = "second"
    with pytest.raises(QuickbooksException) as stale:
        customer.save(qb=qb)
    assert (stale.value.error_code, stale.value.message) == (5010, "Stale Object Error")

    with pytest.raises(ObjectNotFoundException) as missing:
        Customer.get("99999", qb=qb)
    assert missing.value.error_code == 610

    with pytest.raises(ValidationException) as incomplete:
        made(Invoice, Line=[a_line(1.0)]).save(qb=qb)
    assert incomplete.value.error_code == 2020
    with pytest.raises(ValidationException) as unparsable:
        Customer.where("DisplayName = ''double''", qb=qb)
    assert unparsable.value.error_code == 4000


def test_an_expired_token_is_refreshed_and_the_request_repeated(
    qb: QuickBooks, auth: AuthClient, sandbox: RunningSandbox
) -> None:
    """After an hour the client raises; refreshed by Intuit's client, the same request works."""
    sandbox.clock.advance(3601)
    with pytest.raises(AuthorizationException) as expired:
        Customer.get("1", qb=qb)
    assert expired.value.error_code == 401
    assert '"code": "3200"' in expired.value.detail
    auth.refresh()
    with connected(sandbox, auth) as fresh:
        assert Customer.get("1", qb=fresh).DisplayName == "Amy's Bird Sanctuary"


def test_a_realm_that_was_not_connected_is_refused(qb: QuickBooks) -> None:
    """The gateway's 403 with code 3100 reaches the caller; the client cannot read that envelope and shows it whole."""
    qb.company_id = "4620816365000000000"
    with pytest.raises(QuickbooksException) as refused:
        Customer.get("1", qb=qb)
    assert "status code '403'" in refused.value.message
    assert '"code": "3100"' in refused.value.message


def test_a_request_beyond_the_limit_is_throttled() -> None:
    """The throttle answers in XML, which the client shows whole, as it does with Intuit's; later it works again."""
    with (
        running_sandbox(qbo_rate_per_minute=1) as strict,
        let_in(strict) as app,
        connected(strict, app) as client,
    ):
        Customer.get("1", qb=client)
        with pytest.raises(QuickbooksException) as throttled:
            Customer.get("1", qb=client)
        assert '<Error code="3001">' in throttled.value.message
        strict.clock.advance(60)
        assert Customer.get("1", qb=client).Id == "1"
