"""Brings many waiting payments of one company into the books: in batches, and in a range that a person chose."""
