"""Stripe = ours = QuickBooks, to the cent: one line per movement, its cause where the three differ, and what to do."""
