"""Every call that leaves the product between the approval and the booked payment, and what can go wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

TOKENS = "^/oauth2/v1/tokens/bearer$"


@dataclass(frozen=True)
class Call:
    """One kind of request. `{company}` in the path is the company's address; `after` names the write whose answer
    must have been lost for this call to be made at all."""

    name: str
    method: str
    path: str
    query: str = ""
    after: str = ""

    def at(self, company: str) -> dict[str, Any]:
        """The `match` of a fault at this call in one company."""
        match = {"method": self.method, "path": self.path.format(company=company)}
        return match | ({"query": self.query} if self.query else {})

    def of(self, object_id: str) -> Call:
        """The same call about one of Stripe's objects."""
        return replace(self, path=f"{self.path[: self.path.rindex('/')]}/{re.escape(object_id)}$")

    def fits(self, request: Mapping[str, Any], company: str) -> bool:
        """Whether an entry of the simulator's request log is this call."""
        return (
            request["method"] == self.method
            and re.search(self.path.format(company=company), request["path"]) is not None
            and re.search(self.query, request["query"]) is not None
        )


# While a person waits for the answer.
CODE_EXCHANGED = Call("the code is exchanged", "POST", TOKENS)
PAGE_MADE = Call("the payment page is made", "POST", "^/v1/checkout/sessions$")
PAGE_ASKED_AFTER = Call("the payment page is asked after", "GET", "^/v1/checkout/sessions/cs_")
# By the worker, at Stripe.
EVENTS_LISTED = Call("missed events are asked for", "GET", "^/v1/events$")
FEE_FETCHED = Call("the fee is fetched", "GET", "^/v1/charges/ch_")
# By the worker, at Intuit, in the order of a company's first deposit.
BOOKING = (
    Call("the token is refreshed", "POST", TOKENS),
    Call("the company is read", "GET", r"^{company}/companyinfo/\d+$"),
    Call("the preferences are read", "GET", "^{company}/preferences$"),
    Call("the customer is looked for", "GET", "^{company}/query$", "FROM Customer WHERE Active"),
    Call("the customer is made", "POST", "^{company}/customer$"),
    Call("the item is looked for", "GET", "^{company}/query$", "FROM Item"),
    Call("the income account is looked for", "GET", "^{company}/query$", "FROM Account WHERE AccountType"),
    Call("the item is made", "POST", "^{company}/item$"),
    Call("the invoice is made", "POST", "^{company}/invoice$"),
    Call("the account is looked for", "GET", "^{company}/query$", "FROM Account WHERE Name"),
    Call("the account is made", "POST", "^{company}/account$"),
    Call("the payment is made", "POST", "^{company}/payment$"),
)
# And once Stripe has told its fee. The account of the fees is looked for and made by calls that are above already.
FEE_BOOKED = Call("the fee is booked", "POST", "^{company}/purchase$")
# Only after an answer was lost: what stands there already?
LOOKING_BACK = (
    Call("the customer is looked for by name", "GET", "^{company}/query$", "FROM Customer WHERE DisplayName",
         after="the customer is made"),
    Call("the invoice is looked for", "GET", "^{company}/query$", "FROM Invoice", after="the invoice is made"),
    Call("the invoice is read again", "GET", r"^{company}/invoice/\d+$", after="the payment is made"),
    Call("the payment is looked for", "GET", "^{company}/query$", "FROM Payment", after="the payment is made"),
)  # fmt: skip
FEE_LOOKED_FOR = Call(
    "the fee is looked for", "GET", "^{company}/query$", "FROM Purchase", after="the fee is booked"
)
FAULTLESS = (CODE_EXCHANGED, PAGE_MADE, PAGE_ASKED_AFTER, EVENTS_LISTED, FEE_FETCHED, *BOOKING, FEE_BOOKED)
ALL = (*FAULTLESS, *LOOKING_BACK, FEE_LOOKED_FOR)
BY_NAME = {call.name: call for call in ALL}

_XML_429 = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001">'
    "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message></Error></Fault></IntuitResponse>"
)
_STRIPE_TYPES = {400: "invalid_request_error", 401: "invalid_request_error", 404: "invalid_request_error"}
STATUSES = (400, 401, 403, 404, 408, 429, 500, 502, 503, 504)
SECONDS = (
    0.3  # of a delay or a hang, which then ends with a cut connection: no setting shortens the real timeouts
)


@dataclass(frozen=True)
class Fault:
    """One way to go wrong: `name` in the table, the simulator's action and its options."""

    name: str
    action: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def rule(self, call: Call, company: str) -> dict[str, Any]:
        """What the simulator is told; it lasts until it is taken away."""
        options = dict(self.options)
        if self.action == "status":
            options |= _body(int(options["status"]), stripe=call.path.startswith("^/v1/"))
        return {"action": self.action, "match": call.at(company), "times": None, **options}


def _body(status: int, *, stripe: bool) -> dict[str, Any]:
    """As each side answers: Stripe in its JSON, Intuit's throttle in XML, anything else of a proxy in HTML."""
    if stripe and status < 500:
        error = {
            "type": _STRIPE_TYPES.get(status, "api_error"),
            "message": "The simulated trouble of this test.",
        }
        return {"body": {"error": error}}
    if status == 429:
        return {"body": _XML_429, "content_type": "application/xml"}
    return {"body": f"<html><body><h1>{status}<br></h1></html>", "content_type": "text/html"}


STALE = Fault("stale", "stale", {"writes": 1})
FAULTS = (
    *(Fault(f"status {status}", "status", {"status": status}) for status in STATUSES),
    Fault("delay", "delay", {"seconds": SECONDS}),
    Fault("reset before", "reset_before"),
    Fault("drop after", "drop_after"),
    Fault("hang before", "hang_before", {"seconds": SECONDS}),
    Fault("hang after", "hang_after", {"seconds": SECONDS}),
    Fault("garbage before", "garbage"),
    Fault("garbage after", "garbage", {"effect": True}),
    Fault("slow body", "slow_body", {"seconds": SECONDS}),
    Fault("clock behind", "clock_skew", {"seconds": -10_800}),
    Fault("clock ahead", "clock_skew", {"seconds": 10_800}),
    STALE,
)

# For the short form: at every call another status, so that each is met somewhere.
EACH_STATUS = Fault("each status", "status")


def at_call(fault: Fault, call: Call) -> Fault:
    """The fault to use at this call: EACH_STATUS is another status at each."""
    if fault is not EACH_STATUS:
        return fault
    status = STATUSES[[one.name for one in ALL].index(call.name) % len(STATUSES)]
    return next(one for one in FAULTS if one.name == f"status {status}")


# At the token, or in answer to it: these make the product ask for another one.
ASKING_FOR_A_TOKEN = frozenset({"status 401", "clock ahead"})
