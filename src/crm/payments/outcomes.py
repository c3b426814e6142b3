"""What became of the webhooks this process got; a rate for dashboards, not a ledger."""

from prometheus_client import Counter

SOURCES = ("stripe", "quickbooks")
OUTCOMES = ("received", "bad_signature", "malformed", "unavailable")

WEBHOOKS = Counter(
    "crm_webhooks",
    f"Webhook requests to this process by source and outcome ({', '.join(OUTCOMES)})",
    ["source", "outcome"],
)
for _source in SOURCES:  # at 0 from the start: `increase` does not see what a series begins with
    for _outcome in OUTCOMES:
        WEBHOOKS.labels(_source, _outcome)
