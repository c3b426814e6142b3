"""Every way in which QuickBooks says no, with Intuit's codes and texts.

Codes and texts: recordings of live companies where there are any, else Intuit's page of error codes
(https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes).
"""

import re
from dataclasses import dataclass, field
from typing import Any

INACTIVE_TEXT = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)


@dataclass(frozen=True)
class FaultError:
    """One error inside a Fault; `element` is left out of the answer when it is None."""

    code: str
    message: str
    detail: str
    element: str | None = ""

    def as_json(self) -> dict[str, Any]:
        """The error as Intuit writes it."""
        told = {"Message": self.message, "Detail": self.detail, "code": self.code}
        return told if self.element is None else {**told, "element": self.element}


@dataclass
class Refused(Exception):
    """A request that the accounting service refuses; always HTTP 400, sometimes several errors at once."""

    errors: list[FaultError] = field(default_factory=list)
    fault_type: str = "ValidationFault"

    def as_json(self) -> dict[str, Any]:
        """The Fault as Intuit writes it, without the wrapping."""
        return {"Fault": {"Error": [error.as_json() for error in self.errors], "type": self.fault_type}}


def refusal(code: str, message: str, detail: str, element: str | None = "") -> Refused:
    """A refusal with a single error."""
    return Refused([FaultError(code, message, detail, element)])


def unsupported(operation: str) -> Refused:
    """Code 500: there is no such operation (still HTTP 400)."""
    return refusal("500", "Unsupported Operation", f"Operation {operation} is not supported.", None)


def not_found() -> Refused:
    """Code 610 for an object that is not there."""
    return refusal("610", "Object Not Found", f"Object Not Found : {INACTIVE_TEXT}")


def deleted_transaction() -> Refused:
    """Code 610 in its second meaning."""
    detail = "Object Not Found : Another user has deleted this transaction."
    return refusal("610", "Object Not Found", detail)


def unknown_property(name: str, java_class: str, known: list[str]) -> Refused:
    """Code 2010, in the words of the JSON parser on Intuit's side."""
    shown = ", ".join(f'"{k}"' for k in known[:60])
    cut = " [truncated]" if len(known) > 60 else ""
    detail = (
        f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{java_class}), '
        f"not marked as ignorable ({len(known)} known properties: {shown}{cut}])\n"
        " specified is unsupported or invalid"
    )
    return refusal("2010", "Request has invalid or unsupported property", detail, None)


def unparsable(what: str) -> Refused:
    """Code 2010 for a body or value that is not of the kind that the field needs."""
    detail = f"Property Name:{what} specified is unsupported or invalid"
    return refusal("2010", "Request has invalid or unsupported property", detail, None)


def missing(name: str) -> Refused:
    """Code 2020: a required field is not there."""
    message = "Required param missing, need to supply the required value for the API"
    return refusal("2020", message, f"Required parameter {name} is missing in the request", name)


def invalid_id(value: str) -> Refused:
    """Code 2030: an id that is not a number."""
    return refusal("2030", "Invalid ID", f"Id should be a valid number. Supplied value:{value}", "Id")


def invalid_characters(name: str, value: str) -> Refused:
    """Code 2040: a name with a colon, tab or line break."""
    detail = f"Property {name} contains invalid characters. Supplied value:{value}"
    return refusal("2040", "Invalid String", detail, name)


def too_long(name: str, maximum: int, length: int) -> Refused:
    """Code 2050."""
    detail = (
        f"{name}: String length is either too short or too long. Min:0 Max:{maximum} supplied length:{length}"
    )
    return refusal("2050", "String length specified does not match the supported length", detail, name)


def invalid_number(name: str, value: object) -> Refused:
    """Code 2090: not a number that the field can hold."""
    return refusal("2090", "Invalid Number", f"{name} should be a valid number. Supplied value:{value}", name)


def invalid_reference(kind: str, value: str) -> Refused:
    """Code 2500 for a reference to something that is not there; `kind` as Intuit names it (Names, Accounts)."""
    return refusal(
        "2500", "Invalid Reference Id", f"Invalid Reference Id : {kind} element id {value} not found"
    )


def inactive_reference() -> Refused:
    """Code 2500 for a reference to something inactive."""
    return refusal("2500", "Invalid Reference Id", f"Invalid Reference Id : {INACTIVE_TEXT}")


def stale(user: str) -> Refused:
    """Code 5010: someone else wrote in between."""
    detail = (
        f"Stale Object Error : You and {user} were working on this at the same time. "
        f"{user} finished before you did, so your work was not saved."
    )
    return refusal("5010", "Stale Object Error", detail)


def business(text: str) -> Refused:
    """Code 6000: any other rule of bookkeeping."""
    message = "A business validation error has occurred while processing your request"
    return refusal("6000", message, f"Business Validation Error: {text}")


def other_currency() -> Refused:
    """Code 6000 for a customer, vendor or account of another currency than the document's (reported, text and code)."""
    return business("You can only use one foreign currency per transaction.")


def wrong_amount(value: object) -> Refused:
    """Code 6070: a line whose amount is not price times quantity."""
    detail = f"Amount is not equal to UnitPrice * Qty. Supplied value:{value}"
    return refusal("6070", "Amount calculation incorrect in the request", detail)


def duplicate_number(number: str, txn_type: str, txn_id: str) -> Refused:
    """Code 6140; the detail names the transaction that has the number."""
    detail = (
        "Duplicate Document Number Error : You must specify a different number. This number has already been "
        f"used. DocNumber={number} is assigned to TxnType={txn_type} with TxnId={txn_id}"
    )
    return refusal("6140", "Duplicate Document Number Error", detail)


def duplicate_name(asked: str, taken_by: str) -> Refused:
    """Code 6240, in its two texts: the same kind of object has the name, or another kind has it."""
    own = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", asked).lower()
    who = own if asked == taken_by else "customer, vendor or employee"
    detail = f"The name supplied already exists. : Another {who} is already using this name. Please use a different name."
    return refusal("6240", "Duplicate Name Exists Error", detail)


def books_closed() -> Refused:
    """Code 6210: the date lies on or before the closing date."""
    detail = (
        "The account period has closed and the account books cannot be updated through through the QBO "
        "Services API. Please use the QBO website to make these changes."
    )
    return refusal("6210", "Account Period Closed, Cannot Update Through Services API", detail)


def company_read_only() -> Refused:
    """Code 6190: the subscription ended."""
    detail = (
        "Subscription period has ended or canceled or there was a billing problem : You can't add data to "
        "QuickBooks Online Plus because your trial or subscription period ended, you canceled your "
        "subscription, or there was a billing problem."
    )
    return refusal("6190", "Invalid Company Status", detail)


def open_balance(kind: str) -> Refused:
    """Code 6220: a customer with a balance cannot be made inactive."""
    detail = (
        "The entity you are trying to delete has an open balance. : "
        f"This {kind.lower()} cannot be deleted because it has a non-zero balance"
    )
    return refusal("6220", "Delete List Has Balance Error", detail)


def deposited() -> Refused:
    """Code 6540: the transaction is part of a bank deposit."""
    detail = (
        "This transaction has been deposited. If you want to change or delete it, "
        "you must edit the deposit it appears on and remove it first"
    )
    return refusal("6540", "Deposited Transaction cannot be changed", detail)


def cannot_link(txn_id: str) -> Refused:
    """Code 620: the transaction cannot be linked to."""
    return refusal("620", "Transaction cannot be linked", f"Transaction with id {txn_id} cannot be linked")


def query_unparsable(detail: str) -> Refused:
    """Code 4000: not in the query language."""
    return refusal("4000", "Error parsing query", f"QueryParserError: {detail}", None)


def query_invalid(detail: str) -> Refused:
    """Code 4001: in the language, but it asks for something that cannot be."""
    return refusal("4001", "Invalid query", f"QueryValidationError: {detail}", None)
