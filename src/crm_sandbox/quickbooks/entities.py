"""The table of all QuickBooks objects: what they need, how they are numbered and which names must differ."""

from dataclasses import dataclass
from typing import Literal

from crm_sandbox.quickbooks import company_fields, fields

Shape = Literal["name", "list", "txn"]


@dataclass(frozen=True)
class Field:
    """One field of an object; `limit` counts characters, `target` is the kind of object a reference names."""

    name: str
    kind: str
    limit: int | None = None
    target: str | None = None
    query: bool = False
    readonly: bool = False
    keep: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Entity:
    """One kind of object.

    Objects of one `id_space` share a number sequence; objects of one `name_group` may not share a name.
    `shape` name: customers, vendors, employees; list: items, accounts...; txn: what has a date and amounts.
    `told` is false for kinds of which Intuit sends no webhooks.
    """

    name: str
    shape: Shape
    id_space: str
    fields: dict[str, Field]
    required: tuple[str, ...] = ()
    name_group: str | None = None
    voidable: bool = False
    writable: bool = True
    lines: tuple[str, ...] = ()
    told: bool = True

    def field(self, name: str) -> Field | None:
        """The field of that name, in whatever case."""
        return self.fields.get(name) or next(
            (field for known, field in self.fields.items() if known.lower() == name.lower()), None
        )

    @property
    def deletable(self) -> bool:
        """Whether it can be deleted; all else can only be made inactive."""
        return self.is_txn or self.name == "Attachable"

    @property
    def is_txn(self) -> bool:
        """Whether this is a transaction (has a date, can be deleted) and not a list entry."""
        return self.shape == "txn"


_SALES_LINES = (
    "SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail", "DescriptionOnly", "GroupLineDetail"
)  # fmt: skip
_EXPENSE_LINES = ("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail")


def _fields(text: str) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for row in filter(None, (text + fields.COMMON).splitlines()):
        name, kind, *rest = row.split()
        limit = next((int(word) for word in rest if word.isdigit()), None)
        target = next((word for word in rest if word[0].isupper()), None)
        found[name] = Field(
            name, kind, limit, target, "query" in rest, "readonly" in rest, "keep" in rest, "bare" in rest
        )  # fmt: skip
    return found


def _name(name: str, text: str) -> Entity:
    return Entity(name, "name", "name", _fields(text), name_group="people")


def _list(name: str, text: str, *required: str, writable: bool = True) -> Entity:
    return Entity(name, "list", name, _fields(text), required, name_group=name, writable=writable)


def _txn(
    name: str, text: str, required: tuple[str, ...], lines: tuple[str, ...], *,
    voidable: bool = False,
) -> Entity:  # fmt: skip
    return Entity(name, "txn", "txn", _fields(text), required, None, voidable, True, lines)


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        _name("Customer", fields.CUSTOMER),
        _name("Vendor", fields.VENDOR),
        _name("Employee", fields.EMPLOYEE),
        _list("Item", fields.ITEM, "Name", "Type"),
        _list("Account", fields.ACCOUNT, "Name"),
        _list("Class", fields.CLASS, "Name"),
        _list("Department", fields.DEPARTMENT, "Name"),
        _list("Term", fields.TERM, "Name"),
        _list("PaymentMethod", fields.METHOD, "Name"),
        _list("TaxCode", fields.TAX_CODE, writable=False),
        _list("TaxRate", fields.TAX_RATE, writable=False),
        _list("TaxAgency", company_fields.TAX_AGENCY, "DisplayName"),
        _list("CompanyCurrency", company_fields.COMPANY_CURRENCY, "Code"),
        _txn("Invoice", fields.INVOICE, ("CustomerRef", "Line"), _SALES_LINES, voidable=True),
        _txn("Payment", fields.PAYMENT, ("CustomerRef", "TotalAmt"), ("links",), voidable=True),
        _txn("Estimate", fields.ESTIMATE, ("CustomerRef", "Line"), _SALES_LINES),
        _txn("CreditMemo", fields.CREDIT, ("CustomerRef", "Line"), _SALES_LINES),
        _txn("RefundReceipt", fields.REFUND, ("DepositToAccountRef", "Line"), _SALES_LINES),
        _txn("SalesReceipt", fields.RECEIPT, ("Line",), _SALES_LINES, voidable=True),
        _txn("Deposit", fields.DEPOSIT, ("DepositToAccountRef", "Line"), ("links", "DepositLineDetail")),
        _txn("Transfer", fields.TRANSFER, ("FromAccountRef", "ToAccountRef", "Amount"), ()),
        _txn("Purchase", fields.PURCHASE, ("AccountRef", "PaymentType", "Line"), _EXPENSE_LINES),
        _txn("JournalEntry", fields.JOURNAL, ("Line",), ("JournalEntryLineDetail",)),
        Entity("CompanyInfo", "list", "CompanyInfo", _fields(company_fields.COMPANY), told=False),
        Entity("Preferences", "list", "Preferences", _fields(company_fields.PREFERENCES), writable=False),
        Entity(
            "ExchangeRate",
            "list",
            "ExchangeRate",
            _fields(company_fields.EXCHANGE_RATE),
            writable=False,
            told=False,
        ),
        Entity("Attachable", "list", "Attachable", _fields(company_fields.ATTACHABLE), told=False),
    )
}
BY_PATH: dict[str, Entity] = {name.lower(): entity for name, entity in ENTITIES.items()}

REFERENCE_NAMES = {
    "Customer": "Names", "Vendor": "Names", "Employee": "Names", "Account": "Accounts", "Class": "Klasses",
    "Department": "Depts", "Item": "Items", "Term": "Terms", "PaymentMethod": "PaymentMethods",
    "TaxCode": "TaxCodes",
}  # fmt: skip
"""How "Invalid Reference Id" names a kind: Names, Accounts, Klasses and Depts are recorded, the rest inferred."""

QUERY_PATHS = frozenset({"MetaData.CreateTime", "MetaData.LastUpdatedTime"})
