"""Stripe and QuickBooks Online on this machine: stateful simulators, as strict as the real services."""
