"""Every fault code of QuickBooks that we know: what it means, what we do, and the sentence that a person reads.

The one table: `quickbooks_faults` acts by it, docs/quickbooks-codes.md is written from it and checked against it.
Codes and reactions: facts/quickbooks.md 2.5. `{detail}` is QuickBooks' own explanation, `{tid}` its reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reaction = Literal["a person", "again by itself", "reconnect", "renew and repeat"]
_OURS = (
    "QuickBooks did not understand what we sent (code {code}: {detail}). This is a mistake of ours; please send the "
    "reference {tid} to support."
)
_OWN_PROBLEM = "QuickBooks has a problem of its own. We try again by ourselves."


@dataclass(frozen=True, slots=True)
class Code:
    status: int  # as Intuit sends it
    meaning: str
    reaction: Reaction
    sentence: str
    ours: bool = False  # a defect of ours, which support must see


CODES: dict[str, Code] = {
    "3200": Code(
        401, "The access token ended or was revoked", "renew and repeat",
        "QuickBooks does not accept our sign-in, even renewed. Please reconnect.",
    ),
    "3100": Code(
        403, "Another environment or company, or the app was disconnected", "reconnect",
        "QuickBooks no longer lets us in: the app was disconnected there, or this is another company. Please reconnect.",
    ),
    "120": Code(
        401, "The person who connected lost access", "reconnect",
        "The person who connected QuickBooks has lost access to it. Another QuickBooks administrator must reconnect.",
    ),
    "3001": Code(
        429, "Too many requests, or the month's free reads are used up", "again by itself",
        "QuickBooks asks us to slow down. We continue in about a minute.",
    ),
    "10000": Code(500, "A failure inside QuickBooks; a write may have happened", "again by itself", _OWN_PROBLEM),
    "5010": Code(
        400, "Somebody changed the object meanwhile", "a person",
        "Somebody changed this in QuickBooks at the same moment. Retry to use the newest version.",
    ),
    "610": Code(
        400, "Deleted or made inactive", "a person",
        "Something this needs was deleted or made inactive in QuickBooks. Make it active there, or retry so that we find "
        "or make another. QuickBooks says: {detail}",
    ),
    "2500": Code(
        400, "A reference to nothing", "a person",
        "This names a customer, item, account, class or location that QuickBooks does not know or that was made inactive. "
        "Make it active there, or choose another one (Books > Mapping; of customers Books > Review), then retry. QuickBooks "
        "says: {detail}",
    ),
    "6240": Code(
        400, "The name is taken, by a customer, vendor or employee", "a person",
        "QuickBooks has this name already: of a customer, vendor, employee, item or account. Rename the other there, or choose it "
        "(Books > Mapping; a customer in Books > Review), then retry. QuickBooks says: {detail}",
    ),
    "6140": Code(
        400, "The document number is taken", "a person",
        "QuickBooks already has a document with this number. Retry to take another number, or change it if you gave it yourself. "
        "QuickBooks says: {detail}",
    ),
    "6210": Code(
        400, "The books are closed for that date", "a person",
        "The books are closed for this date in QuickBooks. Move the closing date or ask your accountant which date to "
        "use, then retry.",
    ),
    "6000": Code(
        400, "Any other business rule", "a person",
        "QuickBooks has a business rule against this. Mend there what it names and retry, or book it by hand and link it. "
        "QuickBooks says: {detail}",
    ),
    "6190": Code(
        400, "The subscription ended; the company can only be read", "a person",
        "The QuickBooks subscription has ended or the company is read-only, so nothing can be written. Renew it in "
        "QuickBooks, then retry: all that waits goes on then.",
    ),
    "6270": Code(
        400, "Dated before the item's inventory began", "a person",
        "The date lies before the item's inventory start date. Use a service item for deposits.",
    ),
    "2010": Code(400, "A field that QuickBooks does not know", "a person", _OURS, ours=True),
    "2020": Code(400, "A required field is missing", "a person", _OURS, ours=True),
    "2030": Code(400, "An Id that is none", "a person", _OURS, ours=True),
    "2050": Code(400, "A text that is too long", "a person", _OURS, ours=True),
    "2080": Code(400, "A number that is none", "a person", _OURS, ours=True),
    "4000": Code(400, "A query that cannot be read", "a person", _OURS, ours=True),
    "4001": Code(400, "A property that cannot be asked for", "a person", _OURS, ours=True),
    "500": Code(400, "An operation that does not exist", "a person", _OURS, ours=True),
    "400": Code(400, "A request that cannot be read", "a person", _OURS, ours=True),
}  # fmt: skip

# Of 2500, when it says which kind and Id: the kind by QuickBooks' inner name, which is the same in every language.
GONE = (
    "The {kind} with the Id {id} that this names is not in QuickBooks any more, or was made inactive. Make it active there, "
    "or choose another one (Books > {place}), then retry. QuickBooks says: {detail}"
)
KINDS = {
    "Accounts": ("account", "Mapping"), "Items": ("item", "Mapping"), "Klasses": ("class", "Mapping"),
    "Depts": ("location", "Mapping"), "Terms": ("term", "Mapping"), "TaxCodes": ("tax code", "Mapping"),
    "Names": ("customer", "Review"),
}  # fmt: skip

# What comes without a code.
UNKNOWN_CODE = "QuickBooks refused (code {code}): {detail}"
SILENT = "QuickBooks did not answer. We try again by ourselves."
UNREADABLE = "QuickBooks answered with something that is not an answer. We look again by ourselves."
OTHER: tuple[tuple[str, Reaction, str], ...] = (
    ("2500 that says what is not there", "a person", GONE),
    ("a code that is not in this table", "a person", UNKNOWN_CODE),
    ("no answer: connection refused or cut, or 130 seconds of silence", "again by itself", SILENT),
    ("HTTP 429 without a readable code, as XML or HTML", "again by itself", CODES["3001"].sentence),
    ("HTTP 5xx, or an error page of a gateway in HTML", "again by itself", _OWN_PROBLEM),
    ("HTTP 200 with something that is neither JSON nor XML", "again by itself", UNREADABLE),
    ("HTTP 200 with a Fault inside", "a person", "By its code, like any other fault."),
)


def as_document() -> str:
    """The table as docs/quickbooks-codes.md holds it, without its opening words."""
    lines = ["| code | HTTP | it means | what happens | what a person reads |", "|---|---|---|---|---|"]
    for code, known in CODES.items():
        lines.append(f"| {code} | {known.status} | {known.meaning} | {known.reaction} | {known.sentence} |")
    lines += ["", "| without a code | what happens | what a person reads |", "|---|---|---|"]
    lines += [f"| {what} | {reaction} | {sentence} |" for what, reaction, sentence in OTHER]
    return "\n".join(lines) + "\n"
