"""The table of all /v1 endpoints that the simulator has."""

from __future__ import annotations

from crm_sandbox.stripe import (
    accounts,
    balance,
    catalogue,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    paying,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    webhook_endpoints,
)
from crm_sandbox.stripe.api import Endpoint
from crm_sandbox.stripe.checkout_parameters import CREATE_SESSION, LIST_SESSIONS
from crm_sandbox.stripe.parameters import EXPAND, LISTING, METADATA

UPDATE_SESSION = {"metadata": METADATA, **EXPAND}

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
    Endpoint("GET", "/v1/payment_methods/{payment_method}", payment_methods.retrieve_method, EXPAND),
    Endpoint("POST", "/v1/products", catalogue.create_product, catalogue.CREATE_PRODUCT, ("name",)),
    Endpoint("GET", "/v1/products", catalogue.list_products, catalogue.LIST_PRODUCTS),
    Endpoint("GET", "/v1/products/{id}", catalogue.retrieve_product, EXPAND),
    Endpoint("POST", "/v1/products/{id}", catalogue.update_product, catalogue.UPDATE_PRODUCT),
    Endpoint("POST", "/v1/prices", catalogue.create_price, catalogue.CREATE_PRICE, ("currency",)),
    Endpoint("GET", "/v1/prices", catalogue.list_prices, catalogue.LIST_PRICES),
    Endpoint("GET", "/v1/prices/{id}", catalogue.retrieve_price, EXPAND),
    Endpoint("POST", "/v1/customers", customers.create_customer, customers.WRITE_CUSTOMER),
    Endpoint("GET", "/v1/customers", customers.list_customers, customers.LIST_CUSTOMERS),
    Endpoint("GET", "/v1/customers/{customer}", customers.retrieve_customer, EXPAND),
    Endpoint("POST", "/v1/customers/{customer}", customers.update_customer, customers.WRITE_CUSTOMER),
    Endpoint("DELETE", "/v1/customers/{customer}", customers.delete_customer, {}),
    Endpoint(
        "POST",
        "/v1/payment_intents",
        payment_intents.create_intent,
        payment_intents.CREATE_INTENT,
        ("amount", "currency"),
    ),
    Endpoint("GET", "/v1/payment_intents", payment_intents.list_intents, payment_intents.LIST_INTENTS),
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
        "POST",
        "/v1/payment_intents/{intent}/cancel",
        payment_intents.cancel_intent,
        payment_intents.CANCEL_INTENT,
    ),
    Endpoint("GET", "/v1/charges", charges.list_charges, charges.LIST_CHARGES),
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
