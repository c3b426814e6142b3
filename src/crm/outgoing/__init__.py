"""What others are told: signed webhooks to the addresses that a company names."""
