"""The table of all /v1 endpoints that the simulator has."""

from __future__ import annotations

from crm_sandbox.stripe import (
    accounts,
    balance,
    captures,
    catalogue,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    files,
    paying,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    test_clocks,
    webhook_endpoints,
)
from crm_sandbox.stripe.api import Endpoint
from crm_sandbox.stripe.checkout_parameters import CREATE_SESSION, LIST_SESSIONS
from crm_sandbox.stripe.parameters import EXPAND, LISTING, METADATA, REFUSED
from crm_sandbox.stripe.searching import SEARCH, searched

_CLOCKS = "/v1/test_helpers/test_clocks"
UPDATE_SESSION = {
    "metadata": METADATA,
    # Stripe takes these only for sessions that are not on the hosted page.
    **dict.fromkeys(
        ("collected_information", "line_items", "payment_intent_data", "shipping_options"), REFUSED
    ),
    **EXPAND,
}

ENDPOINTS = [
    Endpoint("POST", "/v1/checkout/sessions", checkout_sessions.create_session, CREATE_SESSION),
    Endpoint("GET", "/v1/checkout/sessions", checkout_sessions.list_sessions, LIST_SESSIONS),
    Endpoint("GET", "/v1/checkout/sessions/{session}", checkout_sessions.retrieve_session, EXPAND),
    Endpoint("POST", "/v1/checkout/sessions/{session}", checkout_sessions.update_session, UPDATE_SESSION),
    Endpoint("POST", "/v1/checkout/sessions/{session}/expire", checkout_sessions.expire_session, EXPAND),
    Endpoint("GET", "/v1/checkout/sessions/{session}/line_items", checkout_sessions.list_line_items, LISTING),
    Endpoint("GET", "/v1/payment_pages/{session}", paying.retrieve_page, EXPAND),
    Endpoint("POST", "/v1/payment_pages/{session}/confirm", paying.confirm_page, paying.CONFIRM_PAGE),
    Endpoint(
        "POST", "/v1/payment_methods", payment_methods.create_method, payment_methods.CREATE_METHOD, ("type",)
    ),
    Endpoint("GET", "/v1/payment_methods", payment_methods.list_methods, payment_methods.LIST_METHODS),
    Endpoint("GET", "/v1/payment_methods/{payment_method}", payment_methods.retrieve_method, EXPAND),
    Endpoint(
        "POST",
        "/v1/payment_methods/{payment_method}",
        payment_methods.update_method,
        payment_methods.UPDATE_METHOD,
    ),
    Endpoint(
        "POST",
        "/v1/payment_methods/{payment_method}/attach",
        payment_methods.attach_method,
        payment_methods.ATTACH_METHOD,
    ),
    Endpoint("POST", "/v1/payment_methods/{payment_method}/detach", payment_methods.detach_method, EXPAND),
    Endpoint("POST", "/v1/products", catalogue.create_product, catalogue.CREATE_PRODUCT, ("name",)),
    Endpoint("GET", "/v1/products", catalogue.list_products, catalogue.LIST_PRODUCTS),
    Endpoint("GET", "/v1/products/{id}", catalogue.retrieve_product, EXPAND),
    Endpoint("POST", "/v1/products/{id}", catalogue.update_product, catalogue.UPDATE_PRODUCT),
    Endpoint("DELETE", "/v1/products/{id}", catalogue.delete_product, {}),
    Endpoint("POST", "/v1/prices", catalogue.create_price, catalogue.CREATE_PRICE, ("currency",)),
    Endpoint("GET", "/v1/prices", catalogue.list_prices, catalogue.LIST_PRICES),
    Endpoint("GET", "/v1/prices/{id}", catalogue.retrieve_price, EXPAND),
    Endpoint("POST", "/v1/prices/{id}", catalogue.update_price, catalogue.UPDATE_PRICE),
    Endpoint("POST", "/v1/customers", customers.create_customer, customers.CREATE_CUSTOMER),
    Endpoint("GET", "/v1/customers", customers.list_customers, customers.LIST_CUSTOMERS),
    Endpoint("GET", "/v1/customers/search", searched("customer"), SEARCH, ("query",)),
    Endpoint("GET", "/v1/customers/{customer}", customers.retrieve_customer, EXPAND),
    Endpoint("POST", "/v1/customers/{customer}", customers.update_customer, customers.WRITE_CUSTOMER),
    Endpoint("DELETE", "/v1/customers/{customer}", customers.delete_customer, {}),
    Endpoint(
        "GET",
        "/v1/customers/{customer}/payment_methods",
        payment_methods.list_methods,
        {name: kind for name, kind in payment_methods.LIST_METHODS.items() if name != "customer"},
    ),
    Endpoint(
        "POST",
        "/v1/payment_intents",
        payment_intents.create_intent,
        payment_intents.CREATE_INTENT,
        ("amount", "currency"),
    ),
    Endpoint("GET", "/v1/payment_intents", payment_intents.list_intents, payment_intents.LIST_INTENTS),
    Endpoint("GET", "/v1/payment_intents/search", searched("payment_intent"), SEARCH, ("query",)),
    Endpoint("GET", "/v1/payment_intents/{intent}", payment_intents.retrieve_intent, EXPAND),
    Endpoint(
        "POST", "/v1/payment_intents/{intent}", payment_intents.update_intent, payment_intents.UPDATE_INTENT
    ),
    Endpoint(
        "POST",
        "/v1/payment_intents/{intent}/confirm",
        payment_intents.confirm_intent,
        payment_intents.CONFIRM_INTENT,
    ),
    Endpoint(
        "POST", "/v1/payment_intents/{intent}/capture", captures.capture_intent, captures.CAPTURE_INTENT
    ),
    Endpoint(
        "POST",
        "/v1/payment_intents/{intent}/cancel",
        payment_intents.cancel_intent,
        payment_intents.CANCEL_INTENT,
    ),
    Endpoint("GET", "/v1/charges", charges.list_charges, charges.LIST_CHARGES),
    Endpoint("GET", "/v1/charges/search", searched("charge"), SEARCH, ("query",)),
    Endpoint("GET", "/v1/charges/{charge}", charges.retrieve_charge, EXPAND),
    Endpoint("POST", "/v1/charges/{charge}", charges.update_charge, charges.UPDATE_CHARGE),
    Endpoint("POST", "/v1/refunds", refunds.create_refund, refunds.CREATE_REFUND),
    Endpoint("GET", "/v1/refunds", refunds.list_refunds, refunds.LIST_REFUNDS),
    Endpoint("GET", "/v1/refunds/{refund}", refunds.retrieve_refund, EXPAND),
    Endpoint("POST", "/v1/refunds/{refund}", refunds.update_refund, refunds.UPDATE_REFUND),
    Endpoint("POST", "/v1/refunds/{refund}/cancel", refunds.cancel_refund, EXPAND),
    Endpoint("POST", "/v1/payouts", payouts.create_payout, payouts.CREATE_PAYOUT, ("amount", "currency")),
    Endpoint("GET", "/v1/payouts", payouts.list_payouts, payouts.LIST_PAYOUTS),
    Endpoint("GET", "/v1/payouts/{payout}", payouts.retrieve_payout, EXPAND),
    Endpoint("POST", "/v1/payouts/{payout}", payouts.update_payout, payouts.UPDATE_PAYOUT),
    Endpoint("POST", "/v1/payouts/{payout}/cancel", payouts.cancel_payout, EXPAND),
    Endpoint("POST", "/v1/payouts/{payout}/reverse", payouts.reverse_payout, payouts.REVERSE_PAYOUT),
    Endpoint("GET", "/v1/account", accounts.retrieve_own_account, EXPAND),
    Endpoint("POST", "/v1/accounts", accounts.create_account, accounts.CREATE_ACCOUNT),
    Endpoint("GET", "/v1/accounts", accounts.list_accounts, LISTING),
    Endpoint("GET", "/v1/accounts/{account}", accounts.retrieve_account, EXPAND),
    Endpoint("POST", "/v1/accounts/{account}", accounts.update_account, accounts.UPDATE_ACCOUNT),
    Endpoint("DELETE", "/v1/accounts/{account}", accounts.delete_account, {}),
    Endpoint("POST", "/v1/account_links", accounts.create_link, accounts.CREATE_LINK, ("account", "type")),
    Endpoint("GET", "/v1/disputes", disputes.list_disputes, disputes.LIST_DISPUTES),
    Endpoint("GET", "/v1/disputes/{dispute}", disputes.retrieve_dispute, EXPAND),
    Endpoint("POST", "/v1/disputes/{dispute}", disputes.update_dispute, disputes.UPDATE_DISPUTE),
    Endpoint("POST", "/v1/disputes/{dispute}/close", disputes.accept_dispute, EXPAND),
    Endpoint("GET", "/v1/balance", balance.retrieve_balance, EXPAND),
    Endpoint("GET", "/v1/balance_transactions", balance.list_transactions, balance.LIST_TRANSACTIONS),
    Endpoint("GET", "/v1/balance_transactions/{id}", balance.retrieve_transaction, EXPAND),
    Endpoint("GET", "/v1/events", events.list_events, events.LIST_EVENTS),
    Endpoint("GET", "/v1/events/{id}", events.retrieve_event, EXPAND),
    Endpoint("POST", "/v1/events/{id}/retry", events.retry_event, events.RETRY_EVENT),
    Endpoint("POST", "/v1/files", files.create_file, files.CREATE_FILE, ("purpose",)),
    Endpoint("GET", "/v1/files", files.list_files, files.LIST_FILES),
    Endpoint("GET", "/v1/files/{file}", files.retrieve_file, EXPAND),
    Endpoint("POST", _CLOCKS, test_clocks.create_clock, test_clocks.CREATE_CLOCK, ("frozen_time",)),
    Endpoint("GET", _CLOCKS, test_clocks.list_clocks, test_clocks.LIST_CLOCKS),
    Endpoint("GET", f"{_CLOCKS}/{{test_clock}}", test_clocks.retrieve_clock, EXPAND),
    Endpoint("DELETE", f"{_CLOCKS}/{{test_clock}}", test_clocks.delete_clock, {}),
    Endpoint(
        "POST",
        f"{_CLOCKS}/{{test_clock}}/advance",
        test_clocks.advance_clock,
        test_clocks.ADVANCE_CLOCK,
        ("frozen_time",),
    ),
    Endpoint(
        "POST",
        "/v1/webhook_endpoints",
        webhook_endpoints.create_endpoint,
        webhook_endpoints.CREATE_ENDPOINT,
        ("url", "enabled_events"),
    ),
    Endpoint(
        "GET", "/v1/webhook_endpoints", webhook_endpoints.list_endpoints, webhook_endpoints.LIST_ENDPOINTS
    ),
    Endpoint("GET", "/v1/webhook_endpoints/{webhook_endpoint}", webhook_endpoints.retrieve_endpoint, EXPAND),
    Endpoint(
        "POST",
        "/v1/webhook_endpoints/{webhook_endpoint}",
        webhook_endpoints.update_endpoint,
        webhook_endpoints.UPDATE_ENDPOINT,
    ),
    Endpoint("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}", webhook_endpoints.delete_endpoint, {}),
]
