"""Papers for people: proposals, signed contracts, invoices, receipts and refund notes as PDF, set by typst."""
