"""Whether a customer of ours is one that QuickBooks has already: scored, decided when safe, asked when not."""
