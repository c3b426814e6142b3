"""What became of the webhooks this process got; a rate for dashboards, not a ledger."""

from prometheus_client import Counter

WEBHOOKS = Counter(
    "crm_webhooks",
    "Webhook requests by source and outcome (received, bad_signature, malformed, unavailable)",
    ["source", "outcome"],
)
