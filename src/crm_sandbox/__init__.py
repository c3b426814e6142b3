"""Simulators of Stripe and QuickBooks Online on this machine, with faults on demand."""
