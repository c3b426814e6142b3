"""PeakPro CRM: a proposal, paid by Stripe, stands in QuickBooks once."""
