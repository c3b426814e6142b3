"""Numbers of the advisory locks of the books; the second half of each key is the org."""

CLAIM_LOCKS = 7001  # taking postings of one company, and changing what they would become
