"""Which version of the API a request is of, and what that version no longer or not yet takes.

Stripe takes the request's `Stripe-Version`, else the account's default version
(https://docs.stripe.com/api-versions). Additions count as compatible and reach older versions too
(https://docs.stripe.com/upgrades); only removals and renamings depend on the version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm_sandbox.stripe.errors import ApiError, invalid_param

_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$")

ENDIVE = "2026-09-30"
DAHLIA = "2026-03-25"

_INTENT = "/v1/payment_intents"
REMOVED = {
    ("/v1/checkout/sessions", "payment_method_types"): ENDIVE,
    (_INTENT, "payment_method_types"): ENDIVE,
    (f"{_INTENT}/{{intent}}", "payment_method_types"): ENDIVE,
    (f"{_INTENT}/{{intent}}/confirm", "payment_method_types"): ENDIVE,
}
"""The first version without a parameter, read from the parameters of stripe-python 15.6.2 and 16.0.0."""
REPLACED_BY = {"payment_method_types": "allowed_payment_method_types"}

UI_MODES_BEFORE_DAHLIA = {"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}
"""Dahlia renamed the words of `ui_mode`, as stripe-python 15.0 shows."""


def version_of(asked: str | None, account_default: str) -> str:
    """The version that a request is of. Raises ApiError for a header that names none."""
    version = account_default if asked is None else asked
    if not _VERSION.match(version):
        raise ApiError(f"Invalid Stripe API version: {version}", stored=False)
    return version


def refuse_removed(path: str, given: Mapping[str, Any], version: str) -> None:
    """Raises ApiError for a parameter of an endpoint (its path with the names in it) that is gone by then."""
    for name in given:
        first_without = REMOVED.get((path, name))
        if first_without is not None and version >= first_without:
            raise invalid_param(
                f"Received unknown parameter: {name}. Did you mean {REPLACED_BY[name]}?",
                name,
                code="parameter_unknown",
            )


def ui_mode_of(given: str | None, version: str) -> str:
    """The word of today for a `ui_mode`. Raises ApiError for one that the version does not know."""
    if given is None:
        return "hosted_page"
    old = UI_MODES_BEFORE_DAHLIA
    known = tuple(old) if version < DAHLIA else (*old.values(), "form")
    if given not in known:
        raise invalid_param(f"Invalid ui_mode: must be one of {', '.join(known)}", "ui_mode")
    return old.get(given, given)
