"""What comes back from QuickBooks: what stands there, what changed there, and what people do about it."""
